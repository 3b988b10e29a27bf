// SPDX-License-Identifier: Apache-2.0
#include "tls/record_probe.h"

#include "shakedown/limits.h"

namespace shakedown::tls {
namespace {

constexpr std::uint16_t kMessageHeaderBytes = 4;
constexpr std::uint8_t kMajorVersion = 3;
constexpr std::uint8_t kMinorVersionMax = 4;
/// legacy_version, random, empty session id, one suite, one compression method.
constexpr std::uint32_t kClientHelloBytesMin = 2 + 32 + 1 + 4 + 2;
/// The shortest ciphertext of any record: a MAC or an authentication tag, and content.
constexpr std::uint16_t kCiphertextBytesMin = 16;
/// RFC 5246 §6.2.3 with padding of one block for two bytes of alert.
constexpr std::uint16_t kAlertCiphertextBytesMax = 320;

/// Types that may stand in clear or, in drafts and mixed-up traces, be taken for it. message_hash
/// is never sent.
constexpr bool known_message_type(std::uint8_t code) {
  switch (static_cast<HandshakeType>(code)) {
    case HandshakeType::hello_request:
    case HandshakeType::client_hello:
    case HandshakeType::server_hello:
    case HandshakeType::hello_verify_request:
    case HandshakeType::new_session_ticket:
    case HandshakeType::end_of_early_data:
    case HandshakeType::hello_retry_request:
    case HandshakeType::encrypted_extensions:
    case HandshakeType::certificate:
    case HandshakeType::server_key_exchange:
    case HandshakeType::certificate_request:
    case HandshakeType::server_hello_done:
    case HandshakeType::certificate_verify:
    case HandshakeType::client_key_exchange:
    case HandshakeType::finished:
    case HandshakeType::certificate_url:
    case HandshakeType::certificate_status:
    case HandshakeType::supplemental_data:
    case HandshakeType::key_update:
    case HandshakeType::compressed_certificate:
      return true;
    case HandshakeType::message_hash:
      break;
  }
  return false;
}

/// Version of a hello: SSLv3, TLS, or a draft or experiment of TLS 1.3.
constexpr bool known_hello_version(std::uint16_t version) {
  return version >> 8 == kMajorVersion || is_tls13_family(static_cast<ProtocolVersion>(version));
}

bool plausible_body(ContentType type, std::uint16_t length, Bytes body) noexcept {
  switch (type) {
    case ContentType::change_cipher_spec:
      return length == 1 && (body.empty() || body[0] == 1);
    case ContentType::alert:
      if (length == 2) return body.empty() || body[0] == 1 || body[0] == 2;
      return length >= kCiphertextBytesMin && length <= kAlertCiphertextBytesMax;
    case ContentType::handshake:
      if (length >= kCiphertextBytesMin) return true;
      return length >= 4 && (body.empty() || plausible_message_header(body, length));
    case ContentType::application_data:
      return length == 0 || length >= kCiphertextBytesMin;
    case ContentType::heartbeat:
      return length >= kCiphertextBytesMin + 3;
  }
  return false;
}

bool plausible_tls_client_hello(Bytes payload) noexcept {
  ByteReader reader(payload);
  std::uint8_t type = 0;
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t length = 0;
  std::uint8_t message_type = 0;
  const bool header = reader.read_u8(type) && reader.read_u8(major) && reader.read_u8(minor) &&
                      reader.read_u16(length) && reader.read_u8(message_type);
  if (!header || static_cast<ContentType>(type) != ContentType::handshake) return false;
  if (major != kMajorVersion || minor > kMinorVersionMax) return false;
  if (length < 4 || length > kRecordBytesMax) return false;
  if (static_cast<HandshakeType>(message_type) != HandshakeType::client_hello) return false;

  std::uint32_t message_length = 0;
  if (!reader.read_u24(message_length)) return reader.empty() || reader.rest()[0] <= 1;
  if (message_length < kClientHelloBytesMin || message_length > kMessageBytesPlausibleMax) {
    return false;
  }
  // A client waits for the answer, so nothing follows its hello in the same record but early data
  // of another type.
  if (length > message_length + 4) return false;
  std::uint16_t version = 0;
  if (length < 6 || !reader.read_u16(version)) return true;
  if (!known_hello_version(version)) return false;
  std::uint8_t session_id_length = 0;
  if (length < 39 || !reader.skip(32) || !reader.read_u8(session_id_length)) return true;
  return session_id_length <= 32;
}

bool plausible_sslv2_client_hello(Bytes payload) noexcept {
  ByteReader reader(payload);
  std::uint8_t first = 0;
  std::uint8_t second = 0;
  if (!reader.read_u8(first) || !reader.read_u8(second)) return false;
  const std::size_t length = static_cast<std::size_t>(first & 0x7f) << 8 | second;
  if ((first & 0x80) == 0) {
    // The form of three bytes has an escape bit and a padding length; both are zero in clear.
    std::uint8_t padding = 0;
    if (length > kSslv2PaddedHelloBytesMax || !reader.read_u8(padding) || padding != 0)
      return false;
  }
  // Without the lengths of the three vectors there is too little to tell it from chance.
  constexpr std::size_t kFixedBytes = 9;
  if (length < kFixedBytes || length > kSslv2HelloBytesMax || reader.remaining() < kFixedBytes) {
    return false;
  }
  Bytes fixed;
  if (!reader.read_bytes(kFixedBytes, fixed)) return false;
  ByteReader fields(fixed);
  std::uint8_t type = 0;
  std::uint16_t version = 0;
  std::uint16_t suites = 0;
  std::uint16_t session_id = 0;
  std::uint16_t challenge = 0;
  const bool whole = fields.read_u8(type) && fields.read_u16(version) && fields.read_u16(suites) &&
                     fields.read_u16(session_id) && fields.read_u16(challenge);
  return whole && type == 1 && (version == 0x0002 || version >> 8 == kMajorVersion) && suites > 0 &&
         suites % 3 == 0 && session_id <= 32 && challenge >= 16 && challenge <= 32 &&
         kFixedBytes + suites + session_id + challenge == length;
}

}  // namespace

bool plausible_client_hello(Bytes payload) noexcept {
  return plausible_tls_client_hello(payload) || plausible_sslv2_client_hello(payload);
}

bool plausible_record_start(Bytes payload) noexcept {
  ByteReader reader(payload);
  for (unsigned i = 0; i < kProbeRecordCountMax; ++i) {
    std::uint8_t type = 0;
    std::uint8_t major = 0;
    std::uint8_t minor = 0;
    std::uint16_t length = 0;
    const bool header = reader.read_u8(type) && reader.read_u8(major) && reader.read_u8(minor) &&
                        reader.read_u16(length);
    if (!header) return i > 0;
    if (type < static_cast<std::uint8_t>(ContentType::change_cipher_spec) ||
        type > static_cast<std::uint8_t>(ContentType::heartbeat)) {
      return false;
    }
    if (major != kMajorVersion || minor > kMinorVersionMax || length > kRecordBytesMax)
      return false;
    const Bytes rest = reader.rest();
    const Bytes body = rest.first(length < rest.size() ? length : rest.size());
    if (!plausible_body(static_cast<ContentType>(type), length, body)) return false;
    if (!reader.skip(length) || reader.empty()) return true;
  }
  return true;
}

bool plausible_message_header(Bytes first_bytes, std::uint16_t record_length) noexcept {
  ByteReader reader(first_bytes);
  std::uint8_t type = 0;
  if (!reader.read_u8(type) || !known_message_type(type)) return false;
  const auto message_type = static_cast<HandshakeType>(type);
  if (message_type == HandshakeType::hello_request && record_length != kMessageHeaderBytes) {
    return false;
  }
  std::uint32_t length = 0;
  if (!reader.read_u24(length)) return true;
  const bool must_be_empty = message_type == HandshakeType::hello_request ||
                             message_type == HandshakeType::server_hello_done;
  return length <= (must_be_empty ? 0 : kMessageBytesPlausibleMax);
}

bool consistent_sslv2_hello(Bytes body, bool from_server) noexcept {
  ByteReader reader(body);
  std::uint16_t first = 0;
  std::uint16_t second = 0;
  std::uint16_t third = 0;
  // CLIENT-HELLO: type and version, then cipher specs, session id, challenge. SERVER-HELLO: type,
  // session-id-hit, certificate type and version, then certificate, cipher specs, connection id.
  const bool fixed = reader.skip(from_server ? 5 : 3) && reader.read_u16(first) &&
                     reader.read_u16(second) && reader.read_u16(third);
  if (!fixed || reader.remaining() != std::size_t{first} + second + third) return false;
  const std::uint16_t cipher_specs = from_server ? second : first;
  return cipher_specs % 3 == 0;
}

}  // namespace shakedown::tls

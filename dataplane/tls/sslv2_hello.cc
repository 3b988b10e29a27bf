// SPDX-License-Identifier: Apache-2.0
#include "tls/sslv2_hello.h"

#include <algorithm>
#include <limits>

#include "shakedown/limits.h"
#include "shakedown/tls_types.h"

namespace shakedown::tls {
namespace {

constexpr std::uint8_t kClientHello = 1;
constexpr std::uint8_t kServerHello = 4;
constexpr std::size_t kCipherSpecBytes = 3;
constexpr std::size_t kSessionIdBytesMax = 32;
constexpr std::size_t kChallengeBytesMin = 16;
constexpr std::size_t kChallengeBytesMax = 32;

/// Visits those cipher specs that are TLS cipher suites.
template <class Visit>
void for_each_tls_suite(Bytes cipher_specs, Visit visit) noexcept {
  ByteReader reader(cipher_specs);
  std::uint32_t spec = 0;
  while (reader.read_u24(spec)) {
    if (spec <= std::numeric_limits<std::uint16_t>::max()) visit(static_cast<std::uint16_t>(spec));
  }
}

/// Holds the cipher specs to their limit, whatever became of the message: over_limit only for a
/// good one.
ParseStatus cut_specs(ParseStatus status, Bytes& cipher_specs) noexcept {
  constexpr std::size_t kBytesMax = kCipherSuiteCountMax * kCipherSpecBytes;
  if (cipher_specs.size() <= kBytesMax) return status;
  cipher_specs = cipher_specs.first(kBytesMax);
  return status == ParseStatus::ok ? ParseStatus::over_limit : status;
}

///     struct {
///       uint8 msg_type;
///       Version version;
///       uint16 cipher_spec_length;
///       uint16 session_id_length;
///       uint16 challenge_length;
///       V2CipherSpec cipher_specs[V2ClientHello.cipher_spec_length];
///       opaque session_id[V2ClientHello.session_id_length];
///       opaque challenge[V2ClientHello.challenge_length];
///     } V2ClientHello;
ParseStatus parse_client(Bytes message, Sslv2ClientHello& out) noexcept {
  ByteReader reader(message);
  std::uint8_t type = 0;
  std::uint16_t specs_size = 0;
  std::uint16_t session_id_size = 0;
  std::uint16_t challenge_size = 0;
  if (!reader.read_u8(type)) return ParseStatus::need_more;
  if (type != kClientHello) return ParseStatus::malformed;
  if (!reader.read_u16(out.version) || !reader.read_u16(specs_size) ||
      !reader.read_u16(session_id_size) || !reader.read_u16(challenge_size)) {
    return ParseStatus::need_more;
  }
  if (specs_size == 0 || specs_size % kCipherSpecBytes != 0 ||
      session_id_size > kSessionIdBytesMax || challenge_size < kChallengeBytesMin ||
      challenge_size > kChallengeBytesMax) {
    return ParseStatus::malformed;
  }
  if (!reader.read_bytes(specs_size, out.cipher_specs) ||
      !reader.read_bytes(session_id_size, out.session_id) ||
      !reader.read_bytes(challenge_size, out.challenge)) {
    return ParseStatus::need_more;
  }
  return reader.empty() ? ParseStatus::ok : ParseStatus::malformed;
}

///     uint8 msg_type; uint8 session_id_hit; uint8 certificate_type; uint16 version;
///     uint16 certificate_length; uint16 cipher_specs_length; uint16 connection_id_length;
///     then the three, in that order.
ParseStatus parse_server(Bytes message, Sslv2ServerHello& out) noexcept {
  ByteReader reader(message);
  std::uint8_t type = 0;
  std::uint8_t session_id_hit = 0;
  std::uint16_t certificate_size = 0;
  std::uint16_t specs_size = 0;
  std::uint16_t connection_id_size = 0;
  if (!reader.read_u8(type)) return ParseStatus::need_more;
  if (type != kServerHello) return ParseStatus::malformed;
  if (!reader.read_u8(session_id_hit)) return ParseStatus::need_more;
  out.session_id_hit = session_id_hit != 0;
  if (!reader.read_u8(out.certificate_type) || !reader.read_u16(out.version) ||
      !reader.read_u16(certificate_size) || !reader.read_u16(specs_size) ||
      !reader.read_u16(connection_id_size)) {
    return ParseStatus::need_more;
  }
  if (specs_size % kCipherSpecBytes != 0) return ParseStatus::malformed;
  if (!reader.read_bytes(certificate_size, out.certificate) ||
      !reader.read_bytes(specs_size, out.cipher_specs) ||
      !reader.read_bytes(connection_id_size, out.connection_id)) {
    return ParseStatus::need_more;
  }
  return reader.empty() ? ParseStatus::ok : ParseStatus::malformed;
}

}  // namespace

ParseStatus parse_sslv2_client_hello(Bytes message, Sslv2ClientHello& out) noexcept {
  out = Sslv2ClientHello{};
  constexpr std::size_t kLengthMax = std::numeric_limits<std::uint16_t>::max();
  out.length = static_cast<std::uint16_t>(std::min(message.size(), kLengthMax));
  const ParseStatus status = cut_specs(parse_client(message, out), out.cipher_specs);
  out.truncated = status == ParseStatus::need_more;
  for_each_tls_suite(out.cipher_specs, [&](std::uint16_t) { ++out.tls_suite_count; });
  return status;
}

ParseStatus parse_sslv2_server_hello(Bytes message, Sslv2ServerHello& out) noexcept {
  out = Sslv2ServerHello{};
  const ParseStatus status = cut_specs(parse_server(message, out), out.cipher_specs);
  out.truncated = status == ParseStatus::need_more;
  return status;
}

void fill_facts(const Sslv2ClientHello& hello, ClientHelloFacts& facts) noexcept {
  constexpr std::uint16_t kEmptyRenegotiationInfoScsv = 0x00ff;  // RFC 5746 §3.3
  constexpr std::uint16_t kFallbackScsv = 0x5600;                // RFC 7507 §4
  facts.flags |= ClientHelloFacts::sslv2_format;
  if (hello.truncated) facts.flags |= ClientHelloFacts::truncated_parse;
  for_each_tls_suite(hello.cipher_specs, [&](std::uint16_t suite) {
    if (suite == kEmptyRenegotiationInfoScsv) facts.flags |= ClientHelloFacts::renegotiation_info;
    if (suite == kFallbackScsv) facts.flags |= ClientHelloFacts::fallback_scsv;
    if (is_grease(suite)) facts.flags |= ClientHelloFacts::grease_present;
  });
  facts.legacy_version = hello.version;
  facts.max_version = hello.version;
  facts.length = hello.length;
  facts.session_id_length = static_cast<std::uint8_t>(hello.session_id.size());
  facts.cipher_count = static_cast<std::uint8_t>(std::min<std::size_t>(hello.cipher_count(), 255));
}

void fill_facts(const Sslv2ServerHello& hello, ServerHelloFacts& facts) noexcept {
  facts.flags |= ServerHelloFacts::seen | ServerHelloFacts::sslv2_format;
  if (hello.session_id_hit) facts.flags |= ServerHelloFacts::resumed;
  facts.legacy_version = hello.version;
  facts.selected_version = hello.version;
}

}  // namespace shakedown::tls

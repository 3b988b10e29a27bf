// SPDX-License-Identifier: Apache-2.0
#include "tls/client_extensions.h"

#include "shakedown/tls_types.h"
#include "tls/server_name.h"

namespace shakedown::tls {
namespace {

using Flag = ClientHelloFacts::Flag;

/// `uint16 list<2..2^16-2>` and nothing else.
ParseStatus read_codes16(Bytes data, std::size_t count_max, Bytes& out) noexcept {
  ByteReader reader(data);
  ByteReader list;
  if (!reader.read_vector16(list) || !is_code_list(list, reader)) return ParseStatus::malformed;
  out = list.rest();
  return cut_codes(out, count_max);
}

/// `uint16 list<2..254>` and nothing else.
ParseStatus read_codes8(Bytes data, std::size_t count_max, Bytes& out) noexcept {
  ByteReader reader(data);
  ByteReader list;
  if (!reader.read_vector8(list) || !is_code_list(list, reader)) return ParseStatus::malformed;
  out = list.rest();
  return cut_codes(out, count_max);
}

/// `uint8 list<1..255>` and nothing else.
ParseStatus read_octets8(Bytes data, Bytes& out) noexcept {
  ByteReader reader(data);
  ByteReader list;
  if (!reader.read_vector8(list) || !reader.empty() || list.empty()) return ParseStatus::malformed;
  out = list.rest();
  return ParseStatus::ok;
}

ParseStatus read_empty(Bytes data) noexcept {
  return data.empty() ? ParseStatus::ok : ParseStatus::malformed;
}

///     struct {
///       NameType name_type;
///       opaque host_name<1..2^16-1>;
///     } ServerName;
///     ServerName server_name_list<1..2^16-1>;
ParseStatus read_server_name(Bytes data, ClientHello& out) noexcept {
  out.fact_flags |= Flag::server_name_present;
  const ServerNameCheck check = read_server_name_list(data, out.server_name);
  if (check == ServerNameCheck::ip_literal) out.fact_flags |= Flag::server_name_is_ip;
  if (check == ServerNameCheck::not_a_name || check == ServerNameCheck::malformed) {
    out.fact_flags |= Flag::server_name_malformed;
  }
  return check == ServerNameCheck::malformed ? ParseStatus::malformed : ParseStatus::ok;
}

///     opaque ProtocolName<1..2^8-1>;
///     ProtocolName protocol_name_list<2..2^16-1>;
ParseStatus read_alpn(Bytes data, ClientHello& out) noexcept {
  ByteReader reader(data);
  ByteReader list;
  if (!reader.read_vector16(list) || !reader.empty() || list.empty()) return ParseStatus::malformed;
  const Bytes whole = list.rest();
  std::size_t kept_size = 0;
  std::uint16_t kept_count = 0;
  while (!list.empty()) {
    ByteReader name;
    if (!list.read_vector8(name) || name.empty()) return ParseStatus::malformed;
    const std::size_t size = whole.size() - list.remaining();
    if (size > kAlpnBytesMax) continue;
    kept_size = size;
    ++kept_count;
  }
  out.alpn = whole.first(kept_size);
  out.alpn_count = kept_count;
  return kept_size == whole.size() ? ParseStatus::ok : ParseStatus::over_limit;
}

///     struct {
///       NamedGroup group;
///       opaque key_exchange<1..2^16-1>;
///     } KeyShareEntry;
///     KeyShareEntry client_shares<0..2^16-1>;
ParseStatus read_key_share(Bytes data, ClientHello& out) noexcept {
  ByteReader reader(data);
  ByteReader shares;
  if (!reader.read_vector16(shares) || !reader.empty()) return ParseStatus::malformed;
  std::uint16_t count = 0;
  bool over_limit = false;
  while (!shares.empty()) {
    std::uint16_t group = 0;
    ByteReader key_exchange;
    if (!shares.read_u16(group) || !shares.read_vector16(key_exchange) || key_exchange.empty()) {
      return ParseStatus::malformed;
    }
    if (count == kNamedGroupCountMax) {
      over_limit = true;
      continue;
    }
    out.key_share_groups[count++] = group;
  }
  out.key_share_count = count;
  return over_limit ? ParseStatus::over_limit : ParseStatus::ok;
}

///     struct {
///       opaque identity<1..2^16-1>;
///       uint32 obfuscated_ticket_age;
///     } PskIdentity;
///     opaque PskBinderEntry<32..255>;  // shorter ones are seen, and say nothing about the outcome
///     struct {
///       PskIdentity identities<7..2^16-1>;
///       PskBinderEntry binders<33..2^16-1>;
///     } OfferedPsks;
ParseStatus read_pre_shared_key(Bytes data, ClientHello& out) noexcept {
  out.fact_flags |= Flag::psk_present;
  ByteReader reader(data);
  ByteReader identities;
  ByteReader binders;
  if (!reader.read_vector16(identities) || !reader.read_vector16(binders) || !reader.empty()) {
    return ParseStatus::malformed;
  }
  std::uint16_t count = 0;
  while (!identities.empty()) {
    ByteReader identity;
    if (!identities.read_vector16(identity) || identity.empty() || !identities.skip(4)) {
      return ParseStatus::malformed;
    }
    ++count;
  }
  if (count == 0 || binders.empty()) return ParseStatus::malformed;
  out.psk_identity_count = count;
  return ParseStatus::ok;
}

///     struct {
///       CertificateStatusType status_type;
///       ResponderID responder_id_list<0..2^16-1>;  // both only for status_type ocsp (1)
///       Extensions request_extensions<0..2^16-1>;
///     } CertificateStatusRequest;
ParseStatus read_status_request(Bytes data, ClientHello& out) noexcept {
  constexpr std::uint8_t kOcsp = 1;
  out.fact_flags |= Flag::status_request_present;
  ByteReader reader(data);
  std::uint8_t type = 0;
  if (!reader.read_u8(type)) return ParseStatus::malformed;
  if (type != kOcsp) return ParseStatus::ok;
  ByteReader ignored;
  const bool whole =
      reader.read_vector16(ignored) && reader.read_vector16(ignored) && reader.empty();
  return whole ? ParseStatus::ok : ParseStatus::malformed;
}

///     opaque renegotiated_connection<0..255>;
ParseStatus read_renegotiation_info(Bytes data, ClientHello& out) noexcept {
  out.fact_flags |= Flag::renegotiation_info;
  ByteReader reader(data);
  ByteReader ignored;
  return reader.read_vector8(ignored) && reader.empty() ? ParseStatus::ok : ParseStatus::malformed;
}

ParseStatus read_session_ticket(Bytes data, ClientHello& out) noexcept {
  out.session_ticket_length = static_cast<std::uint16_t>(data.size());
  if (!data.empty()) out.fact_flags |= Flag::session_ticket_present;
  return ParseStatus::ok;
}

ParseStatus read_marker(Bytes data, Flag flag, ClientHello& out) noexcept {
  out.fact_flags |= flag;
  return read_empty(data);
}

ParseStatus read_compress_certificate(Bytes data, ClientHello& out) noexcept {
  constexpr std::size_t kAlgorithmCountMax = 127;  // all that a length of one byte can say
  out.fact_flags |= Flag::compress_certificate;
  Bytes ignored;
  return read_codes8(data, kAlgorithmCountMax, ignored);
}

/// Encrypted names are opaque to an observer; none of them is empty.
ParseStatus read_encrypted_name(Bytes data, Flag flag, ClientHello& out) noexcept {
  out.fact_flags |= flag;
  return data.empty() ? ParseStatus::malformed : ParseStatus::ok;
}

}  // namespace

ParseStatus read_client_extension(const RawExtension& extension, ClientHello& out) noexcept {
  const Bytes data = extension.data;
  switch (meaning_of(extension.type)) {
    case ExtensionType::server_name:
      return read_server_name(data, out);
    case ExtensionType::status_request:
      return read_status_request(data, out);
    case ExtensionType::supported_groups:
      return read_codes16(data, kNamedGroupCountMax, out.supported_groups);
    case ExtensionType::ec_point_formats:
      return read_octets8(data, out.ec_point_formats);
    case ExtensionType::signature_algorithms:
      return read_codes16(data, kSignatureSchemeCountMax, out.signature_algorithms);
    case ExtensionType::application_layer_protocol_negotiation:
      return read_alpn(data, out);
    case ExtensionType::extended_master_secret:
      return read_marker(data, Flag::extended_master_secret, out);
    case ExtensionType::compress_certificate:
      return read_compress_certificate(data, out);
    case ExtensionType::session_ticket:
      return read_session_ticket(data, out);
    case ExtensionType::pre_shared_key:
      return read_pre_shared_key(data, out);
    case ExtensionType::early_data:
      return read_marker(data, Flag::early_data_offered, out);
    case ExtensionType::supported_versions:
      return read_codes8(data, kSupportedVersionCountMax, out.supported_versions);
    case ExtensionType::psk_key_exchange_modes:
      return read_octets8(data, out.psk_key_exchange_modes);
    case ExtensionType::post_handshake_auth:
      return read_marker(data, Flag::post_handshake_auth, out);
    case ExtensionType::key_share:
      return read_key_share(data, out);
    case ExtensionType::renegotiation_info:
      return read_renegotiation_info(data, out);
    case ExtensionType::encrypted_client_hello:
      return read_encrypted_name(data, Flag::ech_present, out);
    case ExtensionType::encrypted_server_name:
      return read_encrypted_name(data, Flag::esni_present, out);
    default:
      return ParseStatus::ok;
  }
}

}  // namespace shakedown::tls

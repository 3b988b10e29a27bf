// SPDX-License-Identifier: Apache-2.0
#include "tls/server_hello.h"

#include <algorithm>
#include <array>

#include "tls/extension_block.h"

namespace shakedown::tls {
namespace {

using Flag = ServerHelloFacts::Flag;

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kSessionIdBytesMax = 32;
constexpr std::uint16_t kHeartbeat = 15;  // RFC 6520 §2

// RFC 8446 §4.1.3: SHA-256 of "HelloRetryRequest".
constexpr std::array<std::uint8_t, kRandomBytes> kHelloRetryRequestRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

// RFC 8446 §4.1.3: "DOWNGRD", then 1 for TLS 1.2 and 0 for older versions.
constexpr std::array<std::uint8_t, 7> kDowngradeSentinel = {0x44, 0x4f, 0x57, 0x4e,
                                                            0x47, 0x52, 0x44};

bool is_downgrade_sentinel(Bytes random) noexcept {
  const Bytes tail = random.last(kDowngradeSentinel.size() + 1);
  return std::equal(kDowngradeSentinel.begin(), kDowngradeSentinel.end(), tail.begin()) &&
         tail.back() <= 1;
}

///     struct {
///       ProtocolVersion legacy_version;
///       Random random;
///       opaque legacy_session_id_echo<0..32>;  // not in drafts up to 21
///       CipherSuite cipher_suite;
///       uint8 legacy_compression_method;       // not in drafts up to 21
///       Extension extensions<6..2^16-1>;
///     } ServerHello;
ParseStatus parse_classic_layout(ByteReader& reader, ServerHello& out) noexcept {
  std::uint8_t size = 0;
  if (!reader.read_u8(size)) return ParseStatus::need_more;
  if (size > kSessionIdBytesMax) return ParseStatus::malformed;
  if (!reader.read_bytes(size, out.session_id)) return ParseStatus::need_more;
  if (!reader.read_u16(out.cipher_suite)) return ParseStatus::need_more;
  if (!reader.read_u8(out.compression_method)) return ParseStatus::need_more;
  return ParseStatus::ok;
}

/// A vector16 that fills the rest exactly.
bool is_exact_vector16(ByteReader rest) noexcept {
  ByteReader vector;
  return rest.read_vector16(vector) && rest.empty();
}

bool fits_classic_layout(ByteReader rest) noexcept {
  ServerHello ignored;
  if (parse_classic_layout(rest, ignored) != ParseStatus::ok) return false;
  return rest.empty() || is_exact_vector16(rest);
}

/// Whether session id and compression method are missing; `rest` follows the random.
bool has_draft_layout(std::uint16_t version, ByteReader rest) noexcept {
  constexpr std::uint8_t kLastDraftWithout = 21;
  if ((version >> 8) == 0x7f) return (version & 0xff) <= kLastDraftWithout;
  // Experiments followed one layout or the other: the one that the lengths agree with.
  const bool experiment = version != static_cast<std::uint16_t>(ProtocolVersion::tls13) &&
                          is_tls13_family(ProtocolVersion{version});
  return experiment && !fits_classic_layout(rest) && rest.skip(sizeof(std::uint16_t)) &&
         is_exact_vector16(rest);
}

ParseStatus parse_fixed_part(ByteReader& reader, ServerHello& out) noexcept {
  if (!reader.read_u16(out.legacy_version)) return ParseStatus::need_more;
  if (!reader.read_bytes(kRandomBytes, out.random)) return ParseStatus::need_more;
  if (std::equal(out.random.begin(), out.random.end(), kHelloRetryRequestRandom.begin())) {
    out.fact_flags |= Flag::hello_retry_request;
  }
  if (is_downgrade_sentinel(out.random)) out.fact_flags |= Flag::downgrade_sentinel;
  if (!has_draft_layout(out.legacy_version, reader)) return parse_classic_layout(reader, out);
  return reader.read_u16(out.cipher_suite) ? ParseStatus::ok : ParseStatus::need_more;
}

/// The drafts put different things between version and extensions: nothing, the suite, or suite and
/// group. The lengths tell which; where none agrees, the layout of drafts 19 to 21 is taken.
///
///     struct {
///       ProtocolVersion server_version;
///       CipherSuite cipher_suite;     // drafts 13, and 19 to 21
///       NamedGroup selected_group;    // draft 13
///       Extension extensions<2..2^16-1>;
///     } HelloRetryRequest;
ParseStatus parse_draft_retry(ByteReader& reader, ServerHello& out) noexcept {
  out.fact_flags |= Flag::hello_retry_request;
  if (!reader.read_u16(out.legacy_version)) return ParseStatus::need_more;
  if (is_exact_vector16(reader)) return ParseStatus::ok;
  if (!reader.read_u16(out.cipher_suite)) return ParseStatus::need_more;
  ByteReader behind_group = reader;
  std::uint16_t group = 0;
  if (!is_exact_vector16(reader) && behind_group.read_u16(group) &&
      is_exact_vector16(behind_group)) {
    reader = behind_group;
    out.key_share_group = group;
  }
  return ParseStatus::ok;
}

/// A single uint16.
ParseStatus read_code(Bytes data, std::uint16_t& out) noexcept {
  ByteReader reader(data);
  std::uint16_t code = 0;
  if (!reader.read_u16(code) || !reader.empty()) return ParseStatus::malformed;
  out = code;
  return ParseStatus::ok;
}

/// The group alone in a HelloRetryRequest, otherwise `NamedGroup group; opaque
/// key_exchange<1..2^16-1>;`
ParseStatus read_key_share(Bytes data, ServerHello& out) noexcept {
  if (out.is_hello_retry_request()) return read_code(data, out.key_share_group);
  ByteReader reader(data);
  ByteReader key_exchange;
  std::uint16_t group = 0;
  if (!reader.read_u16(group) || !reader.read_vector16(key_exchange) || !reader.empty() ||
      key_exchange.empty()) {
    return ParseStatus::malformed;
  }
  out.key_share_group = group;
  return ParseStatus::ok;
}

/// RFC 7301 §3.1: the list of a server MUST contain exactly one ProtocolName.
ParseStatus read_alpn(Bytes data, ServerHello& out) noexcept {
  ByteReader reader(data);
  ByteReader list;
  ByteReader name;
  if (!reader.read_vector16(list) || !reader.empty() || !list.read_vector8(name) || !list.empty() ||
      name.empty()) {
    return ParseStatus::malformed;
  }
  out.alpn = name.rest();
  return ParseStatus::ok;
}

ParseStatus read_renegotiation_info(Bytes data, ServerHello& out) noexcept {
  out.fact_flags |= Flag::renegotiation_info;
  ByteReader reader(data);
  ByteReader ignored;
  return reader.read_vector8(ignored) && reader.empty() ? ParseStatus::ok : ParseStatus::malformed;
}

ParseStatus read_pre_shared_key(Bytes data, ServerHello& out) noexcept {
  out.fact_flags |= Flag::psk_selected;
  return read_code(data, out.selected_identity);
}

ParseStatus read_marker(Bytes data, Flag flag, ServerHello& out) noexcept {
  out.fact_flags |= flag;
  return data.empty() ? ParseStatus::ok : ParseStatus::malformed;
}

///     HeartbeatMode mode;
ParseStatus read_heartbeat(Bytes data, ServerHello& out) noexcept {
  out.fact_flags |= Flag::heartbeat;
  return data.size() == 1 ? ParseStatus::ok : ParseStatus::malformed;
}

ParseStatus read_server_extension(const RawExtension& extension, ServerHello& out) noexcept {
  const Bytes data = extension.data;
  if (extension.type == kHeartbeat) return read_heartbeat(data, out);
  switch (meaning_of(extension.type)) {
    case ExtensionType::supported_versions:
      return read_code(data, out.selected_version);
    case ExtensionType::key_share:
      return read_key_share(data, out);
    case ExtensionType::pre_shared_key:
      return read_pre_shared_key(data, out);
    case ExtensionType::application_layer_protocol_negotiation:
      return read_alpn(data, out);
    case ExtensionType::session_ticket:
      return read_marker(data, Flag::ticket_promised, out);
    case ExtensionType::extended_master_secret:
      return read_marker(data, Flag::extended_master_secret, out);
    case ExtensionType::encrypt_then_mac:
      return read_marker(data, Flag::encrypt_then_mac, out);
    case ExtensionType::renegotiation_info:
      return read_renegotiation_info(data, out);
    case ExtensionType::status_request:
      out.ocsp_promised = true;
      return data.empty() ? ParseStatus::ok : ParseStatus::malformed;
    default:
      return ParseStatus::ok;
  }
}

ParseStatus parse_extensions(ByteReader rest, ServerHello& out) noexcept {
  ExtensionBlock block;
  if (const ParseStatus status = block.open(rest); status != ParseStatus::ok) return status;
  return read_extensions(block, out, read_server_extension);
}

ParseStatus parse(Bytes body, HandshakeType type, ServerHello& out) noexcept {
  ByteReader reader(body);
  const ParseStatus status = type == HandshakeType::hello_retry_request
                                 ? parse_draft_retry(reader, out)
                                 : parse_fixed_part(reader, out);
  if (status != ParseStatus::ok || reader.empty()) return status;
  return parse_extensions(reader, out);
}

}  // namespace

ParseStatus parse_server_hello(Bytes body, HandshakeType type, ServerHello& out) noexcept {
  out = ServerHello{};
  const ParseStatus status = parse(body, type, out);
  out.truncated = status == ParseStatus::need_more;
  if (out.selected_version == 0) out.selected_version = out.legacy_version;
  return status;
}

void fill_facts(const ServerHello& hello, ServerHelloFacts& facts) noexcept {
  facts.flags |= hello.fact_flags;
  facts.legacy_version = hello.legacy_version;
  facts.selected_version = hello.selected_version;
  facts.cipher_suite = hello.cipher_suite;
  if (hello.is_hello_retry_request()) {
    facts.retry_group = hello.key_share_group;
    return;
  }
  facts.flags |= Flag::seen;
  facts.named_group = hello.key_share_group;
  const std::size_t alpn_size = std::min(hello.alpn.size(), facts.alpn.size());
  if (alpn_size < hello.alpn.size()) facts.flags |= Flag::alpn_truncated;
  facts.alpn_length = static_cast<std::uint8_t>(alpn_size);
  std::copy_n(hello.alpn.begin(), alpn_size, facts.alpn.begin());
}

}  // namespace shakedown::tls

// SPDX-License-Identifier: Apache-2.0
#include "tls/client_hello.h"

#include <algorithm>
#include <limits>

#include "shakedown/tls_types.h"
#include "tls/client_extensions.h"
#include "tls/extension_block.h"

namespace shakedown::tls {
namespace {

constexpr std::size_t kSessionIdBytesMax = 32;
constexpr std::uint16_t kEmptyRenegotiationInfoScsv = 0x00ff;  // RFC 5746 §3.3
constexpr std::uint16_t kFallbackScsv = 0x5600;                // RFC 7507 §4

/// legacy_version to compression_methods.
ParseStatus parse_fixed_part(ByteReader& reader, ClientHello& out) noexcept {
  if (!reader.read_u16(out.legacy_version)) return ParseStatus::need_more;
  if (!reader.read_bytes(32, out.random)) return ParseStatus::need_more;

  std::uint8_t session_id_size = 0;
  if (!reader.read_u8(session_id_size)) return ParseStatus::need_more;
  if (session_id_size > kSessionIdBytesMax) return ParseStatus::malformed;
  if (!reader.read_bytes(session_id_size, out.session_id)) return ParseStatus::need_more;

  std::uint16_t suites_size = 0;
  if (!reader.read_u16(suites_size)) return ParseStatus::need_more;
  if (suites_size == 0 || suites_size % 2 != 0) return ParseStatus::malformed;
  if (!reader.read_bytes(suites_size, out.cipher_suites)) return ParseStatus::need_more;

  std::uint8_t methods_size = 0;
  if (!reader.read_u8(methods_size)) return ParseStatus::need_more;
  if (methods_size == 0) return ParseStatus::malformed;
  if (!reader.read_bytes(methods_size, out.compression_methods)) return ParseStatus::need_more;
  return ParseStatus::ok;
}

ParseStatus parse_extensions(ByteReader rest, ClientHello& out) noexcept {
  ExtensionBlock block;
  if (const ParseStatus status = block.open(rest); status != ParseStatus::ok) return status;
  out.fact_flags |= ClientHelloFacts::extensions_present;
  return read_extensions(block, out, read_client_extension);
}

ParseStatus parse(Bytes body, ClientHello& out) noexcept {
  ByteReader reader(body);
  const ParseStatus fixed = parse_fixed_part(reader, out);
  // Also when the hello breaks off later: the limits hold for whatever is handed on.
  const ParseStatus suites = cut_codes(out.cipher_suites, kCipherSuiteCountMax);
  if (fixed != ParseStatus::ok) return fixed;
  const ParseStatus extensions = reader.empty() ? ParseStatus::ok : parse_extensions(reader, out);
  return extensions == ParseStatus::ok ? suites : extensions;
}

/// What a list says by its values alone.
std::uint32_t grease_flag(Bytes list) noexcept {
  bool found = false;
  for_each_code(list, [&](std::uint16_t code) { found = found || is_grease(code); });
  return found ? ClientHelloFacts::grease_present : 0u;
}

std::uint32_t suite_flags(Bytes suites) noexcept {
  std::uint32_t flags = 0;
  for_each_code(suites, [&](std::uint16_t suite) {
    if (suite == kEmptyRenegotiationInfoScsv) flags |= ClientHelloFacts::renegotiation_info;
    if (suite == kFallbackScsv) flags |= ClientHelloFacts::fallback_scsv;
  });
  return flags;
}

void summarize(ClientHello& hello) noexcept {
  std::uint32_t flags = suite_flags(hello.cipher_suites);
  for (const Bytes list : {hello.cipher_suites, hello.supported_versions, hello.supported_groups,
                           hello.signature_algorithms}) {
    flags |= grease_flag(list);
  }
  for (unsigned i = 0; i < hello.extension_count; ++i) {
    if (is_grease(hello.extension_types[i])) flags |= ClientHelloFacts::grease_present;
  }
  for (unsigned i = 0; i < hello.key_share_count; ++i) {
    const std::uint16_t group = hello.key_share_groups[i];
    if (is_grease(group)) flags |= ClientHelloFacts::grease_present;
    if (is_post_quantum_group(group)) flags |= ClientHelloFacts::post_quantum_share;
  }
  hello.fact_flags |= flags;
  const std::uint16_t highest = highest_version(hello.supported_versions);
  hello.max_version = highest != 0 ? highest : hello.legacy_version;
}

/// Order of age. Drafts and experiments came before TLS 1.3 and after TLS 1.2, whatever their
/// numbers.
std::uint32_t version_rank(std::uint16_t version) noexcept {
  const std::uint32_t low = version & 0xffu;
  switch (version >> 8) {
    case 0x03:
      return low >= 0x04 ? 0x50000 + low : 0x20000 + low;
    case 0x7f:
      return 0x40000 + low;
    case 0x7e:
    case 0xfb:
      return 0x30000 + low;
    default:
      return version == static_cast<std::uint16_t>(ProtocolVersion::ssl2) ? 0x10000 : 1;
  }
}

template <class To>
To saturate(std::size_t value) noexcept {
  return static_cast<To>(std::min<std::size_t>(value, std::numeric_limits<To>::max()));
}

}  // namespace

ParseStatus parse_client_hello(Bytes body, ClientHello& out) noexcept {
  out = ClientHello{};
  out.length = static_cast<std::uint32_t>(body.size());
  const ParseStatus status = parse(body, out);
  out.truncated = status == ParseStatus::need_more;
  if (out.truncated) out.fact_flags |= ClientHelloFacts::truncated_parse;
  summarize(out);
  return status;
}

std::uint16_t highest_version(Bytes versions) noexcept {
  std::uint16_t highest = 0;
  std::uint32_t highest_rank = 0;
  for_each_code(versions, [&](std::uint16_t version) {
    const std::uint32_t rank = version_rank(version);
    if (is_grease(version) || rank <= highest_rank) return;
    highest = version;
    highest_rank = rank;
  });
  return highest;
}

void fill_facts(const ClientHello& hello, ClientHelloFacts& facts) noexcept {
  constexpr std::size_t kNameBytesMax = sizeof(HandshakeRecord::server_name);
  facts.flags |= hello.fact_flags;
  if (hello.server_name.size() > kNameBytesMax) {
    facts.flags |= ClientHelloFacts::server_name_truncated;
  }
  facts.legacy_version = hello.legacy_version;
  facts.max_version = hello.max_version;
  facts.length = saturate<std::uint16_t>(hello.length);
  facts.session_id_length = saturate<std::uint8_t>(hello.session_id.size());
  facts.cipher_count = saturate<std::uint8_t>(hello.cipher_suites.size() / 2);
  facts.extension_count = saturate<std::uint8_t>(hello.extension_count);
  facts.named_group_count = saturate<std::uint8_t>(hello.supported_groups.size() / 2);
  facts.alpn_count = saturate<std::uint8_t>(hello.alpn_count);
  facts.server_name_length =
      saturate<std::uint8_t>(std::min(hello.server_name.size(), kNameBytesMax));
}

}  // namespace shakedown::tls

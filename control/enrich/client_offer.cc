// SPDX-License-Identifier: Apache-2.0
#include "enrich/client_offer.h"

#include <utility>

namespace shakedown::enrich {

namespace {

/// `uint16 codes<0..2^16-1>`
ParseStatus read_codes(ByteReader& reader, std::vector<std::uint16_t>& codes) {
  ByteReader body;
  if (!reader.read_vector16(body)) return ParseStatus::need_more;
  if (body.remaining() % 2 != 0) return ParseStatus::malformed;
  codes.reserve(body.remaining() / 2);
  std::uint16_t code = 0;
  while (body.read_u16(code)) codes.push_back(code);
  return ParseStatus::ok;
}

/// `ProtocolName protocol_name_list<..>` of RFC 7301 §3.1, `opaque ProtocolName<1..2^8-1>`. The
/// list comes from a client and may end anywhere: the names before that are kept.
void read_alpn(ByteReader list, std::vector<std::string>& names) {
  ByteReader name;
  while (list.read_vector8(name)) {
    names.emplace_back(name.rest().begin(), name.rest().end());
  }
}

}  // namespace

ParseStatus decode_client_offer(Bytes body, ClientOffer& offer) {
  ByteReader reader(body);
  ClientOffer decoded;
  if (!reader.read_u16(decoded.legacy_version)) return ParseStatus::need_more;
  for (auto* codes :
       {&decoded.cipher_suites, &decoded.extensions, &decoded.supported_versions,
        &decoded.supported_groups, &decoded.key_share_groups, &decoded.signature_algorithms}) {
    const ParseStatus status = read_codes(reader, *codes);
    if (status != ParseStatus::ok) return status;
  }
  ByteReader alpn;
  if (!reader.read_vector16(alpn)) return ParseStatus::need_more;
  if (!reader.empty()) return ParseStatus::malformed;
  read_alpn(alpn, decoded.alpn);
  offer = std::move(decoded);
  return ParseStatus::ok;
}

}  // namespace shakedown::enrich

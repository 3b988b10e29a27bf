// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Cuts IP packets into pieces as routers and hosts do.
// Units:     Bytes.
// Ownership: Values.
// Threading: None.
// Limits:    None.
// Failure:   None; a test that asks for shares that are no multiple of eight gets malformed pieces.
// RFC:       RFC 791 §3.2; RFC 8200 §4.5.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "byte_writer.h"
#include "packet_builder.h"

namespace shakedown::test_support {

using Pieces = std::vector<Bytes>;

[[nodiscard]] inline Bytes part(const Bytes& bytes, std::size_t begin, std::size_t size) {
  const std::size_t end = std::min(bytes.size(), begin + size);
  return {bytes.begin() + static_cast<std::ptrdiff_t>(begin),
          bytes.begin() + static_cast<std::ptrdiff_t>(end)};
}

/// One piece of an IPv4 packet: the share [begin, begin + size) of its payload.
[[nodiscard]] inline Bytes ipv4_piece(const Bytes& packet, std::uint16_t id, std::size_t begin,
                                      std::size_t size) {
  const std::size_t header_bytes = (packet[0] & 0x0fu) * std::size_t{4};
  const Bytes share = part(packet, header_bytes + begin, size);
  const bool more = header_bytes + begin + size < packet.size();
  ByteWriter writer(part(packet, 0, header_bytes));
  writer.patch(2, header_bytes + share.size(), 2);
  writer.patch(4, id, 2);
  writer.patch(6, (more ? 0x2000u : 0u) | begin / 8, 2);
  return writer.bytes(share).take();
}

/// The same of an IPv6 packet, of which the first `fixed_bytes` stay in front of every piece.
[[nodiscard]] inline Bytes ipv6_piece(const Bytes& packet, std::uint32_t id, std::size_t begin,
                                      std::size_t size, std::size_t fixed_bytes = 40,
                                      std::size_t next_header_at = 6) {
  const Bytes share = part(packet, fixed_bytes + begin, size);
  const bool more = fixed_bytes + begin + size < packet.size();
  ByteWriter writer(part(packet, 0, fixed_bytes));
  const std::uint8_t next = packet[next_header_at];
  writer.patch(next_header_at, 44, 1);
  writer.patch(4, fixed_bytes - 40 + 8 + share.size(), 2);
  writer.u8(next).u8(0).u16(begin | (more ? 1u : 0u)).u32(id);
  return writer.bytes(share).take();
}

/// Pieces of `share_bytes` each, in order.
[[nodiscard]] inline Pieces pieces_of(const Bytes& packet, std::uint32_t id,
                                      std::size_t share_bytes) {
  const bool is_ipv6 = packet[0] >> 4 == 6;
  const std::size_t header_bytes = is_ipv6 ? 40 : (packet[0] & 0x0fu) * std::size_t{4};
  Pieces pieces;
  for (std::size_t begin = 0; header_bytes + begin < packet.size(); begin += share_bytes) {
    pieces.push_back(is_ipv6
                         ? ipv6_piece(packet, id, begin, share_bytes)
                         : ipv4_piece(packet, static_cast<std::uint16_t>(id), begin, share_bytes));
  }
  return pieces;
}

}  // namespace shakedown::test_support

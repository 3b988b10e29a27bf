// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What stands in front of an IP packet that was put together from pieces: the tags and
//            tunnels that were around the pieces, so that the limit on encapsulations still holds
//            and the record still names them. Written by the FragmentTable, read by decode(); it is
//            on no wire.
// Units:     Bytes.
// Ownership: Values.
// Threading: Pure functions.
// Limits:    kReassembledHeaderBytes.
// Failure:   read() refuses values that decode() cannot have found.
// RFC:       none
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/handshake_record.h"
#include "shakedown/limits.h"

namespace shakedown::packet {

/// tunnel kind(1), depth(1), VLAN seen(1), reserved(1), tunnel id(4), outer VLAN(2), inner VLAN(2)
inline constexpr std::size_t kReassembledHeaderBytes = 12;

struct ReassembledHeader {
  TunnelKind tunnel_kind = TunnelKind::none;
  std::uint8_t tunnel_depth = 0;
  bool vlan_seen = false;
  std::uint32_t tunnel_id = 0;
  std::uint16_t vlan_outer = 0;
  std::uint16_t vlan_inner = 0;

  bool operator==(const ReassembledHeader&) const = default;
};

[[nodiscard]] inline std::array<std::uint8_t, kReassembledHeaderBytes> wire_of(
    const ReassembledHeader& header) noexcept {
  const auto byte = [](std::uint32_t value, unsigned shift) {
    return static_cast<std::uint8_t>(value >> shift);
  };
  return {static_cast<std::uint8_t>(header.tunnel_kind),
          header.tunnel_depth,
          static_cast<std::uint8_t>(header.vlan_seen ? 1 : 0),
          0,
          byte(header.tunnel_id, 24),
          byte(header.tunnel_id, 16),
          byte(header.tunnel_id, 8),
          byte(header.tunnel_id, 0),
          byte(header.vlan_outer, 8),
          byte(header.vlan_outer, 0),
          byte(header.vlan_inner, 8),
          byte(header.vlan_inner, 0)};
}

[[nodiscard]] inline bool read(ByteReader& rest, ReassembledHeader& out) noexcept {
  constexpr std::uint16_t kVlanIdMax = 0x0fff;
  std::uint8_t kind = 0;
  std::uint8_t seen = 0;
  if (!rest.read_u8(kind) || !rest.read_u8(out.tunnel_depth) || !rest.read_u8(seen) ||
      !rest.skip(1) || !rest.read_u32(out.tunnel_id) || !rest.read_u16(out.vlan_outer) ||
      !rest.read_u16(out.vlan_inner)) {
    return false;
  }
  out.tunnel_kind = static_cast<TunnelKind>(kind);
  out.vlan_seen = seen != 0;
  return kind < kTunnelKindCount && out.tunnel_depth <= kTunnelDepthMax &&
         out.vlan_outer <= kVlanIdMax && out.vlan_inner <= kVlanIdMax;
}

}  // namespace shakedown::packet

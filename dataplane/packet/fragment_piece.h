// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a piece of an IP packet says about its place in the packet, with the header in the
//            form that rte_ip_frag wants: IPv6's fragment header stands right behind the IPv6 header,
//            as extension headers in front of it are dropped.
// Units:     Bytes.
// Ownership: `share` points into the view's fragment.
// Threading: Pure functions.
// Limits:    none
// Failure:   read() refuses what cannot be a piece of anything.
// RFC:       RFC 791 §3.1, RFC 8200 §4.5.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "packet/packet_view.h"
#include "shakedown/bytes.h"

namespace shakedown::packet {

inline constexpr std::size_t kIpv6HeaderBytes = 40;
inline constexpr std::size_t kFragmentHeaderBytes = 8;
/// Of IPv4 with its header, of IPv6 without.
inline constexpr std::size_t kIpPacketBytesMax = 65'535;

struct FragmentPiece {
  bool is_ipv6 = false;
  bool more = false;
  std::uint8_t protocol = 0;  ///< IPv4 only; of IPv6 each piece may say another
  std::uint16_t offset = 0;
  std::uint32_t id = 0;
  std::uint32_t missing = 0;  ///< of `share`, cut off by the snap length
  Bytes share;                ///< of the packet's payload
  std::size_t header_bytes = 0;
  /// IPv4's header, or IPv6's with the fragment header behind it.
  std::array<std::uint8_t, 60> header;

  [[nodiscard]] Bytes header_view() const { return Bytes(header).first(header_bytes); }
};

/// `view` is of DecodeStatus::ip_fragment.
[[nodiscard]] bool read(const PacketView& view, FragmentPiece& out) noexcept;

/// Of everything that stays the same when a mirror shows a piece again: not TTL, tags and tunnels.
[[nodiscard]] std::uint64_t digest_of(const PacketView& view, const FragmentPiece& piece,
                                      std::uint64_t seed) noexcept;

/// What stands for the source of a piece in the table: rte_ip_frag of DPDK 22.11 does not look at
/// IPv4's protocol, as RFC 791 §3.2 wants, and its hash has a known seed, with which anyone could
/// fill the places of another's packet. So it gets to see a keyed digest of source and protocol.
[[nodiscard]] IpAddress stand_in_for(const IpAddress& source, const FragmentPiece& piece,
                                     std::uint64_t seed) noexcept;

/// Where the source stands in an IP header.
[[nodiscard]] constexpr std::size_t source_offset(bool is_ipv6) noexcept {
  return is_ipv6 ? 8 : 12;
}
[[nodiscard]] constexpr std::size_t source_bytes(bool is_ipv6) noexcept { return is_ipv6 ? 16 : 4; }

}  // namespace shakedown::packet

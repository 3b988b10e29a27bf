// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the layer functions of this folder share: the walk through one packet. Private to
//            packet/. Each function reads one header from `walk.rest`, notes what it learned, and
//            returns the layer that stands next; decode() is the loop over them.
// Units:     Bytes; numbers in host order.
// Ownership: A walk lives on the stack of decode(); `rest` points into the captured bytes.
// Threading: One packet, one thread.
// Limits:    Every function consumes bytes or ends the walk; decode() bounds the number of steps
//            besides.
// Failure:   stop() with a status.
// RFC:       See decode.h; each function names its own.
#pragma once

#include <cstdint>

#include "packet/decode.h"
#include "shakedown/bytes.h"
#include "shakedown/limits.h"

namespace shakedown::packet {

enum class Layer : std::uint8_t {
  reassembled,
  ethernet,
  linux_sll,
  linux_sll2,
  null_loopback,
  ppp,
  pppoe,
  llc,
  ether_type,  ///< walk.ether_type was read and says what follows
  mpls,
  ip,  ///< IPv4 or IPv6 by its version nibble
  ipv4,
  ipv6,
  ip_extension,  ///< walk.ip_protocol is an extension header
  ip_protocol,   ///< walk.ip_protocol is a transport or a tunnel
  gre,
  udp,
  vxlan,
  geneve,
  vxlan_gpe,
  gtp_u,
  icmp,
  icmpv6,
  tcp,
  finished  ///< walk.status is the result
};

struct Walk {
  PacketView& out;
  /// Captured bytes of the current layer. From the first IP header on they end where IP says, so
  /// that Ethernet padding and trailers are gone.
  ByteReader rest;
  /// The innermost IP packet so far, from its header on, as far as it was captured.
  Bytes ip_packet{};
  /// Bytes of the current layer that are not in `rest` although IP's length counts them.
  std::uint32_t missing = 0;
  std::uint16_t ether_type = 0;
  std::uint8_t ip_protocol = 0;
  std::uint8_t tunnel_depth = 0;
  bool vlan_seen = false;
  DecodeStatus status = DecodeStatus::tcp;
};

[[nodiscard]] inline Layer stop(Walk& walk, DecodeStatus status) noexcept {
  walk.status = status;
  return Layer::finished;
}

/// `detail` names the layer, for the statuses that has_detail() lists.
[[nodiscard]] inline Layer stop(Walk& walk, DecodeStatus status, Counter detail) noexcept {
  walk.out.detail = detail;
  return stop(walk, status);
}

/// Goes into an encapsulation: `inside` stands next, unless the packet is nested too deeply.
[[nodiscard]] inline Layer enter_tunnel(Walk& walk, TunnelKind kind, std::uint32_t id,
                                        Layer inside) noexcept {
  if (walk.tunnel_depth == kTunnelDepthMax) return stop(walk, DecodeStatus::tunnel_too_deep);
  ++walk.tunnel_depth;
  walk.out.tunnel_kind = kind;
  walk.out.tunnel_id = id;
  return inside;
}

namespace ether_type {
inline constexpr std::uint16_t kFirst = 0x0600;  ///< smaller values are an 802.3 length
inline constexpr std::uint16_t kIpv4 = 0x0800;
inline constexpr std::uint16_t kArp = 0x0806;
inline constexpr std::uint16_t kErspan3 = 0x22eb;
inline constexpr std::uint16_t kEthernetOverIp = 0x6400;  ///< MikroTik's, in GRE version 1 only
inline constexpr std::uint16_t kTransparentEthernet = 0x6558;
inline constexpr std::uint16_t kReverseArp = 0x8035;
inline constexpr std::uint16_t kVlan = 0x8100;
inline constexpr std::uint16_t kIpv6 = 0x86dd;
inline constexpr std::uint16_t kSlowProtocols = 0x8809;
inline constexpr std::uint16_t kMplsUnicast = 0x8847;
inline constexpr std::uint16_t kMplsMulticast = 0x8848;
inline constexpr std::uint16_t kPptp = 0x880b;
inline constexpr std::uint16_t kPppoeDiscovery = 0x8863;
inline constexpr std::uint16_t kPppoeSession = 0x8864;
inline constexpr std::uint16_t kEapol = 0x888e;
inline constexpr std::uint16_t kServiceVlan = 0x88a8;
inline constexpr std::uint16_t kErspan = 0x88be;
inline constexpr std::uint16_t kLldp = 0x88cc;
inline constexpr std::uint16_t kMacsec = 0x88e5;
inline constexpr std::uint16_t kProviderBackbone = 0x88e7;
inline constexpr std::uint16_t kPtp = 0x88f7;
inline constexpr std::uint16_t kVnTag = 0x8926;
inline constexpr std::uint16_t kETag = 0x893f;
inline constexpr std::uint16_t kNsh = 0x894f;
inline constexpr std::uint16_t kOldServiceVlan = 0x9100;

[[nodiscard]] constexpr bool is_vlan_tag(std::uint16_t type) noexcept {
  return type == kVlan || type == kServiceVlan || type == kOldServiceVlan;
}
/// What a switch and its port extenders put between MAC addresses and VLAN tags.
[[nodiscard]] constexpr bool is_port_tag(std::uint16_t type) noexcept {
  return type == kVnTag || type == kETag;
}
}  // namespace ether_type

namespace ip_protocol {
inline constexpr std::uint8_t kHopByHop = 0;
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kIpv4 = 4;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kIpv6 = 41;
inline constexpr std::uint8_t kRouting = 43;
inline constexpr std::uint8_t kFragment = 44;
inline constexpr std::uint8_t kGre = 47;
inline constexpr std::uint8_t kEsp = 50;
inline constexpr std::uint8_t kAuthentication = 51;
inline constexpr std::uint8_t kIcmpv6 = 58;
inline constexpr std::uint8_t kDestinationOptions = 60;
inline constexpr std::uint8_t kSctp = 132;
inline constexpr std::uint8_t kMpls = 137;
}  // namespace ip_protocol

// link.cc
[[nodiscard]] Layer read_reassembled(Walk& walk) noexcept;
[[nodiscard]] Layer read_ethernet(Walk& walk) noexcept;
[[nodiscard]] Layer read_linux_sll(Walk& walk) noexcept;
[[nodiscard]] Layer read_linux_sll2(Walk& walk) noexcept;
[[nodiscard]] Layer read_null_loopback(Walk& walk) noexcept;
[[nodiscard]] Layer read_llc(Walk& walk) noexcept;
[[nodiscard]] Layer follow_ether_type(Walk& walk) noexcept;

// ppp.cc
[[nodiscard]] Layer read_ppp(Walk& walk) noexcept;
[[nodiscard]] Layer read_pppoe(Walk& walk) noexcept;

// mpls.cc
[[nodiscard]] Layer read_mpls(Walk& walk) noexcept;

// ip.cc
[[nodiscard]] Layer read_ip(Walk& walk) noexcept;
[[nodiscard]] Layer read_ipv4(Walk& walk) noexcept;
[[nodiscard]] Layer read_ipv6(Walk& walk) noexcept;
[[nodiscard]] Layer read_ip_extensions(Walk& walk) noexcept;
[[nodiscard]] Layer follow_ip_protocol(Walk& walk) noexcept;

// gre.cc
[[nodiscard]] Layer read_gre(Walk& walk) noexcept;

// udp_tunnel.cc
[[nodiscard]] Layer read_udp(Walk& walk) noexcept;
[[nodiscard]] Layer read_vxlan(Walk& walk) noexcept;
[[nodiscard]] Layer read_vxlan_gpe(Walk& walk) noexcept;
[[nodiscard]] Layer read_geneve(Walk& walk) noexcept;
[[nodiscard]] Layer read_gtp_u(Walk& walk) noexcept;

// icmp.cc
[[nodiscard]] Layer read_icmp(Walk& walk) noexcept;
[[nodiscard]] Layer read_icmpv6(Walk& walk) noexcept;

// tcp.cc
[[nodiscard]] Layer read_tcp(Walk& walk) noexcept;

}  // namespace shakedown::packet

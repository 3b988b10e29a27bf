// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   From captured bytes to the TCP segment of the innermost packet. Uses the captured
//            bytes; sets every field of a PacketView except `time` and `port_index`; hands on to
//            flow/.
// Units:     Lengths are bytes.
// Ownership: The view's payload points into `captured`; nothing is copied but addresses and
//            numbers.
// Threading: Pure function of its arguments.
// Limits:    kVlanTagCountMax per frame, kMplsLabelCountMax per stack, kTunnelDepthMax per packet,
//            kIpv6ExtensionCountMax per IP header, kTcpOptionBytesMax. Work per packet is bounded
//            by them.
// Failure:   Every status but `tcp` is the fate of the packet, and the view (apart from `time` and
//            `port_index`, which are never touched) then holds whatever had been read, and `detail`
//            the layer's name. With `ip_fragment` and `icmp_error` it holds what packet_view.h
//            says. A header that the snap length cut is malformed in the layer it belongs to; a cut
//            payload is not an error.
// RFC:       RFC 791, RFC 8200, RFC 4302 §2, RFC 9293 §3.1; RFC 3032, RFC 2516, RFC 2784, RFC 2890,
//            RFC 2637, RFC 2003, RFC 4213, RFC 7348, RFC 8926; RFC 792, RFC 1191 §4, RFC 4443 §3;
//            IEEE 802.1Q; 3GPP TS 29.281. Left out on purpose: Teredo; ESP; the final destination
//            in an IPv6 routing header (the address in the IPv6 header stays); and all checksums,
//            because hosts that offload them hand captures packets whose checksum the card would
//            have filled in. Pieces of IP packets are for a Defragmenter to put together.
#pragma once

#include <cstdint>

#include "packet/link_type.h"
#include "packet/packet_view.h"
#include "shakedown/bytes.h"
#include "shakedown/counters.h"

namespace shakedown::packet {

enum class DecodeStatus : std::uint8_t {
  tcp,
  link_malformed,
  not_ip,
  vlan_too_deep,
  tunnel_too_deep,
  tunnel_malformed,
  ip_malformed,
  ip_fragment,
  ipv6_extensions_too_many,
  icmp_error,  ///< about a TCP packet, which the view then describes
  not_tcp,
  tcp_malformed
};

/// `captured` begins with the header that `link_type` names. The wire length is not asked for: the
/// IP header knows it better, for captures are cut by a snap length and padded by Ethernet.
[[nodiscard]] DecodeStatus decode(LinkType link_type, Bytes captured, PacketView& out) noexcept;

/// The same without the short cut for the common packet; the tests hold the two against each other.
[[nodiscard]] DecodeStatus decode_by_layers(LinkType link_type, Bytes captured,
                                            PacketView& out) noexcept;

/// Whether PacketView::detail names the layer of a packet that ended here. The other statuses are a
/// name by themselves.
[[nodiscard]] constexpr bool has_detail(DecodeStatus status) noexcept {
  switch (status) {
    case DecodeStatus::link_malformed:
    case DecodeStatus::tunnel_malformed:
    case DecodeStatus::ip_malformed:
    case DecodeStatus::not_ip:
    case DecodeStatus::not_tcp:
    case DecodeStatus::vlan_too_deep:
      return true;
    case DecodeStatus::tcp:
    case DecodeStatus::tunnel_too_deep:
    case DecodeStatus::ip_fragment:
    case DecodeStatus::ipv6_extensions_too_many:
    case DecodeStatus::icmp_error:
    case DecodeStatus::tcp_malformed:
      break;
  }
  return false;
}

/// The counter of a packet that ended here. A TCP packet has no fate yet: flow/ decides, and until
/// then it is untracked.
[[nodiscard]] constexpr Counter fate_of(DecodeStatus status) noexcept {
  switch (status) {
    case DecodeStatus::link_malformed:
      return Counter::fate_link_malformed;
    case DecodeStatus::not_ip:
      return Counter::fate_not_ip;
    case DecodeStatus::vlan_too_deep:
      return Counter::fate_vlan_too_deep;
    case DecodeStatus::tunnel_too_deep:
      return Counter::fate_tunnel_too_deep;
    case DecodeStatus::tunnel_malformed:
      return Counter::fate_tunnel_malformed;
    case DecodeStatus::ip_malformed:
      return Counter::fate_ip_malformed;
    case DecodeStatus::ip_fragment:
      return Counter::fate_ip_fragment;
    case DecodeStatus::ipv6_extensions_too_many:
      return Counter::fate_ipv6_extensions_too_many;
    case DecodeStatus::icmp_error:
      return Counter::fate_icmp_error;
    case DecodeStatus::not_tcp:
      return Counter::fate_not_tcp;
    case DecodeStatus::tcp_malformed:
      return Counter::fate_tcp_malformed;
    case DecodeStatus::tcp:
      break;
  }
  return Counter::fate_untracked;
}

/// Counts a packet that is not TCP: its fate, and beside it the name of the layer.
inline void count_fate(CounterBlock& counters, DecodeStatus status,
                       const PacketView& view) noexcept {
  counters.add(fate_of(status));
  if (has_detail(status)) counters.add(view.detail);
}

}  // namespace shakedown::packet

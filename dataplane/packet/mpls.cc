// SPDX-License-Identifier: Apache-2.0
//
// MPLS label stacks. Nothing in them names what they carry; the first bytes behind them have to
// tell.
#include "packet/layer.h"

namespace shakedown::packet {

namespace {

constexpr std::size_t kMacPairBytes = 12;
constexpr std::size_t kControlWordBytes = 4;
constexpr std::size_t kEthernetBytes = 14;

/// Whether an Ethernet frame that could lead to IP begins here. Other frames are of no interest, so
/// that calling them "not Ethernet" costs nothing.
bool is_ethernet_towards_ip(ByteReader frame) noexcept {
  constexpr std::uint32_t kSnap = 0xaaaa03;
  constexpr std::uint32_t kLlcIp = 0x060603;
  std::uint16_t type = 0;
  if (!frame.skip(kMacPairBytes) || !frame.read_u16(type)) return false;
  switch (type) {
    case ether_type::kIpv4:
    case ether_type::kIpv6:
    case ether_type::kMplsUnicast:
    case ether_type::kMplsMulticast:
    case ether_type::kPppoeSession:
    case ether_type::kProviderBackbone:
      return true;
    default:
      break;
  }
  if (type >= ether_type::kFirst) {
    return ether_type::is_vlan_tag(type) || ether_type::is_port_tag(type);
  }
  std::uint32_t llc = 0;
  return frame.read_u24(llc) && (llc == kSnap || llc == kLlcIp);
}

/// RFC 4448 §4.6: a pseudowire may begin with a control word whose first nibble is 0 - as most MAC
/// addresses do, so that the type field decides which of the two it is. Behind a VLAN tag there is
/// one in both places; then it is a control word if its first half is zero, as it is sent.
bool has_control_word(const ByteReader& wire) noexcept {
  ByteReader behind = wire;
  std::uint16_t flags = 0;
  if (!behind.read_u16(flags) || flags >> 12 != 0 || !behind.skip(kControlWordBytes - 2))
    return false;
  return is_ethernet_towards_ip(behind) && (flags == 0 || !is_ethernet_towards_ip(wire));
}

/// RFC 4928 §3: 4 and 6 are IP.
Layer layer_behind_labels(Walk& walk) noexcept {
  ByteReader peek = walk.rest;
  std::uint8_t first = 0;
  if (!peek.read_u8(first)) {
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_mpls);
  }
  const unsigned nibble = first >> 4;
  if (nibble == 4) return Layer::ipv4;
  if (nibble == 6) return Layer::ipv6;
  if (walk.rest.remaining() < kEthernetBytes) {
    return stop(walk, DecodeStatus::link_malformed, Counter::malformed_ethernet);
  }
  if (has_control_word(walk.rest)) {
    return walk.rest.skip(kControlWordBytes) ? Layer::ethernet : Layer::finished;
  }
  return is_ethernet_towards_ip(walk.rest) ? Layer::ethernet
                                           : stop(walk, DecodeStatus::not_ip, Counter::not_ip_mpls);
}

}  // namespace

// RFC 3032 §2.1, each entry: label(20 bits), traffic class(3 bits), bottom of stack(1 bit), TTL(8
// bits)
Layer read_mpls(Walk& walk) noexcept {
  constexpr std::uint32_t kBottomOfStack = 0x100;
  constexpr unsigned kLabelShift = 12;
  std::uint32_t entry = 0;
  for (unsigned label_count = 0; (entry & kBottomOfStack) == 0; ++label_count) {
    if (label_count == kMplsLabelCountMax) {
      return stop(walk, DecodeStatus::vlan_too_deep, Counter::too_many_mpls_labels);
    }
    if (!walk.rest.read_u32(entry)) {
      return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_mpls);
    }
  }
  const Layer inside = layer_behind_labels(walk);
  if (inside == Layer::finished) return inside;
  return enter_tunnel(walk, TunnelKind::mpls, entry >> kLabelShift, inside);
}

}  // namespace shakedown::packet

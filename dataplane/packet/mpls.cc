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
  std::uint16_t type = 0;
  if (!frame.skip(kMacPairBytes) || !frame.read_u16(type)) return false;
  return type == ether_type::kIpv4 || type == ether_type::kIpv6 || ether_type::is_vlan_tag(type) ||
         type == ether_type::kMplsUnicast || type == ether_type::kPppoeSession;
}

/// RFC 4928 §3: 4 and 6 are IP. RFC 4448 §4.6: a pseudowire may begin with a control word whose
/// first nibble is 0 - as most MAC addresses do, so that the type field decides which of the two it
/// is.
Layer layer_behind_labels(Walk& walk) noexcept {
  ByteReader peek = walk.rest;
  std::uint8_t first = 0;
  if (!peek.read_u8(first)) return stop(walk, DecodeStatus::tunnel_malformed);
  const unsigned nibble = first >> 4;
  if (nibble == 4) return Layer::ipv4;
  if (nibble == 6) return Layer::ipv6;
  if (walk.rest.remaining() < kEthernetBytes) return stop(walk, DecodeStatus::link_malformed);
  ByteReader behind_control_word = walk.rest;
  if (nibble == 0 && behind_control_word.skip(kControlWordBytes) &&
      is_ethernet_towards_ip(behind_control_word)) {
    walk.rest = behind_control_word;
    return Layer::ethernet;
  }
  return is_ethernet_towards_ip(walk.rest) ? Layer::ethernet : stop(walk, DecodeStatus::not_ip);
}

}  // namespace

// RFC 3032 §2.1, each entry: label(20 bits), traffic class(3 bits), bottom of stack(1 bit), TTL(8
// bits)
Layer read_mpls(Walk& walk) noexcept {
  constexpr std::uint32_t kBottomOfStack = 0x100;
  constexpr unsigned kLabelShift = 12;
  std::uint32_t entry = 0;
  for (unsigned label_count = 0; (entry & kBottomOfStack) == 0; ++label_count) {
    if (label_count == kMplsLabelCountMax) return stop(walk, DecodeStatus::vlan_too_deep);
    if (!walk.rest.read_u32(entry)) return stop(walk, DecodeStatus::tunnel_malformed);
  }
  const Layer inside = layer_behind_labels(walk);
  if (inside == Layer::finished) return inside;
  return enter_tunnel(walk, TunnelKind::mpls, entry >> kLabelShift, inside);
}

}  // namespace shakedown::packet

// SPDX-License-Identifier: Apache-2.0
//
// Link headers up to the number of the network protocol, and VLAN tags.
#include <algorithm>
#include <array>

#include "packet/layer.h"
#include "packet/reassembled_header.h"

namespace shakedown::packet {

namespace {

constexpr std::size_t kMacPairBytes = 12;
constexpr std::uint16_t kVlanIdMask = 0x0fff;

/// Linux cooked captures and 802.3 put LLC under this number.
constexpr std::uint16_t kSllLlc = 0x0004;

/// The first tag of a packet names the outer VLAN, the last one the inner.
void note_vlan(Walk& walk, std::uint16_t tag_control) noexcept {
  const auto id = static_cast<std::uint16_t>(tag_control & kVlanIdMask);
  if (walk.vlan_seen) {
    walk.out.vlan_inner = id;
  } else {
    walk.out.vlan_outer = id;
    walk.vlan_seen = true;
  }
}

/// Reads VLAN id and next EtherType of a tag.
bool read_vlan_tag(Walk& walk) noexcept {
  std::uint16_t tag_control = 0;
  if (!walk.rest.read_u16(tag_control) || !walk.rest.read_u16(walk.ether_type)) return false;
  note_vlan(walk, tag_control);
  return true;
}

/// Which port of an extender a frame goes to is worth knowing; the tag is no encapsulation with
/// addresses of its own, and does not count against their depth.
bool read_port_tag(Walk& walk) noexcept {
  if (walk.ether_type == ether_type::kVnTag) {
    // direction(1 bit), pointer(1), destination interface(14), looped(1), reserved(1), version(2),
    // source interface(12)
    constexpr unsigned kDestinationShift = 16;
    constexpr std::uint32_t kInterfaceMask = 0x3fff;
    std::uint32_t tag = 0;
    if (!walk.rest.read_u32(tag)) return false;
    walk.out.tunnel_kind = TunnelKind::vn_tag;
    walk.out.tunnel_id = tag >> kDestinationShift & kInterfaceMask;
  } else {
    // IEEE 802.1BR: priority(3 bits), drop eligible(1), ingress E-CID(12), reserved(2), group(2),
    // E-CID(12), ingress extension(8), extension(8)
    constexpr std::uint16_t kChannelMask = 0x3fff;  // with the group
    constexpr unsigned kExtensionShift = 14;
    std::uint16_t ingress = 0;
    std::uint16_t channel = 0;
    std::uint8_t ingress_extension = 0;
    std::uint8_t extension = 0;
    if (!walk.rest.read_u16(ingress) || !walk.rest.read_u16(channel) ||
        !walk.rest.read_u8(ingress_extension) || !walk.rest.read_u8(extension)) {
      return false;
    }
    walk.out.tunnel_kind = TunnelKind::e_tag;
    walk.out.tunnel_id =
        std::uint32_t{extension} << kExtensionShift | (channel & std::uint32_t{kChannelMask});
  }
  return walk.rest.read_u16(walk.ether_type);
}

/// The name of what is not IP.
Counter name_of(std::uint16_t type) noexcept {
  switch (type) {
    case ether_type::kArp:
    case ether_type::kReverseArp:
      return Counter::not_ip_arp;
    case ether_type::kLldp:
      return Counter::not_ip_lldp;
    case ether_type::kSlowProtocols:
      return Counter::not_ip_slow_protocols;
    case ether_type::kPppoeDiscovery:
      return Counter::not_ip_ppp_control;
    case ether_type::kEapol:
      return Counter::not_ip_eapol;
    case ether_type::kMacsec:
      return Counter::not_ip_macsec;
    case ether_type::kPtp:
      return Counter::not_ip_ptp;
    case ether_type::kNsh:
      return Counter::not_ip_nsh;
    default:
      return Counter::not_ip_other;
  }
}

Layer follow_sll_protocol(Walk& walk) noexcept {
  if (walk.ether_type == kSllLlc) return Layer::llc;
  return walk.ether_type < ether_type::kFirst
             ? stop(walk, DecodeStatus::not_ip, Counter::not_ip_other)
             : Layer::ether_type;
}

/// IEEE 802.1ah (MAC in MAC): priority and flags(1), service id(3), then the customer's frame. It
/// counts against the depth of encapsulations, but the record names no kind for it: what was
/// outside stays.
Layer read_provider_backbone(Walk& walk) noexcept {
  constexpr std::size_t kServiceTagBytes = 4;
  if (!walk.rest.skip(kServiceTagBytes)) {
    return stop(walk, DecodeStatus::link_malformed, Counter::malformed_mac_in_mac);
  }
  return enter_tunnel(walk, walk.out.tunnel_kind, walk.out.tunnel_id, Layer::ethernet);
}

}  // namespace

Layer read_reassembled(Walk& walk) noexcept {
  ReassembledHeader header;
  if (!read(walk.rest, header)) {
    return stop(walk, DecodeStatus::link_malformed, Counter::malformed_empty);
  }
  walk.tunnel_depth = header.tunnel_depth;
  walk.vlan_seen = header.vlan_seen;
  walk.out.tunnel_kind = header.tunnel_kind;
  walk.out.tunnel_id = header.tunnel_id;
  walk.out.vlan_outer = header.vlan_outer;
  walk.out.vlan_inner = header.vlan_inner;
  return Layer::ip;
}

// destination(6), source(6), EtherType or 802.3 length(2)
Layer read_ethernet(Walk& walk) noexcept {
  if (!walk.rest.skip(kMacPairBytes) || !walk.rest.read_u16(walk.ether_type)) {
    return stop(walk, DecodeStatus::link_malformed, Counter::malformed_ethernet);
  }
  // Plain IP needs no further step; this is nearly every packet.
  if (walk.ether_type == ether_type::kIpv4) return Layer::ipv4;
  if (walk.ether_type == ether_type::kIpv6) return Layer::ipv6;
  return Layer::ether_type;
}

// packet type(2), ARPHRD(2), address length(2), address(8), protocol(2)
Layer read_linux_sll(Walk& walk) noexcept {
  constexpr std::size_t kBeforeProtocolBytes = 14;
  if (!walk.rest.skip(kBeforeProtocolBytes) || !walk.rest.read_u16(walk.ether_type)) {
    return stop(walk, DecodeStatus::link_malformed, Counter::malformed_cooked);
  }
  return follow_sll_protocol(walk);
}

// protocol(2), reserved(2), interface(4), ARPHRD(2), packet type(1), address length(1), address(8)
Layer read_linux_sll2(Walk& walk) noexcept {
  constexpr std::size_t kBehindProtocolBytes = 18;
  if (!walk.rest.read_u16(walk.ether_type) || !walk.rest.skip(kBehindProtocolBytes)) {
    return stop(walk, DecodeStatus::link_malformed, Counter::malformed_cooked);
  }
  return follow_sll_protocol(walk);
}

// address family(4)
Layer read_null_loopback(Walk& walk) noexcept {
  // AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24, 28 and 30 on the BSDs and Darwin.
  constexpr std::uint32_t kInet = 2;
  constexpr std::array<std::uint32_t, 4> kInet6{10, 24, 28, 30};
  std::uint32_t family = 0;
  if (!walk.rest.read_u32(family)) {
    return stop(walk, DecodeStatus::link_malformed, Counter::malformed_loopback);
  }
  // DLT_NULL is in the order of the capturing host and DLT_LOOP in network order. Families are
  // small numbers, so that only one of the two orders can be meant.
  if (family > 0xffff) family = __builtin_bswap32(family);
  if (family == kInet) return Layer::ipv4;
  if (std::find(kInet6.begin(), kInet6.end(), family) != kInet6.end()) return Layer::ipv6;
  return stop(walk, DecodeStatus::not_ip, Counter::not_ip_other);
}

// DSAP(1), SSAP(1), control(1); with SNAP: OUI(3), EtherType(2)
Layer read_llc(Walk& walk) noexcept {
  constexpr std::uint32_t kSnap = 0xaaaa03;
  constexpr std::uint32_t kIp = 0x060603;
  constexpr std::uint32_t kSpanningTree = 0x424203;
  constexpr std::uint32_t kEtherTypeOui = 0x000000;
  constexpr std::uint32_t kBridgedOui = 0x0000f8;
  std::uint32_t llc = 0;
  if (!walk.rest.read_u24(llc)) {
    return stop(walk, DecodeStatus::link_malformed, Counter::malformed_llc);
  }
  if (llc == kIp) return Layer::ip;
  if (llc != kSnap) {
    return stop(walk, DecodeStatus::not_ip,
                llc == kSpanningTree ? Counter::not_ip_stp : Counter::not_ip_other);
  }
  std::uint32_t oui = 0;
  if (!walk.rest.read_u24(oui) || !walk.rest.read_u16(walk.ether_type)) {
    return stop(walk, DecodeStatus::link_malformed, Counter::malformed_llc);
  }
  // A length here would lead back to LLC; nobody sends that.
  const bool is_ether_type =
      (oui == kEtherTypeOui || oui == kBridgedOui) && walk.ether_type >= ether_type::kFirst;
  return is_ether_type ? Layer::ether_type
                       : stop(walk, DecodeStatus::not_ip, Counter::not_ip_other);
}

// Each VLAN tag: priority(3 bits), drop eligible(1 bit), VLAN id(12 bits), next EtherType(2)
Layer follow_ether_type(Walk& walk) noexcept {
  for (unsigned tag_count = 0;; ++tag_count) {
    const bool is_vlan = ether_type::is_vlan_tag(walk.ether_type);
    if (!is_vlan && !ether_type::is_port_tag(walk.ether_type)) break;
    if (tag_count == kVlanTagCountMax) {
      return stop(walk, DecodeStatus::vlan_too_deep, Counter::too_many_vlan_tags);
    }
    const bool is_whole = is_vlan ? read_vlan_tag(walk) : read_port_tag(walk);
    if (!is_whole) {
      return stop(walk, DecodeStatus::link_malformed,
                  is_vlan ? Counter::malformed_vlan : Counter::malformed_port_tag);
    }
  }
  switch (walk.ether_type) {
    case ether_type::kIpv4:
      return Layer::ipv4;
    case ether_type::kIpv6:
      return Layer::ipv6;
    case ether_type::kMplsUnicast:
    case ether_type::kMplsMulticast:
      return Layer::mpls;
    case ether_type::kPppoeSession:
      return Layer::pppoe;
    case ether_type::kProviderBackbone:
      return read_provider_backbone(walk);
    default:
      return walk.ether_type < ether_type::kFirst
                 ? Layer::llc
                 : stop(walk, DecodeStatus::not_ip, name_of(walk.ether_type));
  }
}

}  // namespace shakedown::packet

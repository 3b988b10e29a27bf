// SPDX-License-Identifier: Apache-2.0
#include "packet/decode.h"

#include "packet/decode_common.h"
#include "packet/layer.h"

namespace shakedown::packet {

namespace {

/// The longest honest way from one encapsulation to the next: Ethernet, EtherType, LLC, EtherType,
/// IP, its version, extensions, protocol, UDP, tunnel. The limits of the layers stop hostile packets earlier; this
/// one proves the end.
constexpr unsigned kStepCountMax = 10 * (kTunnelDepthMax + 1);

Layer first_layer(LinkType link_type) noexcept {
  switch (link_type) {
    case LinkType::ethernet:
      return Layer::ethernet;
    case LinkType::raw_ip:
      return Layer::ip;
    case LinkType::linux_sll:
      return Layer::linux_sll;
    case LinkType::linux_sll2:
      return Layer::linux_sll2;
    case LinkType::null_loopback:
      return Layer::null_loopback;
    case LinkType::ppp:
      return Layer::ppp;
    case LinkType::pppoe:
      return Layer::pppoe;
    case LinkType::reassembled:
      return Layer::reassembled;
    case LinkType::absorbed_fragment:
    case LinkType::unsupported:
      break;
  }
  return Layer::finished;
}

Layer next_layer(Layer layer, Walk& walk) noexcept {
  switch (layer) {
    case Layer::reassembled:
      return read_reassembled(walk);
    case Layer::ethernet:
      return read_ethernet(walk);
    case Layer::linux_sll:
      return read_linux_sll(walk);
    case Layer::linux_sll2:
      return read_linux_sll2(walk);
    case Layer::null_loopback:
      return read_null_loopback(walk);
    case Layer::ppp:
      return read_ppp(walk);
    case Layer::pppoe:
      return read_pppoe(walk);
    case Layer::llc:
      return read_llc(walk);
    case Layer::ether_type:
      return follow_ether_type(walk);
    case Layer::mpls:
      return read_mpls(walk);
    case Layer::ip:
      return read_ip(walk);
    case Layer::ipv4:
      return read_ipv4(walk);
    case Layer::ipv6:
      return read_ipv6(walk);
    case Layer::ip_extension:
      return read_ip_extensions(walk);
    case Layer::ip_protocol:
      return follow_ip_protocol(walk);
    case Layer::gre:
      return read_gre(walk);
    case Layer::udp:
      return read_udp(walk);
    case Layer::vxlan:
      return read_vxlan(walk);
    case Layer::vxlan_gpe:
      return read_vxlan_gpe(walk);
    case Layer::geneve:
      return read_geneve(walk);
    case Layer::gtp_u:
      return read_gtp_u(walk);
    case Layer::icmp:
      return read_icmp(walk);
    case Layer::icmpv6:
      return read_icmpv6(walk);
    case Layer::tcp:
      return read_tcp(walk);
    case Layer::finished:
      break;
  }
  return Layer::finished;
}

}  // namespace

DecodeStatus decode(LinkType link_type, Bytes captured, PacketView& out) noexcept {
  if (link_type == LinkType::ethernet && decode_common(captured, out)) return DecodeStatus::tcp;
  return decode_by_layers(link_type, captured, out);
}

DecodeStatus decode_by_layers(LinkType link_type, Bytes captured, PacketView& out) noexcept {
  out.tunnel_kind = TunnelKind::none;
  out.tunnel_id = 0;
  out.vlan_outer = 0;
  out.vlan_inner = 0;
  out.fragment = {};
  if (link_type == LinkType::absorbed_fragment) return DecodeStatus::ip_fragment;
  // Status and detail stand for an unsupported link type until a layer sets them.
  out.detail = Counter::not_ip_other;
  Walk walk{.out = out, .rest = ByteReader(captured), .status = DecodeStatus::not_ip};
  Layer layer = first_layer(link_type);
  for (unsigned step = 0; step < kStepCountMax; ++step) {
    if (layer == Layer::finished) return walk.status;
    layer = next_layer(layer, walk);
  }
  return layer == Layer::finished ? walk.status : DecodeStatus::tunnel_too_deep;
}

}  // namespace shakedown::packet

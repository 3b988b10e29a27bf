// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes packet::decode and every layer function below it. Method: the first byte chooses the link
// type, the rest is the captured packet. Checked: payload and fragment lie inside the input, the
// short cut for common packets agrees with the walk over the layers, numbers stay in their ranges,
// the fields that belong to the caller are not touched, the result does not depend on what the view
// held before, and what is not TCP has the name of a layer that fits its fate.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "packet/decode.h"
#include "shakedown/limits.h"

namespace {

using namespace shakedown;
using namespace shakedown::packet;

void require(bool condition) {
  if (!condition) std::abort();
}

LinkType link_type_of(std::uint8_t selector) {
  return static_cast<LinkType>(selector % (static_cast<unsigned>(LinkType::unsupported) + 1));
}

/// A view whose every field differs from a fresh one.
PacketView used_view() {
  static constexpr std::array<std::uint8_t, 3> kOtherBytes{1, 2, 3};
  PacketView view;
  view.payload = kOtherBytes;
  view.source.bytes.fill(0xaa);
  view.destination.bytes.fill(0xbb);
  view.source_port = view.destination_port = view.ip_id = view.window = view.mss = 0xcccc;
  view.family = IpFamily::ipv6;
  view.tcp_flags = view.ttl = view.window_scale = 0xdd;
  view.seq.value = view.ack.value = view.payload_missing = view.tunnel_id = 0xeeeeeeee;
  view.tunnel_kind = TunnelKind::vxlan;
  view.vlan_outer = view.vlan_inner = view.icmp_mtu = view.fragment_header_bytes = 0xffff;
  view.option_bytes = view.icmp_type = view.icmp_code = view.tunnel_depth = 0xdd;
  view.icmp = IcmpError::host_unreachable;
  view.icmp_sender.bytes.fill(0xcc);
  view.fragment = kOtherBytes;
  view.vlan_seen = true;
  view.time = UnixNanos{42};
  view.port_index = 7;
  return view;
}

void require_same(const PacketView& a, const PacketView& b) {
  require(a.payload.data() == b.payload.data() && a.payload.size() == b.payload.size());
  require(a.source == b.source && a.destination == b.destination && a.family == b.family);
  require(a.source_port == b.source_port && a.destination_port == b.destination_port);
  require(a.tcp_flags == b.tcp_flags && a.ttl == b.ttl && a.seq == b.seq && a.ack == b.ack);
  require(a.payload_missing == b.payload_missing && a.ip_id == b.ip_id && a.window == b.window);
  require(a.mss == b.mss && a.window_scale == b.window_scale);
  require(a.tunnel_kind == b.tunnel_kind && a.tunnel_id == b.tunnel_id);
  require(a.vlan_outer == b.vlan_outer && a.vlan_inner == b.vlan_inner);
  require(a.option_bytes == b.option_bytes);
}

void require_inside(Bytes part, Bytes whole) {
  require(part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void require_common(const PacketView& view) {
  require(view.family == IpFamily::ipv4 || view.family == IpFamily::ipv6);
  require(view.vlan_outer < 4096 && view.vlan_inner < 4096);
  require(static_cast<unsigned>(view.tunnel_kind) < kTunnelKindCount);
}

void require_segment(const PacketView& view, Bytes captured) {
  require_common(view);
  if (!view.payload.empty()) require_inside(view.payload, captured);
  require(view.payload_missing <= 0xffff && view.option_bytes <= 40);
}

void require_icmp(const PacketView& view, const PacketView& used) {
  require_common(view);
  require(view.payload.empty() && view.payload_missing <= 0xffff && view.option_bytes <= 40);
  require(view.icmp != IcmpError::none && static_cast<unsigned>(view.icmp) < kIcmpErrorCount);
  require(view.icmp_mtu == 0 || view.icmp == IcmpError::packet_too_big);
  require(view.icmp == used.icmp && view.icmp_type == used.icmp_type);
  require(view.icmp_code == used.icmp_code && view.icmp_mtu == used.icmp_mtu);
  require(view.icmp_sender == used.icmp_sender);
}

void require_fragment(const PacketView& view, const PacketView& used, Bytes captured) {
  require(view.fragment.data() == used.fragment.data());
  require(view.fragment.size() == used.fragment.size());
  if (view.fragment.empty()) return;
  require_common(view);
  require_inside(view.fragment, captured);
  require(view.fragment_header_bytes >= 20 && view.fragment_header_bytes <= view.fragment.size());
  require(view.fragment_header_bytes == used.fragment_header_bytes);
  require(view.tunnel_depth <= kTunnelDepthMax && view.tunnel_depth == used.tunnel_depth);
  require(view.vlan_seen == used.vlan_seen && view.source == used.source);
  require(view.destination == used.destination && view.family == used.family);
}

/// The names of layers begin as their fates do.
void require_detail(DecodeStatus status, Counter detail) {
  if (!has_detail(status)) return;
  require(detail < Counter::end_of_list);
  const std::string_view name = kCounterDescriptions[static_cast<std::size_t>(detail)].name;
  switch (status) {
    case DecodeStatus::not_ip:
      return require(name.starts_with("not_ip_"));
    case DecodeStatus::not_tcp:
      return require(name.starts_with("not_tcp_"));
    case DecodeStatus::vlan_too_deep:
      return require(name.starts_with("too_many_"));
    default:
      return require(name.starts_with("malformed_"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const LinkType link_type = link_type_of(data[0]);
  const Bytes captured(data + 1, size - 1);
  PacketView fresh;
  PacketView used = used_view();
  const DecodeStatus status = decode(link_type, captured, fresh);
  require(decode(link_type, captured, used) == status);
  PacketView by_layers = used_view();
  require(decode_by_layers(link_type, captured, by_layers) == status);
  require(used.time == UnixNanos{42} && used.port_index == 7);
  require(fresh.time == UnixNanos{} && fresh.port_index == 0);
  require(kCounterDescriptions[static_cast<std::size_t>(fate_of(status))].packet_fate);
  require_detail(status, fresh.detail);
  require(!has_detail(status) || fresh.detail == used.detail);
  if (status == DecodeStatus::ip_fragment) require_fragment(fresh, used, captured);
  if (status != DecodeStatus::tcp && status != DecodeStatus::icmp_error) return 0;
  require_same(fresh, used);
  require_same(fresh, by_layers);
  if (status == DecodeStatus::tcp) {
    require_segment(fresh, captured);
  } else {
    require_icmp(fresh, used);
  }
  return 0;
}

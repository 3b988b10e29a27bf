// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes packet::decode and every layer function below it. Method: the first byte chooses the link
// type, the rest is the captured packet. Checked: the payload lies inside the input, the short cut
// for common packets agrees with the walk over the layers, numbers stay in their ranges, the fields
// that belong to the caller are not touched, and the result does not depend on what the view held
// before.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "packet/decode.h"

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
  view.vlan_outer = view.vlan_inner = 0xffff;
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
  if (status != DecodeStatus::tcp) return 0;
  require_same(fresh, used);
  require_same(fresh, by_layers);
  require(fresh.payload.data() >= captured.data());
  require(fresh.payload.data() + fresh.payload.size() <= captured.data() + captured.size());
  require(fresh.family == IpFamily::ipv4 || fresh.family == IpFamily::ipv6);
  require(fresh.payload_missing <= 0xffff);
  require(fresh.vlan_outer < 4096 && fresh.vlan_inner < 4096);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Time of packet::decode per packet: the common headers, the extremes of options, and tunnels.
#include <benchmark/benchmark.h>

#include <utility>
#include <vector>

#include "byte_writer.h"
#include "packet/decode.h"
#include "packet_builder.h"

namespace {

using namespace shakedown::packet;
namespace ts = shakedown::test_support;

const ts::Endpoint kClient = ts::endpoint("192.0.2.1", 50000);
const ts::Endpoint kServer = ts::endpoint("198.51.100.2", 443);
const ts::Endpoint kClient6 = ts::endpoint("2001:db8::1", 50000);
const ts::Endpoint kServer6 = ts::endpoint("2001:db8::2", 443);

void decode_repeatedly(benchmark::State& state, const ts::Bytes& frame) {
  PacketView view;
  for (auto _ : state) {
    DecodeStatus status = decode(LinkType::ethernet, frame, view);
    benchmark::DoNotOptimize(status);
    benchmark::DoNotOptimize(view);
  }
  state.SetItemsProcessed(state.iterations());
  if (decode(LinkType::ethernet, frame, view) != DecodeStatus::tcp) state.SkipWithError("not TCP");
}

ts::Bytes plain_frame() { return ts::tcp_frame(kClient, kServer, {}, ts::Bytes(1400, 0)); }

void ipv4(benchmark::State& state) { decode_repeatedly(state, plain_frame()); }

void ipv6(benchmark::State& state) {
  decode_repeatedly(state, ts::tcp_frame(kClient6, kServer6, {}, ts::Bytes(1400, 0)));
}

void vlan_ipv4(benchmark::State& state) {
  decode_repeatedly(state, ts::tcp_frame(kClient, kServer, {}, ts::Bytes(1400, 0), {},
                                         {.vlan_tags = {{.id = 7}}}));
}

void ipv4_syn(benchmark::State& state) {
  const ts::Bytes options = ts::TcpOptionsBuilder()
                                .mss(1460)
                                .sack_permitted()
                                .timestamps(1, 0)
                                .nop()
                                .window_scale(7)
                                .build();
  decode_repeatedly(
      state, ts::tcp_frame(kClient, kServer, {.flags = ts::tcp_flag::syn, .options = options}));
}

void ipv6_extensions(benchmark::State& state) {
  ts::IpHeader ip;
  ip.extension_headers.assign(8, {.type = 60, .body = {}});
  decode_repeatedly(state, ts::tcp_frame(kClient6, kServer6, {}, {}, ip));
}

void vxlan(benchmark::State& state) {
  ts::ByteWriter content;
  content.u32(0x08000000).u32(0x100).bytes(plain_frame());
  decode_repeatedly(state, ts::udp_frame(kClient, {kServer.address, 4789}, content.view()));
}

void four_times_ip_in_ip(benchmark::State& state) {
  const ts::Bytes frame = plain_frame();
  ts::Bytes packet(frame.begin() + 14, frame.end());
  for (int i = 0; i < 4; ++i) packet = ts::ip_packet(kClient.address, kServer.address, 4, packet);
  decode_repeatedly(state, ts::link_frame({}, packet, false));
}

/// A changing mix, so that the branch predictor cannot learn one packet by heart.
void mixed(benchmark::State& state) {
  std::vector<ts::Bytes> frames;
  std::uint32_t random = 1;
  for (int i = 0; i < 4096; ++i) {
    random = random * 1664525 + 1013904223;
    const bool is_ipv6 = (random >> 24) % 4 == 0;
    ts::LinkHeader link;
    if ((random >> 16) % 2 == 0) link.vlan_tags = {{.id = 7}};
    ts::TcpHeader tcp;
    if ((random >> 8) % 3 == 0)
      tcp.options = ts::TcpOptionsBuilder().nop(2).timestamps(1, 2).build();
    frames.push_back(ts::tcp_frame(is_ipv6 ? kClient6 : kClient, is_ipv6 ? kServer6 : kServer, tcp,
                                   ts::Bytes(64, 0), {}, link));
  }
  PacketView view;
  std::size_t next = 0;
  for (auto _ : state) {
    DecodeStatus status = decode(LinkType::ethernet, frames[next], view);
    benchmark::DoNotOptimize(status);
    benchmark::DoNotOptimize(view);
    next = (next + 1) % frames.size();
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(ipv4);
BENCHMARK(ipv6);
BENCHMARK(vlan_ipv4);
BENCHMARK(ipv4_syn);
BENCHMARK(ipv6_extensions);
BENCHMARK(vxlan);
BENCHMARK(four_times_ip_in_ip);
BENCHMARK(mixed);

}  // namespace

BENCHMARK_MAIN();

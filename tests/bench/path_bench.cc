// SPDX-License-Identifier: Apache-2.0
//
// What path/ costs for each packet of a followed connection.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "path/trace.h"

namespace {

using namespace shakedown;

std::vector<packet::PacketView> handshake(Bytes payload) {
  constexpr std::uint8_t kPush = packet::tcp_flag::ack | packet::tcp_flag::psh;
  std::vector<packet::PacketView> views;
  packet::PacketView view;
  view.time = {1'768'478'400'000'000'000};
  view.family = IpFamily::ipv4;
  view.option_bytes = 12;
  const auto add = [&](bool server, std::uint32_t seq, std::uint32_t ack, std::size_t length) {
    view.source_port = server ? 443 : 50'000;
    view.time.value += 500 * kNanosPerMicro;
    view.tcp_flags = length != 0 ? kPush : packet::tcp_flag::ack;
    view.ttl = server ? 52 : 63;
    view.seq = SeqNum{seq};
    view.ack = SeqNum{ack};
    view.payload = payload.first(length);
    ++view.ip_id;
    views.push_back(view);
  };
  add(false, 1, 1, 517);
  add(true, 1, 518, 0);
  for (std::uint32_t i = 0; i < 3; ++i) add(true, 1 + i * 1448, 518, 1448);
  add(false, 518, 4345, 0);
  add(false, 518, 4345, 80);
  add(true, 4345, 598, 510);
  add(false, 598, 4855, 100);
  return views;
}

void follow_packets(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(1448, 0x17);
  const std::vector<packet::PacketView> views = handshake(Bytes(payload));
  for (auto _ : state) {
    path::Trace trace;
    for (const packet::PacketView& view : views) {
      const Party from = view.source_port == 443 ? Party::server : Party::client;
      if (!path::shown_before(trace, view, from)) path::observe(trace, view, from);
    }
    benchmark::DoNotOptimize(trace);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(views.size()));
}
BENCHMARK(follow_packets);

}  // namespace

BENCHMARK_MAIN();

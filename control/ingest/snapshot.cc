// SPDX-License-Identifier: Apache-2.0
#include "ingest/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace shakedown::ingest {

namespace {

template <std::size_t size>
std::string text_of(const std::array<char, size>& field) {
  return {field.begin(), std::find(field.begin(), field.end(), '\0')};
}

/// A live port is a device, perhaps with its driver before it (`af_xdp:eth1`); a capture is a path.
std::string label_of(const std::string& name, RunMode mode) {
  return name.substr(name.find_last_of(mode == RunMode::live ? ':' : '/') + 1);
}

}  // namespace

std::string_view name_of(DataplaneState state) {
  switch (state) {
    case DataplaneState::starting:
      return "starting";
    case DataplaneState::running:
      return "running";
    case DataplaneState::ended:
      return "ended";
    case DataplaneState::interrupted:
      return "interrupted";
    case DataplaneState::failed:
      return "failed";
  }
  return "unknown";
}

std::uint64_t Snapshot::fates() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    if (kCounterDescriptions[i].packet_fate) sum += counters[i];
  }
  return sum;
}

void Snapshot::continue_from(const Snapshot& earlier) {
  if (earlier.begin.known()) begin = earlier.begin;
  for (std::size_t i = 0; i < kCounterCount; ++i) counters[i] += earlier.counters[i];
  for (std::size_t i = 0; i < std::min(worker_packets.size(), earlier.worker_packets.size()); ++i) {
    worker_packets[i] += earlier.worker_packets[i];
  }
  for (PortSnapshot& port : ports) {
    const auto before = std::ranges::find(earlier.ports, port.name, &PortSnapshot::name);
    if (before == earlier.ports.end()) continue;
    port.packets += before->packets;
    port.bytes += before->bytes;
    for (std::size_t i = 0; i < kPortCounterCount; ++i) port.counters[i] += before->counters[i];
  }
}

Snapshot take_snapshot(SegmentHeader& segment) {
  Snapshot snapshot;
  snapshot.worker_count = segment.worker_count;
  snapshot.mode = segment.mode;
  snapshot.state = segment.state.load(std::memory_order_acquire);
  if (snapshot.state == DataplaneState::failed) snapshot.error = text_of(segment.error);
  snapshot.begin = UnixNanos{segment.start_time};
  snapshot.end = UnixNanos{segment.heartbeat.load(std::memory_order_relaxed)};
  for (unsigned worker = 0; worker < segment.worker_count; ++worker) {
    const CounterBlock& block = worker_area(&segment, worker)->counters;
    snapshot.worker_packets.push_back(block.get(Counter::packets_received));
    for (std::size_t i = 0; i < kCounterCount; ++i) {
      snapshot.counters[i] += block.get(static_cast<Counter>(i));
    }
  }
  for (unsigned i = 0; i < segment.port_count; ++i) {
    const PortDescription& port = segment.ports[i];
    const std::string name = text_of(port.name);
    snapshot.ports.push_back({.name = name,
                              .label = label_of(name, segment.mode),
                              .size_bytes = port.size_bytes,
                              .packets = port.packets.load(std::memory_order_relaxed),
                              .bytes = port.bytes.load(std::memory_order_relaxed),
                              .cut = port.cut.load(std::memory_order_relaxed) != 0,
                              .counters = {}});
    auto& counters = snapshot.ports.back().counters;
    for (std::size_t c = 0; c < kPortCounterCount; ++c) {
      counters[c] = port.counters.get(static_cast<PortCounter>(c));
    }
  }
  return snapshot;
}

std::vector<std::string> broken_laws(const Snapshot& snapshot, std::uint64_t ingested) {
  std::vector<std::string> broken;
  const auto expect = [&broken](std::string_view law, std::uint64_t left, std::uint64_t right) {
    if (left != right) broken.push_back(fmt::format("{}: {} is not {}", law, left, right));
  };
  expect("records pushed = records ingested", snapshot.get(Counter::records_pushed), ingested);
  expect("packets received = sum of packet fates", snapshot.get(Counter::packets_received),
         snapshot.fates());
  expect("handshakes begun = records pushed + refused + open + not TLS",
         snapshot.get(Counter::handshakes_begun),
         snapshot.get(Counter::records_pushed) + snapshot.get(Counter::records_refused) +
             snapshot.get(Counter::handshakes_open) +
             snapshot.get(Counter::handshakes_dropped_not_tls));
  return broken;
}

}  // namespace shakedown::ingest

// SPDX-License-Identifier: Apache-2.0
//
// The whole path of a packet, from its bytes to the record in the ring: many handshakes at once,
// the bulk of connections that are decided, and a flood of SYNs. Ends the program when the worker
// takes memory from the heap after its start.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <vector>

#include "handshake_scripts.h"
#include "test_arena.h"
#include "worker.h"
#include "worker_harness.h"

namespace {

std::uint64_t allocation_count = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  ++allocation_count;
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, size) != 0) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

using namespace shakedown;
namespace support = test_support;

constexpr unsigned kConnectionCount = 1024;
constexpr std::int64_t kPacketIntervalNanos = 500;

std::size_t arena_bytes(const WorkerConfig& config) {
  std::size_t sum = 0;
  for (const auto& line : Worker::budget(config)) sum += line.bytes;
  return sum;
}

WorkerConfig live_config() {
  WorkerConfig config;
  config.mode = RunMode::live;
  config.seed = 42;
  for (const std::uint16_t port : kDefaultWatchedPorts) config.watched_ports.set(port);
  return config;
}

/// A worker with the default tables. Its clock runs on from one run over the packets to the next.
class WorkerBench {
 public:
  WorkerBench() { messages_.reserve(kDefinitionRingBytes); }

  void run(std::span<port::CapturedPacket> packets) {
    const std::uint64_t before = allocation_count;
    for (std::size_t begin = 0; begin < packets.size(); begin += kBurstSize) {
      const auto burst =
          packets.subspan(begin, std::min<std::size_t>(kBurstSize, packets.size() - begin));
      for (port::CapturedPacket& packet : burst) {
        clock_ = add_saturating(clock_, kPacketIntervalNanos);
        packet.time = packet.clock = clock_;
      }
      worker_.process(burst);
      worker_.advance(clock_);
      drain();
    }
    if (allocation_count != before) {
      std::fputs("the worker took memory from the heap after its start\n", stderr);
      std::abort();
    }
  }
  [[nodiscard]] std::uint64_t count(Counter counter) const { return area_->counters.get(counter); }

 private:
  /// In the place of control.
  void drain() {
    while (area_->records.pop(&record_, 1) == 1) benchmark::DoNotOptimize(record_);
    area_->definitions.take_all(messages_);
  }

  WorkerConfig config_ = live_config();
  std::unique_ptr<WorkerArea> area_ = std::make_unique_for_overwrite<WorkerArea>();
  ControlStatus control_;
  std::atomic<bool> stop_{false};
  support::TestArena memory_{arena_bytes(config_)};
  Worker worker_{config_, *area_, control_, stop_, memory_.arena(),
                 test_harness::plain_tools()};
  HandshakeRecord record_;
  std::vector<std::uint8_t> messages_;
  UnixNanos clock_{1'768'478'400 * kNanosPerSecond};
};

/// The same conversation between many pairs of hosts, packet by packet side by side.
class Traffic {
 public:
  explicit Traffic(const support::Dialogue& dialogue, bool without_beginning = false) {
    for (unsigned i = 0; i < kConnectionCount; ++i) {
      auto options = support::TcpConversationOptions::ipv4();
      options.client.endpoint.port = static_cast<std::uint16_t>(10'000 + i);
      conversations_.push_back(support::play(dialogue, options));
    }
    const std::size_t begin = without_beginning ? conversations_[0].size() / 2 : 0;
    for (std::size_t i = begin; i < conversations_[0].size(); ++i) {
      for (const support::Frames& frames : conversations_) {
        packets_.push_back({frames[i].bytes, {}, {}, packet::LinkType::ethernet, 0});
      }
    }
  }
  [[nodiscard]] std::span<port::CapturedPacket> packets() { return packets_; }

  /// Other clients have the same conversations: those of before would be taken for copies of theirs.
  void change_clients() {
    ++turn_;
    for (support::Frames& frames : conversations_) {
      for (support::TimedFrame& frame : frames) {
        // Ethernet, then IPv4 with both addresses; 10.x.y.z.
        const std::size_t client = frame.from == support::Side::client ? 26 : 30;
        frame.bytes[client] = 10;
        frame.bytes[client + 1] = static_cast<std::uint8_t>(turn_ >> 16);
        frame.bytes[client + 2] = static_cast<std::uint8_t>(turn_ >> 8);
        frame.bytes[client + 3] = static_cast<std::uint8_t>(turn_);
      }
    }
  }

 private:
  unsigned turn_ = 0;
  std::vector<support::Frames> conversations_;
  std::vector<port::CapturedPacket> packets_;
};

void report(benchmark::State& state, std::uint64_t packets, std::uint64_t handshakes) {
  using benchmark::Counter;
  const auto turns = static_cast<double>(state.iterations());
  const auto each = [turns](std::uint64_t count) {
    return Counter(turns * static_cast<double>(count), Counter::kIsRate | Counter::kInvert);
  };
  state.counters["per_packet"] = each(packets);
  if (handshakes != 0) state.counters["per_handshake"] = each(handshakes);
}

void handshakes(benchmark::State& state, const support::Dialogue& dialogue) {
  Traffic traffic(dialogue);
  WorkerBench bench;
  for (auto _ : state) {
    bench.run(traffic.packets());
    state.PauseTiming();
    traffic.change_clients();
    state.ResumeTiming();
  }
  if (bench.count(Counter::records_pushed) !=
      kConnectionCount * static_cast<std::uint64_t>(state.iterations())) {
    state.SkipWithError("not every conversation gave one record");
  }
  report(state, traffic.packets().size(), kConnectionCount);
}

support::Dialogue bulky() {
  auto parameters = support::HandshakeParameters::tls13();
  parameters.response_size = 100'000;
  parameters.close_notify = false;
  return support::tls13_full(parameters);
}

// Only the second half of long conversations is timed: all of them are decided then.
void bulk_of_decided_connections(benchmark::State& state) {
  Traffic whole(bulky());
  Traffic bulk(bulky(), true);
  WorkerBench bench;
  bench.run(whole.packets());
  const std::uint64_t before = bench.count(Counter::fate_decided);
  for (auto _ : state) bench.run(bulk.packets());
  if (bench.count(Counter::fate_decided) - before !=
      bulk.packets().size() * static_cast<std::uint64_t>(state.iterations())) {
    state.SkipWithError("not every packet belonged to a decided connection");
  }
  report(state, bulk.packets().size(), 0);
}

void syn_flood(benchmark::State& state) {
  constexpr unsigned kSourceCount = 256 * 1024;
  std::vector<support::Bytes> frames;
  std::vector<port::CapturedPacket> packets;
  support::TcpHeader tcp;
  tcp.flags = support::tcp_flag::syn;
  const support::Endpoint server = support::endpoint("198.51.100.20", 443);
  support::Endpoint client = support::endpoint("10.0.0.0", 0);
  for (unsigned i = 0; i < kSourceCount; ++i) {
    client.address.bytes[1] = static_cast<std::uint8_t>(i >> 16);
    client.address.bytes[2] = static_cast<std::uint8_t>(i >> 8);
    client.address.bytes[3] = static_cast<std::uint8_t>(i);
    client.port = static_cast<std::uint16_t>(1024 + i % 60'000);
    tcp.sequence = i * 2'654'435'761u;
    frames.push_back(support::tcp_frame(client, server, tcp));
  }
  for (const support::Bytes& frame : frames) {
    packets.push_back({frame, {}, {}, packet::LinkType::ethernet, 0});
  }
  WorkerBench bench;
  for (auto _ : state) bench.run(packets);
  report(state, packets.size(), 0);
}

BENCHMARK_CAPTURE(handshakes, tls12_full, support::tls12_full())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(handshakes, tls13_full, support::tls13_full())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(handshakes, tls13_resumed, support::tls13_resumed())
    ->Unit(benchmark::kMillisecond);
BENCHMARK(bulk_of_decided_connections)->Unit(benchmark::kMillisecond);
BENCHMARK(syn_flood)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();

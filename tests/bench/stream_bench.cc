// SPDX-License-Identifier: Apache-2.0
//
// Cost per segment of the reassembler: in order, with neighbours swapped, and with every tenth
// segment lost.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "shakedown/counters.h"
#include "stream/reassembler.h"
#include "test_arena.h"

namespace {

using namespace shakedown;
using test_support::TestArena;

constexpr std::uint32_t kBlockCount = 1024;

struct CountingSink {
  bool on_bytes(Bytes bytes) {
    byte_count += bytes.size();
    return true;
  }
  bool on_gap(stream::GapReason, std::uint32_t size) {
    gap_bytes += size;
    return true;
  }
  std::uint64_t byte_count = 0;
  std::uint64_t gap_bytes = 0;
};

class StreamBench : public benchmark::Fixture {
 protected:
  void deliver(std::uint32_t number) {
    benchmark::DoNotOptimize(
        reassembler_.deliver(direction_, SeqNum{number * size_}, payload_, 0, sink_));
  }
  void finish(benchmark::State& state) {
    state.SetBytesProcessed(static_cast<std::int64_t>(sink_.byte_count));
    reassembler_.release(direction_);
    direction_ = {};
    sink_ = {};
  }

  static constexpr std::uint32_t size_ = 1400;
  std::vector<std::uint8_t> payload_ = std::vector<std::uint8_t>(size_);
  TestArena memory_{stream::Reassembler::budget_bytes(kBlockCount)};
  CounterBlock counters_;
  stream::Reassembler reassembler_{memory_.arena(), kBlockCount, counters_};
  stream::StreamDirection direction_;
  CountingSink sink_;
};

BENCHMARK_F(StreamBench, in_order)(benchmark::State& state) {
  std::uint32_t number = 0;
  for (auto _ : state) deliver(number++);
  finish(state);
}

BENCHMARK_F(StreamBench, neighbours_swapped)(benchmark::State& state) {
  std::uint32_t number = 0;
  deliver(number++);
  for (auto _ : state) {
    deliver(number % 2 == 1 ? number + 1 : number - 1);
    ++number;
  }
  finish(state);
}

BENCHMARK_F(StreamBench, every_tenth_lost)(benchmark::State& state) {
  std::uint32_t number = 0;
  deliver(number++);
  for (auto _ : state) {
    if (number % 10 == 0) ++number;
    deliver(number++);
  }
  finish(state);
}

BENCHMARK_F(StreamBench, every_segment_twice)(benchmark::State& state) {
  std::uint32_t number = 0;
  for (auto _ : state) deliver(number++ / 2);
  finish(state);
}

}  // namespace

BENCHMARK_MAIN();

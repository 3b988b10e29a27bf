// SPDX-License-Identifier: Apache-2.0
//
// Cost of the rings between the processes: a record through its ring, a definition through its own,
// and records with a reader on another core.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "shakedown/event_ring.h"

namespace {

using namespace shakedown;

void record_in_and_out(benchmark::State& state) {
  const auto ring = std::make_unique_for_overwrite<RecordRing>();
  HandshakeRecord record;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ring->try_push(record));
    benchmark::DoNotOptimize(ring->pop(&record, 1));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(record_in_and_out);

void definition_in_and_out(benchmark::State& state) {
  const auto ring = std::make_unique_for_overwrite<DefinitionRing>();
  const std::vector<std::uint8_t> message(
      sizeof(DefinitionHeader) + static_cast<std::size_t>(state.range(0)), 7);
  std::vector<std::uint8_t> taken;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ring->try_push(message));
    ring->take_all(taken);
    benchmark::DoNotOptimize(taken.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(definition_in_and_out)->Arg(200)->Arg(4'000)->Arg(60'000);

void records_between_two_cores(benchmark::State& state) {
  const auto ring = std::make_unique_for_overwrite<RecordRing>();
  std::atomic<bool> stop{false};
  std::thread reader([&ring, &stop] {
    std::array<HandshakeRecord, 64> batch;
    while (!stop.load(std::memory_order_relaxed)) {
      benchmark::DoNotOptimize(ring->pop(batch.data(), batch.size()));
    }
  });
  HandshakeRecord record;
  for (auto _ : state) {
    while (!ring->try_push(record)) std::this_thread::yield();
  }
  stop = true;
  reader.join();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(records_between_two_cores)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();

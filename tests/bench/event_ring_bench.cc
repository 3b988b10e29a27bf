// SPDX-License-Identifier: Apache-2.0
//
// Cost of the rings between the processes: a record through its ring, a definition through its own,
// and records with a reader on another core. And of a record that control holds back.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "hold/record_hold.h"
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

/// As many wait as come in three seconds; written and committed every 256.
void record_held_back(benchmark::State& state) {
  hold::RecordHold hold(nullptr, 3 * kNanosPerSecond);
  const std::int64_t interval = kNanosPerSecond / state.range(0);
  std::uint64_t released = 0;
  const hold::RecordHold::Sink sink = [&released](const HandshakeRecord& record) {
    released += record.sequence != 0 ? 1 : 0;
  };
  HandshakeRecord record;
  for (auto _ : state) {
    ++record.sequence;
    record.order_time.value += interval;
    hold.release_before(record.order_time, sink);
    while (hold.push(record, sink) == hold::RecordHold::Push::must_commit) hold.commit();
    if (record.sequence % 256 == 0) hold.commit();
  }
  benchmark::DoNotOptimize(released);
  state.SetItemsProcessed(state.iterations());
}
// A quiet sensor, one that fills the hold, and one that overfills it.
BENCHMARK(record_held_back)->Arg(100)->Arg(5'000)->Arg(30'000);

}  // namespace

BENCHMARK_MAIN();

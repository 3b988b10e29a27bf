// SPDX-License-Identifier: Apache-2.0
//
// Cost per operation of the tables of dataplane/flow, at sizes within and far beyond the caches.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "deterministic_random.h"
#include "flow/decided_filter.h"
#include "flow/embryo_table.h"
#include "flow/expiry_wheel.h"
#include "flow/flow_table.h"
#include "shakedown/limits.h"
#include "test_arena.h"

namespace {

using namespace shakedown;
using test_support::DeterministicRandom;
using test_support::TestArena;

struct BenchConnection {
  flow::FlowKey key;
  std::uint64_t hash = 0;
  std::uint8_t state[512] = {};
};
using Table = flow::FlowTable<BenchConnection>;

struct Keyed {
  flow::FlowKey key;
  std::uint64_t hash;
};

std::vector<Keyed> make_keys(std::size_t count) {
  std::vector<Keyed> keys(count);
  DeterministicRandom random(1);
  for (Keyed& keyed : keys) {
    random.fill(keyed.key.low_address.bytes.data(), 4);
    keyed.key.low_port = static_cast<std::uint16_t>(random.next());
    keyed.key.high_port = 443;
    keyed.hash = flow::hash_of(keyed.key, 7);
  }
  return keys;
}

void hash_key(benchmark::State& state) {
  const std::vector<Keyed> keys = make_keys(1024);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(flow::hash_of(keys[i++ % keys.size()].key, 7));
  }
}
BENCHMARK(hash_key);

/// A burst as the worker does it: buckets, then connections, then the lookups.
void find_burst(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  TestArena memory(Table::budget_bytes(count));
  Table table(memory.arena(), count);
  const std::vector<Keyed> keys = make_keys(count);
  for (const Keyed& keyed : keys) {
    if (table.insert(keyed.hash, keyed.key) == nullptr) state.SkipWithError("table is full");
  }
  const bool with_prefetch = state.range(1) != 0;
  DeterministicRandom random(2);
  std::vector<const Keyed*> burst(kBurstSize);
  for (auto _ : state) {
    for (const Keyed*& keyed : burst) keyed = &keys[random.below(keys.size())];
    if (with_prefetch) {
      for (const Keyed* keyed : burst) table.prefetch(keyed->hash);
      for (const Keyed* keyed : burst) table.prefetch_connection(keyed->hash);
    }
    for (const Keyed* keyed : burst) {
      benchmark::DoNotOptimize(table.find(keyed->hash, keyed->key));
    }
  }
  state.SetItemsProcessed(state.iterations() * kBurstSize);
}
BENCHMARK(find_burst)->ArgsProduct({{1 << 10, 1 << 17, 1 << 20}, {0, 1}});

void insert_and_erase(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  TestArena memory(Table::budget_bytes(count));
  Table table(memory.arena(), count);
  const std::vector<Keyed> keys = make_keys(count);
  std::size_t i = 0;
  for (auto _ : state) {
    const Keyed& keyed = keys[i++ % keys.size()];
    if (BenchConnection* connection = table.insert(keyed.hash, keyed.key)) table.erase(connection);
  }
}
BENCHMARK(insert_and_erase)->Arg(1 << 17);

/// A SYN flood into a full table: each begin pushes out the oldest.
void embryo_flood(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  TestArena memory(flow::EmbryoTable::budget_bytes(count));
  flow::EmbryoTable table(memory.arena(), count);
  const std::vector<Keyed> keys = make_keys(std::size_t{count} * 2);
  std::size_t i = 0;
  std::uint64_t evicted_count = 0;
  for (auto _ : state) {
    const Keyed& keyed = keys[i++ % keys.size()];
    benchmark::DoNotOptimize(table.begin(keyed.hash, keyed.key,
                                         UnixNanos{static_cast<std::int64_t>(i)},
                                         [&](flow::Embryo&) { ++evicted_count; }));
  }
  benchmark::DoNotOptimize(evicted_count);
}
BENCHMARK(embryo_flood)->Arg(1 << 12)->Arg(1 << 18);

void decided_contains(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  TestArena memory(flow::DecidedFilter::budget_bytes(count));
  flow::DecidedFilter filter(memory.arena(), count);
  DeterministicRandom random(3);
  for (std::size_t i = 0; i < count; ++i) filter.insert(random.next());
  for (auto _ : state) benchmark::DoNotOptimize(filter.contains(random.next()));
}
BENCHMARK(decided_contains)->Arg(1 << 14)->Arg(1 << 22);

/// Every step schedules one slot and advances the clock, with as many slots falling due as are
/// scheduled.
void wheel_schedule_and_fire(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  TestArena memory(flow::ExpiryWheel::budget_bytes(count));
  flow::ExpiryWheel wheel(memory.arena(), count);
  const std::int64_t timeout = 30 * kNanosPerSecond;
  const std::int64_t step = timeout / count;
  UnixNanos now{kNanosPerSecond};
  std::uint64_t fired_count = 0;
  std::uint32_t slot = 0;
  for (auto _ : state) {
    wheel.schedule(slot++ % count, add_saturating(now, timeout));
    now = add_saturating(now, step + 1);
    wheel.advance(now, [&](std::uint32_t) { ++fired_count; });
  }
  state.counters["fired"] = static_cast<double>(fired_count);
}
BENCHMARK(wheel_schedule_and_fire)->Arg(1 << 12)->Arg(1 << 20);

/// What nearly every packet does: move a deadline.
void wheel_move(benchmark::State& state) {
  constexpr std::uint32_t kCount = 1 << 17;
  TestArena memory(flow::ExpiryWheel::budget_bytes(kCount));
  flow::ExpiryWheel wheel(memory.arena(), kCount);
  DeterministicRandom random(4);
  UnixNanos now{kNanosPerSecond};
  wheel.advance(now, [](std::uint32_t) {});
  for (auto _ : state) {
    now = add_saturating(now, 300);
    wheel.schedule(static_cast<std::uint32_t>(random.below(kCount)),
                   add_saturating(now, 30 * kNanosPerSecond));
  }
}
BENCHMARK(wheel_move);

}  // namespace

BENCHMARK_MAIN();

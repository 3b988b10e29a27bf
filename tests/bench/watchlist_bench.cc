// SPDX-License-Identifier: Apache-2.0
//
// Watchlists: compiling lists of N patterns, and looking up a name. One core.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "enrich/watchlist.h"

namespace {

using namespace shakedown;

enum Kind : std::int64_t { names, names_below, expressions };

std::string pattern(std::int64_t kind, std::size_t i) {
  const std::string name = "api" + std::to_string(i * 7919 % 100'003) + "\\.partner" +
                           std::to_string(i % 977) + "\\.example";
  switch (kind) {
    case names:
      return name;
    case names_below:
      return ".*\\." + name;
    default:
      return "(eu|us)[0-9]*-" + name;
  }
}

/// Ten lists, because that is what people have.
std::vector<enrich::Watchlist> lists_of(std::int64_t kind, std::size_t count) {
  std::vector<enrich::Watchlist> lists(10);
  for (std::size_t i = 0; i < lists.size(); ++i) lists[i].name = "list-" + std::to_string(i);
  for (std::size_t i = 0; i < count; ++i) {
    lists[i % lists.size()].patterns.push_back({pattern(kind, i)});
  }
  return lists;
}

void compile(benchmark::State& state) {
  const auto lists = lists_of(state.range(0), static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) benchmark::DoNotOptimize(enrich::Watchlists::compile(lists));
}
BENCHMARK(compile)
    ->Args({names, 10'000})
    ->Args({names_below, 10'000})
    ->Args({names, 100'000})
    ->Args({expressions, 10})
    ->Args({expressions, 100})
    ->Args({expressions, 1'000})
    ->Unit(benchmark::kMillisecond);

void match(benchmark::State& state, const std::string& name) {
  auto compiled = enrich::Watchlists::compile(
      lists_of(state.range(0), static_cast<std::size_t>(state.range(1))));
  auto watchlists = std::move(std::get<enrich::Watchlists>(compiled));
  for (auto _ : state) benchmark::DoNotOptimize(watchlists.match(name));
}
BENCHMARK_CAPTURE(match, on_none, "www.shop.example.org")
    ->Args({names, 10'000})
    ->Args({names_below, 10'000})
    ->Args({expressions, 10})
    ->Args({expressions, 1'000});
BENCHMARK_CAPTURE(match, on_a_list, "EU1-api7919.partner1.example")
    ->Args({expressions, 10})
    ->Args({expressions, 1'000});
BENCHMARK_CAPTURE(match, on_a_list_of_names, "api7919.partner1.example")->Args({names, 10'000});
BENCHMARK_CAPTURE(match, below_a_name, "x.api7919.partner1.example")->Args({names_below, 10'000});

}  // namespace

BENCHMARK_MAIN();

// SPDX-License-Identifier: Apache-2.0
//
// A certificate chain judged for the first time, and asked about again: by name, with a staple, and
// among thousands of others.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "certificates.h"
#include "enrich/chain_judge.h"

namespace {

using namespace shakedown;

constexpr UnixNanos kMoment{1'763'647'501'000'000'000};

std::vector<std::uint8_t> body_of(const test_support::CertificateChain& chain) {
  std::vector<std::uint8_t> body;
  for (const auto& der : chain) {
    for (const unsigned shift : {16u, 8u, 0u}) {
      body.push_back(static_cast<std::uint8_t>(der.size() >> shift & 0xff));
    }
    body.insert(body.end(), der.begin(), der.end());
  }
  return body;
}

enrich::ChainJudge a_judge() {
  enrich::TrustStore::Loaded loaded;
  return enrich::ChainJudge(enrich::TrustStore::load({}, loaded));
}

/// The same with another leaf: the last bytes of its signature are a number.
std::vector<std::uint8_t> numbered(std::vector<std::uint8_t> body, std::uint32_t number) {
  const std::size_t end = 3u + (std::size_t{body[1]} << 8 | body[2]);
  for (std::size_t i = 0; i < 4; ++i) {
    body[end - 4 + i] = static_cast<std::uint8_t>(number >> 8 * (3 - i));
  }
  return body;
}

void read_new_chain(benchmark::State& state) {
  enrich::ChainJudge judge = a_judge();
  const auto body = body_of(test_support::rsa_chain());
  std::uint32_t number = 0;
  for (auto _ : state) benchmark::DoNotOptimize(judge.chain_of(numbered(body, ++number)));
}
BENCHMARK(read_new_chain);

void judge_new_chain(benchmark::State& state) {
  enrich::ChainJudge judge = a_judge();
  const auto body = body_of(test_support::rsa_chain());
  std::uint32_t number = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const enrich::ChainPointer chain = judge.chain_of(numbered(body, ++number));
    // A millisecond for each, which is what the judge takes in the long run.
    const UnixNanos at{kMoment.value + number * kNanosPerMilli};
    state.ResumeTiming();
    benchmark::DoNotOptimize(judge.assess(*chain, enrich::Purpose::server, at, "www.example.com"));
  }
}
BENCHMARK(judge_new_chain);

void find_chain_again(benchmark::State& state) {
  enrich::ChainJudge judge = a_judge();
  const auto body = body_of(test_support::rsa_chain());
  for (auto _ : state) benchmark::DoNotOptimize(judge.chain_of(body));
}
BENCHMARK(find_chain_again);

void assess_again(benchmark::State& state, std::string_view name, std::size_t staple_size) {
  enrich::ChainJudge judge = a_judge();
  const auto body = body_of(test_support::rsa_chain());
  const std::vector<std::uint8_t> staple(staple_size, 0x30);
  const enrich::ChainPointer chain = judge.chain_of(body);
  for (auto _ : state) {
    benchmark::DoNotOptimize(judge.assess(*chain, enrich::Purpose::server, kMoment, name, staple));
  }
}
BENCHMARK_CAPTURE(assess_again, without_name, "", 0);
BENCHMARK_CAPTURE(assess_again, by_name, "example.com", 0);
BENCHMARK_CAPTURE(assess_again, by_wildcard, "www.example.com", 0);
BENCHMARK_CAPTURE(assess_again, in_another_script,
                  "www.b\xc3\xbc"
                  "cher.example",
                  0);
BENCHMARK_CAPTURE(assess_again, with_staple, "www.example.com", 2000);

void assess_one_of_many(benchmark::State& state) {
  enrich::ChainJudge judge = a_judge();
  const auto body = body_of(test_support::ecdsa_chain());
  std::vector<enrich::ChainPointer> chains;
  for (std::uint32_t i = 0; i < 5000; ++i) chains.push_back(judge.chain_of(numbered(body, i)));
  // A millisecond for each, which is what the judge takes in the long run.
  UnixNanos at = kMoment;
  for (const enrich::ChainPointer& chain : chains) {
    at.value += kNanosPerMilli;
    benchmark::DoNotOptimize(judge.assess(*chain, enrich::Purpose::server, at, ""));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    // Far from the one before, so that nothing of it is in the nearest cache.
    next = (next + 2503) % chains.size();
    benchmark::DoNotOptimize(
        judge.assess(*chains[next], enrich::Purpose::server, kMoment, "www.example.com"));
  }
}
BENCHMARK(assess_one_of_many);

}  // namespace

BENCHMARK_MAIN();

// SPDX-License-Identifier: Apache-2.0
//
// What is remembered of clients and names, per record: 131,072 clients and 100,000 names in random
// order, so that nearly every access misses the caches. One record in ten is a failure. `source` is
// the cost of making the record, which the others include.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "diagnose/links/client_memory.h"
#include "diagnose/links/name_memory.h"

namespace {

using namespace shakedown;

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
constexpr std::uint32_t kClientCount = 131'072;
constexpr std::uint32_t kNameCount = 100'000;
constexpr std::uint32_t kStackCount = 200;

/// A row of records that never repeats in the same order: 300,000 a second.
class Source {
 public:
  Source() {
    for (std::uint32_t i = 0; i < kNameCount; ++i) {
      const std::string name = "www" + std::to_string(i) + ".customer.example.com";
      lengths_.push_back(static_cast<std::uint8_t>(name.size()));
      std::array<char, 46>& stored = names_.emplace_back();
      std::copy(name.begin(), name.end(), stored.begin());
    }
    for (std::uint32_t i = 0; i < kStackCount; ++i) {
      auto offer = std::make_shared<enrich::ClientOffer>();
      offer->cipher_suites = {0x1301, 0xc02f, static_cast<std::uint16_t>(0xc030 + i)};
      offers_.push_back(std::move(offer));
    }
    auto chain = std::make_shared<enrich::Chain>();
    chain->certificates.emplace_back();
    chain->certificates.front().readable = true;
    chain->certificates.front().issuer = "CN=Example TLS RSA CA 1,O=Example Trust,C=US";
    chain_ = std::move(chain);
    record_.family = IpFamily::ipv4;
    record_.server_port = 443;
    record_.client_hello_facts.flags = ClientHelloFacts::server_name_present;
    record_.client_hello_facts.max_version = 0x0304;
    record_.server_hello_facts.flags = ServerHelloFacts::seen;
    record_.server_hello_facts.selected_version = 0x0303;
    record_.ja4.present = 1;
  }

  /// Valid until the next call.
  enrich::Handshake next() {
    const std::uint64_t number = random();
    const auto client = static_cast<std::uint32_t>(number % kClientCount);
    // Each client asks for a few names of its own.
    const std::uint32_t name = (client * 7 + static_cast<std::uint32_t>(number >> 60)) % kNameCount;
    const std::uint32_t stack = client % kStackCount;
    record_.client_address.bytes = {10, static_cast<std::uint8_t>(client >> 16),
                                    static_cast<std::uint8_t>(client >> 8),
                                    static_cast<std::uint8_t>(client)};
    record_.server_address.bytes = {198, 51, static_cast<std::uint8_t>(name >> 8),
                                    static_cast<std::uint8_t>(name)};
    record_.client_port = static_cast<std::uint16_t>(number >> 16);
    record_.hello_random_time = static_cast<std::uint32_t>(number >> 24);
    record_.ja4.cipher_hash[0] = static_cast<std::uint8_t>(stack);
    record_.server_name = names_[name];
    record_.client_hello_facts.server_name_length = lengths_[name];
    now_ += 3333;
    ++record_.sequence;
    record_.first_seen = record_.client_hello = UnixNanos{now_};
    record_.order_time = UnixNanos{now_ + 50'000'000};
    const bool failed = number % 10 == 0;
    record_.outcome =
        failed
            ? Outcome{.kind = OutcomeKind::reset, .by = Party::server, .stage = Stage::client_hello}
            : Outcome{.stage = Stage::established};
    if (!failed) record_.outcome.kind = OutcomeKind::established;
    return {.record = record_,
            .offer = offers_[stack],
            .server_chain = failed ? nullptr : chain_,
            .client_chain = nullptr,
            .server_name = {record_.server_name.data(), lengths_[name]}};
  }

 private:
  std::uint64_t random() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

  std::uint64_t state_ = 88'172'645'463'325'252;
  std::int64_t now_ = kStart;
  std::vector<std::array<char, 46>> names_;
  std::vector<std::uint8_t> lengths_;
  std::vector<enrich::OfferPointer> offers_;
  enrich::ChainPointer chain_;
  HandshakeRecord record_;
};

enrich::Assessment trusted() {
  enrich::Assessment assessment;
  assessment.trust = enrich::Trust::trusted;
  return assessment;
}

constexpr std::size_t kWarmUp = 2'000'000;

void source(benchmark::State& state) {
  Source records;
  for (auto _ : state) benchmark::DoNotOptimize(records.next());
}
BENCHMARK(source);

void learn_client(benchmark::State& state) {
  Source records;
  diagnose::ClientMemory memory;
  const enrich::Assessment assessment = trusted();
  for (std::size_t i = 0; i < kWarmUp; ++i) memory.learn(records.next(), &assessment);
  for (auto _ : state) memory.learn(records.next(), &assessment);
  state.counters["bytes_per_client"] =
      static_cast<double>(diagnose::ClientMemory::memory_max({})) / kClientCount;
}
BENCHMARK(learn_client);

void learn_name(benchmark::State& state) {
  Source records;
  diagnose::NameMemory memory;
  const enrich::Assessment assessment = trusted();
  for (std::size_t i = 0; i < kWarmUp; ++i) memory.learn(records.next(), &assessment);
  for (auto _ : state) memory.learn(records.next(), &assessment);
  state.counters["bytes_per_name"] =
      static_cast<double>(diagnose::NameMemory::memory_max({})) /
      static_cast<double>(diagnose::NameMemorySettings{}.name_count_max);
}
BENCHMARK(learn_name);

/// As the diagnoser does it: what is needed first is on its way while other parts learn.
void learn_both(benchmark::State& state) {
  Source records;
  diagnose::ClientMemory clients;
  diagnose::NameMemory names;
  const enrich::Assessment assessment = trusted();
  for (std::size_t i = 0; i < kWarmUp; ++i) {
    const enrich::Handshake handshake = records.next();
    clients.learn(handshake, &assessment);
    names.learn(handshake, &assessment);
  }
  for (auto _ : state) {
    const enrich::Handshake handshake = records.next();
    clients.prefetch(handshake);
    names.prefetch(handshake);
    clients.learn(handshake, &assessment);
    names.learn(handshake, &assessment);
  }
}
BENCHMARK(learn_both);

/// Of a client that is asked about right after it has failed.
void attempt(benchmark::State& state) {
  Source records;
  diagnose::ClientMemory memory;
  for (std::size_t i = 0; i < kWarmUp; ++i) memory.learn(records.next(), nullptr);
  for (auto _ : state) benchmark::DoNotOptimize(memory.attempt(records.next()));
}
BENCHMARK(attempt);

void client_view(benchmark::State& state) {
  Source records;
  diagnose::ClientMemory memory;
  for (std::size_t i = 0; i < kWarmUp; ++i) memory.learn(records.next(), nullptr);
  for (auto _ : state) benchmark::DoNotOptimize(memory.view(records.next()));
}
BENCHMARK(client_view);

void name_view(benchmark::State& state) {
  Source records;
  diagnose::NameMemory memory;
  const enrich::Assessment assessment = trusted();
  for (std::size_t i = 0; i < kWarmUp; ++i) memory.learn(records.next(), &assessment);
  for (auto _ : state) {
    const enrich::Handshake handshake = records.next();
    benchmark::DoNotOptimize(memory.view(handshake, handshake.server_chain.get()));
  }
}
BENCHMARK(name_view);

/// One client with a full row and as many servers as are kept.
void busy_client(benchmark::State& state) {
  Source records;
  diagnose::ClientMemory memory;
  for (auto _ : state) {
    enrich::Handshake handshake = records.next();
    HandshakeRecord record = handshake.record;
    record.client_address.bytes = {10, 255, 255, 1};
    memory.learn({.record = record,
                  .offer = handshake.offer,
                  .server_chain = nullptr,
                  .client_chain = nullptr,
                  .server_name = handshake.server_name},
                 nullptr);
    benchmark::DoNotOptimize(memory.attempt(handshake));
    benchmark::DoNotOptimize(memory.view(handshake));
  }
}
BENCHMARK(busy_client);

}  // namespace

BENCHMARK_MAIN();

// SPDX-License-Identifier: Apache-2.0
//
// What a record costs the profiles of servers, at 50,000 endpoints and 100,000 names in random
// order, so that nearly all of them lie outside the caches. One core.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "diagnose/profile/server_profiles.h"

namespace {

using namespace shakedown;

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
constexpr std::uint32_t kEndpointCount = 50'000;
constexpr std::uint32_t kNameCount = 100'000;
constexpr std::size_t kRecordCount = 1 << 20;

/// 16 browsers.
std::vector<enrich::OfferPointer> offers() {
  std::vector<enrich::OfferPointer> all;
  for (std::uint16_t i = 0; i < 16; ++i) {
    auto offer = std::make_shared<enrich::ClientOffer>();
    offer->legacy_version = 0x0303;
    offer->cipher_suites = {0x1301, 0x1302, 0x1303,
                            0xc02b, 0xc02f, static_cast<std::uint16_t>(0xc000 + i)};
    offer->extensions = {0, 10, 11, 13, 16, 23, 35, 43, 45, 51, 65281};
    offer->supported_versions = {0x0304, 0x0303};
    offer->supported_groups = {29, 23, 24};
    offer->signature_algorithms = {0x0403, 0x0804, 0x0401};
    offer->alpn = {"h2", "http/1.1"};
    all.push_back(std::move(offer));
  }
  return all;
}

/// 5,000 chains, of which nothing but the digest matters here.
std::vector<enrich::ChainPointer> chains() {
  std::vector<enrich::ChainPointer> all;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    auto chain = std::make_shared<enrich::Chain>();
    chain->digest.assign(32, 'c');
    std::memcpy(chain->digest.data(), &i, sizeof(i));
    chain->certificates.resize(1);
    all.push_back(std::move(chain));
  }
  return all;
}

/// The few facts that differ from record to record.
struct Sample {
  std::uint32_t name = 0;
  std::uint32_t client = 0;
  std::uint8_t offer = 0;
  bool fails = false;
  bool tls12 = false;
};

class Traffic {
 public:
  Traffic() : offers_(offers()), chains_(chains()), samples_(kRecordCount) {
    std::mt19937 random(7);
    for (Sample& sample : samples_) {
      sample.name = static_cast<std::uint32_t>(random() % kNameCount);
      sample.client = static_cast<std::uint32_t>(random() % 200'000);
      sample.offer = static_cast<std::uint8_t>(random() % 16);
      sample.fails = random() % 10 == 0;
      sample.tls12 = random() % 10 < 3;
    }
    record_.family = IpFamily::ipv4;
    record_.server_port = 443;
    record_.flags = HandshakeRecord::client_seen | HandshakeRecord::server_seen;
    record_.client_hello_facts.max_version = 0x0304;
    record_.client_hello_facts.flags = ClientHelloFacts::server_name_present;
    record_.client_hello_facts.length = 517;
    record_.server_hello_facts.cipher_suite = 0x1301;
    record_.server_hello_facts.named_group = 29;
    record_.ja4.present = 1;
  }

  /// Of the record that comes so many after the next one; of server and name only.
  const enrich::Handshake& ahead(std::size_t count) {
    const Sample& sample = samples_[(at_ + count) % samples_.size()];
    set_server(sample);
    return handshake_;
  }

  /// Valid until the next call. A million records in five seconds.
  const enrich::Handshake& next() {
    const Sample& sample = samples_[at_++ % samples_.size()];
    const std::int64_t now = kStart + static_cast<std::int64_t>(at_) * 5'000;
    set_server(sample);
    record_.client_address.bytes = {10, static_cast<std::uint8_t>(sample.client >> 16),
                                    static_cast<std::uint8_t>(sample.client >> 8),
                                    static_cast<std::uint8_t>(sample.client)};
    record_.ja4.cipher_hash[0] = sample.offer;
    record_.first_seen = record_.syn = record_.syn_ack = UnixNanos{now - 9 * kNanosPerMilli};
    record_.client_hello = UnixNanos{now - 8 * kNanosPerMilli};
    record_.server_hello = UnixNanos{now - 5 * kNanosPerMilli};
    record_.order_time = record_.end = UnixNanos{now};
    record_.outcome =
        sample.fails
            ? Outcome{.kind = OutcomeKind::alert, .by = Party::server, .stage = Stage::client_hello}
            : Outcome{.kind = OutcomeKind::established, .stage = Stage::established};
    record_.server_hello_facts.flags = sample.fails ? 0u : std::uint32_t{ServerHelloFacts::seen};
    record_.server_hello_facts.selected_version = sample.tls12 ? 0x0303 : 0x0304;
    handshake_.offer = offers_[sample.offer];
    handshake_.server_chain = sample.tls12 && !sample.fails ? chains_[sample.name % 5000] : nullptr;
    return handshake_;
  }

 private:
  void set_server(const Sample& sample) {
    const std::uint32_t server = sample.name % kEndpointCount;
    record_.server_address.bytes = {198, static_cast<std::uint8_t>(server >> 16),
                                    static_cast<std::uint8_t>(server >> 8),
                                    static_cast<std::uint8_t>(server)};
    // Digits from the back: cheaper than what is measured.
    std::uint32_t rest = sample.name;
    for (std::size_t i = 14; i > 8; --i, rest /= 10) name_[i] = static_cast<char>('0' + rest % 10);
    handshake_.server_name = {name_.data(), name_.size()};
  }

  std::vector<enrich::OfferPointer> offers_;
  std::vector<enrich::ChainPointer> chains_;
  std::vector<Sample> samples_;
  std::size_t at_ = 0;
  HandshakeRecord record_;
  std::string name_ = "www.host-000000.example.com";
  enrich::Handshake handshake_{.record = record_,
                               .offer = nullptr,
                               .server_chain = nullptr,
                               .client_chain = nullptr,
                               .server_name = {}};
};

void traffic_only(benchmark::State& state) {
  Traffic traffic;
  for (auto _ : state) benchmark::DoNotOptimize(&traffic.next());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(traffic_only);

void learn(benchmark::State& state) {
  Traffic traffic;
  diagnose::ServerProfiles profiles;
  for (std::size_t i = 0; i < kRecordCount; ++i) profiles.learn(traffic.next());
  for (auto _ : state) profiles.learn(traffic.next());
  state.SetItemsProcessed(state.iterations());
  state.counters["endpoints"] = static_cast<double>(profiles.endpoint_count());
  state.counters["names"] = static_cast<double>(profiles.name_count());
  state.counters["evicted"] = static_cast<double>(profiles.evicted_count());
}
BENCHMARK(learn);

void learn_expected(benchmark::State& state) {
  Traffic traffic;
  diagnose::ServerProfiles profiles;
  for (std::size_t i = 0; i < kRecordCount; ++i) profiles.learn(traffic.next());
  for (auto _ : state) {
    profiles.expect(traffic.ahead(diagnose::ServerProfiles::kExpectAhead));
    profiles.learn(traffic.next());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(learn_expected);

void view(benchmark::State& state) {
  Traffic traffic;
  diagnose::ServerProfiles profiles;
  for (std::size_t i = 0; i < 2 * kRecordCount; ++i) profiles.learn(traffic.next());
  for (auto _ : state) benchmark::DoNotOptimize(profiles.view(traffic.next()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(view);

}  // namespace

BENCHMARK_MAIN();

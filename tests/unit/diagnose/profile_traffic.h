// SPDX-License-Identifier: Apache-2.0
//
// Handshakes for tests of server profiles: a usual one, on which each test changes what it is about,
// and random ones of many kinds.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "control/handshake_records.h"
#include "diagnose/profile/server_profiles.h"
#include "enrich/chain_judge.h"

namespace shakedown::diagnose::test {

inline constexpr std::int64_t kSecond = kNanosPerSecond;

/// A handshake that owns all that enrich::Handshake only points at.
class Visit {
 public:
  explicit Visit(std::int64_t at_seconds = 0) { at(at_seconds * kSecond); }

  /// ClientHello so many nanoseconds after the start of tests, established 40 ms later.
  Visit& at(std::int64_t nanos) {
    const std::int64_t hello = shakedown::test::kStart + nanos;
    record.first_seen = record.syn = UnixNanos{hello - 2 * kNanosPerMilli};
    record.syn_ack = UnixNanos{hello - kNanosPerMilli};
    record.client_hello = UnixNanos{hello};
    record.server_hello = UnixNanos{hello + 10 * kNanosPerMilli};
    record.end = record.order_time = UnixNanos{hello + 40 * kNanosPerMilli};
    return *this;
  }
  Visit& outcome(OutcomeKind kind, Party by, Stage stage = Stage::client_hello) {
    record.outcome = {.kind = kind, .by = by, .stage = stage};
    return *this;
  }
  Visit& fails(Party by = Party::server) { return outcome(OutcomeKind::alert, by); }
  /// Ended before any ClientHello.
  Visit& tcp_only(OutcomeKind kind) {
    record.client_hello = record.server_hello = UnixNanos{};
    record.server_hello_facts = {};
    if (kind != OutcomeKind::no_hello) record.syn_ack = UnixNanos{};
    record.end = record.order_time = record.first_seen;
    return outcome(kind, Party::none, Stage::tcp);
  }
  Visit& client(std::uint8_t network, std::uint8_t host = 7) {
    record.client_address = shakedown::test::ipv4(10, 1, network, host);
    return *this;
  }
  Visit& server(std::uint8_t number) {
    record.server_address = shakedown::test::ipv4(198, 51, 100, number);
    return *this;
  }
  Visit& named(std::string value) {
    name = std::move(value);
    record.client_hello_facts.flags |= ClientHelloFacts::server_name_present;
    return *this;
  }
  Visit& tls13() {
    record.server_hello_facts.selected_version = 0x0304;
    record.server_hello_facts.cipher_suite = 0x1301;
    return *this;
  }

  [[nodiscard]] enrich::Handshake handshake() const {
    return {.record = record,
            .offer = offer,
            .server_chain = chain,
            .client_chain = nullptr,
            .staple = staple,
            .server_name = name};
  }

  HandshakeRecord record = [] {
    HandshakeRecord made = shakedown::test::a_handshake();
    made.server_address = shakedown::test::ipv4(198, 51, 100, 1);
    made.ja4.present = 1;
    return made;
  }();
  enrich::OfferPointer offer;
  enrich::ChainPointer chain;
  std::vector<std::uint8_t> staple;
  std::string name;
};

inline enrich::OfferPointer offer_with(std::uint16_t suite, std::vector<std::string> alpn = {}) {
  auto offer = std::make_shared<enrich::ClientOffer>();
  offer->legacy_version = 0x0303;
  offer->cipher_suites = {suite};
  offer->supported_versions = {0x0304, 0x0303};
  offer->alpn = std::move(alpn);
  return offer;
}

/// A chain of one certificate that nobody can read, told from others by its number.
inline enrich::ChainPointer chain_with(enrich::ChainJudge& judge, std::uint8_t number) {
  const std::vector<std::uint8_t> body = {0, 0, 4, 'l', 'e', 'a', number};
  return judge.chain_of(body);
}

/// Random visits to a few servers, each a little later than the one before it.
class RandomVisits {
 public:
  RandomVisits(unsigned seed, enrich::ChainJudge& judge) : random_(seed) {
    for (std::uint8_t i = 0; i < 6; ++i) chains_.push_back(chain_with(judge, i));
    for (std::uint16_t i = 0; i < 12; ++i) {
      offers_.push_back(offer_with(static_cast<std::uint16_t>(0xc000 + i),
                                   i % 3 == 0 ? std::vector<std::string>{"h2"}
                                              : std::vector<std::string>{"h2", "http/1.1"}));
    }
  }

  Visit next() {
    now_ += static_cast<std::int64_t>(below(1000)) * kNanosPerMilli;
    if (below(500) == 0) now_ += 3600 * kSecond;
    Visit visit;
    visit.at(now_).client(byte(40), byte(3)).server(byte(9));
    if (below(4) != 0) visit.named("www" + std::to_string(below(5)) + ".example.com");
    visit.offer = offers_[below(offers_.size())];
    visit.record.ja4.cipher_hash[0] = byte(20);
    visit.record.client_hello_facts.length = static_cast<std::uint16_t>(200 + below(1500));
    visit.record.kept_share = below(5) == 0 ? 63 : 255;
    visit.record.server_hello_facts.cipher_suite = static_cast<std::uint16_t>(0xc02b + below(20));
    visit.record.server_hello_facts.named_group = static_cast<std::uint16_t>(below(4) * 23);
    if (below(3) == 0) visit.tls13();
    if (below(2) == 0) visit.chain = chains_[below(chains_.size())];
    if (below(5) == 0) visit.staple = {1, 2, byte(4)};
    if (below(6) == 0) visit.record.server_hello_facts.flags |= ServerHelloFacts::resumed;
    if (below(9) == 0) visit.record.flags |= HandshakeRecord::late_rejection;
    if (below(9) == 0) visit.record.client_certificate = ClientCertificate::sent;
    if (below(9) == 0) visit.record.starttls = StartTls::smtp;
    switch (below(12)) {
      case 0:
        visit.fails();
        break;
      case 1:
        visit.fails(Party::client);
        break;
      case 2:
        visit.outcome(OutcomeKind::silence, Party::none);
        break;
      case 3:
        visit.tcp_only(OutcomeKind::refused);
        break;
      case 4:
        visit.tcp_only(OutcomeKind::unanswered);
        break;
      case 5:
        visit.tcp_only(OutcomeKind::no_hello);
        break;
      case 6:
        visit.outcome(OutcomeKind::unseen, Party::none);
        break;
      default:
        break;
    }
    return visit;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::uint8_t byte(std::size_t limit) { return static_cast<std::uint8_t>(below(limit)); }

  std::mt19937 random_;
  std::int64_t now_ = 0;
  std::vector<enrich::OfferPointer> offers_;
  std::vector<enrich::ChainPointer> chains_;
};

template <class T>
void expect_same(std::span<const Weighed<T>> a, std::span<const Weighed<T>> b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].value, b[i].value);
    EXPECT_EQ(a[i].weight, b[i].weight);
    EXPECT_EQ(a[i].last, b[i].last);
  }
}

inline void expect_same(const SuccessfulHello& a, const SuccessfulHello& b) {
  EXPECT_EQ(a.offer->cipher_suites, b.offer->cipher_suites);
  EXPECT_EQ(a.offer->alpn, b.offer->alpn);
  EXPECT_EQ(a.max_version, b.max_version);
  EXPECT_EQ(a.selected_version, b.selected_version);
  EXPECT_EQ(a.cipher_suite, b.cipher_suite);
  EXPECT_EQ(a.named_group, b.named_group);
  EXPECT_EQ(a.length, b.length);
  EXPECT_EQ(a.server_name_present, b.server_name_present);
  EXPECT_EQ(a.resumed, b.resumed);
  EXPECT_EQ(a.client_certificate, b.client_certificate);
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.last, b.last);
}

inline void expect_same(const ShownChain& a, const ShownChain& b) {
  EXPECT_EQ(a.chain->digest, b.chain->digest);
  EXPECT_EQ(a.first, b.first);
  EXPECT_EQ(a.last, b.last);
  EXPECT_EQ(a.accepted, b.accepted);
  EXPECT_EQ(a.rejected, b.rejected);
  EXPECT_EQ(a.network_count, b.network_count);
  EXPECT_EQ(a.to_this_network, b.to_this_network);
}

inline void expect_same(const LoadWindow& a, const LoadWindow& b) {
  EXPECT_EQ(a.attempts, b.attempts);
  EXPECT_EQ(a.successes, b.successes);
  EXPECT_EQ(a.failures, b.failures);
  EXPECT_EQ(a.unanswered_connections, b.unanswered_connections);
  EXPECT_EQ(a.refused_connections, b.refused_connections);
  EXPECT_EQ(a.without_hello, b.without_hello);
  EXPECT_EQ(a.client_count, b.client_count);
  EXPECT_EQ(a.latency_nanos, b.latency_nanos);
  EXPECT_EQ(a.nanos, b.nanos);
}

/// To the last bit: what is saved is all that a view is made of.
inline void expect_same(const ServerView& a, const ServerView& b) {
  EXPECT_EQ(a.known, b.known);
  EXPECT_EQ(a.successes, b.successes);
  EXPECT_EQ(a.failures, b.failures);
  EXPECT_EQ(a.first_seen, b.first_seen);
  EXPECT_EQ(a.success_before, b.success_before);
  EXPECT_EQ(a.success_after, b.success_after);
  EXPECT_EQ(a.successes_with_name, b.successes_with_name);
  EXPECT_EQ(a.successes_without_name, b.successes_without_name);
  EXPECT_EQ(a.successes_resumed, b.successes_resumed);
  EXPECT_EQ(a.names_succeeded, b.names_succeeded);
  EXPECT_EQ(a.networks_succeeded, b.networks_succeeded);
  EXPECT_EQ(a.networks_failed, b.networks_failed);
  EXPECT_EQ(a.clients_failed_since_success, b.clients_failed_since_success);
  EXPECT_EQ(a.failures_since_success, b.failures_since_success);
  EXPECT_EQ(a.network_succeeded, b.network_succeeded);
  EXPECT_EQ(a.fingerprint_succeeded, b.fingerprint_succeeded);
  EXPECT_EQ(a.upgrade_succeeded, b.upgrade_succeeded);
  EXPECT_EQ(a.refused_before, b.refused_before);
  EXPECT_EQ(a.refused_after, b.refused_after);
  EXPECT_EQ(a.answered_before, b.answered_before);
  EXPECT_EQ(a.answered_after, b.answered_after);
  EXPECT_EQ(a.name_successes, b.name_successes);
  EXPECT_EQ(a.name_failures, b.name_failures);
  EXPECT_EQ(a.name_success_before, b.name_success_before);
  EXPECT_EQ(a.name_success_after, b.name_success_after);
  expect_same(a.versions, b.versions);
  expect_same(a.cipher_suites, b.cipher_suites);
  expect_same(a.named_groups, b.named_groups);
  EXPECT_TRUE(std::equal(a.application_protocols.begin(), a.application_protocols.end(),
                         b.application_protocols.begin(), b.application_protocols.end()));
  ASSERT_EQ(a.hellos.size(), b.hellos.size());
  for (std::size_t i = 0; i < a.hellos.size(); ++i) expect_same(a.hellos[i], b.hellos[i]);
  EXPECT_EQ(a.hello_length_max, b.hello_length_max);
  EXPECT_EQ(a.client_certificates_accepted, b.client_certificates_accepted);
  ASSERT_EQ(a.chains.size(), b.chains.size());
  for (std::size_t i = 0; i < a.chains.size(); ++i) expect_same(a.chains[i], b.chains[i]);
  EXPECT_EQ(a.chains_of_other_names, b.chains_of_other_names);
  ASSERT_EQ(a.staple == nullptr, b.staple == nullptr);
  if (a.staple != nullptr) {
    EXPECT_EQ(*a.staple, *b.staple);
  }
  expect_same(a.now, b.now);
  EXPECT_EQ(a.usual_attempts_per_second, b.usual_attempts_per_second);
  EXPECT_EQ(a.usual_failure_share, b.usual_failure_share);
  EXPECT_EQ(a.usual_latency_nanos, b.usual_latency_nanos);
}

}  // namespace shakedown::diagnose::test

// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/name_memory.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "diagnose/failure.h"

namespace shakedown::diagnose {
namespace {

using shakedown::test::a_handshake;
using shakedown::test::ipv4;
using shakedown::test::kStart;
using shakedown::test::set_name;

constexpr std::int64_t kDay = 86'400 * kNanosPerSecond;

struct Visit {
  explicit Visit(OutcomeKind kind = OutcomeKind::established, Party by = Party::none,
                 Stage stage = Stage::established)
      : record(a_handshake(kind, stage)) {
    record.outcome.by = by;
    name("www.example.com");
  }
  Visit& name(std::string_view text) {
    set_name(record, text);
    return *this;
  }
  /// Of the network 10.0.`network`.0/24.
  Visit& client(std::uint8_t network, std::uint8_t host = 1) {
    record.client_address = ipv4(10, 0, network, host);
    return *this;
  }
  Visit& server(std::uint8_t last) {
    record.server_address.bytes[3] = last;
    return *this;
  }
  Visit& after(std::int64_t nanos) {
    record.order_time = UnixNanos{kStart + nanos};
    return *this;
  }
  Visit& issuer(const std::string& text, enrich::Trust trust = enrich::Trust::trusted) {
    chain = test::a_chain("CN=www.example.com", text);
    assessment.trust = trust;
    return *this;
  }
  [[nodiscard]] enrich::Handshake handshake() const {
    return {
        .record = record,
        .offer = nullptr,
        .server_chain = chain,
        .client_chain = nullptr,
        .server_name = {record.server_name.data(), record.client_hello_facts.server_name_length}};
  }

  HandshakeRecord record;
  enrich::ChainPointer chain;
  enrich::Assessment assessment;
};

Visit blocked() { return Visit(OutcomeKind::reset, Party::server, Stage::client_hello); }
Visit proxied() { return Visit().issuer("CN=Proxy CA", enrich::Trust::unknown_root); }

class NameMemoryTest : public ::testing::Test {
 protected:
  void learn(const Visit& visit) {
    memory.learn(visit.handshake(), visit.chain == nullptr ? nullptr : &visit.assessment);
  }
  [[nodiscard]] NameView view(const Visit& visit) const {
    return memory.view(visit.handshake(), visit.chain.get());
  }

  NameMemory memory;
};

TEST_F(NameMemoryTest, KnowsNothingOfANameThatWasNeverSeen) {
  EXPECT_EQ(view(Visit()).successes, 0.0f);
  EXPECT_TRUE(view(Visit()).usual_issuer.empty());
  EXPECT_EQ(memory.name_count(), 0u);
}

TEST_F(NameMemoryTest, KeepsNothingUnderNoName) {
  learn(Visit().name(""));
  EXPECT_EQ(memory.name_count(), 0u);
}

TEST_F(NameMemoryTest, CountsSuccessesWithDistinctClientsAndEndpoints) {
  learn(Visit().client(1, 1).server(1));
  learn(Visit().client(1, 1).server(2));
  learn(Visit().client(1, 2).server(2).name("WWW.EXAMPLE.COM."));
  learn(Visit(OutcomeKind::closed, Party::server, Stage::certificate));
  const NameView seen = view(Visit());
  EXPECT_FLOAT_EQ(seen.successes, 3.0f);
  EXPECT_FLOAT_EQ(seen.failures, 1.0f);
  EXPECT_EQ(seen.clients_succeeded, 2u);
  EXPECT_EQ(seen.endpoints_succeeded, 2u);
  EXPECT_EQ(seen.blocked, 0.0f);
}

TEST_F(NameMemoryTest, CountsWhatLooksLikeABlock) {
  learn(blocked().client(1));
  learn(Visit(OutcomeKind::silence, Party::none, Stage::client_hello).client(2).server(2));
  learn(Visit(OutcomeKind::reset, Party::path, Stage::server_hello).client(2));
  const NameView seen = view(blocked());
  EXPECT_FLOAT_EQ(seen.blocked, 3.0f);
  EXPECT_EQ(seen.clients_blocked, 2u);
  EXPECT_EQ(seen.endpoints_blocked, 2u);
}

TEST_F(NameMemoryTest, DoesNotCallAnAlertAClientsEndOrALaterResetABlock) {
  learn(Visit(OutcomeKind::alert, Party::server, Stage::client_hello));
  learn(Visit(OutcomeKind::reset, Party::client, Stage::client_hello));
  learn(Visit(OutcomeKind::reset, Party::server, Stage::certificate));
  EXPECT_EQ(view(blocked()).blocked, 0.0f);
  EXPECT_FLOAT_EQ(view(blocked()).failures, 3.0f);
}

TEST_F(NameMemoryTest, HalvesAfterTheHalfLifeAndForgetsAcrossYears) {
  learn(Visit().after(0));
  EXPECT_FLOAT_EQ(view(Visit().after(kDay)).successes, 0.5f);
  EXPECT_EQ(view(Visit().after(kDay)).clients_succeeded, 1u);
  EXPECT_EQ(view(Visit().after(30 * kDay)).clients_succeeded, 0u);
  EXPECT_LT(view(Visit().after(-365 * kDay)).successes, 0.01f);
  // Out of order by a moment is not another year.
  EXPECT_FLOAT_EQ(view(Visit().after(-kNanosPerSecond)).successes, 1.0f);
}

TEST_F(NameMemoryTest, CallsAnIssuerUnusualThatOnlyThisNetworkIsShown) {
  for (std::uint8_t network = 1; network <= 3; ++network) {
    learn(Visit().client(network).issuer("CN=Public CA").after(network));
  }
  const Visit here = proxied().client(9).after(10);
  learn(here);
  const NameView seen = view(here);
  EXPECT_TRUE(seen.issuer_unusual);
  EXPECT_EQ(seen.usual_issuer, "CN=Public CA");
  EXPECT_TRUE(seen.usual_issuer_trusted);
  EXPECT_EQ(seen.usual_issuer_networks, 3u);
}

TEST_F(NameMemoryTest, CallsTheUsualIssuerUsual) {
  for (std::uint8_t network = 1; network <= 3; ++network) {
    learn(Visit().client(network).issuer("CN=Public CA"));
  }
  const Visit one = Visit().client(1).issuer("CN=Public CA");
  EXPECT_FALSE(view(one).issuer_unusual);
  EXPECT_EQ(view(one).usual_issuer_networks, 2u);
}

TEST_F(NameMemoryTest, DoesNotCallARenewedCertificateUnusual) {
  for (std::uint8_t network = 1; network <= 3; ++network) {
    learn(Visit().client(network).issuer("CN=Old CA").after(network));
  }
  learn(Visit().client(1).issuer("CN=New CA").after(10));
  learn(Visit().client(2).issuer("CN=New CA").after(11));
  EXPECT_FALSE(view(Visit().client(9).issuer("CN=New CA").after(12)).issuer_unusual);
}

TEST_F(NameMemoryTest, KnowsNoUsualIssuerFromTheClientsOwnNetworkAlone) {
  learn(Visit().client(1).issuer("CN=Public CA"));
  const NameView seen = view(proxied().client(1, 2));
  EXPECT_FALSE(seen.issuer_unusual);
  EXPECT_TRUE(seen.usual_issuer.empty());
}

TEST_F(NameMemoryTest, ForgetsAUsualIssuerThatNobodyWasShownForLong) {
  learn(Visit().client(1).issuer("CN=Public CA").after(0));
  EXPECT_TRUE(view(proxied().client(9).after(7 * kDay)).issuer_unusual);
  EXPECT_FALSE(view(proxied().client(9).after(9 * kDay)).issuer_unusual);
}

TEST_F(NameMemoryTest, CountsTheNamesBehindOnePrivateIssuerOfANetwork) {
  learn(proxied().client(1, 1).name("a.example.com"));
  learn(proxied().client(1, 2).name("b.example.com"));
  learn(proxied().client(1, 3).name("b.example.com"));
  learn(proxied().client(2, 1).name("c.example.com"));
  EXPECT_EQ(view(proxied().client(1, 9)).names_of_private_issuer, 2u);
  EXPECT_EQ(view(proxied().client(2, 9)).names_of_private_issuer, 1u);
  EXPECT_EQ(view(proxied().client(3, 9)).names_of_private_issuer, 0u);
  EXPECT_EQ(view(Visit().client(1).issuer("CN=Other CA")).names_of_private_issuer, 0u);
}

TEST_F(NameMemoryTest, DoesNotCountNamesOfAnIssuerThatLeadsToAnAnchor) {
  learn(Visit().client(1).name("a.example.com").issuer("CN=Public CA"));
  learn(Visit()
            .client(1)
            .name("b.example.com")
            .issuer("CN=Public CA", enrich::Trust::intermediate_missing));
  learn(Visit().client(1).name("c.example.com").issuer("CN=Public CA", enrich::Trust::not_judged));
  EXPECT_EQ(view(Visit().client(1).issuer("CN=Public CA")).names_of_private_issuer, 0u);
}

TEST_F(NameMemoryTest, KeepsTheIssuerOfManyNetworksWhenStrangeOnesCome) {
  for (std::uint8_t network = 1; network <= 3; ++network) {
    learn(Visit().client(network).issuer("CN=Public CA"));
  }
  for (int i = 0; i < 50; ++i) learn(Visit().client(9).issuer("CN=made up " + std::to_string(i)));
  EXPECT_EQ(view(Visit().client(8)).usual_issuer, "CN=Public CA");
}

TEST_F(NameMemoryTest, LeavesTheUnseenAsideAndALateRejectionUncounted) {
  learn(Visit(OutcomeKind::unseen, Party::none, Stage::server_hello));
  EXPECT_EQ(memory.name_count(), 0u);
  Visit late;
  late.record.flags |= HandshakeRecord::late_rejection;
  learn(late);
  EXPECT_EQ(view(late).successes, 0.0f);
  EXPECT_EQ(view(late).failures, 0.0f);
}

TEST(NameMemoryLimit, GivesThePlaceOfTheLeastRecentlyUsedNameAway) {
  NameMemory memory({.name_count_max = 2, .network_issuer_count_max = 2});
  for (const char* name : {"a", "b", "a", "c"}) {
    memory.learn(Visit().name(name).handshake(), nullptr);
  }
  EXPECT_EQ(memory.name_count(), 2u);
  EXPECT_EQ(memory.evicted_count(), 1u);
  EXPECT_FLOAT_EQ(memory.view(Visit().name("a").handshake(), nullptr).successes, 2.0f);
  EXPECT_EQ(memory.view(Visit().name("b").handshake(), nullptr).successes, 0.0f);
}

TEST(NameMemoryProperty, ViewsDoNotDependOnTheSeed) {
  const NameMemorySettings small{.name_count_max = 30, .network_issuer_count_max = 10};
  NameMemory one(small);
  NameMemory other(small);
  std::mt19937 random(13);
  for (int i = 0; i < 5000; ++i) {
    Visit visit = random() % 3 == 0 ? blocked() : Visit();
    visit.name("n" + std::to_string(random() % 50)).after(std::int64_t{i} * kNanosPerSecond);
    visit.client(static_cast<std::uint8_t>(random() % 20), static_cast<std::uint8_t>(random()));
    visit.server(static_cast<std::uint8_t>(random()));
    visit.issuer("CN=" + std::to_string(random() % 6),
                 random() % 2 == 0 ? enrich::Trust::trusted : enrich::Trust::unknown_root);
    one.learn(visit.handshake(), &visit.assessment);
    other.learn(visit.handshake(), &visit.assessment);
    const NameView a = one.view(visit.handshake(), visit.chain.get());
    const NameView b = other.view(visit.handshake(), visit.chain.get());
    ASSERT_EQ(a.successes, b.successes);
    ASSERT_EQ(a.clients_succeeded, b.clients_succeeded);
    ASSERT_EQ(a.endpoints_blocked, b.endpoints_blocked);
    ASSERT_EQ(a.issuer_unusual, b.issuer_unusual);
    ASSERT_EQ(a.usual_issuer, b.usual_issuer);
    ASSERT_EQ(a.names_of_private_issuer, b.names_of_private_issuer);
  }
  EXPECT_EQ(one.evicted_count(), other.evicted_count());
}

}  // namespace
}  // namespace shakedown::diagnose

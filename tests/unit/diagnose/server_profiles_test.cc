// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/server_profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "profile_traffic.h"

namespace shakedown::diagnose {
namespace {

using shakedown::test::kStart;
using test::chain_with;
using test::kSecond;
using test::offer_with;
using test::RandomVisits;
using test::Visit;
using testing::ElementsAre;

constexpr std::int64_t kDay = 86'400;

class ServerProfilesTest : public testing::Test {
 protected:
  void learn(const Visit& visit) { profiles.learn(visit.handshake()); }
  ServerView view(const Visit& visit) { return profiles.view(visit.handshake()); }
  /// The view of a failure that was learnt, as the diagnosis asks for it.
  ServerView learn_and_view(const Visit& visit) {
    learn(visit);
    return view(visit);
  }

  ServerProfiles profiles;
  enrich::ChainJudge judge;
};

std::vector<std::uint16_t> values(std::span<const Weighed<std::uint16_t>> row) {
  std::vector<std::uint16_t> all;
  for (const auto& entry : row) all.push_back(entry.value);
  return all;
}

TEST_F(ServerProfilesTest, KnowsNothingOfAServerThatWasNeverSeen) {
  const ServerView seen = view(Visit(0).fails());
  EXPECT_FALSE(seen.known);
  EXPECT_EQ(seen.failures, 1);
  EXPECT_EQ(seen.successes, 0);
  EXPECT_TRUE(seen.versions.empty());
}

TEST_F(ServerProfilesTest, IsNotKnownByTheHandshakeAtHandAlone) {
  const Visit failure = Visit(0).fails();
  EXPECT_FALSE(learn_and_view(failure).known);
  EXPECT_EQ(view(failure).failures, 1);
  learn(Visit(1).fails());
  EXPECT_TRUE(view(failure).known);
  EXPECT_EQ(view(failure).failures_since_success, 2u);
}

TEST_F(ServerProfilesTest, CountsAFailureThatWasNotLearntYetAllTheSame) {
  learn(Visit(0));
  const ServerView before = view(Visit(1).fails());
  EXPECT_NEAR(before.failures, 1, 1e-3);
  EXPECT_EQ(before.failures_since_success, 1u);
  EXPECT_EQ(before.now.attempts, 2u);
  EXPECT_EQ(before.now.failures, 1u);
  const ServerView after = learn_and_view(Visit(1).fails());
  EXPECT_NEAR(after.failures, 1, 1e-3);
  EXPECT_EQ(after.failures_since_success, 1u);
  EXPECT_EQ(after.now.attempts, 2u);
  EXPECT_TRUE(before.known);
}

TEST_F(ServerProfilesTest, ShowsWhatWasChosenHeaviestFirst) {
  for (int i = 0; i < 3; ++i) learn(Visit(i).tls13());
  learn(Visit(3));
  const ServerView seen = learn_and_view(Visit(4).fails());
  EXPECT_THAT(values(seen.versions), ElementsAre(0x0304, 0x0303));
  EXPECT_THAT(values(seen.cipher_suites), ElementsAre(0x1301, 0xc02f));
  EXPECT_THAT(values(seen.named_groups), ElementsAre(0x001d));
  EXPECT_NEAR(seen.versions[0].weight, 3, 1e-3);
  EXPECT_NEAR(seen.successes, 4, 1e-3);
}

TEST_F(ServerProfilesTest, KeepsSixteenSuites) {
  for (std::uint16_t i = 0; i < 17; ++i) {
    Visit visit(i);
    visit.record.server_hello_facts.cipher_suite = i;
    learn(visit);
  }
  const ServerView seen = learn_and_view(Visit(20).fails());
  EXPECT_EQ(seen.cipher_suites.size(), 16u);
  EXPECT_THAT(values(seen.cipher_suites), testing::Contains(16));
  EXPECT_THAT(values(seen.cipher_suites), testing::Not(testing::Contains(0)));
}

TEST_F(ServerProfilesTest, LearnsNothingFromWhatWasNotSeenOrNotTaken) {
  learn(Visit(0).outcome(OutcomeKind::unseen, Party::none));
  EXPECT_EQ(profiles.endpoint_count(), 0u);
  Visit late(1);
  late.record.flags |= HandshakeRecord::late_rejection;
  learn(late);
  const ServerView seen = learn_and_view(Visit(2).fails());
  EXPECT_EQ(seen.successes, 0);
  EXPECT_TRUE(seen.versions.empty());
  EXPECT_TRUE(seen.known);
}

TEST_F(ServerProfilesTest, LearnsNoGroupFromAResumptionThatShowsNone) {
  Visit visit(0);
  visit.offer = offer_with(0xc02f);
  learn(visit);
  visit.at(kSecond).record.server_hello_facts.flags |= ServerHelloFacts::resumed;
  visit.record.server_hello_facts.named_group = 0;
  learn(visit);
  const ServerView seen = learn_and_view(Visit(2).fails());
  EXPECT_THAT(values(seen.named_groups), ElementsAre(0x001d));
  ASSERT_EQ(seen.hellos.size(), 1u);
  EXPECT_TRUE(seen.hellos[0].resumed);
  EXPECT_EQ(seen.hellos[0].named_group, 0x001d);
  EXPECT_NEAR(seen.successes_resumed, 1, 1e-3);
}

TEST_F(ServerProfilesTest, TellsHellosApartByOfferAndNameLatestFirst) {
  Visit visit(0);
  visit.offer = offer_with(1);
  learn(visit);
  learn(visit.at(kSecond).named("a.example"));
  visit.offer = offer_with(2);
  learn(visit.at(2 * kSecond));
  // The same offer in other memory is the same offer.
  visit.offer = offer_with(1);
  visit.record.client_hello_facts.length = 900;
  learn(visit.at(3 * kSecond));
  const ServerView seen = learn_and_view(Visit(4).fails());
  ASSERT_EQ(seen.hellos.size(), 3u);
  EXPECT_THAT(seen.hellos[0].offer->cipher_suites, ElementsAre(1));
  EXPECT_TRUE(seen.hellos[0].server_name_present);
  EXPECT_EQ(seen.hellos[0].length, 900);
  EXPECT_NEAR(seen.hellos[0].weight, 2, 1e-3);
  EXPECT_THAT(seen.hellos[1].offer->cipher_suites, ElementsAre(2));
  EXPECT_FALSE(seen.hellos[2].server_name_present);
  EXPECT_EQ(seen.hello_length_max, 900);
}

TEST_F(ServerProfilesTest, KeepsTheEightLatestHellos) {
  for (std::uint16_t i = 0; i < 9; ++i) {
    Visit visit(i);
    visit.offer = offer_with(i);
    learn(visit);
  }
  const ServerView seen = learn_and_view(Visit(20).fails());
  ASSERT_EQ(seen.hellos.size(), 8u);
  EXPECT_THAT(seen.hellos[0].offer->cipher_suites, ElementsAre(8));
  EXPECT_THAT(seen.hellos[7].offer->cipher_suites, ElementsAre(1));
}

TEST_F(ServerProfilesTest, TakesTheProtocolFromTheServerOrFromTheOnlyOneOffered) {
  Visit visible(0);
  visible.record.server_hello_facts.alpn_length = 8;
  std::copy_n("http/1.1", 8, visible.record.server_hello_facts.alpn.begin());
  learn(visible);
  Visit hidden = Visit(1).tls13();
  hidden.offer = offer_with(1, {"h2"});
  learn(hidden);
  hidden.offer = offer_with(1, {"x", "y"});
  learn(hidden);
  const ServerView seen = learn_and_view(Visit(2).fails());
  EXPECT_THAT(seen.application_protocols, ElementsAre("h2", "http/1.1"));
}

TEST_F(ServerProfilesTest, ForgetsByHalfLives) {
  learn(Visit(0));
  EXPECT_NEAR(learn_and_view(Visit(kDay).fails()).successes, 0.5, 1e-3);
  EXPECT_NEAR(learn_and_view(Visit(3 * kDay).fails()).successes, 0.125, 1e-3);
  // 14 days without anything: gone.
  EXPECT_GT(view(Visit(17 * kDay + 1).fails()).successes, 0);
  for (int i = 0; i < 64; ++i) learn(Visit(18 * kDay).server(2).fails());
  EXPECT_FALSE(view(Visit(18 * kDay).fails()).known);
}

TEST_F(ServerProfilesTest, SurvivesTimesThatJump) {
  for (const std::int64_t seconds :
       {std::int64_t{0}, 3000 * kDay, std::int64_t{0}, -3000 * kDay, 60 * kDay}) {
    learn(Visit(seconds));
    const ServerView seen = learn_and_view(Visit(seconds).fails());
    EXPECT_GE(seen.successes, 0.99f);
    EXPECT_LE(seen.successes, 5);
    EXPECT_LE(seen.success_before.value, kStart + seconds * kSecond);
    EXPECT_EQ(seen.now.attempts, 2u) << seconds;
  }
  for (const std::int64_t time :
       {std::int64_t{1}, INT64_MAX, INT64_MIN, std::int64_t{-1}, INT64_MAX - 1}) {
    Visit odd;
    odd.record.first_seen = odd.record.client_hello = odd.record.server_hello = UnixNanos{time};
    odd.record.end = odd.record.order_time = odd.record.syn = UnixNanos{time};
    learn(odd);
    const ServerView seen = learn_and_view(odd.fails());
    EXPECT_TRUE(std::isfinite(seen.successes));
    EXPECT_GE(seen.successes, 0);
    EXPECT_GE(seen.usual_attempts_per_second, 0);
  }
}

TEST_F(ServerProfilesTest, TellsWhatWasBeforeAndAfterTheMoment) {
  const Visit failure = Visit(10).fails();
  learn(Visit(5).named("a.example"));
  EXPECT_FALSE(learn_and_view(failure).success_after.known());
  learn(Visit(12).named("a.example"));
  learn(Visit(13));
  const ServerView seen = view(failure);
  EXPECT_EQ(seen.success_before, Visit(5).record.end);
  EXPECT_EQ(seen.success_after, Visit(12).record.client_hello);
  EXPECT_FALSE(seen.name_success_before.known());
  EXPECT_EQ(seen.name_success_after, Visit(13).record.client_hello);
  EXPECT_EQ(seen.failures_since_success, 0u);
}

TEST_F(ServerProfilesTest, TellsWhatWasBeforeWithinOneSecond) {
  const Visit failure = Visit().at(500 * kNanosPerMilli).fails();
  learn(Visit().at(100 * kNanosPerMilli));
  learn(failure);
  learn(Visit().at(900 * kNanosPerMilli));
  const ServerView seen = view(failure);
  EXPECT_EQ(seen.success_before.value, kStart + 140 * kNanosPerMilli);
  EXPECT_EQ(seen.success_after.value, kStart + 900 * kNanosPerMilli);
}

TEST_F(ServerProfilesTest, DoesNotTakeItsOwnSynForAnAnswerToOthers) {
  const Visit failure = Visit(5).fails();
  EXPECT_FALSE(learn_and_view(failure).answered_before.known());
  learn(Visit(7));
  EXPECT_EQ(view(failure).answered_after, Visit(7).record.syn);
  const Visit refused = Visit(9).tcp_only(OutcomeKind::refused);
  ServerView seen = learn_and_view(refused);
  EXPECT_EQ(seen.answered_before, Visit(7).record.syn);
  EXPECT_FALSE(seen.refused_before.known());
  learn(Visit(10).tcp_only(OutcomeKind::refused));
  seen = view(refused);
  EXPECT_EQ(seen.refused_after, Visit(10).record.syn);
  EXPECT_NEAR(seen.failures, 1, 1e-3);
  EXPECT_EQ(seen.now.refused_connections, 2u);
}

TEST_F(ServerProfilesTest, CountsClientsSinceTheLastSuccess) {
  for (std::uint8_t i = 0; i < 5; ++i) learn(Visit(i).client(1, i).fails());
  ServerView seen = learn_and_view(Visit(5).client(2).fails());
  EXPECT_EQ(seen.failures_since_success, 6u);
  EXPECT_EQ(seen.clients_failed_since_success, 6u);
  EXPECT_EQ(seen.networks_failed, 2u);
  learn(Visit(6).client(3));
  seen = learn_and_view(Visit(7).client(3).fails());
  EXPECT_EQ(seen.failures_since_success, 1u);
  EXPECT_EQ(seen.clients_failed_since_success, 1u);
  EXPECT_TRUE(seen.network_succeeded);
  EXPECT_TRUE(seen.fingerprint_succeeded);
  Visit stranger = Visit(8).client(4).fails();
  stranger.record.ja4.cipher_hash[0] = 9;
  EXPECT_FALSE(learn_and_view(stranger).network_succeeded);
  EXPECT_FALSE(view(stranger).fingerprint_succeeded);
}

TEST_F(ServerProfilesTest, CountsTheLoadAroundTheMoment) {
  learn(Visit(0));
  learn(Visit(20));
  learn(Visit(21).fails(Party::client));
  learn(Visit(22).tcp_only(OutcomeKind::unanswered));
  learn(Visit(23).tcp_only(OutcomeKind::no_hello));
  Visit sampled = Visit(24).fails();
  sampled.record.kept_share = 63;
  const ServerView seen = learn_and_view(sampled);
  EXPECT_EQ(seen.now.attempts, 6u);
  EXPECT_EQ(seen.now.successes, 1u);
  EXPECT_EQ(seen.now.failures, 4u);
  EXPECT_EQ(seen.now.unanswered_connections, 1u);
  EXPECT_EQ(seen.now.without_hello, 1u);
  EXPECT_EQ(seen.now.client_count, 1u);
  EXPECT_EQ(seen.now.latency_nanos, 10 * kNanosPerMilli);
  EXPECT_EQ(seen.now.nanos, 11 * kSecond);
}

TEST_F(ServerProfilesTest, KnowsTheUsualRateFromBeforeTheWindow) {
  for (int i = 0; i < 600; ++i) {
    Visit visit = Visit(i / 2);
    if (i % 10 == 0) visit.fails();
    learn(visit);
  }
  for (int i = 0; i < 500; ++i) {
    learn(Visit().at(300 * kSecond + i * 10 * kNanosPerMilli).fails());
  }
  const ServerView seen = learn_and_view(Visit(305).fails());
  EXPECT_NEAR(seen.usual_attempts_per_second, 2, 0.1);
  EXPECT_NEAR(seen.usual_failure_share, 0.1, 0.01);
  EXPECT_NEAR(static_cast<double>(seen.usual_latency_nanos), 10e6, 1e5);
  EXPECT_GT(seen.now.failures, 490u);
}

TEST_F(ServerProfilesTest, KnowsNoUsualRateOfAServerThatIsNew) {
  for (int i = 0; i < 15; ++i) learn(Visit(i));
  EXPECT_EQ(learn_and_view(Visit(15).fails()).usual_attempts_per_second, 0);
}

TEST_F(ServerProfilesTest, KeepsTheMomentsOfAHundredSecondsOfLoad) {
  for (int i = 0; i < 100; ++i) learn(Visit(i));
  const Visit failure = Visit().at(70 * kSecond + kNanosPerMilli).fails();
  const ServerView seen = view(failure);
  EXPECT_EQ(seen.success_before, Visit(69).record.end);
  EXPECT_EQ(seen.success_after, Visit(71).record.client_hello);
  EXPECT_EQ(seen.name_success_before, Visit(69).record.end);
}

TEST_F(ServerProfilesTest, RemembersChainsByName) {
  Visit visit = Visit(0).named("a.example").client(1);
  visit.chain = chain_with(judge, 1);
  visit.staple = {1, 2, 3};
  learn(visit);
  learn(visit.at(kSecond).client(2).fails(Party::client));
  ServerView seen = learn_and_view(Visit(2).named("A.Example.").client(2).fails());
  ASSERT_EQ(seen.chains.size(), 1u);
  EXPECT_FALSE(seen.chains_of_other_names);
  EXPECT_NEAR(seen.chains[0].accepted, 1, 1e-3);
  EXPECT_NEAR(seen.chains[0].rejected, 1, 1e-3);
  EXPECT_EQ(seen.chains[0].network_count, 2u);
  EXPECT_TRUE(seen.chains[0].to_this_network);
  ASSERT_NE(seen.staple, nullptr);
  EXPECT_THAT(*seen.staple, ElementsAre(1, 2, 3));
  EXPECT_NEAR(seen.name_failures, 2, 1e-3);

  seen = learn_and_view(Visit(3).named("b.example").client(3).fails());
  ASSERT_EQ(seen.chains.size(), 1u);
  EXPECT_TRUE(seen.chains_of_other_names);
  EXPECT_FALSE(seen.chains[0].to_this_network);
  EXPECT_EQ(seen.staple, nullptr);
}

TEST_F(ServerProfilesTest, KeepsTheFourLatestChainsOfAName) {
  for (std::uint8_t i = 0; i < 5; ++i) {
    Visit visit(i);
    visit.chain = chain_with(judge, i);
    learn(visit);
  }
  const ServerView seen = learn_and_view(Visit(9).fails());
  ASSERT_EQ(seen.chains.size(), 4u);
  EXPECT_EQ(seen.chains[0].chain, chain_with(judge, 4));
  EXPECT_EQ(seen.chains[3].chain, chain_with(judge, 1));
}

TEST_F(ServerProfilesTest, DoesNotCountASuccessAsItsOwnCompany) {
  const Visit only = Visit(0).named("a.example");
  const ServerView seen = learn_and_view(only);
  EXPECT_FALSE(seen.known);
  EXPECT_NEAR(seen.successes, 0, 1e-3);
  EXPECT_NEAR(seen.name_successes, 0, 1e-3);
  EXPECT_FALSE(seen.success_before.known());
  EXPECT_FALSE(seen.success_after.known());
}

TEST(ServerProfiles, DistinctCountsStopAtTheirMaximum) {
  ServerProfiles profiles;
  for (int i = 0; i < 3000; ++i) {
    Visit visit = Visit(i / 100).fails();
    visit.record.client_address = shakedown::test::ipv4(20, static_cast<std::uint8_t>(i >> 8),
                                                        static_cast<std::uint8_t>(i), 1);
    profiles.learn(visit.handshake());
  }
  const ServerView seen = profiles.view(Visit(30).fails().handshake());
  EXPECT_LE(seen.networks_failed, kDistinctMax);
  EXPECT_GT(seen.networks_failed, kDistinctMax / 2);
  EXPECT_LE(seen.clients_failed_since_success, kDistinctMax);
}

TEST(ServerProfiles, EvictsTheLeastRecentlyUsed) {
  ServerProfiles profiles({.endpoint_count_max = 4, .name_count_max = 4});
  for (std::uint8_t i = 0; i < 4; ++i) profiles.learn(Visit(i).server(i).handshake());
  profiles.learn(Visit(4).server(0).handshake());
  EXPECT_EQ(profiles.evicted_count(), 0u);
  profiles.learn(Visit(5).server(9).handshake());
  EXPECT_EQ(profiles.endpoint_count(), 4u);
  EXPECT_EQ(profiles.name_count(), 4u);
  EXPECT_EQ(profiles.evicted_count(), 2u);
  EXPECT_TRUE(profiles.view(Visit(6).server(0).fails().handshake()).known);
  EXPECT_FALSE(profiles.view(Visit(6).server(1).fails().handshake()).known);
}

TEST(ServerProfiles, AScanDoesNotWashOutWhatWorks) {
  ServerProfiles profiles({.endpoint_count_max = 40, .name_count_max = 40});
  for (std::uint8_t i = 0; i < 30; ++i) profiles.learn(Visit(i).server(i).handshake());
  for (int i = 0; i < 1000; ++i) {
    Visit scan = Visit(40).server(200).tcp_only(OutcomeKind::refused);
    scan.record.server_port = static_cast<std::uint16_t>(i + 1);
    profiles.learn(scan.handshake());
  }
  EXPECT_EQ(profiles.endpoint_count(), 40u);
  for (std::uint8_t i = 0; i < 30; ++i) {
    EXPECT_TRUE(profiles.view(Visit(41).server(i).fails().handshake()).known) << int{i};
  }
}

TEST(ServerProfiles, ShowsTheSameWhateverTheSeedOfItsTables) {
  enrich::ChainJudge judge;
  // Small enough that much is evicted.
  const ProfileSettings settings{.endpoint_count_max = 6, .name_count_max = 17};
  ServerProfiles a(settings);
  ServerProfiles b(settings);
  RandomVisits visits(1, judge);
  for (int i = 0; i < 3000; ++i) {
    const Visit visit = visits.next();
    a.learn(visit.handshake());
    b.expect(visit.handshake());
    b.learn(visit.handshake());
    if (i % 7 == 0) test::expect_same(a.view(visit.handshake()), b.view(visit.handshake()));
    ASSERT_FALSE(testing::Test::HasFailure()) << i;
  }
  EXPECT_EQ(a.evicted_count(), b.evicted_count());
  EXPECT_GT(a.evicted_count(), 100u);
}

}  // namespace
}  // namespace shakedown::diagnose

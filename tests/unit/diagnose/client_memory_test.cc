// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/client_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "diagnose/failure.h"
#include "diagnose/rejection.h"

namespace shakedown::diagnose {
namespace {

using enrich::ClientOffer;
using enrich::OfferPointer;
using shakedown::test::a_handshake;
using shakedown::test::add_alert;
using shakedown::test::ipv4;
using shakedown::test::kStart;
using shakedown::test::set_name;

OfferPointer shared(ClientOffer offer) { return std::make_shared<ClientOffer>(std::move(offer)); }

/// A record with what resolve() would add; shows only the fields under test.
struct Try {
  explicit Try(std::int64_t millis, OutcomeKind kind = OutcomeKind::reset,
               Stage stage = Stage::client_hello)
      : record(a_handshake(kind, stage)), offer(shared(test::usual_offer())) {
    at(millis * kNanosPerMilli);
    record.outcome.by = kind == OutcomeKind::established ? Party::none : Party::server;
    record.ja4.present = 1;
    record.client_hello_facts.length = 500;
    record.client_hello_facts.segment_count = 1;
    name("www.example.com");
  }
  Try& at(std::int64_t nanos) {
    static std::uint64_t sequence = 0;
    record.sequence = ++sequence;
    record.first_seen = record.client_hello = UnixNanos{kStart + nanos};
    record.order_time = UnixNanos{kStart + nanos + 50 * kNanosPerMilli};
    return *this;
  }
  Try& name(std::string_view text) {
    set_name(record, text);
    return *this;
  }
  Try& client(IpAddress address) {
    record.client_address = address;
    return *this;
  }
  Try& server(std::uint8_t last) {
    record.server_address.bytes[3] = last;
    return *this;
  }
  Try& ipv6() {
    record.family = IpFamily::ipv6;
    record.client_address.bytes = {0x20, 1, 0x0d, 0xb8, 1};
    record.server_address.bytes = {0x20, 1, 0x0d, 0xb8, 2};
    return *this;
  }
  Try& alert(AlertDescription description) {
    record.outcome.by = Party::client;
    add_alert(record, {AlertLevel::fatal, description, Party::client, false});
    return *this;
  }
  [[nodiscard]] enrich::Handshake handshake() const {
    return {
        .record = record,
        .offer = offer,
        .server_chain = nullptr,
        .client_chain = client_chain,
        .server_name = {record.server_name.data(), record.client_hello_facts.server_name_length}};
  }

  HandshakeRecord record;
  OfferPointer offer;
  enrich::ChainPointer client_chain;
};

Try success(std::int64_t millis) {
  return Try(millis, OutcomeKind::established, Stage::established);
}
Try rejection(std::int64_t millis, AlertDescription description = AlertDescription::unknown_ca) {
  return Try(millis, OutcomeKind::alert, Stage::certificate).alert(description);
}

class ClientMemoryTest : public ::testing::Test {
 protected:
  void learn(const Try& handshake, const enrich::Assessment* certificate = nullptr) {
    memory.learn(handshake.handshake(), certificate);
  }
  [[nodiscard]] AttemptView attempt(const Try& handshake) const {
    return memory.attempt(handshake.handshake());
  }
  [[nodiscard]] ClientView view(const Try& handshake) const {
    return memory.view(handshake.handshake());
  }

  ClientMemory memory;
};

TEST_F(ClientMemoryTest, KnowsNothingOfAClientThatWasNeverSeen) {
  const Try failure(0);
  EXPECT_TRUE(attempt(failure).before.empty());
  EXPECT_EQ(view(failure).failures, 0u);
  EXPECT_FALSE(view(failure).clock_known);
}

TEST_F(ClientMemoryTest, LeavesTheHandshakeItselfOut) {
  const Try failure = rejection(0);
  learn(failure);
  EXPECT_TRUE(attempt(failure).before.empty());
  EXPECT_TRUE(attempt(failure).after.empty());
  EXPECT_EQ(attempt(failure).failed_alike, 0u);
  const ClientView seen = view(failure);
  EXPECT_EQ(seen.failures, 0u);
  EXPECT_EQ(seen.servers_failed, 0u);
  EXPECT_EQ(seen.servers_certificate_rejected, 0u);
  EXPECT_EQ(seen.rejections_here, 0u);
}

TEST_F(ClientMemoryTest, CountsAllOfTheOthersWhenItWasNotLearnt) {
  learn(rejection(0));
  const ClientView seen = view(rejection(5000));
  EXPECT_EQ(seen.failures, 1u);
  EXPECT_EQ(seen.rejections_here, 1u);
}

TEST_F(ClientMemoryTest, LinksWhatCameBeforeAndAfter) {
  const Try before(0);
  const Try failure(1000);
  const Try after = success(2000);
  learn(before);
  learn(failure);
  learn(after);
  const AttemptView linked = attempt(failure);
  ASSERT_EQ(linked.before.size(), 1u);
  ASSERT_EQ(linked.after.size(), 1u);
  EXPECT_EQ(linked.before[0].at, before.record.client_hello);
  EXPECT_EQ(linked.after[0].outcome, after.record.outcome);
  EXPECT_TRUE(linked.after[0].same_endpoint);
  EXPECT_FALSE(linked.succeeded_before);
  EXPECT_TRUE(linked.succeeded_after);
  EXPECT_TRUE(linked.retry.same_hello());
  EXPECT_EQ(linked.failed_alike, 1u);
}

TEST_F(ClientMemoryTest, LinksUpToTheLimitOfAnAttemptAndNotBeyond) {
  const Try failure(20'000);
  Try inside = success(0);
  inside.at(20'000 * kNanosPerMilli + kAttemptNanos - 1);
  Try outside = success(0);
  outside.at(20'000 * kNanosPerMilli + kAttemptNanos);
  learn(failure);
  learn(inside);
  learn(outside);
  EXPECT_EQ(attempt(failure).after.size(), 1u);
}

TEST_F(ClientMemoryTest, DoesNotLinkOtherClientsServersOrNames) {
  const Try failure(0);
  learn(failure);
  learn(success(10).client(ipv4(192, 0, 2, 8)));
  learn(success(20).server(9).name("other.example.com"));
  EXPECT_TRUE(attempt(failure).after.empty());
}

TEST_F(ClientMemoryTest, LinksTheNameAtAnotherEndpointWhateverItsCase) {
  const Try failure(0);
  learn(failure);
  learn(success(10).server(9).name("WWW.Example.com"));
  const AttemptView linked = attempt(failure);
  ASSERT_EQ(linked.after.size(), 1u);
  EXPECT_FALSE(linked.after[0].same_endpoint);
  EXPECT_TRUE(linked.succeeded_after);
  EXPECT_TRUE(linked.retry.other_endpoint);
  EXPECT_TRUE(linked.retry.same_hello());
}

TEST_F(ClientMemoryTest, KeepsTheNearestOfManyInEachDirection) {
  for (int i = 0; i < 8; ++i) learn(Try(i * 10));
  const Try failure(100);
  learn(failure);
  for (int i = 0; i < 7; ++i) learn(Try(110 + i * 10));
  const AttemptView linked = attempt(failure);
  EXPECT_EQ(linked.before.size(), 8u);
  EXPECT_EQ(linked.after.size(), 7u);
  EXPECT_EQ(linked.failed_alike, 15u);
}

TEST_F(ClientMemoryTest, ForgetsTheOldestOfABusyClientFirst) {
  for (int i = 0; i < 40; ++i) learn(Try(i * 10));
  const AttemptView linked = attempt(Try(400));
  ASSERT_EQ(linked.before.size(), kLinkedCountMax);
  EXPECT_EQ(linked.before.back().at.value, kStart + 390 * kNanosPerMilli);
  EXPECT_EQ(linked.failed_alike, kLinkedCountMax * 2);
}

TEST_F(ClientMemoryTest, TellsHowTheRetryThatWorkedDiffers) {
  Try failure(0);
  failure.record.client_hello_facts.length = 1700;
  failure.record.client_hello_facts.segment_count = 2;
  failure.record.client_hello_facts.flags |= ClientHelloFacts::psk_present;
  Try retry = success(500);
  ClientOffer older = test::usual_offer();
  older.cipher_suites.erase(older.cipher_suites.begin(), older.cipher_suites.begin() + 3);
  older.extensions = {10, 11, 13, 23, 65281};
  older.supported_versions.clear();
  retry.offer = shared(older);
  retry.record.ja4.cipher_hash[0] = 7;
  retry.record.client_hello_facts.max_version = 0x0303;
  retry.name("");
  retry.record.client_hello_facts.flags = 0;
  learn(failure);
  learn(retry);
  const RetryDifference difference = attempt(failure).retry;
  EXPECT_TRUE(difference.lower_version);
  EXPECT_TRUE(difference.smaller);
  EXPECT_TRUE(difference.no_resumption);
  EXPECT_TRUE(difference.no_server_name);
  EXPECT_FALSE(difference.new_server_name);
  EXPECT_FALSE(difference.other_endpoint);
  // Those of TLS 1.3 went with it, the name has a flag of its own.
  EXPECT_THAT(difference.dropped_extensions, ::testing::ElementsAre(16, 35));
}

TEST_F(ClientMemoryTest, DoesNotTakeAnotherMachineBehindTheAddressForARetry) {
  const Try failure(0);
  Try other = success(500);
  ClientOffer foreign = test::usual_offer();
  std::swap(foreign.cipher_suites[4], foreign.cipher_suites[5]);
  other.offer = shared(foreign);
  other.record.ja4.cipher_hash[0] = 7;
  learn(failure);
  learn(other);
  EXPECT_EQ(attempt(failure).after.size(), 1u);
  EXPECT_FALSE(attempt(failure).succeeded_after);
}

TEST_F(ClientMemoryTest, LinksTheOtherFamilyWhereNobodyElseCouldBeMeant) {
  const Try failure = Try(0).ipv6();
  learn(failure);
  learn(success(300));
  const AttemptView linked = attempt(failure);
  EXPECT_TRUE(linked.succeeded_after);
  EXPECT_TRUE(linked.retry.other_family);
  EXPECT_TRUE(linked.retry.other_endpoint);
}

TEST_F(ClientMemoryTest, DoesNotLinkTheOtherFamilyWhereAThirdAddressAskedTheSame) {
  const Try failure = Try(0).ipv6();
  learn(failure);
  learn(success(300));
  learn(success(400).client(ipv4(192, 0, 2, 8)));
  EXPECT_TRUE(attempt(failure).after.empty());
}

TEST_F(ClientMemoryTest, DoesNotLinkTheOtherFamilyWithAnotherStackTcpOrTooLate) {
  const Try failure = Try(0).ipv6();
  Try stack = success(100);
  stack.record.ja4.cipher_hash[0] = 7;
  Try tcp = success(200);
  tcp.record.client_tcp.window_scale = 7;
  learn(failure);
  learn(stack);
  EXPECT_TRUE(attempt(failure).after.empty());
  learn(tcp);
  EXPECT_TRUE(attempt(failure).after.empty());
  learn(success(10'001));
  EXPECT_TRUE(attempt(failure).after.empty());
}

TEST_F(ClientMemoryTest, CountsDistinctServersByWhatHappenedThere) {
  const enrich::Assessment valid = test::good_assessment();
  learn(success(0).server(1));
  learn(success(10).server(1).name("other.example.com"));
  learn(success(20).server(2));
  learn(rejection(30).server(3));
  learn(rejection(40, AlertDescription::certificate_expired).server(4), &valid);
  const Try failure = rejection(50).server(1);
  learn(failure);
  const ClientView seen = view(failure);
  EXPECT_EQ(seen.successes, 3u);
  EXPECT_EQ(seen.failures, 2u);
  EXPECT_EQ(seen.servers_succeeded, 2u);
  EXPECT_EQ(seen.servers_failed, 2u);
  EXPECT_EQ(seen.servers_certificate_rejected, 2u);
  EXPECT_EQ(seen.servers_date_rejected, 1u);
  EXPECT_EQ(seen.successes_here, 2u);
  EXPECT_EQ(seen.names_succeeded_here, 1u);
  EXPECT_EQ(seen.rejections_here, 0u);
}

TEST_F(ClientMemoryTest, DoesNotBlameTheClientsClockForWhatHasExpired) {
  enrich::Assessment expired = test::good_assessment();
  expired.expired = true;
  enrich::Assessment unread = test::good_assessment();
  unread.trust = enrich::Trust::not_judged;
  learn(rejection(0, AlertDescription::certificate_expired).server(1), &expired);
  learn(rejection(10, AlertDescription::certificate_expired).server(2), &unread);
  learn(rejection(20, AlertDescription::certificate_expired).server(3), nullptr);
  EXPECT_EQ(view(rejection(30)).servers_date_rejected, 0u);
  EXPECT_EQ(view(rejection(30)).servers_certificate_rejected, 3u);
}

TEST_F(ClientMemoryTest, TakesALateRejectionForOneAndNotForASuccess) {
  Try late = success(0);
  late.record.flags |= HandshakeRecord::late_rejection;
  late.record.server_hello_facts.flags |= ServerHelloFacts::resumed;
  learn(late);
  const ClientView seen = view(success(10));
  EXPECT_EQ(seen.successes, 0u);
  EXPECT_EQ(seen.failures, 0u);
  EXPECT_EQ(seen.rejections_here, 1u);
  EXPECT_FALSE(attempt(success(10)).succeeded_before);
}

TEST_F(ClientMemoryTest, ForgetsCountsAfterAnHourAndAcrossYears) {
  learn(success(0));
  EXPECT_EQ(view(success(60'000)).successes, 1u);
  EXPECT_EQ(view(success(3'600'000)).successes, 0u);
  EXPECT_EQ(view(success(-31'536'000'000)).successes, 0u);
}

TEST_F(ClientMemoryTest, StaysBoundedForAClientThatTriesEveryServer) {
  for (int i = 0; i < 200; ++i) learn(success(i).server(static_cast<std::uint8_t>(i)));
  EXPECT_EQ(view(Try(300)).servers_succeeded, 16u);
  EXPECT_EQ(view(Try(300)).successes, 200u);
}

TEST_F(ClientMemoryTest, RemembersItsCertificate) {
  Try mutual = success(0);
  mutual.client_chain = test::a_chain("CN=device 7");
  learn(mutual);
  EXPECT_EQ(view(Try(10)).certificate, mutual.client_chain);
  EXPECT_EQ(view(Try(10).client(ipv4(192, 0, 2, 8))).certificate, nullptr);
}

TEST(ClientMemoryLimit, GivesThePlaceOfTheLeastRecentlyUsedClientAway) {
  ClientMemory memory({.client_count_max = 2});
  const auto client = [](std::uint8_t last) { return ipv4(192, 0, 2, last); };
  const auto learn = [&memory](const Try& one) { memory.learn(one.handshake(), nullptr); };
  learn(success(0).client(client(1)));
  learn(success(1).client(client(2)));
  learn(success(2).client(client(1)));
  learn(success(3).client(client(3)));
  EXPECT_EQ(memory.client_count(), 2u);
  EXPECT_EQ(memory.evicted_count(), 1u);
  EXPECT_EQ(memory.view(Try(4).client(client(1)).handshake()).successes, 2u);
  EXPECT_EQ(memory.view(Try(4).client(client(2)).handshake()).successes, 0u);
  EXPECT_GT(ClientMemory::memory_max({}), ClientMemory::memory_max({.client_count_max = 2}));
}

TEST(ClientMemoryLimit, DoesNotLetSynFloodsPushOutClients) {
  ClientMemory memory({.client_count_max = 2});
  for (std::uint8_t i = 0; i < 100; ++i) {
    Try syn(i, OutcomeKind::unanswered, Stage::tcp);
    syn.client(ipv4(203, 0, 113, i));
    syn.record.client_hello = {};
    memory.learn(syn.handshake(), nullptr);
  }
  EXPECT_EQ(memory.client_count(), 0u);
}

// --- the clock in ClientHello.random ---

constexpr std::int64_t kStartSeconds = kStart / kNanosPerSecond;

Try with_clock(std::int64_t seconds, std::int64_t value) {
  Try one(seconds * 1000);
  one.record.hello_random_time = static_cast<std::uint32_t>(value);
  return one;
}
Try a_year_behind(std::int64_t seconds) {
  return with_clock(seconds, kStartSeconds + seconds - 31'536'000);
}

TEST_F(ClientMemoryTest, ReadsAClockThatMovesOnWithTime) {
  learn(a_year_behind(0));
  const Try second = a_year_behind(5);
  EXPECT_FALSE(view(second).clock_known);
  learn(second);
  EXPECT_TRUE(view(second).clock_known);
  EXPECT_EQ(view(second).clock_offset_seconds, -31'536'000);
}

TEST_F(ClientMemoryTest, DoesNotTakeRandomBytesConstantsOrCountersForAClock) {
  std::mt19937 random(7);
  for (int i = 0; i < 50; ++i) learn(with_clock(i * 10, static_cast<std::int64_t>(random())));
  EXPECT_FALSE(view(with_clock(500, 12345)).clock_known);
  for (int i = 0; i < 50; ++i) learn(with_clock(600 + i * 3, 0x54511e7a));
  EXPECT_FALSE(view(with_clock(750, 0x54511e7a)).clock_known);
  for (int i = 0; i < 50; ++i) learn(with_clock(1000 + i * 3, 0x10000000 + i));
  EXPECT_FALSE(view(with_clock(1150, 0x10000000 + 50)).clock_known);
}

TEST_F(ClientMemoryTest, BelievesOneHelloOfAStackThatOthersHaveShownToWriteTheClock) {
  for (std::uint8_t client = 1; client <= 2; ++client) {
    const Try stranger = a_year_behind(20).client(ipv4(192, 0, 2, 99));
    learn(with_clock(0, kStartSeconds).client(ipv4(192, 0, 2, client)));
    EXPECT_FALSE(view(stranger).clock_known);
    learn(with_clock(10, kStartSeconds + 10).client(ipv4(192, 0, 2, client)));
  }
  const Try stranger = a_year_behind(20).client(ipv4(192, 0, 2, 99));
  EXPECT_TRUE(view(stranger).clock_known);
  EXPECT_EQ(view(stranger).clock_offset_seconds, -31'536'000);
  Try other_stack = a_year_behind(20).client(ipv4(192, 0, 2, 99));
  other_stack.record.ja4.extension_hash[0] = 1;
  EXPECT_FALSE(view(other_stack).clock_known);
}

// --- the seed ---

/// Everything that is seen of a view, for comparison.
std::vector<std::uint64_t> flat(const AttemptView& attempt, const ClientView& client) {
  std::vector<std::uint64_t> all = {attempt.succeeded_before,
                                    attempt.succeeded_after,
                                    attempt.failed_alike,
                                    attempt.retry.other_family,
                                    attempt.retry.smaller,
                                    client.successes,
                                    client.failures,
                                    client.servers_succeeded,
                                    client.servers_failed,
                                    client.servers_certificate_rejected,
                                    client.names_succeeded_here,
                                    client.successes_here,
                                    client.clock_known};
  for (const auto* row : {&attempt.before, &attempt.after}) {
    for (const LinkedHandshake& one : *row) {
      all.push_back(static_cast<std::uint64_t>(one.at.value));
      all.push_back(one.name_hash);
      all.push_back(one.same_endpoint);
    }
  }
  return all;
}

TEST(ClientMemoryProperty, ViewsDoNotDependOnTheSeed) {
  ClientMemory one({.client_count_max = 50});
  ClientMemory other({.client_count_max = 50});
  std::mt19937 random(11);
  std::deque<Try> kept;
  for (int i = 0; i < 5000; ++i) {
    Try next = random() % 3 == 0 ? rejection(i * 7) : success(i * 7);
    if (random() % 4 == 0) next.ipv6();
    next.record.client_address.bytes[5] = static_cast<std::uint8_t>(random() % 80);
    next.server(static_cast<std::uint8_t>(random() % 40));
    next.name(std::string(1 + random() % 3, static_cast<char>('a' + random() % 5)));
    next.record.hello_random_time = static_cast<std::uint32_t>(random());
    one.learn(next.handshake(), nullptr);
    other.learn(next.handshake(), nullptr);
    kept.push_back(next);
    if (kept.size() > 20) kept.pop_front();
    const enrich::Handshake asked = kept.front().handshake();
    ASSERT_EQ(flat(one.attempt(asked), one.view(asked)),
              flat(other.attempt(asked), other.view(asked)));
  }
  EXPECT_EQ(one.evicted_count(), other.evicted_count());
  EXPECT_GT(one.evicted_count(), 0u);
}

// --- the notion of a rejection ---

TEST(ClientRejected, IsAnAlertAboutCertificatesAfterOne) {
  EXPECT_TRUE(client_rejected(rejection(0).handshake()));
  EXPECT_FALSE(client_rejected(rejection(0, AlertDescription::protocol_version).handshake()));
  Try early = rejection(0);
  early.record.outcome.stage = Stage::server_hello;
  EXPECT_FALSE(client_rejected(early.handshake()));
  Try by_server = rejection(0);
  by_server.record.outcome.by = Party::server;
  EXPECT_FALSE(client_rejected(by_server.handshake()));
}

TEST(ClientRejected, IsAClosingAfterTheCertificateUnlessASessionWasResumed) {
  Try closing(0, OutcomeKind::closed, Stage::certificate);
  closing.record.outcome.by = Party::client;
  EXPECT_TRUE(client_rejected(closing.handshake()));
  closing.record.server_hello_facts.flags |= ServerHelloFacts::resumed;
  EXPECT_FALSE(client_rejected(closing.handshake()));
  EXPECT_FALSE(client_rejected(success(0).handshake()));
}

}  // namespace
}  // namespace shakedown::diagnose

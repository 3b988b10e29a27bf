// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "diagnose/failure.h"

namespace shakedown::diagnose {
namespace {

using test::Failure;

std::optional<Finding> by(std::string_view id, Failure& failure) {
  return test::finding(server_rules(), id, failure.facts());
}

UnixNanos moment(const Failure& failure, std::int64_t seconds) {
  return add_saturating(failure.record.client_hello, seconds * kNanosPerSecond);
}

Failure closed_at_hello() { return {OutcomeKind::closed, Party::server, Stage::client_hello}; }

void strain(Failure& failure) {
  failure.server.now = {.attempts = 40, .successes = 20, .failures = 18};
  failure.server.usual_attempts_per_second = 0.1f;
  failure.server.usual_latency_nanos = 5 * kNanosPerMilli;
  failure.server.now.latency_nanos = 900 * kNanosPerMilli;
}

TEST(ServerRules, SeeAServerThatCannotKeepUp) {
  Failure failure = closed_at_hello();
  EXPECT_FALSE(by("server_overload.handshake", failure));
  strain(failure);
  EXPECT_EQ(by("server_overload.handshake", failure)->confidence, Confidence::likely);
}

TEST(ServerRules, NeedTwoSignsOfStrain) {
  Failure failure = closed_at_hello();
  strain(failure);
  failure.server.now.latency_nanos = 5 * kNanosPerMilli;
  failure.server.usual_attempts_per_second = 10.0f;
  EXPECT_FALSE(by("server_overload.handshake", failure));
}

TEST(ServerRules, DoNotBlameLoadForWhatTheHelloExplains) {
  Failure failure = closed_at_hello();
  strain(failure);
  failure.difference.comparable = true;
  EXPECT_TRUE(by("server_overload.handshake", failure));
  failure.difference.cipher_suite = Overlap::disjoint;
  EXPECT_FALSE(by("server_overload.handshake", failure));
}

TEST(ServerRules, SeeAFullListenQueue) {
  Failure failure(OutcomeKind::unanswered, Party::server, Stage::tcp);
  EXPECT_FALSE(by("server_overload.connect", failure));
  failure.server.answered_before = moment(failure, -5);
  EXPECT_EQ(by("server_overload.connect", failure)->confidence, Confidence::likely);
  failure.server.answered_before = moment(failure, -30);
  EXPECT_EQ(by("server_overload.connect", failure)->confidence, Confidence::possible);
  failure.server.answered_before = moment(failure, -600);
  EXPECT_FALSE(by("server_overload.connect", failure));
  failure.server.answered_before = {};
  failure.server.answered_after = moment(failure, 2);
  EXPECT_EQ(by("server_overload.connect", failure)->confidence, Confidence::likely);
}

TEST(ServerRules, BelieveIcmpBeforeLoad) {
  Failure failure(OutcomeKind::unanswered, Party::path, Stage::tcp);
  failure.server.answered_before = moment(failure, -5);
  failure.record.path.icmp = IcmpError::prohibited;
  EXPECT_FALSE(by("server_overload.connect", failure));
}

TEST(ServerRules, SeeACrashByThePortThatClosesAfterIt) {
  Failure failure = closed_at_hello();
  EXPECT_FALSE(by("server_crash.refused", failure));
  failure.server.refused_after = moment(failure, 2);
  EXPECT_EQ(by("server_crash.refused", failure)->confidence, Confidence::likely);
  failure.server.refused_after = moment(failure, 60);
  EXPECT_FALSE(by("server_crash.refused", failure));
}

TEST(ServerRules, SeeAServerThatEndsWithinItsFlight) {
  Failure failure(OutcomeKind::reset, Party::server, Stage::server_hello);
  EXPECT_EQ(by("server_crash.flight", failure)->confidence, Confidence::possible);
  failure.server.successes = 3.0f;
  EXPECT_EQ(by("server_crash.flight", failure)->confidence, Confidence::likely);
  Failure client(OutcomeKind::reset, Party::client, Stage::server_hello);
  EXPECT_FALSE(by("server_crash.flight", client));
  Failure told(OutcomeKind::alert, Party::server, Stage::server_hello);
  EXPECT_FALSE(by("server_crash.flight", told));
}

TEST(ServerRules, CallAServerUnresponsiveForWantOfAnythingBetter) {
  Failure failure = closed_at_hello();
  const auto found = by("server_unresponsive.hello", failure);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_EQ(found->standing, Standing::fallback);
  EXPECT_EQ(found->alike, std::vector<Cause>{Cause::sni_unrecognised});
}

TEST(ServerRules, AreSurerWhenNobodyGetsThrough) {
  Failure failure = closed_at_hello();
  failure.server.failures = 3.0f;
  failure.server.clients_failed_since_success = 1;
  EXPECT_EQ(by("server_unresponsive.hello", failure)->confidence, Confidence::possible);
  failure.server.clients_failed_since_success = 2;
  EXPECT_EQ(by("server_unresponsive.hello", failure)->confidence, Confidence::likely);
  failure.server.success_after = moment(failure, 1);
  EXPECT_EQ(by("server_unresponsive.hello", failure)->confidence, Confidence::possible);
}

TEST(ServerRules, AreSurerWhenTheSameHelloSucceededBefore) {
  Failure failure = closed_at_hello();
  failure.server.name_success_before = moment(failure, -60);
  EXPECT_EQ(by("server_unresponsive.hello", failure)->confidence, Confidence::possible);
  failure.difference.comparable = true;
  EXPECT_EQ(by("server_unresponsive.hello", failure)->confidence, Confidence::likely);
  failure.difference.version = Overlap::disjoint;
  EXPECT_EQ(by("server_unresponsive.hello", failure)->confidence, Confidence::possible);
}

TEST(ServerRules, LeaveAlertsAndClientsAlone) {
  Failure alert(OutcomeKind::alert, Party::server, Stage::client_hello);
  alert.alert(AlertDescription::handshake_failure, Party::server);
  EXPECT_FALSE(by("server_unresponsive.hello", alert));
  EXPECT_FALSE(by("server_crash.internal_error", alert));
  Failure client(OutcomeKind::closed, Party::client, Stage::client_hello);
  EXPECT_FALSE(by("server_unresponsive.hello", client));
}

TEST(ServerRules, PassOnAnInternalError) {
  Failure failure(OutcomeKind::alert, Party::server, Stage::client_hello);
  failure.alert(AlertDescription::internal_error, Party::server);
  EXPECT_EQ(by("server_crash.internal_error", failure)->standing, Standing::fallback);
}

TEST(ServerRules, SeeWhatStopsAfterTheLastFlight) {
  Failure silent(OutcomeKind::silence, Party::server, Stage::client_finished);
  EXPECT_TRUE(by("server_unresponsive.late", silent));
  EXPECT_FALSE(by("server_crash.end", silent));
  Failure closed(OutcomeKind::closed, Party::server, Stage::client_finished);
  EXPECT_TRUE(by("server_crash.end", closed));
  EXPECT_FALSE(by("server_unresponsive.late", closed));
}

}  // namespace
}  // namespace shakedown::diagnose

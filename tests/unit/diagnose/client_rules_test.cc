// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "diagnose/failure.h"

namespace shakedown::diagnose {
namespace {

using test::Failure;

std::optional<Finding> by(std::string_view id, Failure& failure) {
  return test::finding(client_rules(), id, failure.facts());
}

Failure left_after(std::int64_t nanos) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::client_hello);
  failure.record.end = add_saturating(failure.record.client_hello, nanos);
  return failure;
}

TEST(ClientRules, TellWhoLeftFromWhoGaveUpWaiting) {
  Failure early = left_after(2 * kNanosPerSecond - 1);
  EXPECT_EQ(by("client_abort.hello", early)->confidence, Confidence::likely);
  EXPECT_FALSE(by("server_unresponsive.client_gave_up", early));
  Failure late = left_after(2 * kNanosPerSecond);
  EXPECT_FALSE(by("client_abort.hello", late));
  EXPECT_EQ(by("server_unresponsive.client_gave_up", late)->confidence, Confidence::possible);
}

TEST(ClientRules, LeaveOtherEndingsAlone) {
  Failure server(OutcomeKind::closed, Party::server, Stage::client_hello);
  EXPECT_FALSE(by("client_abort.hello", server));
  Failure later(OutcomeKind::closed, Party::client, Stage::server_hello);
  EXPECT_FALSE(by("client_abort.hello", later));
}

TEST(ClientRules, BelieveUserCanceled) {
  Failure failure(OutcomeKind::alert, Party::client, Stage::server_hello_done);
  EXPECT_FALSE(by("client_abort.alert", failure));
  failure.alert(AlertDescription::user_canceled, Party::client);
  const auto found = by("client_abort.alert", failure);
  EXPECT_EQ(found->confidence, Confidence::certain);
  EXPECT_EQ(found->standing, Standing::told);
}

TEST(ClientRules, TakeACloseNotifyForWantOfAnythingBetter) {
  Failure failure(OutcomeKind::alert, Party::client, Stage::server_hello_done);
  failure.alert(AlertDescription::close_notify, Party::client, AlertLevel::warning);
  failure.record.flags |= HandshakeRecord::close_notify_client;
  EXPECT_EQ(by("client_abort.alert", failure)->standing, Standing::fallback);
  Failure certificate(OutcomeKind::alert, Party::client, Stage::server_hello_done);
  certificate.alert(AlertDescription::unknown_ca, Party::client);
  certificate.record.flags |= HandshakeRecord::close_notify_client;
  EXPECT_FALSE(by("client_abort.alert", certificate));
}

TEST(ClientRules, SeeAClientThatStalls) {
  Failure failure(OutcomeKind::silence, Party::client, Stage::server_hello_done);
  EXPECT_EQ(by("client_stalled.flight", failure)->confidence, Confidence::likely);
  failure.record.path.evidence = path_evidence::large_segments_lost_to_client;
  EXPECT_FALSE(by("client_stalled.flight", failure));
  Failure server(OutcomeKind::silence, Party::server, Stage::client_hello);
  EXPECT_FALSE(by("client_stalled.flight", server));
}

}  // namespace
}  // namespace shakedown::diagnose

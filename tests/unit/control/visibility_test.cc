// SPDX-License-Identifier: Apache-2.0
#include "ingest/visibility.h"

#include <gtest/gtest.h>

#include "handshake_records.h"

namespace shakedown::ingest {
namespace {

HandshakeRecord unanswered_by(std::uint8_t server, std::uint16_t vlan,
                              OutcomeKind kind = OutcomeKind::silence) {
  HandshakeRecord record = test::a_handshake(kind, Stage::client_hello);
  record.server_address = test::ipv4(10, 0, 0, server);
  record.vlan_outer = vlan;
  record.flags = HandshakeRecord::client_seen;
  return record;
}

HandshakeRecord answered_by(std::uint8_t server, std::uint16_t vlan) {
  HandshakeRecord record = unanswered_by(server, vlan, OutcomeKind::established);
  record.flags |= HandshakeRecord::server_seen;
  return record;
}

TEST(Visibility, CallsASilenceUnseenWhereNobodyEverAnswered) {
  for (const OutcomeKind kind : {OutcomeKind::silence, OutcomeKind::unanswered}) {
    Visibility visibility;
    HandshakeRecord record = unanswered_by(1, 10, kind);
    visibility.judge(record);
    EXPECT_EQ(record.outcome.kind, OutcomeKind::unseen);
    EXPECT_EQ(record.outcome.unseen_reason, UnseenReason::one_way);
    EXPECT_NE(record.flags & HandshakeRecord::one_way, 0u);
  }
}

TEST(Visibility, KeepsASilenceOfAServerThatAnsweredBefore) {
  Visibility visibility;
  HandshakeRecord before = answered_by(1, 10);
  visibility.judge(before);
  HandshakeRecord record = unanswered_by(1, 20);
  visibility.judge(record);
  EXPECT_EQ(record.outcome.kind, OutcomeKind::silence);
}

TEST(Visibility, KeepsASilenceOnAVlanWhereAnotherServerAnswered) {
  Visibility visibility;
  HandshakeRecord before = answered_by(1, 10);
  visibility.judge(before);
  HandshakeRecord same_vlan = unanswered_by(2, 10);
  visibility.judge(same_vlan);
  EXPECT_EQ(same_vlan.outcome.kind, OutcomeKind::silence);
  HandshakeRecord other_vlan = unanswered_by(2, 11);
  visibility.judge(other_vlan);
  EXPECT_EQ(other_vlan.outcome.kind, OutcomeKind::unseen);
}

TEST(Visibility, LearnsNothingFromLaterAnswers) {
  Visibility visibility;
  HandshakeRecord record = unanswered_by(1, 10);
  visibility.judge(record);
  HandshakeRecord after = answered_by(1, 10);
  visibility.judge(after);
  EXPECT_EQ(record.outcome.kind, OutcomeKind::unseen);
}

TEST(Visibility, LeavesAlertsResetsAndSeenServersAlone) {
  Visibility visibility;
  HandshakeRecord reset = unanswered_by(1, 10, OutcomeKind::reset);
  visibility.judge(reset);
  EXPECT_EQ(reset.outcome.kind, OutcomeKind::reset);
  HandshakeRecord seen = answered_by(1, 10);
  seen.outcome.kind = OutcomeKind::silence;
  visibility.judge(seen);
  EXPECT_EQ(seen.outcome.kind, OutcomeKind::silence);
}

TEST(Visibility, ForgetsTheServerThatAnsweredLongestAgo) {
  Visibility visibility(2);
  for (std::uint8_t server = 1; server <= 3; ++server) {
    HandshakeRecord record = answered_by(server, 10);
    visibility.judge(record);
  }
  HandshakeRecord forgotten = unanswered_by(1, 20);
  visibility.judge(forgotten);
  EXPECT_EQ(forgotten.outcome.kind, OutcomeKind::unseen);
  HandshakeRecord known = unanswered_by(2, 20);
  visibility.judge(known);
  EXPECT_EQ(known.outcome.kind, OutcomeKind::silence);
}

}  // namespace
}  // namespace shakedown::ingest

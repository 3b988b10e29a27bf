// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "diagnose/failure.h"

namespace shakedown::diagnose {
namespace {

using test::Failure;

std::optional<Finding> by(std::string_view id, Failure& failure) {
  return test::finding(path_rules(), id, failure.facts());
}

Failure reset_by_the_path(PathConfidence confidence = PathConfidence::certain) {
  Failure failure(OutcomeKind::reset, Party::path, Stage::client_hello);
  failure.record.path.evidence = path_evidence::ttl_differs | path_evidence::reset_too_early;
  failure.record.path.confidence = confidence;
  return failure;
}

TEST(PathRules, TakeTheConfidenceOfThePackets) {
  Failure certain = reset_by_the_path();
  EXPECT_EQ(by("path_interference.packets", certain)->confidence, Confidence::certain);
  Failure likely = reset_by_the_path(PathConfidence::likely);
  EXPECT_EQ(by("path_interference.packets", likely)->confidence, Confidence::likely);
  Failure possible = reset_by_the_path(PathConfidence::possible);
  EXPECT_EQ(by("path_interference.packets", possible)->confidence, Confidence::possible);
}

TEST(PathRules, SayNothingWithoutEvidence) {
  Failure failure(OutcomeKind::reset, Party::server, Stage::client_hello);
  EXPECT_FALSE(by("path_interference.packets", failure));
  EXPECT_FALSE(by("sni_blocked.reset", failure));
  EXPECT_FALSE(by("mtu_black_hole.segments", failure));
}

TEST(PathRules, SayThatTheNameIsBlockedOnlyWhereOtherNamesPass) {
  Failure failure = reset_by_the_path();
  EXPECT_FALSE(by("sni_blocked.reset", failure));
  failure.client.names_succeeded_here = 2;
  const auto same_ends = by("sni_blocked.reset", failure);
  ASSERT_TRUE(same_ends);
  EXPECT_EQ(same_ends->confidence, Confidence::certain);
  EXPECT_NE(same_ends->evidence.front().find("2 other names"), std::string::npos);
  EXPECT_LT(by("path_interference.packets", failure)->confidence, same_ends->confidence);
}

TEST(PathRules, AreNotCertainOfTheNameByWhatOthersDo) {
  Failure failure = reset_by_the_path();
  failure.server.names_succeeded = 5;
  EXPECT_EQ(by("sni_blocked.reset", failure)->confidence, Confidence::likely);
}

TEST(PathRules, DoNotClearThePathOfThisClientByWhatOthersDo) {
  Failure failure = reset_by_the_path();
  failure.client.names_succeeded_here = 2;
  failure.server.name_successes = 0.5f;
  EXPECT_EQ(by("sni_blocked.reset", failure)->confidence, Confidence::certain);
  failure.client.names_succeeded_here = 0;
  failure.server.names_succeeded = 3;
  EXPECT_FALSE(by("sni_blocked.reset", failure));
}

TEST(PathRules, DoNotCallANameBlockedThatWorksAMomentLater) {
  Failure failure = reset_by_the_path();
  failure.client.names_succeeded_here = 2;
  failure.attempt.succeeded_after = true;
  EXPECT_FALSE(by("sni_blocked.reset", failure));
  failure.attempt.retry.new_server_name = true;
  EXPECT_TRUE(by("sni_blocked.reset", failure));
}

TEST(PathRules, DoNotCallNoNameBlocked) {
  Failure failure = reset_by_the_path();
  failure.without_name();
  failure.client.names_succeeded_here = 2;
  EXPECT_FALSE(by("sni_blocked.reset", failure));
}

TEST(PathRules, SeeSilenceForOneNameAlone) {
  Failure failure(OutcomeKind::silence, Party::server, Stage::client_hello);
  EXPECT_FALSE(by("sni_blocked.silence", failure));
  failure.server.names_succeeded = 1;
  EXPECT_EQ(by("sni_blocked.silence", failure)->confidence, Confidence::possible);
  failure.client.names_succeeded_here = 1;
  EXPECT_EQ(by("sni_blocked.silence", failure)->confidence, Confidence::likely);
  Failure late(OutcomeKind::silence, Party::client, Stage::server_hello_done);
  late.client.names_succeeded_here = 1;
  EXPECT_FALSE(by("sni_blocked.silence", late));
}

TEST(PathRules, SeeLargeSegmentsLost) {
  Failure failure(OutcomeKind::silence, Party::path, Stage::client_hello);
  failure.record.path.evidence = path_evidence::large_segments_lost_to_server;
  failure.record.path.stalled_segment_bytes = 1448;
  failure.record.path.stalled_segment_count = 4;
  const auto found = by("mtu_black_hole.segments", failure);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  EXPECT_NE(found->evidence.front().find("1448 bytes to the server"), std::string::npos)
      << found->evidence.front();
  EXPECT_FALSE(by("path_interference.packets", failure));
  failure.record.path.icmp = IcmpError::packet_too_big;
  EXPECT_EQ(by("mtu_black_hole.segments", failure)->confidence, Confidence::certain);
}

TEST(PathRules, SeeAFlightOfWhichOnlyTheEndCame) {
  Failure failure(OutcomeKind::silence, Party::server, Stage::client_hello);
  EXPECT_FALSE(by("mtu_black_hole.flight", failure));
  failure.record.flags |= HandshakeRecord::capture_gap;
  EXPECT_FALSE(by("mtu_black_hole.flight", failure));
  failure.record.server_tcp.segment_count = 1;
  EXPECT_TRUE(by("mtu_black_hole.flight", failure));
}

TEST(PathRules, KnowABlockPage) {
  Failure failure(OutcomeKind::non_tls_reply, Party::server, Stage::client_hello);
  failure.record.server_service = {Service::http, 403};
  EXPECT_FALSE(by("path_interference.block_page", failure));
  failure.record.server_service = {Service::block_page, 403};
  EXPECT_EQ(by("path_interference.block_page", failure)->confidence, Confidence::likely);
}

TEST(PathRules, KnowAProhibitionOfData) {
  Failure failure(OutcomeKind::silence, Party::path, Stage::client_hello);
  failure.record.path.icmp = IcmpError::prohibited;
  failure.record.path.evidence = path_evidence::icmp_error;
  EXPECT_TRUE(by("path_interference.icmp", failure));
  Failure connection(OutcomeKind::unanswered, Party::path, Stage::tcp);
  connection.record.path.icmp = IcmpError::prohibited;
  EXPECT_FALSE(by("path_interference.icmp", connection));
}

}  // namespace
}  // namespace shakedown::diagnose

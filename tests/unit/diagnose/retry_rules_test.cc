// SPDX-License-Identifier: Apache-2.0
//
// What the next try of the same client shows, and hellos that have more than any that succeeds.
#include "hello_failures.h"

namespace shakedown::diagnose {
namespace {

using namespace test;

std::optional<Finding> tells(Failure& failure, std::string_view rule) {
  return finding(retry_rules(), rule, failure.facts());
}

Failure in_two_segments(OutcomeKind kind) {
  Failure failure = ended_at_hello(kind);
  failure.record.client_hello_facts.length = 1'750;
  failure.record.client_hello_facts.segment_count = 2;
  failure.record.client_hello_facts.flags |= ClientHelloFacts::post_quantum_share;
  return failure;
}

TEST(VersionIntolerance, IsLikelyWhenALowerVersionOfTheSameOfferWorks) {
  for (const OutcomeKind kind : {OutcomeKind::closed, OutcomeKind::reset}) {
    Failure failure = ended_at_hello(kind);
    then_succeeds(failure).max_version = 0x0303;
    EXPECT_FALSE(tells(failure, "version_intolerance.retry"));
    failure.attempt.retry.lower_version = true;
    failure.attempt.retry.fewer_extensions = true;
    const auto found = tells(failure, "version_intolerance.retry");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->confidence, Confidence::likely);
    EXPECT_TRUE(says(found->evidence, "TLSv1.2 at most"));
    EXPECT_FALSE(tells(failure, "extension_intolerance.retry"));
  }
}

TEST(VersionIntolerance, IsNotTheFaultOfAServerThatHadNothingToChoose) {
  Failure failure = refused_with(AlertDescription::protocol_version);
  offer_versions(failure, {0x0304});
  then_succeeds(failure).max_version = 0x0303;
  failure.attempt.retry.lower_version = true;
  EXPECT_FALSE(tells(failure, "version_intolerance.retry"));
}

TEST(VersionIntolerance, IsLessSureWhenTheRetryIsSmallerToo) {
  Failure failure = in_two_segments(OutcomeKind::reset);
  then_succeeds(failure).max_version = 0x0303;
  failure.attempt.retry.lower_version = true;
  failure.attempt.retry.smaller = true;
  EXPECT_EQ(tells(failure, "version_intolerance.retry")->confidence, Confidence::possible);
  EXPECT_EQ(tells(failure, "hello_too_large.retry")->confidence, Confidence::possible);
}

TEST(VersionIntolerance, NeedsMoreThanOneSilence) {
  Failure failure = ended_at_hello(OutcomeKind::silence);
  then_succeeds(failure).max_version = 0x0303;
  failure.attempt.retry.lower_version = true;
  EXPECT_EQ(tells(failure, "version_intolerance.retry")->confidence, Confidence::possible);
  failure.attempt.failed_alike = 1;
  EXPECT_EQ(tells(failure, "version_intolerance.retry")->confidence, Confidence::likely);
}

TEST(VersionIntolerance, IsSeenWhereNobodySucceedsWithTheNewerVersion) {
  Failure failure = refused_with(AlertDescription::protocol_version);
  KnownServer known(failure);
  EXPECT_FALSE(tells(failure, "version_intolerance.profile"));
  known.hellos.front().max_version = 0x0303;
  EXPECT_EQ(tells(failure, "version_intolerance.profile")->confidence, Confidence::likely);
  failure.difference.server_name_new = true;
  EXPECT_FALSE(tells(failure, "version_intolerance.profile"));
}

TEST(VersionIntolerance, IsNoMatterWhereTheServerNamesAnotherReason) {
  Failure failure = refused_with(AlertDescription::unrecognized_name);
  then_succeeds(failure).max_version = 0x0303;
  failure.attempt.retry.lower_version = true;
  EXPECT_FALSE(tells(failure, "version_intolerance.retry"));
}

TEST(ExtensionIntolerance, NamesWhatWasLeftOut) {
  Failure failure = refused_with(AlertDescription::decode_error);
  then_succeeds(failure);
  failure.attempt.retry.fewer_extensions = true;
  failure.attempt.retry.dropped_extensions = {0x2a2a, 27, 16};
  const auto found = tells(failure, "extension_intolerance.retry");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  EXPECT_TRUE(says(found->evidence,
                   "without compress_certificate and application_layer_protocol_negotiation"));
  EXPECT_TRUE(is_alike(*found, Cause::alpn_mismatch));
}

TEST(ExtensionIntolerance, IsNotAboutNamesSessionsAndPadding) {
  Failure failure = ended_at_hello(OutcomeKind::reset);
  then_succeeds(failure);
  failure.attempt.retry.fewer_extensions = true;
  failure.attempt.retry.dropped_extensions = {0, 21, 35, 41, 42, 0x1a1a};
  EXPECT_FALSE(tells(failure, "extension_intolerance.retry"));
}

TEST(ExtensionIntolerance, IsSeenWhereNobodySucceedsWithTheExtension) {
  Failure failure = refused_with(AlertDescription::unsupported_extension);
  const KnownServer known(failure);
  EXPECT_FALSE(tells(failure, "extension_intolerance.profile"));
  failure.difference.extensions_new = {27};
  EXPECT_EQ(tells(failure, "extension_intolerance.profile")->confidence, Confidence::likely);
  failure.difference.cipher_suite = Overlap::disjoint;
  EXPECT_FALSE(tells(failure, "extension_intolerance.profile"));
}

TEST(HelloTooLarge, IsLikelyWhenASmallerOneWorks) {
  Failure failure = in_two_segments(OutcomeKind::reset);
  then_succeeds(failure).length = 517;
  failure.attempt.retry.smaller = true;
  const auto found = tells(failure, "hello_too_large.retry");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  EXPECT_TRUE(says(found->evidence, "1750 bytes in 2 segments"));
  EXPECT_TRUE(says(found->evidence, "517 bytes"));
}

TEST(HelloTooLarge, IsLeftToThePathWhereSegmentsWereLost) {
  Failure failure = in_two_segments(OutcomeKind::silence);
  then_succeeds(failure);
  failure.attempt.retry.smaller = true;
  failure.record.path.evidence = path_evidence::large_segments_lost_to_server;
  EXPECT_FALSE(tells(failure, "hello_too_large.retry"));
}

TEST(HelloTooLarge, IsOnlyPossibleOfAHelloOfOneSegment) {
  Failure failure = ended_at_hello(OutcomeKind::reset);
  failure.record.client_hello_facts.segment_count = 1;
  then_succeeds(failure);
  failure.attempt.retry.smaller = true;
  EXPECT_EQ(tells(failure, "hello_too_large.retry")->confidence, Confidence::possible);
}

TEST(HelloTooLarge, IsSeenWhereNoneSoLargeSucceeds) {
  Failure failure = in_two_segments(OutcomeKind::reset);
  const KnownServer known(failure);
  EXPECT_EQ(tells(failure, "hello_too_large.profile")->confidence, Confidence::possible);
  failure.client.successes_here = 2;
  EXPECT_EQ(tells(failure, "hello_too_large.profile")->confidence, Confidence::likely);
  failure.server.hello_length_max = 1'750;
  EXPECT_FALSE(tells(failure, "hello_too_large.profile"));
}

TEST(HelloTooLarge, IsNotSaidByAnAlert) {
  Failure failure = in_two_segments(OutcomeKind::alert);
  failure.alert(AlertDescription::handshake_failure, Party::server);
  const KnownServer known(failure);
  EXPECT_FALSE(tells(failure, "hello_too_large.profile"));
}

TEST(NameBlocked, IsLikelyWhenThePathEndedItAndAnotherNameWorks) {
  Failure failure(OutcomeKind::reset, Party::path, Stage::client_hello);
  then_succeeds(failure);
  EXPECT_FALSE(tells(failure, "sni_blocked.retry"));
  failure.attempt.retry.no_server_name = true;
  EXPECT_EQ(tells(failure, "sni_blocked.retry")->confidence, Confidence::likely);
  failure.record.outcome.by = Party::server;
  EXPECT_EQ(tells(failure, "sni_blocked.retry")->confidence, Confidence::possible);
}

TEST(OtherFamily, PointsAtTheWayOfTheFirst) {
  Failure failure = ended_at_hello(OutcomeKind::silence);
  failure.record.family = IpFamily::ipv6;
  then_succeeds(failure);
  EXPECT_FALSE(tells(failure, "path_interference.family"));
  failure.attempt.retry.other_family = true;
  failure.attempt.retry.other_endpoint = true;
  const auto found = tells(failure, "path_interference.family");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_NE(found->remedy.find("IPv6 way"), std::string::npos);
}

TEST(RetryRules, SayNothingWhereTheSameHelloWorks) {
  Failure failure = in_two_segments(OutcomeKind::reset);
  KnownServer known(failure);
  known.hellos.front().max_version = 0x0303;
  failure.difference.extensions_new = {27};
  then_succeeds(failure);
  for (const Rule& rule : retry_rules()) EXPECT_FALSE(rule.apply(failure.facts())) << rule.id;
}

}  // namespace
}  // namespace shakedown::diagnose

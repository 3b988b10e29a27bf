// SPDX-License-Identifier: Apache-2.0
//
// No version in common: said, seen by comparing, shown by a retry, or suspected of the offer alone.
#include "hello_failures.h"

namespace shakedown::diagnose {
namespace {

using namespace test;

std::optional<Finding> tells(Failure& failure, std::string_view rule) {
  return finding(offer_rules(), rule, failure.facts());
}

TEST(VersionMismatch, IsCertainWhenTheServerSaysSo) {
  Failure failure = refused_with(AlertDescription::protocol_version);
  offer_up_to(failure, 0x0301);
  const auto found = tells(failure, "version_mismatch.alert");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::certain);
  EXPECT_EQ(found->standing, Standing::told);
  EXPECT_TRUE(says(found->evidence, "protocol_version (70)"));
  EXPECT_TRUE(says(found->evidence, "TLSv1.0 and nothing newer"));
  EXPECT_NE(found->remedy.find("client's TLS library"), std::string::npos);
}

TEST(VersionMismatch, IsNotCertainWhereTheServerTakesAnOfferedVersionFromOthers) {
  Failure failure = refused_with(AlertDescription::protocol_version);
  const KnownServer known(failure);
  const auto found = tells(failure, "version_mismatch.alert");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  EXPECT_FALSE(found->against.empty());
  EXPECT_TRUE(is_alike(*found, Cause::version_intolerance));
}

TEST(VersionMismatch, IsHardlyPossibleWhenALowerVersionOfTheSameOfferWorks) {
  Failure failure = refused_with(AlertDescription::protocol_version);
  then_succeeds(failure).max_version = 0x0303;
  failure.attempt.retry.lower_version = true;
  EXPECT_EQ(tells(failure, "version_mismatch.alert")->confidence, Confidence::possible);
}

TEST(VersionMismatch, IsNotToldOfBytesThatWereNoClientHello) {
  Failure failure = refused_with(AlertDescription::protocol_version);
  failure.record.outcome.stage = Stage::tcp;
  failure.record.client_hello = UnixNanos{};
  EXPECT_FALSE(tells(failure, "version_mismatch.alert"));
}

TEST(VersionMismatch, IsNotCertainForAHelloInTheFormatOfSslv2) {
  Failure failure = refused_with(AlertDescription::protocol_version);
  offer_up_to(failure, 0x0301);
  failure.record.client_hello_facts.flags |= ClientHelloFacts::sslv2_format;
  EXPECT_EQ(tells(failure, "version_mismatch.alert")->confidence, Confidence::likely);
}

TEST(VersionMismatch, IsCertainWhenTheClientSaysSoAtTheServerHello) {
  Failure failure = client_leaves_with(AlertDescription::protocol_version);
  offer_up_to(failure, 0x0303);
  failure.server_hello(0x0302);
  const auto found = tells(failure, "version_mismatch.client_alert");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::certain);
  EXPECT_TRUE(says(found->evidence, "has chosen TLSv1.1"));
}

TEST(VersionMismatch, IsNotCertainWhenTheClientHasListedWhatWasChosen) {
  Failure failure = client_leaves_with(AlertDescription::protocol_version);
  EXPECT_EQ(tells(failure, "version_mismatch.client_alert")->confidence, Confidence::likely);
}

TEST(VersionMismatch, NeedsAServerHelloForTheClientsWord) {
  Failure failure(OutcomeKind::alert, Party::client, Stage::client_hello);
  failure.alert(AlertDescription::protocol_version, Party::client);
  EXPECT_FALSE(tells(failure, "version_mismatch.client_alert"));
}

TEST(VersionMismatch, IsSeenByComparing) {
  for (const OutcomeKind kind : {OutcomeKind::closed, OutcomeKind::reset}) {
    Failure failure = ended_at_hello(kind);
    const KnownServer known(failure);
    failure.difference.version = Overlap::disjoint;
    EXPECT_EQ(tells(failure, "version_mismatch.profile")->confidence, Confidence::likely);
  }
  Failure failure = ended_at_hello(OutcomeKind::silence);
  const KnownServer known(failure);
  failure.difference.version = Overlap::disjoint;
  EXPECT_EQ(tells(failure, "version_mismatch.profile")->confidence, Confidence::possible);
}

TEST(VersionMismatch, IsSeenWhenTheServerAnswersWithAVersionOutsideTheList) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::server_hello_done);
  offer_versions(failure, {0x0304});
  failure.server_hello(0x0303);
  EXPECT_EQ(tells(failure, "version_mismatch.server_hello")->confidence, Confidence::likely);
  offer_versions(failure, {0x0304, 0x0303});
  EXPECT_FALSE(tells(failure, "version_mismatch.server_hello"));
}

TEST(VersionMismatch, IsPossibleOfOldOffersThatAStrangerRefuses) {
  for (const std::uint16_t version : {std::uint16_t{0x0300}, std::uint16_t{0x0302}}) {
    Failure failure = ended_at_hello(OutcomeKind::closed);
    offer_up_to(failure, version);
    const auto found = tells(failure, "version_mismatch.shape");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->confidence, Confidence::possible);
  }
  Failure modern = ended_at_hello(OutcomeKind::closed);
  EXPECT_FALSE(tells(modern, "version_mismatch.shape"));
}

TEST(VersionMismatch, IsPossibleOfAnOfferOfNothingButTls13) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  offer_versions(failure, {0x0304});
  EXPECT_TRUE(tells(failure, "version_mismatch.shape"));
}

TEST(VersionMismatch, IsPossibleWhereTls13AloneIsMissingFromAnOffer) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  offer_up_to(failure, 0x0303);
  EXPECT_TRUE(tells(failure, "version_mismatch.shape"));
  // Without a word, or without a name, that is nothing.
  Failure closed = ended_at_hello(OutcomeKind::closed);
  offer_up_to(closed, 0x0303);
  EXPECT_FALSE(tells(closed, "version_mismatch.shape"));
  failure.without_name();
  EXPECT_FALSE(tells(failure, "version_mismatch.shape"));
}

TEST(VersionMismatch, IsShownByARetryWithANewerVersion) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  offer_up_to(failure, 0x0301);
  then_succeeds(failure).max_version = 0x0303;
  const auto found = tells(failure, "version_mismatch.retry");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  EXPECT_TRUE(says(found->evidence, "40 ms later with TLSv1.2"));
}

TEST(VersionMismatch, IsNotShownByARetryElsewhere) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  offer_up_to(failure, 0x0301);
  then_succeeds(failure).max_version = 0x0303;
  failure.attempt.retry.other_endpoint = true;
  EXPECT_FALSE(tells(failure, "version_mismatch.retry"));
}

}  // namespace
}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Server names that are missing, or that nobody serves.
#include "hello_failures.h"

namespace shakedown::diagnose {
namespace {

using namespace test;

std::optional<Finding> tells(Failure& failure, std::string_view rule) {
  return finding(name_rules(), rule, failure.facts());
}

TEST(ServerNameUnrecognised, IsCertainWhenTheServerSaysSo) {
  Failure failure = refused_with(AlertDescription::unrecognized_name);
  const auto found = tells(failure, "sni_unrecognised.alert");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::certain);
  EXPECT_EQ(found->standing, Standing::told);
  EXPECT_TRUE(says(found->evidence, "www.example.com"));
  EXPECT_FALSE(tells(failure, "sni_missing.alert"));
}

TEST(ServerNameUnrecognised, IsLessSureWhereTheSameHelloWorksSoonAfter) {
  Failure failure = refused_with(AlertDescription::unrecognized_name);
  then_succeeds(failure);
  EXPECT_EQ(tells(failure, "sni_unrecognised.alert")->confidence, Confidence::likely);
}

TEST(ServerNameUnrecognised, SpeaksToTheClientAboutAddressesAndDots) {
  Failure address = refused_with(AlertDescription::unrecognized_name);
  shakedown::test::set_name(address.record, "192.0.2.1");
  address.record.client_hello_facts.flags |= ClientHelloFacts::server_name_is_ip;
  EXPECT_TRUE(says(tells(address, "sni_unrecognised.alert")->evidence, "IP address"));
  Failure dot = refused_with(AlertDescription::unrecognized_name);
  shakedown::test::set_name(dot.record, "www.example.com.");
  EXPECT_TRUE(says(tells(dot, "sni_unrecognised.alert")->evidence, "ends in a dot"));
}

TEST(ServerNameUnrecognised, IsLikelyForAnIrregularNameThatIsCalledMalformed) {
  Failure failure = refused_with(AlertDescription::illegal_parameter);
  EXPECT_FALSE(tells(failure, "sni_unrecognised.irregular"));
  failure.record.client_hello_facts.flags |= ClientHelloFacts::server_name_malformed;
  EXPECT_EQ(tells(failure, "sni_unrecognised.irregular")->confidence, Confidence::likely);
  Failure closed = ended_at_hello(OutcomeKind::closed);
  closed.record.client_hello_facts.flags |= ClientHelloFacts::server_name_malformed;
  EXPECT_EQ(tells(closed, "sni_unrecognised.irregular")->confidence, Confidence::possible);
}

TEST(ServerNameUnrecognised, IsWhatOldClientsMakeOfAWarning) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::server_hello_done);
  failure.server_hello(0x0301);
  EXPECT_FALSE(tells(failure, "sni_unrecognised.warning"));
  failure.alert(AlertDescription::unrecognized_name, Party::server, AlertLevel::warning);
  EXPECT_EQ(tells(failure, "sni_unrecognised.warning")->confidence, Confidence::likely);
}

TEST(ServerNameUnrecognised, IsLikelyForANewNameWhereOthersSucceed) {
  for (const OutcomeKind kind : {OutcomeKind::closed, OutcomeKind::reset}) {
    Failure failure = ended_at_hello(kind);
    const KnownServer known(failure);
    EXPECT_FALSE(tells(failure, "sni_unrecognised.profile"));
    failure.difference.server_name_new = true;
    const auto found = tells(failure, "sni_unrecognised.profile");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->confidence, Confidence::likely);
    EXPECT_EQ(is_alike(*found, Cause::sni_blocked), kind == OutcomeKind::reset);
    EXPECT_TRUE(says(found->evidence, "3 other names succeed"));
  }
}

TEST(ServerNameUnrecognised, IsOnlyPossibleWhenTheOfferDoesNotFitEither) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  const KnownServer known(failure);
  failure.difference.server_name_new = true;
  failure.difference.cipher_suite = Overlap::disjoint;
  const auto found = tells(failure, "sni_unrecognised.profile");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_TRUE(is_alike(*found, Cause::cipher_mismatch));
}

TEST(ServerNameUnrecognised, IsNotAboutSilence) {
  Failure failure = ended_at_hello(OutcomeKind::silence);
  const KnownServer known(failure);
  failure.difference.server_name_new = true;
  for (const Rule& rule : name_rules()) EXPECT_FALSE(rule.apply(failure.facts())) << rule.id;
}

TEST(ServerNameUnrecognised, IsShownByTheNextNameThatWorks) {
  Failure failure = ended_at_hello(OutcomeKind::closed);
  then_succeeds(failure);
  EXPECT_FALSE(tells(failure, "sni_unrecognised.retry"));
  failure.attempt.retry.new_server_name = true;
  EXPECT_EQ(tells(failure, "sni_unrecognised.retry")->confidence, Confidence::likely);
  failure.record.outcome.kind = OutcomeKind::reset;
  EXPECT_TRUE(is_alike(*tells(failure, "sni_unrecognised.retry"), Cause::sni_blocked));
}

TEST(ServerNameUnrecognised, IsPossibleForANameThatSucceedsNowhere) {
  Failure failure = ended_at_hello(OutcomeKind::closed);
  EXPECT_FALSE(tells(failure, "sni_unrecognised.nowhere"));
  failure.client.successes = 12;
  failure.client.servers_succeeded = 3;
  EXPECT_EQ(tells(failure, "sni_unrecognised.nowhere")->confidence, Confidence::possible);
  failure.name.successes = 1.0f;
  EXPECT_FALSE(tells(failure, "sni_unrecognised.nowhere"));
}

TEST(ServerNameMissing, IsCertainWhenTheServerMissesItsName) {
  Failure failure = refused_with(AlertDescription::unrecognized_name);
  failure.without_name();
  const auto found = tells(failure, "sni_missing.alert");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::certain);
  EXPECT_FALSE(tells(failure, "sni_unrecognised.alert"));
}

TEST(ServerNameMissing, IsNotCertainWhereTheNameMayBeHidden) {
  for (const auto flag : {ClientHelloFacts::ech_present, ClientHelloFacts::truncated_parse}) {
    Failure failure = refused_with(AlertDescription::unrecognized_name);
    failure.without_name();
    failure.record.client_hello_facts.flags |= flag;
    EXPECT_EQ(tells(failure, "sni_missing.alert")->confidence, Confidence::likely);
  }
}

TEST(ServerNameMissing, IsTheExtensionThatIsMissingWhenAllOthersAreThere) {
  Failure failure = refused_with(AlertDescription::missing_extension);
  EXPECT_FALSE(tells(failure, "sni_missing.extension"));
  failure.without_name();
  EXPECT_EQ(tells(failure, "sni_missing.extension")->confidence, Confidence::likely);
  edit_offer(failure).key_share_groups = {};
  EXPECT_FALSE(tells(failure, "sni_missing.extension"));
}

TEST(ServerNameMissing, IsLikelyWhereAllThatSucceedSendOne) {
  Failure failure = ended_at_hello(OutcomeKind::closed);
  const KnownServer known(failure);
  failure.without_name();
  EXPECT_FALSE(tells(failure, "sni_missing.profile"));
  failure.difference.server_name_missing = true;
  EXPECT_EQ(tells(failure, "sni_missing.profile")->confidence, Confidence::likely);
  failure.server.successes_with_name = 2.0f;  // no habit yet
  EXPECT_EQ(tells(failure, "sni_missing.profile")->confidence, Confidence::possible);
}

TEST(ServerNameMissing, IsPossibleAtAStranger) {
  for (const OutcomeKind kind : {OutcomeKind::closed, OutcomeKind::reset}) {
    Failure failure = ended_at_hello(kind);
    failure.record.client_hello_facts.flags |= ClientHelloFacts::extensions_present;
    EXPECT_FALSE(tells(failure, "sni_missing.hello"));
    failure.without_name();
    const auto found = tells(failure, "sni_missing.hello");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->confidence, Confidence::possible);
    EXPECT_EQ(found->standing, Standing::specific);
  }
}

TEST(ServerNameMissing, IsTheLastThoughtWhereNamesAreRare) {
  Failure failure = ended_at_hello(OutcomeKind::closed);
  failure.without_name();
  failure.record.client_hello_facts.flags |= ClientHelloFacts::extensions_present;
  failure.record.starttls = StartTls::smtp;
  EXPECT_EQ(tells(failure, "sni_missing.hello")->standing, Standing::fallback);
}

TEST(ServerNameMissing, IsRefutedByOneThatSucceedsWithout) {
  Failure failure = ended_at_hello(OutcomeKind::closed);
  failure.without_name();
  failure.server.successes_without_name = 1.0f;
  EXPECT_FALSE(tells(failure, "sni_missing.hello"));
}

TEST(ServerNameMissing, IsShownByARetryWithAName) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  failure.without_name();
  then_succeeds(failure);
  EXPECT_FALSE(tells(failure, "sni_missing.retry"));
  failure.attempt.retry.new_server_name = true;
  EXPECT_EQ(tells(failure, "sni_missing.retry")->confidence, Confidence::likely);
}

TEST(NameRules, SayNothingOfWhatTheClientOrThePathEnded) {
  for (const Party party : {Party::client, Party::path}) {
    Failure failure(OutcomeKind::reset, party, Stage::client_hello);
    const KnownServer known(failure);
    failure.without_name();
    failure.difference.server_name_missing = true;
    for (const Rule& rule : name_rules()) {
      EXPECT_FALSE(rule.apply(failure.facts())) << rule.id;
    }
  }
}

}  // namespace
}  // namespace shakedown::diagnose

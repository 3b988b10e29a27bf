// SPDX-License-Identifier: Apache-2.0
//
// Suites, groups, signature algorithms and application protocols in common, by what is said, by
// comparing, and by the offer alone.
#include "hello_failures.h"

namespace shakedown::diagnose {
namespace {

using namespace test;

std::optional<Finding> tells(Failure& failure, std::string_view rule) {
  return finding(offer_rules(), rule, failure.facts());
}

TEST(CipherMismatch, IsLikelyWhenNothingElseSeparates) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  const KnownServer known(failure);
  failure.difference.cipher_suite = Overlap::disjoint;
  failure.difference.nearest_distance = 1;
  const auto found = tells(failure, "cipher_mismatch.profile");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  EXPECT_TRUE(found->alike.empty());
  EXPECT_TRUE(says(found->evidence, "212 handshakes since 2025-11-20T13:05Z"));
  EXPECT_TRUE(says(found->evidence, "and 5 more"));
  EXPECT_TRUE(says(found->evidence, "nothing else separates"));
}

TEST(CipherMismatch, GivesWayToTheVersionThatServersCheckFirst) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  const KnownServer known(failure);
  failure.difference.version = Overlap::disjoint;
  failure.difference.cipher_suite = Overlap::disjoint;
  EXPECT_EQ(tells(failure, "cipher_mismatch.profile")->confidence, Confidence::possible);
  const auto version = tells(failure, "version_mismatch.profile");
  EXPECT_EQ(version->confidence, Confidence::likely);
  EXPECT_TRUE(is_alike(*version, Cause::cipher_mismatch));
}

TEST(CipherMismatch, IsWhatInsufficientSecurityMeansFirst) {
  Failure failure = refused_with(AlertDescription::insufficient_security);
  EXPECT_EQ(tells(failure, "cipher_mismatch.insufficient")->confidence, Confidence::likely);
  const KnownServer known(failure);
  EXPECT_FALSE(tells(failure, "cipher_mismatch.insufficient"));
}

TEST(CipherMismatch, IsNoMatterWhereTheServerSaysSomethingElse) {
  for (const AlertDescription alert :
       {AlertDescription::unrecognized_name, AlertDescription::no_application_protocol,
        AlertDescription::inappropriate_fallback}) {
    Failure failure = refused_with(alert);
    const KnownServer known(failure);
    failure.difference.cipher_suite = Overlap::disjoint;
    EXPECT_FALSE(tells(failure, "cipher_mismatch.profile"));
    EXPECT_FALSE(tells(failure, "cipher_mismatch.alert"));
  }
}

TEST(CipherMismatch, IsWeakerWhereTheSameHelloWorksSoonAfter) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  const KnownServer known(failure);
  failure.difference.cipher_suite = Overlap::disjoint;
  then_succeeds(failure);
  const auto found = tells(failure, "cipher_mismatch.profile");
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_TRUE(says(found->against, "the same ClientHello"));
}

TEST(CipherMismatch, IsSuspectedOfOutdatedSuites) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  offer_up_to(failure, 0x0303);
  edit_offer(failure).cipher_suites = {0x009c, 0x002f, 0x000a};
  const auto found = tells(failure, "cipher_mismatch.shape");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_FALSE(tells(failure, "version_mismatch.shape"));
  // One suite of these years is enough for a server.
  edit_offer(failure).cipher_suites = {0x009c, 0x002f, 0xc030};
  EXPECT_FALSE(tells(failure, "cipher_mismatch.shape"));
}

TEST(CipherMismatch, IsSuspectedOfASingleCipher) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  edit_offer(failure).cipher_suites = {0x1301, 0xc02b, 0xc02f, 0x00ff};
  EXPECT_TRUE(tells(failure, "cipher_mismatch.shape"));
  edit_offer(failure).cipher_suites = {0x1301, 0x1302, 0xc02b, 0xc02f};
  EXPECT_FALSE(tells(failure, "cipher_mismatch.shape"));
}

TEST(CipherMismatch, IsNotSuspectedOfAnOfferThatHasSucceededHere) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  edit_offer(failure).cipher_suites = {0x1301};
  failure.server.fingerprint_succeeded = true;
  EXPECT_FALSE(tells(failure, "cipher_mismatch.shape"));
}

TEST(CipherMismatch, IsWhatIsLeftOfAHandshakeFailure) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  const auto found = tells(failure, "cipher_mismatch.alert");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->standing, Standing::fallback);
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_TRUE(is_alike(*found, Cause::group_mismatch));
  EXPECT_TRUE(is_alike(*found, Cause::sni_unrecognised));
  failure.without_name();
  EXPECT_TRUE(is_alike(*tells(failure, "cipher_mismatch.alert"), Cause::sni_missing));
  Failure internal = refused_with(AlertDescription::internal_error);
  EXPECT_FALSE(tells(internal, "cipher_mismatch.alert"));
}

TEST(CipherMismatch, IsShownByARetryWithOtherSuites) {
  Failure failure = ended_at_hello(OutcomeKind::reset);
  edit_offer(failure).cipher_suites = {0x002f};
  auto more = std::make_shared<enrich::ClientOffer>(*failure.offer);
  more->cipher_suites = {0x002f, 0xc02f};
  then_succeeds(failure).offer = more;
  const auto found = tells(failure, "cipher_mismatch.retry");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  failure.attempt.retry.no_server_name = true;
  EXPECT_EQ(tells(failure, "cipher_mismatch.retry")->confidence, Confidence::possible);
  failure.attempt.retry.lower_version = true;
  EXPECT_FALSE(tells(failure, "cipher_mismatch.retry"));
}

TEST(GroupMismatch, IsSeenByComparingWhereGroupsMatter) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  const KnownServer known(failure);
  failure.difference.named_group = Overlap::disjoint;
  EXPECT_EQ(tells(failure, "group_mismatch.profile")->confidence, Confidence::likely);
  // TLS 1.2 can do without a group where there is a suite without one.
  offer_up_to(failure, 0x0303);
  edit_offer(failure).cipher_suites = {0xc02f, 0x009c};
  EXPECT_FALSE(tells(failure, "group_mismatch.profile"));
  edit_offer(failure).cipher_suites = {0xc02f};
  EXPECT_TRUE(tells(failure, "group_mismatch.profile"));
}

TEST(GroupMismatch, IsSuspectedOfASingleGroupAndOfUnusualOnes) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  edit_offer(failure).supported_groups = {0x1a1a, 23};
  EXPECT_TRUE(tells(failure, "group_mismatch.shape"));
  edit_offer(failure).supported_groups = {25, 30, 256};
  EXPECT_TRUE(says(tells(failure, "group_mismatch.shape")->evidence, "neither x25519"));
  edit_offer(failure).supported_groups = {23, 24};
  EXPECT_FALSE(tells(failure, "group_mismatch.shape"));
}

TEST(GroupMismatch, IsSeenAfterAHelloRetryRequestForAGroupThatIsNotOffered) {
  Failure failure(OutcomeKind::alert, Party::client, Stage::hello_retry_request);
  failure.alert(AlertDescription::illegal_parameter, Party::client);
  failure.record.server_hello_facts.flags = ServerHelloFacts::hello_retry_request;
  failure.record.server_hello_facts.retry_group = 25;
  const auto found = tells(failure, "group_mismatch.retry_request");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  EXPECT_TRUE(says(found->evidence, "secp521r1"));
  failure.record.server_hello_facts.retry_group = 24;
  EXPECT_EQ(tells(failure, "group_mismatch.retry_request")->confidence, Confidence::possible);
}

TEST(GroupMismatch, IsSeenWhereTheServerChoosesAGroupThatIsNotOffered) {
  Failure failure = client_leaves_with(AlertDescription::illegal_parameter);
  failure.record.server_hello_facts.named_group = 25;
  EXPECT_EQ(tells(failure, "group_mismatch.server_hello")->confidence, Confidence::likely);
  failure.record.server_hello_facts.named_group = 24;
  EXPECT_FALSE(tells(failure, "group_mismatch.server_hello"));
}

TEST(SignatureAlgorithmMismatch, IsSuspectedOfOneKindOfKey) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  edit_offer(failure).signature_algorithms = {0x0403, 0x0503};
  EXPECT_TRUE(tells(failure, "signature_algorithm_mismatch.shape"));
  edit_offer(failure).signature_algorithms = {0x0804, 0x0401};
  EXPECT_TRUE(tells(failure, "signature_algorithm_mismatch.shape"));
  edit_offer(failure).signature_algorithms = {0x0403, 0x0401};
  EXPECT_FALSE(tells(failure, "signature_algorithm_mismatch.shape"));
  edit_offer(failure).signature_algorithms = {};
  EXPECT_FALSE(tells(failure, "signature_algorithm_mismatch.shape"));
}

TEST(SignatureAlgorithmMismatch, IsTheFirstSuspectBeforeTheSuitesThatFollowFromIt) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  edit_offer(failure).signature_algorithms = {0x0403};
  edit_offer(failure).cipher_suites = {0x1301, 0xc02b};
  EXPECT_TRUE(tells(failure, "signature_algorithm_mismatch.shape"));
  EXPECT_FALSE(tells(failure, "cipher_mismatch.shape"));
}

TEST(SignatureAlgorithmMismatch, IsSeenByComparing) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  const KnownServer known(failure);
  edit_offer(failure).signature_algorithms = {0x0403};
  failure.difference.signature_algorithm = Overlap::disjoint;
  const auto found = tells(failure, "signature_algorithm_mismatch.profile");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  EXPECT_TRUE(says(found->evidence, "also take rsa_pss_rsae_sha256"));
}

TEST(SignatureAlgorithmMismatch, IsSeenWhereTheServerStopsInItsOwnFlight) {
  Failure failure(OutcomeKind::alert, Party::server, Stage::certificate);
  failure.server_hello(0x0303).alert(AlertDescription::handshake_failure, Party::server);
  EXPECT_FALSE(tells(failure, "signature_algorithm_mismatch.flight"));
  edit_offer(failure).signature_algorithms = {0x0403};
  EXPECT_TRUE(tells(failure, "signature_algorithm_mismatch.flight"));
}

TEST(SignatureAlgorithmMismatch, IsSeenAtACertificateWhoseKeyTheClientDoesNotTake) {
  Failure failure = client_leaves_with(AlertDescription::unsupported_certificate);
  failure.certificate(good_assessment());
  EXPECT_FALSE(tells(failure, "signature_algorithm_mismatch.certificate"));
  edit_offer(failure).signature_algorithms = {0x0401};
  EXPECT_TRUE(tells(failure, "signature_algorithm_mismatch.certificate"));
}

TEST(AlpnMismatch, IsCertainWhenSaid) {
  Failure failure = refused_with(AlertDescription::no_application_protocol);
  const auto found = tells(failure, "alpn_mismatch.alert");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::certain);
  EXPECT_TRUE(says(found->evidence, "\"h2\" and \"http/1.1\""));
}

TEST(AlpnMismatch, HidesInAnEncryptedAlertRightAfterTheServerHello) {
  Failure failure(OutcomeKind::encrypted_alert, Party::server, Stage::server_hello);
  failure.server_hello(0x0304, 0x1301);
  EXPECT_EQ(tells(failure, "alpn_mismatch.hidden")->confidence, Confidence::possible);
  edit_offer(failure).alpn = {"spdy/1"};
  EXPECT_EQ(tells(failure, "alpn_mismatch.hidden")->confidence, Confidence::likely);
  failure.difference.application_protocol = Overlap::common;
  EXPECT_FALSE(tells(failure, "alpn_mismatch.hidden"));
  failure.difference.application_protocol = Overlap::unknown;
  edit_offer(failure).alpn = {};
  EXPECT_FALSE(tells(failure, "alpn_mismatch.hidden"));
}

TEST(AlpnMismatch, NeedsMoreThanAClosedConnectionWithoutAProfile) {
  Failure failure(OutcomeKind::closed, Party::server, Stage::server_hello);
  failure.server_hello(0x0304, 0x1301);
  EXPECT_FALSE(tells(failure, "alpn_mismatch.hidden"));
  const KnownServer known(failure);
  failure.difference.application_protocol = Overlap::disjoint;
  EXPECT_EQ(tells(failure, "alpn_mismatch.hidden")->confidence, Confidence::likely);
}

TEST(AlpnMismatch, IsOnlyPossibleByComparing) {
  Failure failure = refused_with(AlertDescription::handshake_failure);
  const KnownServer known(failure);
  failure.difference.application_protocol = Overlap::disjoint;
  EXPECT_EQ(tells(failure, "alpn_mismatch.profile")->confidence, Confidence::possible);
}

TEST(OfferRules, SayNothingOfWhatTheClientOrThePathEnded) {
  for (const Party party : {Party::client, Party::path}) {
    Failure failure(OutcomeKind::reset, party, Stage::client_hello);
    const KnownServer known(failure);
    failure.difference.cipher_suite = Overlap::disjoint;
    failure.difference.version = Overlap::disjoint;
    for (const Rule& rule : offer_rules()) {
      EXPECT_FALSE(rule.apply(failure.facts())) << rule.id;
    }
  }
}

}  // namespace
}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "certificate_failures.h"

namespace shakedown::diagnose::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::optional<Finding> found(std::string_view id, Failure& failure) {
  return finding(trust_rules(), id, failure.facts());
}

Failure called_expired() {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  failure.certificate(good_assessment());
  return failure;
}

// -- The clock --------------------------------------------------------------------------------------

TEST(ClockSkew, IsLikelyWhereWhatIsValidIsCalledExpired) {
  Failure failure = called_expired();
  const auto finding = found("clock_skew.alert", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->alike, Contains(Cause::client_rejected_certificate));
}

TEST(ClockSkew, IsNotCertainBecauseOthersAcceptTheCertificate) {
  // An expired root in the client's own store has led to the same (AddTrust, DST Root CA X3).
  Failure failure = called_expired();
  shown_to(failure, 100.0f, 1.0f, 5);
  failure.client.servers_date_rejected = 3;
  EXPECT_EQ(found("clock_skew.alert", failure)->confidence, Confidence::likely);
}

TEST(ClockSkew, IsCertainWhereTheHelloShowsTheClockOutsideOfTheDates) {
  Failure failure = called_expired();
  failure.client.clock_known = true;
  failure.client.clock_offset_seconds = 60 * 86'400;  // the certificate ends in 41 days
  const auto finding = found("clock_skew.alert", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::certain);
  EXPECT_EQ(finding->standing, Standing::told);
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("60 days ahead")));
}

TEST(ClockSkew, IsNotCertainWithAClockInsideOfTheDates) {
  Failure failure = called_expired();
  failure.client.clock_known = true;
  failure.client.clock_offset_seconds = 86'400;
  EXPECT_EQ(found("clock_skew.alert", failure)->confidence, Confidence::likely);
}

TEST(ClockSkew, IsPossibleWhereTheClientGetsAlongElsewhere) {
  Failure failure = called_expired();
  failure.client.servers_succeeded = 4;
  const auto finding = found("clock_skew.alert", failure);
  EXPECT_EQ(finding->confidence, Confidence::possible);
  EXPECT_THAT(finding->against, Contains(HasSubstr("4 servers")));
}

TEST(ClockSkew, IsPossibleWhereAnExpiredCertificateWasSentThatNoPathNeeds) {
  Failure failure = called_expired();
  enrich::Certificate old = leaf_of(failure);
  old.valid_until = add_saturating(failure.record.client_hello, -kDay);
  auto chain = std::make_shared<enrich::Chain>(*failure.server_certificate.chain);
  chain->certificates.push_back(old);
  failure.server_certificate.chain = chain;
  EXPECT_EQ(found("clock_skew.alert", failure)->confidence, Confidence::possible);
}

TEST(ClockSkew, DoesNotApplyToAChainThatIsExpired) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  expire(failure);
  for (const Rule& rule : trust_rules()) EXPECT_FALSE(rule.apply(failure.facts())) << rule.id;
}

TEST(ClockSkew, DoesNotApplyToOtherAlerts) {
  for (const AlertDescription alert :
       {AlertDescription::unknown_ca, AlertDescription::certificate_revoked}) {
    Failure failure = rejected_with(alert);
    failure.certificate(good_assessment());
    EXPECT_FALSE(found("clock_skew.alert", failure));
    EXPECT_FALSE(found("clock_skew.behind", failure));
  }
}

TEST(ClockSkew, IsLikelyAtMostWhereOnlyOthersWereShownTheCertificate) {
  Failure failure = rejected_in_tls13();
  failure.record.outcome.kind = OutcomeKind::alert;
  failure.alert(AlertDescription::certificate_expired, Party::client);
  failure.certificate(good_assessment(), ChainSource::same_name);
  failure.client.clock_known = true;
  failure.client.clock_offset_seconds = 60 * 86'400;
  const auto finding = found("clock_skew.alert", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->alike, Contains(Cause::certificate_expired));
}

TEST(ClockSkew, IsLikelyByTheHelloTimeWithAnAlertThatSaysLess) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.certificate(good_assessment());
  failure.client.clock_known = true;
  failure.client.clock_offset_seconds = -3650LL * 86'400;
  const auto finding = found("clock_skew.hello_time", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("3650 days behind")));
}

TEST(ClockSkew, ByTheHelloTimeNeedsAClockThatIsKnownAndOutside) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.certificate(good_assessment());
  failure.client.clock_offset_seconds = -3650LL * 86'400;
  EXPECT_FALSE(found("clock_skew.hello_time", failure));
  failure.client.clock_known = true;
  failure.client.clock_offset_seconds = -3600;
  EXPECT_FALSE(found("clock_skew.hello_time", failure));
}

TEST(ClockSkew, IsPossibleByWhatOpenSslSaysOfACertificateThatIsNotYetValid) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.certificate(good_assessment());
  EXPECT_FALSE(found("clock_skew.behind", failure));
  offers_as_openssl(failure);
  EXPECT_EQ(found("clock_skew.behind", failure)->confidence, Confidence::possible);
  leaf_of(failure).valid_from = add_saturating(failure.record.client_hello, -kHour);
  EXPECT_EQ(found("clock_skew.behind", failure)->confidence, Confidence::likely);
}

TEST(ClockSkew, IsPossibleForACertificateOfToday) {
  Failure failure = rejected_with(AlertDescription::certificate_unknown);
  failure.certificate(good_assessment());
  leaf_of(failure).valid_from = add_saturating(failure.record.client_hello, -kHour);
  EXPECT_EQ(found("clock_skew.behind", failure)->confidence, Confidence::possible);
  leaf_of(failure).valid_from = add_saturating(failure.record.client_hello, -2 * kDay);
  EXPECT_FALSE(found("clock_skew.behind", failure));
}

TEST(ClockSkew, OfAHiddenCertificateNeedsOthersThatSucceedOrAClock) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  EXPECT_FALSE(found("clock_skew.unseen", failure));
  failure.client.servers_date_rejected = 2;
  EXPECT_EQ(found("clock_skew.unseen", failure)->confidence, Confidence::likely);
  failure.client.servers_date_rejected = 1;
  failure.server.name_success_after = add_saturating(failure.record.client_hello, kNanosPerSecond);
  EXPECT_EQ(found("clock_skew.unseen", failure)->confidence, Confidence::likely);
}

TEST(ClockSkew, OfAHiddenCertificateIsNotToldFromAClockThatIsLittleOff) {
  Failure failure = rejected_in_tls13();
  failure.client.clock_known = true;
  failure.client.clock_offset_seconds = 399 * 86'400;
  EXPECT_FALSE(found("clock_skew.unseen", failure));
  failure.client.clock_offset_seconds = -401 * 86'400;
  EXPECT_EQ(found("clock_skew.unseen", failure)->confidence, Confidence::likely);
}

// -- Interception -----------------------------------------------------------------------------------

Failure shown_a_private_issuer(AlertDescription alert = AlertDescription::unknown_ca) {
  Failure failure = rejected_with(alert);
  enrich::Assessment assessment = good_assessment();
  assessment.trust = enrich::Trust::unknown_root;
  assessment.issuer = "CN=Inspection CA";
  failure.certificate(assessment);
  failure.server_certificate.chain = a_chain("CN=www.example.com", "CN=Inspection CA");
  return failure;
}

/// The same server shows this to another network, for the same name.
void show_another_to_others(Failure& failure) {
  failure.server.chains.push_back({.chain = a_chain("CN=www.example.com,O=Example", "CN=Public CA"),
                                   .first = add_saturating(failure.record.client_hello, -kDay),
                                   .last = add_saturating(failure.record.client_hello, -kHour),
                                   .accepted = 20.0f,
                                   .network_count = 3});
}

void name_is_usually_trusted(Failure& failure, std::uint32_t networks) {
  failure.name.issuer_unusual = true;
  failure.name.usual_issuer = "CN=Public CA";
  failure.name.usual_issuer_trusted = true;
  failure.name.usual_issuer_networks = networks;
}

TEST(Interception, DoesNotApplyToAPrivateIssuerAlone) {
  Failure failure = shown_a_private_issuer();
  EXPECT_FALSE(found("interception.issuer", failure));
}

TEST(Interception, IsLikelyWhereTheServerShowsOthersAnother) {
  Failure failure = shown_a_private_issuer();
  show_another_to_others(failure);
  const auto finding = found("interception.issuer", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->evidence.front(), HasSubstr("CN=Public CA"));
}

TEST(Interception, DoesNotApplyWhereTheOtherIsOlderThanADayOrShownHereAsWell) {
  Failure failure = shown_a_private_issuer();
  show_another_to_others(failure);
  failure.server.chains[0].last = add_saturating(failure.record.client_hello, -kDay - 1);
  EXPECT_FALSE(found("interception.issuer", failure));
  failure.server.chains[0].last = failure.record.client_hello;
  failure.server.chains[0].to_this_network = true;
  EXPECT_FALSE(found("interception.issuer", failure));
}

TEST(Interception, DoesNotApplyWhereTheSameIsShownToOtherNetworks) {
  Failure failure = shown_a_private_issuer();
  shown_to(failure, 1.0f, 1.0f, 2);
  show_another_to_others(failure);
  EXPECT_FALSE(found("interception.issuer", failure));
}

TEST(Interception, IsLikelyWhereTheNameHasATrustedIssuerInTwoNetworksAndPossibleInOne) {
  Failure failure = shown_a_private_issuer();
  name_is_usually_trusted(failure, 1);
  EXPECT_EQ(found("interception.issuer", failure)->confidence, Confidence::possible);
  name_is_usually_trusted(failure, 2);
  EXPECT_EQ(found("interception.issuer", failure)->confidence, Confidence::likely);
}

TEST(Interception, IsCertainWhereTheIssuerFrontsManyNamesAndOneOfThemIsOthersElsewhere) {
  Failure failure = shown_a_private_issuer();
  name_is_usually_trusted(failure, 3);
  failure.name.names_of_private_issuer = 5;
  EXPECT_EQ(found("interception.issuer", failure)->confidence, Confidence::certain);
  Failure other = shown_a_private_issuer(AlertDescription::bad_certificate);
  name_is_usually_trusted(other, 3);
  other.name.names_of_private_issuer = 5;
  EXPECT_EQ(found("interception.issuer", other)->confidence, Confidence::likely);
}

TEST(Interception, ByManyNamesAloneIsNotToldOfPrivateAddresses) {
  Failure failure = shown_a_private_issuer();
  failure.name.names_of_private_issuer = 4;
  EXPECT_FALSE(found("interception.issuer", failure));
  failure.name.names_of_private_issuer = 5;
  EXPECT_EQ(found("interception.issuer", failure)->confidence, Confidence::possible);
  failure.name.names_of_private_issuer = 20;
  EXPECT_EQ(found("interception.issuer", failure)->confidence, Confidence::likely);
  failure.record.server_address = shakedown::test::ipv4(10, 1, 2, 3);
  EXPECT_FALSE(found("interception.issuer", failure));
  failure.record.starttls = StartTls::http_connect;
  EXPECT_EQ(found("interception.issuer", failure)->confidence, Confidence::likely);
}

TEST(Interception, DoesNotApplyToATrustedChainOrToAnAlertOfSomethingElse) {
  Failure trusted = rejected_with(AlertDescription::unknown_ca);
  trusted.certificate(good_assessment());
  name_is_usually_trusted(trusted, 3);
  EXPECT_FALSE(found("interception.issuer", trusted));

  Failure failure = shown_a_private_issuer(AlertDescription::certificate_expired);
  name_is_usually_trusted(failure, 3);
  EXPECT_FALSE(found("interception.issuer", failure));
}

// -- The client's own trust -------------------------------------------------------------------------

TEST(ClientRejectedCertificate, IsLikelyForAPublicChainOfAnUnknownAuthority) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  failure.certificate(good_assessment());
  shown_to(failure, 50.0f, 1.0f, 4);
  failure.client.servers_certificate_rejected = 3;
  const auto finding = found("client_rejected_certificate.valid", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->remedy, HasSubstr("trust store"));
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("50 handshakes")));
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("3 servers")));
}

TEST(ClientRejectedCertificate, IsOnlyWhatIsLeftWhereTheClientJustCloses) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::server_hello_done);
  failure.certificate(good_assessment());
  const auto finding = found("client_rejected_certificate.valid", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::possible);
  EXPECT_EQ(finding->standing, Standing::fallback);
  EXPECT_THAT(finding->alike, Contains(Cause::client_abort));
}

TEST(ClientRejectedCertificate, DoesNotApplyWhereSomethingIsWrongThatGoesWithTheWord) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  expire(failure);
  EXPECT_FALSE(found("client_rejected_certificate.valid", failure));
}

TEST(ClientRejectedCertificate, AppliesWhereTheWordIsForSomethingElse) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  expire(failure);  // the leaf, and the path is trusted
  EXPECT_TRUE(found("client_rejected_certificate.valid", failure));
}

TEST(ClientRejectedCertificate, LeavesRevocationToItsRule) {
  Failure failure = rejected_with(AlertDescription::certificate_revoked);
  failure.certificate(good_assessment());
  EXPECT_FALSE(found("client_rejected_certificate.valid", failure));
}

TEST(ClientRejectedCertificate, LeavesASmallGroupToItsRule) {
  Failure failure = rejected_with(AlertDescription::handshake_failure);
  failure.certificate(good_assessment());
  EXPECT_TRUE(found("client_rejected_certificate.valid", failure));
  failure.record.server_hello_facts.dh_prime_bits = 1024;
  EXPECT_FALSE(found("client_rejected_certificate.valid", failure));
}

TEST(ClientRejectedCertificate, TellsOfAnOutdatedStaple) {
  Failure failure = rejected_with(AlertDescription::bad_certificate_status_response);
  failure.certificate(good_assessment());
  failure.server_certificate.assessment.staple = enrich::Staple::expired;
  const auto finding = found("client_rejected_certificate.valid", failure);
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("out of date")));
  EXPECT_THAT(finding->remedy, HasSubstr("OCSP"));
}

TEST(ClientRejectedCertificate, IsLessSureWhereTheClientAcceptsTheServerElsewhere) {
  Failure failure = rejected_with(AlertDescription::certificate_unknown);
  failure.certificate(good_assessment());
  EXPECT_EQ(found("client_rejected_certificate.valid", failure)->confidence, Confidence::likely);
  failure.client.successes_here = 2;
  const auto finding = found("client_rejected_certificate.valid", failure);
  EXPECT_EQ(finding->confidence, Confidence::possible);
  EXPECT_THAT(finding->against, Not(IsEmpty()));
}

TEST(ClientRejectedCertificate, OfAHiddenOneNamesWhatLooksAlike) {
  Failure failure = rejected_in_tls13();
  const auto finding = found("client_rejected_certificate.unseen", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::possible);
  EXPECT_THAT(finding->alike, Contains(Cause::untrusted_ca));
  EXPECT_THAT(finding->alike, Contains(Cause::certificate_expired));
  EXPECT_THAT(finding->alike, Contains(Cause::certificate_name_mismatch));
}

TEST(ClientRejectedCertificate, OfAHiddenOneTellsThatNobodySucceeds) {
  Failure failure = rejected_in_tls13();
  failure.server.networks_failed = 3;
  const auto finding = found("client_rejected_certificate.unseen", failure);
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("nobody succeeds here")));
  EXPECT_THAT(finding->remedy, HasSubstr("server's certificate first"));
}

TEST(ClientRejectedCertificate, OfAHiddenOneLeavesPlainWordsToTheirRules) {
  for (const AlertDescription alert :
       {AlertDescription::unknown_ca, AlertDescription::certificate_expired,
        AlertDescription::unsupported_certificate, AlertDescription::certificate_revoked,
        AlertDescription::illegal_parameter, AlertDescription::user_canceled}) {
    Failure failure = rejected_with(alert);
    EXPECT_FALSE(found("client_rejected_certificate.unseen", failure)) << static_cast<int>(alert);
  }
}

TEST(TrustRules, DoNotApplyToWhatTheServerEnded) {
  Failure failure(OutcomeKind::reset, Party::server, Stage::server_hello_done);
  failure.certificate(good_assessment());
  const Facts facts = failure.facts();
  for (const Rule& rule : trust_rules()) EXPECT_FALSE(rule.apply(facts)) << rule.id;
}

}  // namespace
}  // namespace shakedown::diagnose::test

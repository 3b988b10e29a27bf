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
  return finding(certificate_rules(), id, failure.facts());
}

// -- Dates ------------------------------------------------------------------------------------------

TEST(CertificateExpired, IsCertainWhereTheClientSaysSoAndTheChainOnTheWireIsExpired) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  failure.certificate(expired());
  const auto finding = found("certificate_expired.dates", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::certain);
  EXPECT_EQ(finding->standing, Standing::told);
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("certificate_expired (45)")));
}

TEST(CertificateExpired, TellsTheDateAndHowLongAgo) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  failure.certificate(expired());
  leaf_of(failure).valid_until = add_saturating(failure.record.client_hello, -34 * kDay);
  leaf_of(failure).not_after = "2025-10-17T07:01:08Z";
  const auto finding = found("certificate_expired.dates", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->evidence.front(),
            "the certificate CN=www.example.com expired 34 days before, on 2025-10-17T07:01:08Z");
}

TEST(CertificateExpired, IsLikelyWithAnAlertThatSaysLess) {
  for (const AlertDescription alert :
       {AlertDescription::bad_certificate, AlertDescription::certificate_unknown,
        AlertDescription::handshake_failure}) {
    Failure failure = rejected_with(alert);
    failure.certificate(expired());
    const auto finding = found("certificate_expired.dates", failure);
    ASSERT_TRUE(finding);
    EXPECT_EQ(finding->confidence, Confidence::likely);
  }
}

TEST(CertificateExpired, IsLikelyWhereTheClientJustLeaves) {
  for (const OutcomeKind kind : {OutcomeKind::closed, OutcomeKind::reset}) {
    Failure failure(kind, Party::client, Stage::server_hello_done);
    failure.certificate(expired());
    const auto finding = found("certificate_expired.dates", failure);
    ASSERT_TRUE(finding);
    EXPECT_EQ(finding->confidence, Confidence::likely);
  }
}

TEST(CertificateExpired, DoesNotApplyToAnotherWordOfTheClient) {
  for (const AlertDescription alert :
       {AlertDescription::unknown_ca, AlertDescription::certificate_revoked,
        AlertDescription::unsupported_certificate, AlertDescription::user_canceled,
        AlertDescription::decrypt_error}) {
    Failure failure = rejected_with(alert);
    expire(failure);
    EXPECT_FALSE(found("certificate_expired.dates", failure)) << static_cast<int>(alert);
  }
}

TEST(CertificateExpired, OfAnAuthorityMayBeCalledAnUnknownOne) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  enrich::Assessment assessment = expired();
  assessment.culprit = 1;
  failure.certificate(assessment);
  const auto finding = found("certificate_expired.dates", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
}

TEST(CertificateExpired, DoesNotApplyToWhatTheServerEnded) {
  Failure failure(OutcomeKind::reset, Party::server, Stage::server_hello_done);
  failure.certificate(expired());
  EXPECT_FALSE(found("certificate_expired.dates", failure));
}

TEST(CertificateExpired, DoesNotApplyToAResumedHandshake) {
  Failure failure = rejected_late();
  failure.record.server_hello_facts.flags |= ServerHelloFacts::resumed;
  failure.certificate(expired());
  EXPECT_FALSE(found("certificate_expired.dates", failure));
}

TEST(CertificateExpired, IsLikelyAtMostWhereOnlyOthersWereShownIt) {
  Failure failure = rejected_in_tls13();
  failure.certificate(expired(), ChainSource::same_name);
  failure.server_certificate.age_nanos = kDay - 1;
  EXPECT_EQ(found("certificate_expired.dates", failure)->confidence, Confidence::likely);
  failure.server_certificate.age_nanos = kDay + 1;
  EXPECT_EQ(found("certificate_expired.dates", failure)->confidence, Confidence::possible);
}

TEST(CertificateExpired, IsPossibleForWhatWasShownForAnotherName) {
  Failure failure = rejected_in_tls13();
  failure.certificate(expired(), ChainSource::same_endpoint);
  EXPECT_EQ(found("certificate_expired.dates", failure)->confidence, Confidence::possible);
}

TEST(CertificateExpired, IsPossibleWhereItMayBeRenewedSinceItWasSeen) {
  Failure failure = rejected_in_tls13();
  enrich::Assessment assessment = expired();
  assessment.margin_nanos = -kHour;
  failure.certificate(assessment, ChainSource::same_name);
  failure.server_certificate.age_nanos = 2 * kHour;  // before it expired
  const auto finding = found("certificate_expired.dates", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::possible);
  EXPECT_THAT(finding->against, Contains(HasSubstr("renewed")));
}

TEST(CertificateExpired, CountsThatOthersAcceptItAgainstIt) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.certificate(expired());
  shown_to(failure, 12.0f, 1.0f);
  const auto finding = found("certificate_expired.dates", failure);
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->against, Contains(HasSubstr("12 handshakes ended well")));
}

TEST(CertificateExpired, IsLessSureWhereTheClientSucceedsRightAfter) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.certificate(expired());
  failure.attempt.succeeded_after = true;
  const auto finding = found("certificate_expired.dates", failure);
  EXPECT_EQ(finding->confidence, Confidence::possible);
  EXPECT_THAT(finding->against, Contains(HasSubstr("succeeded here right after")));
}

TEST(CertificateExpired, ByTheAlertAloneIsLikelyAndLooksLikeAClock) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  const auto finding = found("certificate_expired.alert", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->alike, Contains(Cause::clock_skew));
  EXPECT_FALSE(found("certificate_expired.dates", failure));
}

TEST(CertificateExpired, ByTheAlertAloneYieldsWhereOthersSucceedAtTheSameTime) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  failure.server.name_success_after = add_saturating(failure.record.client_hello, kNanosPerSecond);
  EXPECT_EQ(found("certificate_expired.alert", failure)->confidence, Confidence::possible);
}

TEST(CertificateExpired, ByTheAlertAloneDoesNotYieldToSuccessesOfBefore) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  failure.server.name_successes = 100.0f;
  failure.server.name_success_before = add_saturating(failure.record.client_hello, -kHour);
  EXPECT_EQ(found("certificate_expired.alert", failure)->confidence, Confidence::likely);
}

TEST(CertificateExpired, ByTheAlertAloneDoesNotApplyToAChainThatIsKnown) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  failure.certificate(good_assessment());
  EXPECT_FALSE(found("certificate_expired.alert", failure));
}

TEST(CertificateNotYetValid, IsLikelyAndNeverCertain) {
  enrich::Assessment assessment = good_assessment();
  assessment.not_yet_valid = true;
  for (const AlertDescription alert :
       {AlertDescription::certificate_expired, AlertDescription::bad_certificate,
        AlertDescription::certificate_unknown}) {
    Failure failure = rejected_with(alert);
    failure.certificate(assessment);
    const auto finding = found("certificate_not_yet_valid.dates", failure);
    ASSERT_TRUE(finding);
    EXPECT_EQ(finding->confidence, Confidence::likely);
  }
}

TEST(CertificateNotYetValid, DoesNotApplyToUnknownCa) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  enrich::Assessment assessment = good_assessment();
  assessment.not_yet_valid = true;
  failure.certificate(assessment);
  EXPECT_FALSE(found("certificate_not_yet_valid.dates", failure));
}

// -- Path -------------------------------------------------------------------------------------------

enrich::Assessment with_trust(enrich::Trust trust) {
  enrich::Assessment assessment = good_assessment();
  assessment.trust = trust;
  return assessment;
}

TEST(ChainIncomplete, IsLikelyWhereTheMissingOneIsKnown) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  failure.certificate(with_trust(enrich::Trust::intermediate_missing));
  failure.server_certificate.assessment.issuer = "CN=Example Issuing CA";
  failure.server_certificate.assessment.issuer_from_elsewhere = true;
  const auto finding = found("chain_incomplete.path", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("CN=Example Issuing CA")));
  EXPECT_THAT(finding->alike, Contains(Cause::untrusted_ca));
  EXPECT_FALSE(found("untrusted_ca.path", failure));
  EXPECT_FALSE(found("self_signed.path", failure));
}

TEST(ChainIncomplete, IsPossibleByTheNameOfAnIssuerThatNobodyHasShown) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  failure.certificate(with_trust(enrich::Trust::unknown_issuer));
  failure.server_certificate.chain = a_chain("CN=www.example.com", "CN=Example Issuing CA");
  const auto finding = found("chain_incomplete.path", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::possible);
  EXPECT_THAT(finding->alike, Contains(Cause::untrusted_ca));
  EXPECT_FALSE(found("untrusted_ca.path", failure));
}

TEST(UntrustedCa, IsLikelyWithAnIssuerThatNobodyHasShown) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  failure.certificate(with_trust(enrich::Trust::unknown_issuer));
  const auto finding = found("untrusted_ca.path", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->alike, Contains(Cause::chain_incomplete));
  EXPECT_FALSE(found("chain_incomplete.path", failure));
}

TEST(UntrustedCa, IsCertainOnlyWhereNobodyCanStandBetween) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  failure.certificate(with_trust(enrich::Trust::unknown_root));
  EXPECT_EQ(found("untrusted_ca.path", failure)->confidence, Confidence::likely);
  EXPECT_THAT(found("untrusted_ca.path", failure)->alike, Contains(Cause::interception));
  shown_to(failure, 3.0f, 1.0f, 2);
  EXPECT_EQ(found("untrusted_ca.path", failure)->confidence, Confidence::certain);
  failure.client.successes_here = 1;  // it knows the authority
  EXPECT_EQ(found("untrusted_ca.path", failure)->confidence, Confidence::likely);
}

TEST(UntrustedCa, YieldsToInterception) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  failure.certificate(with_trust(enrich::Trust::unknown_root));
  failure.name.issuer_unusual = true;
  failure.name.usual_issuer = "CN=Public CA";
  failure.name.usual_issuer_trusted = true;
  failure.name.usual_issuer_networks = 2;
  EXPECT_EQ(found("untrusted_ca.path", failure)->confidence, Confidence::possible);
}

TEST(UntrustedCa, IsPossibleForOneWhoJustLeaves) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::server_hello_done);
  failure.certificate(with_trust(enrich::Trust::unknown_root));
  EXPECT_EQ(found("untrusted_ca.path", failure)->confidence, Confidence::possible);
}

TEST(UntrustedCa, IsPossibleBehindAFaultThatIsThereForEverybody) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  expire(failure);
  failure.server_certificate.assessment.trust = enrich::Trust::unknown_issuer;
  EXPECT_EQ(found("certificate_expired.dates", failure)->confidence, Confidence::likely);
  EXPECT_EQ(found("untrusted_ca.path", failure)->confidence, Confidence::possible);
}

TEST(UntrustedCa, DoesNotApplyToATrustedChain) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  failure.certificate(good_assessment());
  EXPECT_FALSE(found("untrusted_ca.path", failure));
  EXPECT_FALSE(found("untrusted_ca.alert", failure));
}

TEST(UntrustedCa, DoesNotApplyToACertificateThatCannotBeJudged) {
  for (const enrich::Trust trust : {enrich::Trust::not_judged, enrich::Trust::unreadable}) {
    Failure failure = rejected_with(AlertDescription::unknown_ca);
    failure.certificate(with_trust(trust));
    EXPECT_FALSE(found("untrusted_ca.path", failure));
    EXPECT_TRUE(found("untrusted_ca.alert", failure));
  }
}

TEST(UntrustedCa, ByTheAlertAloneIsPossibleAmongOthers) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  const auto finding = found("untrusted_ca.alert", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::possible);
  EXPECT_THAT(finding->alike, Contains(Cause::chain_incomplete));
  EXPECT_THAT(finding->alike, Contains(Cause::self_signed));
  EXPECT_THAT(finding->alike, Contains(Cause::interception));
}

TEST(SelfSigned, IsCertainWithUnknownCaAndTheRightName) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  failure.certificate(with_trust(enrich::Trust::self_signed));
  EXPECT_EQ(found("self_signed.path", failure)->confidence, Confidence::certain);
  failure.server_certificate.assessment.name = enrich::NameMatch::differs;
  EXPECT_EQ(found("self_signed.path", failure)->confidence, Confidence::likely);
  EXPECT_FALSE(found("untrusted_ca.path", failure));
}

TEST(SelfSigned, IsLikelyWithAnyOtherEnding) {
  Failure failure = rejected_late();
  failure.certificate(with_trust(enrich::Trust::self_signed));
  EXPECT_EQ(found("self_signed.path", failure)->confidence, Confidence::likely);
}

// -- Name, usage, revocation, strength --------------------------------------------------------------

TEST(CertificateNameMismatch, IsLikelyAndTellsNames) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.certificate(good_assessment());
  failure.server_certificate.assessment.name = enrich::NameMatch::differs;
  leaf_of(failure).names = {"a.example", "b.example", "c.example", "d.example"};
  leaf_of(failure).name_count = 9;
  const auto finding = found("certificate_name_mismatch.names", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_EQ(finding->evidence.front(),
            "the client asked for www.example.com; the certificate is for a.example, b.example, "
            "c.example and 6 more");
}

TEST(CertificateNameMismatch, DoesNotApplyWhereNoNameWasSent) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.without_name().certificate(good_assessment());
  failure.server_certificate.assessment.name = enrich::NameMatch::not_asked;
  EXPECT_FALSE(found("certificate_name_mismatch.names", failure));
}

TEST(CertificateNameMismatch, DoesNotApplyToTheCertificateOfAnotherName) {
  Failure failure = rejected_in_tls13();
  failure.certificate(good_assessment(), ChainSource::same_endpoint);
  failure.server_certificate.assessment.name = enrich::NameMatch::differs;
  EXPECT_FALSE(found("certificate_name_mismatch.names", failure));
}

TEST(CertificateNameMismatch, ComesBehindThePathUnlessOthersAcceptTheAuthority) {
  Failure failure = rejected_with(AlertDescription::certificate_unknown);
  failure.certificate(with_trust(enrich::Trust::self_signed));
  failure.server_certificate.assessment.name = enrich::NameMatch::differs;
  EXPECT_EQ(found("certificate_name_mismatch.names", failure)->confidence, Confidence::possible);
  EXPECT_EQ(found("self_signed.path", failure)->confidence, Confidence::likely);
  EXPECT_THAT(found("self_signed.path", failure)->alike,
              Contains(Cause::certificate_name_mismatch));
  shown_to(failure, 2.0f, 1.0f);
  EXPECT_EQ(found("certificate_name_mismatch.names", failure)->confidence, Confidence::likely);
  EXPECT_EQ(found("self_signed.path", failure)->confidence, Confidence::possible);
}

TEST(CertificateNameMismatch, ComesBeforeAnAuthorityThatIsMerelyPrivate) {
  Failure failure = rejected_with(AlertDescription::certificate_unknown);
  failure.certificate(with_trust(enrich::Trust::unknown_root));
  failure.server_certificate.assessment.name = enrich::NameMatch::differs;
  const auto finding = found("certificate_name_mismatch.names", failure);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->alike, Contains(Cause::untrusted_ca));
  EXPECT_EQ(found("untrusted_ca.path", failure)->confidence, Confidence::possible);
}

TEST(CertificateNameMismatch, IsWhatOpenSslMeansRatherThanThePath) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  offers_as_openssl(failure);
  failure.certificate(with_trust(enrich::Trust::unknown_root));
  failure.server_certificate.assessment.name = enrich::NameMatch::differs;
  EXPECT_EQ(found("certificate_name_mismatch.names", failure)->confidence, Confidence::likely);
  EXPECT_EQ(found("untrusted_ca.path", failure)->confidence, Confidence::possible);
}

TEST(CertificateWrongUsage, IsCertainWithItsAlertAndLikelyElse) {
  Failure failure = rejected_with(AlertDescription::unsupported_certificate);
  failure.certificate(good_assessment());
  failure.server_certificate.assessment.wrong_usage = true;
  EXPECT_EQ(found("certificate_wrong_usage.extensions", failure)->confidence, Confidence::certain);
  failure.server_certificate.assessment.weak_key = true;  // Mbed TLS says so of weak keys
  EXPECT_EQ(found("certificate_wrong_usage.extensions", failure)->confidence, Confidence::likely);

  Failure other = rejected_with(AlertDescription::certificate_unknown);
  other.certificate(good_assessment());
  other.server_certificate.assessment.wrong_usage = true;
  EXPECT_EQ(found("certificate_wrong_usage.extensions", other)->confidence, Confidence::likely);
}

TEST(CertificateWrongUsage, NamesTheCertificateThatIsMeant) {
  Failure failure = rejected_with(AlertDescription::unsupported_certificate);
  failure.certificate(with_trust(enrich::Trust::unknown_issuer));
  failure.server_certificate.assessment.wrong_usage = true;
  failure.server_certificate.assessment.culprit = 1;  // of the path, which is worse
  leaf_of(failure).server_usage = false;
  EXPECT_EQ(found("certificate_wrong_usage.extensions", failure)->evidence.front(),
            "the key usage of CN=www.example.com does not allow a TLS server");
}

TEST(CertificateWrongUsage, ByTheAlertAloneIsPossible) {
  Failure failure = rejected_with(AlertDescription::unsupported_certificate);
  EXPECT_EQ(found("certificate_wrong_usage.alert", failure)->confidence, Confidence::possible);
}

TEST(CertificateRevoked, IsCertainWhereBothSaySo) {
  Failure failure = rejected_with(AlertDescription::certificate_revoked);
  failure.certificate(good_assessment());
  failure.server_certificate.assessment.revoked = true;
  failure.server_certificate.assessment.staple = enrich::Staple::revoked;
  EXPECT_EQ(found("certificate_revoked.status", failure)->confidence, Confidence::certain);
  EXPECT_FALSE(found("certificate_revoked.alert", failure));
}

TEST(CertificateRevoked, IsLikelyByTheAlertAlone) {
  Failure failure = rejected_with(AlertDescription::certificate_revoked);
  failure.certificate(good_assessment());
  failure.server_certificate.assessment.staple = enrich::Staple::good;
  const auto finding = found("certificate_revoked.alert", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->against, Not(IsEmpty()));
  EXPECT_FALSE(found("certificate_revoked.status", failure));
}

TEST(CertificateRevoked, IsLikelyByTheStapleAlone) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.certificate(good_assessment());
  failure.server_certificate.assessment.revoked = true;
  EXPECT_EQ(found("certificate_revoked.status", failure)->confidence, Confidence::likely);
}

TEST(CertificateWeak, IsLikelyWithAWordAndPossibleWithout) {
  enrich::Assessment assessment = good_assessment();
  assessment.weak_key = true;
  assessment.culprit = 0;
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.certificate(assessment);
  leaf_of(failure).key = enrich::KeyKind::rsa;
  leaf_of(failure).key_bits = 1024;
  const auto finding = found("certificate_weak.strength", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_EQ(finding->evidence.front(),
            "the certificate CN=www.example.com has an RSA key of 1024 bits");

  Failure left(OutcomeKind::closed, Party::client, Stage::server_hello_done);
  left.certificate(assessment);
  EXPECT_EQ(found("certificate_weak.strength", left)->confidence, Confidence::possible);
}

TEST(CertificateWeak, DoesNotApplyToAlertsForOtherFaults) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  failure.certificate(good_assessment());
  failure.server_certificate.assessment.weak_signature = true;
  EXPECT_FALSE(found("certificate_weak.strength", failure));
}

// -- All --------------------------------------------------------------------------------------------

TEST(CertificateRules, DoNotApplyToAGoodChain) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  failure.certificate(good_assessment());
  const Facts facts = failure.facts();
  for (const Rule& rule : certificate_rules()) EXPECT_FALSE(rule.apply(facts)) << rule.id;
}

TEST(CertificateRules, DoNotApplyBeforeTheCertificate) {
  for (const Stage stage : {Stage::client_hello, Stage::server_hello}) {
    Failure failure(OutcomeKind::closed, Party::client, stage);
    failure.certificate(expired());
    const Facts facts = failure.facts();
    for (const Rule& rule : certificate_rules()) EXPECT_FALSE(rule.apply(facts)) << rule.id;
  }
}

TEST(CertificateRules, CutWhatStrangersWrote) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  failure.certificate(expired());
  failure.server_certificate.chain = a_chain(std::string(5000, 'x') + "\x1b[2J");
  const auto finding = found("certificate_expired.dates", failure);
  ASSERT_TRUE(finding);
  for (const std::string& sentence : finding->evidence) {
    EXPECT_LT(sentence.size(), 200u);
    EXPECT_THAT(sentence, Not(HasSubstr("\x1b")));
  }
}

}  // namespace
}  // namespace shakedown::diagnose::test

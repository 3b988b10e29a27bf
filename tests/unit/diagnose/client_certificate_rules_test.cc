// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "certificate_failures.h"

namespace shakedown::diagnose::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::optional<Finding> found(std::string_view id, Failure& failure) {
  return finding(client_certificate_rules(), id, failure.facts());
}

Failure ended_by_server(ClientCertificate certificate, OutcomeKind kind,
                        Stage stage = Stage::client_finished) {
  Failure failure(kind, Party::server, stage);
  failure.record.client_certificate = certificate;
  return failure;
}

Failure answered_with(ClientCertificate certificate, AlertDescription alert) {
  Failure failure = ended_by_server(certificate, OutcomeKind::alert);
  failure.alert(alert, Party::server);
  return failure;
}

void with_client_chain(Failure& failure, enrich::Assessment assessment,
                       ChainSource source = ChainSource::wire) {
  assessment.name = enrich::NameMatch::not_asked;
  failure.client_certificate = {.source = source,
                                .chain = a_chain("CN=Good Client", "CN=Client CA"),
                                .assessment = assessment};
}

enrich::Assessment weak() {
  enrich::Assessment assessment = good_assessment();
  assessment.weak_key = true;
  assessment.culprit = 0;
  return assessment;
}

// -- Missing ----------------------------------------------------------------------------------------

TEST(ClientCertificateMissing, IsCertainWhereTheServerSaysSo) {
  Failure failure =
      answered_with(ClientCertificate::not_requested, AlertDescription::certificate_required);
  EXPECT_EQ(found("client_certificate_missing.alert", failure)->confidence, Confidence::certain);
}

TEST(ClientCertificateMissing, IsNotSaidByTheClient) {
  Failure failure = rejected_with(AlertDescription::certificate_required);
  EXPECT_FALSE(found("client_certificate_missing.alert", failure));
}

TEST(ClientCertificateMissing, IsCertainWithAnEmptyListAndTheAlertsForIt) {
  for (const AlertDescription alert :
       {AlertDescription::handshake_failure, AlertDescription::bad_certificate,
        AlertDescription::certificate_unknown, AlertDescription::no_certificate}) {
    Failure failure = answered_with(ClientCertificate::empty, alert);
    EXPECT_EQ(found("client_certificate_missing.empty", failure)->confidence, Confidence::certain);
  }
}

TEST(ClientCertificateMissing, IsLikelyWithWhatGnuTlsSaysAndWhereTheServerJustLeaves) {
  Failure gnutls = answered_with(ClientCertificate::empty, AlertDescription::decode_error);
  EXPECT_EQ(found("client_certificate_missing.empty", gnutls)->confidence, Confidence::likely);
  Failure left = ended_by_server(ClientCertificate::empty, OutcomeKind::closed);
  const auto finding = found("client_certificate_missing.empty", left);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->alike, Contains(Cause::server_crash));
}

TEST(ClientCertificateMissing, DoesNotApplyToBrokenRecords) {
  Failure failure = answered_with(ClientCertificate::empty, AlertDescription::bad_record_mac);
  EXPECT_FALSE(found("client_certificate_missing.empty", failure));
}

TEST(ClientCertificateMissing, DoesNotApplyWhereNoneWasAskedForOrOneWasSent) {
  for (const ClientCertificate certificate :
       {ClientCertificate::not_requested, ClientCertificate::sent, ClientCertificate::requested}) {
    Failure failure = answered_with(certificate, AlertDescription::handshake_failure);
    EXPECT_FALSE(found("client_certificate_missing.empty", failure));
    EXPECT_FALSE(found("client_certificate_missing.inferred", failure));
  }
}

TEST(ClientCertificateMissing, ByInferenceIsLikelyAtMost) {
  Failure failure =
      ended_by_server(ClientCertificate::inferred_empty, OutcomeKind::encrypted_alert);
  EXPECT_EQ(found("client_certificate_missing.inferred", failure)->confidence, Confidence::likely);
  Failure left = ended_by_server(ClientCertificate::inferred_empty, OutcomeKind::closed);
  EXPECT_EQ(found("client_certificate_missing.inferred", left)->confidence, Confidence::possible);
  left.server.client_certificates_accepted = 7;
  const auto finding = found("client_certificate_missing.inferred", left);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("7 handshakes with a client certificate")));
}

TEST(ClientCertificateMissing, IsPossibleWhereTheClientLeavesWhenAsked) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::server_hello_done);
  failure.record.client_certificate = ClientCertificate::requested;
  const auto finding = found("client_certificate_missing.left", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::possible);
  EXPECT_THAT(finding->alike, Contains(Cause::client_rejected_certificate));
}

TEST(ClientCertificateMissing, IsPossibleInTls13WhereMostWhoSucceedSendOne) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::server_hello);
  failure.server_hello(0x0304, 0x1301);
  failure.server.successes = 10.0f;
  failure.server.client_certificates_accepted = 4;
  EXPECT_FALSE(found("client_certificate_missing.left", failure));
  failure.server.client_certificates_accepted = 5;
  EXPECT_TRUE(found("client_certificate_missing.left", failure));
}

TEST(ClientCertificateMissing, DoesNotApplyToAClientThatSaysWhatItIsAgainst) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  failure.record.client_certificate = ClientCertificate::requested;
  EXPECT_FALSE(found("client_certificate_missing.left", failure));
}

// -- Not accepted -----------------------------------------------------------------------------------

TEST(ClientCertificateRejected, IsCertainWithAnAlertAboutCertificates) {
  for (const AlertDescription alert :
       {AlertDescription::unknown_ca, AlertDescription::certificate_expired,
        AlertDescription::certificate_unknown, AlertDescription::certificate_revoked}) {
    Failure failure = answered_with(ClientCertificate::sent, alert);
    with_client_chain(failure, good_assessment());
    const auto finding = found("client_certificate_rejected.sent", failure);
    ASSERT_TRUE(finding);
    EXPECT_EQ(finding->confidence, Confidence::certain);
    EXPECT_EQ(finding->standing, Standing::told);
  }
}

TEST(ClientCertificateRejected, IsLikelyWithOtherAlertsAndWithoutAny) {
  Failure denied = answered_with(ClientCertificate::sent, AlertDescription::access_denied);
  EXPECT_EQ(found("client_certificate_rejected.sent", denied)->confidence, Confidence::likely);
  Failure left = ended_by_server(ClientCertificate::sent, OutcomeKind::closed);
  EXPECT_EQ(found("client_certificate_rejected.sent", left)->confidence, Confidence::likely);
  Failure early =
      ended_by_server(ClientCertificate::sent, OutcomeKind::closed, Stage::client_certificate);
  EXPECT_EQ(found("client_certificate_rejected.sent", early)->confidence, Confidence::possible);
}

TEST(ClientCertificateRejected, ByInferenceIsLikelyAtMost) {
  Failure failure = ended_by_server(ClientCertificate::inferred_sent, OutcomeKind::encrypted_alert);
  const auto finding = found("client_certificate_rejected.sent", failure);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->confidence, Confidence::likely);
  EXPECT_THAT(finding->alike, Contains(Cause::client_certificate_weak));
}

TEST(ClientCertificateRejected, TellsWhatIsWrongWithIt) {
  Failure failure = answered_with(ClientCertificate::sent, AlertDescription::certificate_expired);
  with_client_chain(failure, expired());
  const auto finding = found("client_certificate_rejected.sent", failure);
  EXPECT_THAT(finding->evidence, Contains(HasSubstr("expired 34 days before")));
  EXPECT_THAT(finding->remedy, HasSubstr("Renew"));
  EXPECT_THAT(finding->against, IsEmpty());
}

TEST(ClientCertificateRejected, DoubtsTheServersClockWhereItIsValid) {
  Failure failure = answered_with(ClientCertificate::sent, AlertDescription::certificate_expired);
  with_client_chain(failure, good_assessment());
  EXPECT_THAT(found("client_certificate_rejected.sent", failure)->against,
              Contains(HasSubstr("the server's clock")));
}

TEST(ClientCertificateRejected, TakesAPrivateAuthorityAsUsual) {
  Failure failure = answered_with(ClientCertificate::sent, AlertDescription::certificate_unknown);
  enrich::Assessment assessment = good_assessment();
  assessment.trust = enrich::Trust::unknown_issuer;
  with_client_chain(failure, assessment);
  const auto finding = found("client_certificate_rejected.sent", failure);
  EXPECT_THAT(finding->evidence,
              Contains("the client's certificate is CN=Good Client, issued by CN=Client CA"));
}

TEST(ClientCertificateRejected, DoesNotApplyToAlertsOfSomethingElseOrBeforeTheCertificate) {
  for (const AlertDescription alert :
       {AlertDescription::decrypt_error, AlertDescription::bad_record_mac,
        AlertDescription::protocol_version}) {
    Failure failure = answered_with(ClientCertificate::sent, alert);
    EXPECT_FALSE(found("client_certificate_rejected.sent", failure));
  }
  Failure early(OutcomeKind::closed, Party::server, Stage::server_hello_done);
  early.record.client_certificate = ClientCertificate::sent;
  EXPECT_FALSE(found("client_certificate_rejected.sent", early));
}

TEST(ClientCertificateWeak, IsLikelyAndPreferredWhereTheWordGoesWithIt) {
  Failure failure = answered_with(ClientCertificate::sent, AlertDescription::bad_certificate);
  with_client_chain(failure, weak());
  EXPECT_EQ(found("client_certificate_weak.strength", failure)->confidence, Confidence::likely);
  EXPECT_EQ(found("client_certificate_rejected.sent", failure)->confidence, Confidence::possible);
}

TEST(ClientCertificateWeak, DoesNotApplyToAlertsForOtherFaults) {
  for (const AlertDescription alert :
       {AlertDescription::unknown_ca, AlertDescription::certificate_expired,
        AlertDescription::certificate_revoked}) {
    Failure failure = answered_with(ClientCertificate::sent, alert);
    with_client_chain(failure, weak());
    EXPECT_FALSE(found("client_certificate_weak.strength", failure));
    EXPECT_EQ(found("client_certificate_rejected.sent", failure)->confidence, Confidence::certain);
  }
}

TEST(ClientCertificateWeak, ComesBehindAnExpiry) {
  Failure failure = answered_with(ClientCertificate::sent, AlertDescription::certificate_unknown);
  enrich::Assessment assessment = expired();
  assessment.weak_key = true;
  with_client_chain(failure, assessment);
  EXPECT_EQ(found("client_certificate_weak.strength", failure)->confidence, Confidence::possible);
  EXPECT_EQ(found("client_certificate_rejected.sent", failure)->confidence, Confidence::likely);
}

TEST(ClientCertificateWeak, MayRestOnAnotherHandshakeOfTheClient) {
  Failure failure = ended_by_server(ClientCertificate::inferred_sent, OutcomeKind::encrypted_alert);
  with_client_chain(failure, weak(), ChainSource::same_client);
  EXPECT_EQ(found("client_certificate_weak.strength", failure)->confidence, Confidence::likely);
  failure.client_certificate.age_nanos = kDay + 1;
  EXPECT_EQ(found("client_certificate_weak.strength", failure)->confidence, Confidence::possible);
}

TEST(ClientCertificateWeak, DoesNotApplyToAGoodOne) {
  Failure failure = answered_with(ClientCertificate::sent, AlertDescription::bad_certificate);
  with_client_chain(failure, good_assessment());
  EXPECT_FALSE(found("client_certificate_weak.strength", failure));
}

}  // namespace
}  // namespace shakedown::diagnose::test

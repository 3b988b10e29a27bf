// SPDX-License-Identifier: Apache-2.0
//
// What is decided of a fault in the server's certificate when each TLS stack meets it in its own way:
// which alert it sends, or that it only leaves (rules/verdict.h has the table).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "certificate_failures.h"
#include "diagnose/diagnosis.h"

namespace shakedown::diagnose::test {
namespace {

/// How a stack rejects for a fault.
struct Way {
  std::string_view stack;
  std::function<Failure(AlertDescription of_openssl)> reject;
};

std::vector<Way> ways() {
  const auto always = [](AlertDescription alert) {
    return [alert](AlertDescription) { return rejected_with(alert); };
  };
  return {
      {"OpenSSL",
       [](AlertDescription of_openssl) {
         Failure failure = rejected_with(of_openssl);
         offers_as_openssl(failure);
         return failure;
       }},
      {"GnuTLS, Go", always(AlertDescription::bad_certificate)},
      {"Java, Chromium", always(AlertDescription::certificate_unknown)},
      {"an old one", always(AlertDescription::handshake_failure)},
      {"wget", [](AlertDescription) { return rejected_late(); }},
      {"closes",
       [](AlertDescription) {
         return Failure(OutcomeKind::closed, Party::client, Stage::server_hello_done);
       }},
      {"resets",
       [](AlertDescription) {
         return Failure(OutcomeKind::reset, Party::client, Stage::server_hello_done);
       }},
  };
}

Diagnosis decided(Failure& failure) {
  std::vector<Rule> rules;
  for (const auto family : {client_certificate_rules(), trust_rules(), certificate_rules()}) {
    rules.insert(rules.end(), family.begin(), family.end());
  }
  return decide(failure.facts(), rules);
}

struct Fault {
  Cause cause;
  AlertDescription of_openssl;
  std::function<void(enrich::Assessment&)> make;
};

const std::vector<Fault>& faults() {
  using enrich::Assessment;
  static const std::vector<Fault> list = {
      {Cause::certificate_expired, AlertDescription::certificate_expired,
       [](Assessment& assessment) { assessment = expired(); }},
      {Cause::certificate_not_yet_valid, AlertDescription::bad_certificate,
       [](Assessment& assessment) { assessment.not_yet_valid = true; }},
      {Cause::certificate_name_mismatch, AlertDescription::bad_certificate,
       [](Assessment& assessment) { assessment.name = enrich::NameMatch::differs; }},
      {Cause::chain_incomplete, AlertDescription::unknown_ca,
       [](Assessment& assessment) { assessment.trust = enrich::Trust::intermediate_missing; }},
      {Cause::untrusted_ca, AlertDescription::unknown_ca,
       [](Assessment& assessment) { assessment.trust = enrich::Trust::unknown_root; }},
      {Cause::untrusted_ca, AlertDescription::unknown_ca,
       [](Assessment& assessment) { assessment.trust = enrich::Trust::unknown_issuer; }},
      {Cause::self_signed, AlertDescription::unknown_ca,
       [](Assessment& assessment) { assessment.trust = enrich::Trust::self_signed; }},
      {Cause::certificate_revoked, AlertDescription::certificate_revoked,
       [](Assessment& assessment) { assessment.revoked = true; }},
      {Cause::certificate_wrong_usage, AlertDescription::unsupported_certificate,
       [](Assessment& assessment) { assessment.wrong_usage = true; }},
      {Cause::certificate_weak, AlertDescription::bad_certificate,
       [](Assessment& assessment) { assessment.weak_key = true; }},
      {Cause::certificate_weak, AlertDescription::bad_certificate,
       [](Assessment& assessment) { assessment.weak_signature = true; }},
  };
  return list;
}

TEST(CertificateDecision, IsTheFaultWhateverTheStackSays) {
  for (const Fault& fault : faults()) {
    for (const Way& way : ways()) {
      Failure failure = way.reject(fault.of_openssl);
      enrich::Assessment assessment = good_assessment();
      assessment.culprit = 0;
      fault.make(assessment);
      failure.certificate(assessment);
      const Diagnosis diagnosis = decided(failure);
      EXPECT_EQ(name_of(diagnosis.cause), name_of(fault.cause)) << way.stack;
      // Most let a weak key pass, and who leaves a private authority without a word may have been
      // content with it.
      if (fault.cause != Cause::certificate_weak && fault.cause != Cause::untrusted_ca) {
        EXPECT_GE(diagnosis.confidence, Confidence::likely) << way.stack << name_of(fault.cause);
      }
    }
  }
}

TEST(CertificateDecision, IsTheFaultOfTls13WhereOthersWereShownTheChain) {
  for (const Fault& fault : faults()) {
    Failure failure = rejected_in_tls13();
    enrich::Assessment assessment = good_assessment();
    fault.make(assessment);
    failure.certificate(assessment, ChainSource::same_name);
    const Diagnosis diagnosis = decided(failure);
    EXPECT_EQ(name_of(diagnosis.cause), name_of(fault.cause));
    EXPECT_LE(diagnosis.confidence, Confidence::likely);
  }
}

TEST(CertificateDecision, IsPossibleAndNamesWhatLooksAlikeFromAColdStart) {
  Failure failure = rejected_in_tls13();
  const Diagnosis diagnosis = decided(failure);
  EXPECT_EQ(diagnosis.cause, Cause::client_rejected_certificate);
  EXPECT_EQ(diagnosis.confidence, Confidence::possible);
  EXPECT_EQ(diagnosis.alternatives.size(), kAlternativeCountMax);
}

TEST(CertificateDecision, IsTheClockWhereAValidChainIsCalledExpired) {
  Failure failure = rejected_with(AlertDescription::certificate_expired);
  failure.certificate(good_assessment());
  const Diagnosis diagnosis = decided(failure);
  EXPECT_EQ(diagnosis.cause, Cause::clock_skew);
  EXPECT_EQ(diagnosis.confidence, Confidence::likely);
}

TEST(CertificateDecision, IsTheClockWhereOpenSslFindsAValidChainBad) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  offers_as_openssl(failure);
  failure.certificate(good_assessment());
  EXPECT_EQ(decided(failure).cause, Cause::clock_skew);
}

TEST(CertificateDecision, IsTheClockThereWithAPrivateAuthorityAsWell) {
  Failure failure = rejected_with(AlertDescription::bad_certificate);
  offers_as_openssl(failure);
  enrich::Assessment assessment = good_assessment();
  assessment.trust = enrich::Trust::unknown_issuer;
  failure.certificate(assessment);
  const Diagnosis diagnosis = decided(failure);
  EXPECT_EQ(diagnosis.cause, Cause::clock_skew);
  EXPECT_EQ(diagnosis.confidence, Confidence::possible);
}

TEST(CertificateDecision, IsTheClientsOwnTrustWhereNothingElseIsWrong) {
  for (const Way& way : ways()) {
    if (way.stack == "OpenSSL") continue;
    Failure failure = way.reject(AlertDescription::unknown_ca);
    failure.certificate(good_assessment());
    EXPECT_EQ(decided(failure).cause, Cause::client_rejected_certificate) << way.stack;
  }
}

TEST(CertificateDecision, IsTheMissingClientCertificateWhereABrowserLeavesToAskItsUser) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::server_hello_done);
  failure.record.client_certificate = ClientCertificate::requested;
  failure.certificate(good_assessment());
  EXPECT_EQ(decided(failure).cause, Cause::client_certificate_missing);
}

TEST(CertificateDecision, IsTheServersCertificateWhereThatIsWrongAsWell) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::server_hello_done);
  failure.record.client_certificate = ClientCertificate::requested;
  failure.certificate(expired());
  EXPECT_EQ(decided(failure).cause, Cause::certificate_expired);
}

TEST(CertificateDecision, IsInterceptionWhereOthersAreShownAnotherIssuer) {
  Failure failure = rejected_with(AlertDescription::unknown_ca);
  enrich::Assessment assessment = good_assessment();
  assessment.trust = enrich::Trust::unknown_issuer;
  failure.certificate(assessment);
  failure.name.issuer_unusual = true;
  failure.name.usual_issuer = "CN=Public CA";
  failure.name.usual_issuer_trusted = true;
  failure.name.usual_issuer_networks = 2;
  const Diagnosis diagnosis = decided(failure);
  EXPECT_EQ(diagnosis.cause, Cause::interception);
  EXPECT_EQ(diagnosis.confidence, Confidence::likely);
}

}  // namespace
}  // namespace shakedown::diagnose::test

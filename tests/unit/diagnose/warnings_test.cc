// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "certificate_failures.h"
#include "diagnose/diagnoser.h"

namespace shakedown::diagnose::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

JudgedChain on_the_wire(const enrich::Assessment& assessment) {
  return {.source = ChainSource::wire, .chain = a_chain(), .assessment = assessment};
}

std::vector<Warning> warnings_of(const enrich::Assessment& server,
                                 const JudgedChain& client = JudgedChain{}) {
  std::vector<Warning> warnings;
  add_certificate_warnings(on_the_wire(server), client, warnings);
  return warnings;
}

std::vector<std::string_view> ids(const std::vector<Warning>& warnings) {
  std::vector<std::string_view> list;
  for (const Warning& warning : warnings) list.push_back(warning.id);
  return list;
}

TEST(CertificateWarnings, AreNotOfAGoodChain) {
  EXPECT_THAT(warnings_of(good_assessment()), IsEmpty());
}

TEST(CertificateWarnings, AreNotOfWhatIsNotKnown) {
  std::vector<Warning> warnings;
  add_certificate_warnings(JudgedChain{}, JudgedChain{}, warnings);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(CertificateWarnings, AreNotOfAPrivateAuthority) {
  for (const enrich::Trust trust :
       {enrich::Trust::self_signed, enrich::Trust::unknown_root, enrich::Trust::unknown_issuer,
        enrich::Trust::not_judged, enrich::Trust::unreadable}) {
    enrich::Assessment assessment = good_assessment();
    assessment.trust = trust;
    EXPECT_THAT(warnings_of(assessment), IsEmpty());
  }
}

TEST(CertificateWarnings, AreNotOfACertificateThatWasNotInThisHandshake) {
  JudgedChain judged = on_the_wire(expired());
  judged.source = ChainSource::same_name;
  std::vector<Warning> warnings;
  add_certificate_warnings(judged, JudgedChain{}, warnings);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(CertificateWarnings, TellTheDate) {
  enrich::Assessment assessment = expired();
  assessment.margin_nanos = -3 * kDay;
  const std::vector<Warning> warnings = warnings_of(assessment);
  ASSERT_THAT(ids(warnings), ElementsAre("certificate_expired"));
  EXPECT_EQ(warnings[0].text,
            "the certificate CN=www.example.com expired 3 days before, on 2026-01-01T00:00:00Z");
}

TEST(CertificateWarnings, TellHowSoonItExpires) {
  enrich::Assessment assessment = good_assessment();
  assessment.expires_soon = true;
  assessment.margin_nanos = 5 * kDay;
  const std::vector<Warning> warnings = warnings_of(assessment);
  ASSERT_THAT(ids(warnings), ElementsAre("certificate_expires_soon"));
  EXPECT_THAT(warnings[0].text, HasSubstr("expires in 5 days, on 2026-01-01T00:00:00Z"));
}

TEST(CertificateWarnings, AreNotOfNamesThatNobodyAskedFor) {
  enrich::Assessment assessment = good_assessment();
  assessment.name = enrich::NameMatch::not_asked;
  EXPECT_THAT(warnings_of(assessment), IsEmpty());
  assessment.name = enrich::NameMatch::differs;
  EXPECT_THAT(ids(warnings_of(assessment)), ElementsAre("certificate_name_mismatch"));
}

TEST(CertificateWarnings, TellOfStaples) {
  enrich::Assessment assessment = good_assessment();
  assessment.staple_missing = true;
  EXPECT_THAT(ids(warnings_of(assessment)), ElementsAre("staple_missing"));
  assessment.staple_missing = false;
  assessment.staple = enrich::Staple::expired;
  EXPECT_THAT(ids(warnings_of(assessment)), ElementsAre("staple_expired"));
  assessment.staple = enrich::Staple::unusable;
  EXPECT_THAT(ids(warnings_of(assessment)), ElementsAre("staple_unusable"));
  assessment.staple = enrich::Staple::good;
  EXPECT_THAT(warnings_of(assessment), IsEmpty());
}

TEST(CertificateWarnings, PutTheWorstFirstAndEndAtTheLimit) {
  enrich::Assessment assessment = expired();
  assessment.revoked = true;
  assessment.name = enrich::NameMatch::differs;
  assessment.wrong_usage = true;
  assessment.weak_signature = true;
  assessment.trust = enrich::Trust::intermediate_missing;
  assessment.superfluous = true;
  assessment.out_of_order = true;
  EXPECT_THAT(ids(warnings_of(assessment)),
              ElementsAre("certificate_revoked", "certificate_expired", "certificate_name_mismatch",
                          "certificate_wrong_usage", "certificate_weak", "chain_incomplete"));
  static_assert(kHandshakeWarningCountMax == 6);
}

TEST(CertificateWarnings, CountThoseThatAreThereAlready) {
  std::vector<Warning> warnings(kHandshakeWarningCountMax,
                                {.id = "rejected_by_client", .text = {}, .diagnosis = nullptr});
  add_certificate_warnings(on_the_wire(expired()), JudgedChain{}, warnings);
  EXPECT_EQ(warnings.size(), kHandshakeWarningCountMax);
  warnings.pop_back();
  add_certificate_warnings(on_the_wire(expired()), JudgedChain{}, warnings);
  EXPECT_EQ(warnings.back().id, "certificate_expired");
}

TEST(CertificateWarnings, TellOfTheClientsCertificateAsWell) {
  const std::vector<Warning> warnings = warnings_of(good_assessment(), on_the_wire(expired()));
  ASSERT_THAT(ids(warnings), ElementsAre("client_certificate_expired"));
  EXPECT_THAT(warnings[0].text, HasSubstr("of the client: the certificate"));
}

}  // namespace
}  // namespace shakedown::diagnose::test

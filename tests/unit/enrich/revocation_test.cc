// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "judged.h"

namespace shakedown::enrich {
namespace {

using namespace test;

constexpr int kKeyCompromise = 1;
constexpr int kOnHold = 6;

TEST(RevocationList, SpeaksFromTheDayOfTheRevocation) {
  const World world;
  ChainJudge judge = world.judge(
      {crl_pem(world.intermediate, {{&world.leaf, "20240301000000Z", kKeyCompromise}})});
  const std::vector<Made> sent{world.leaf, world.intermediate};
  const UnixNanos day = moment("20240301000000Z");
  EXPECT_FALSE(assess(judge, sent, UnixNanos{day.value - 1}).revoked);
  const Assessment assessment = assess(judge, sent, day);
  EXPECT_TRUE(assessment.revoked);
  EXPECT_TRUE(assessment.revoked_by_list);
  EXPECT_EQ(assessment.culprit, 0);
  EXPECT_EQ(assessment.trust, Trust::trusted);
  EXPECT_FALSE(assessment.acceptable());
}

TEST(RevocationList, SaysNothingOfOthers) {
  const World world;
  const Made other = issue(server("DNS:example.com"), world.intermediate);
  ChainJudge judge = world.judge({crl_pem(world.intermediate, {{&other, "20240301000000Z"}})});
  EXPECT_FALSE(assess(judge, {world.leaf, world.intermediate}).revoked);
  EXPECT_TRUE(assess(judge, {other, world.intermediate}).revoked);
}

TEST(RevocationList, OfTheRootRevokesIntermediates) {
  const World world;
  ChainJudge judge = world.judge({crl_pem(world.root, {{&world.intermediate, "20240301000000Z"}})});
  const Assessment assessment = assess(judge, {world.leaf, world.intermediate});
  EXPECT_TRUE(assessment.revoked);
  EXPECT_EQ(assessment.culprit, 1);
}

TEST(RevocationList, OutOfDateStillTellsWhatItKnew) {
  const World world;
  ChainJudge judge = world.judge({crl_pem(world.intermediate, {{&world.leaf, "20230301000000Z"}},
                                          "20230302000000Z", "20230309000000Z")});
  EXPECT_TRUE(assess(judge, {world.leaf, world.intermediate}).revoked);
}

TEST(RevocationList, OfAnotherSignerIsNotBelieved) {
  const World world;
  Plan namesake = authority("Intermediate");
  const Made liar = self_signed(namesake);
  ChainJudge judge = world.judge({crl_pem(liar, {{&world.leaf, "20240301000000Z"}})});
  EXPECT_FALSE(assess(judge, {world.leaf, world.intermediate}).revoked);
}

TEST(RevocationList, MayPutOnHoldForAWhile) {
  const World world;
  const RevokedEntry hold{&world.leaf, "20240301000000Z", kOnHold};
  ChainJudge judge = world.judge({crl_pem(world.intermediate, {}, "20240401000000Z"),
                                  crl_pem(world.intermediate, {hold}, "20240302000000Z")});
  const std::vector<Made> sent{world.leaf, world.intermediate};
  EXPECT_FALSE(assess(judge, sent, moment("20240229000000Z")).revoked);
  EXPECT_TRUE(assess(judge, sent, moment("20240315000000Z")).revoked);
  EXPECT_FALSE(assess(judge, sent, moment("20240402000000Z")).revoked);
}

TEST(RevocationList, AfterAHoldCanRevokeForGood) {
  const World world;
  const RevokedEntry hold{&world.leaf, "20240301000000Z", kOnHold};
  const RevokedEntry good{&world.leaf, "20240401000000Z", kKeyCompromise};
  ChainJudge judge = world.judge({crl_pem(world.intermediate, {hold}, "20240302000000Z"),
                                  crl_pem(world.intermediate, {good}, "20240402000000Z"),
                                  crl_pem(world.intermediate, {}, "20240502000000Z")});
  EXPECT_TRUE(assess(judge, {world.leaf, world.intermediate}, moment("20240315000000Z")).revoked);
  EXPECT_TRUE(assess(judge, {world.leaf, world.intermediate}, moment("20240602000000Z")).revoked);
}

class StapleTest : public testing::Test {
 protected:
  Assessment with(const Body& response, const std::string& at = "20240602000000Z") {
    return assess(judge_, {world_.leaf, world_.intermediate}, moment(at), "example.com", response);
  }
  Body from_issuer(const StaplePlan& plan = {}) {
    return staple(world_.leaf, world_.intermediate, world_.intermediate, plan);
  }
  World world_;
  ChainJudge judge_ = world_.judge();
};

TEST_F(StapleTest, OfTheIssuerIsGood) {
  const Assessment assessment = with(from_issuer());
  EXPECT_EQ(assessment.staple, Staple::good);
  EXPECT_TRUE(assessment.acceptable());
  EXPECT_EQ(with({}).staple, Staple::none);
}

TEST_F(StapleTest, HoldsFromThisUpdateToNextUpdateWithSomeSlack) {
  const Body response = from_issuer();
  EXPECT_EQ(with(response, "20240531235459Z").staple, Staple::unusable);
  EXPECT_EQ(with(response, "20240531235500Z").staple, Staple::good);
  EXPECT_EQ(with(response, "20240608000500Z").staple, Staple::good);
  EXPECT_EQ(with(response, "20240608000501Z").staple, Staple::expired);
  EXPECT_EQ(with(from_issuer({.next_update = ""}), "20290101000000Z").staple, Staple::good);
}

TEST_F(StapleTest, ThatSaysRevokedIsBelievedForever) {
  const Body response = from_issuer({.status = V_OCSP_CERTSTATUS_REVOKED});
  for (const char* at : {"20240602000000Z", "20250101000000Z"}) {
    const Assessment assessment = with(response, at);
    EXPECT_EQ(assessment.staple, Staple::revoked);
    EXPECT_TRUE(assessment.revoked);
    EXPECT_FALSE(assessment.revoked_by_list);
    EXPECT_EQ(assessment.culprit, 0);
  }
  EXPECT_FALSE(with(response, "20240229000000Z").revoked);
}

TEST_F(StapleTest, MayNotKnowTheCertificate) {
  EXPECT_EQ(with(from_issuer({.status = V_OCSP_CERTSTATUS_UNKNOWN})).staple, Staple::unknown);
}

TEST_F(StapleTest, OfOneInChargeIsGood) {
  Plan plan{.common_name = "Responder", .extensions = {{NID_ext_key_usage, "OCSPSigning"}}};
  const Made responder = issue(plan, world_.intermediate);
  EXPECT_EQ(with(staple(world_.leaf, world_.intermediate, responder)).staple, Staple::good);
  plan.until = "20240602000000Z";
  const Made until_june = issue(plan, world_.intermediate);
  EXPECT_EQ(with(staple(world_.leaf, world_.intermediate, until_june), "20240603000000Z").staple,
            Staple::expired);
}

TEST_F(StapleTest, OfOneWhoIsNotInChargeIsUnusable) {
  Plan plan{.common_name = "Responder", .extensions = {{NID_ext_key_usage, "serverAuth"}}};
  EXPECT_EQ(with(staple(world_.leaf, world_.intermediate, issue(plan, world_.intermediate))).staple,
            Staple::unusable);
  plan.extensions = {{NID_ext_key_usage, "OCSPSigning"}};
  for (const Made& liar : {issue(plan, world_.root), self_signed(plan),
                           forge(plan, world_.intermediate), world_.root}) {
    EXPECT_EQ(with(staple(world_.leaf, world_.intermediate, liar)).staple, Staple::unusable);
  }
}

TEST_F(StapleTest, ThatIsBrokenOrAboutAnotherIsUnusable) {
  const Body good = from_issuer();
  Body longer = good;
  longer.push_back(0);
  Body forged = good;
  forged[good.size() - 1] ^= 1;
  const Made other = issue(server("DNS:example.com"), world_.intermediate);
  for (const Body& bad : {Body{0x30}, Body(good.begin(), good.end() - 1), longer, forged,
                          staple(other, world_.intermediate, world_.intermediate)}) {
    EXPECT_EQ(with(bad).staple, Staple::unusable);
  }
  EXPECT_EQ(with(good).staple, Staple::good);
}

TEST_F(StapleTest, IsNotJudgedWhereTheIssuerIsNotKnown) {
  const Assessment assessment =
      assess(judge_, {world_.leaf}, moment(), "example.com", from_issuer());
  EXPECT_EQ(assessment.trust, Trust::unknown_issuer);
  EXPECT_EQ(assessment.staple, Staple::none);
  EXPECT_FALSE(assessment.staple_missing);
}

TEST_F(StapleTest, CanBeDemanded) {
  Plan plan = server("DNS:example.com");
  plan.extensions.push_back({NID_tlsfeature, "status_request"});
  const Made leaf = issue(plan, world_.intermediate);
  const std::vector<Made> sent{leaf, world_.intermediate};
  const Assessment without = assess(judge_, sent);
  EXPECT_TRUE(without.staple_missing);
  EXPECT_EQ(without.culprit, 0);
  const Body response = staple(leaf, world_.intermediate, world_.intermediate);
  EXPECT_FALSE(assess(judge_, sent, moment(), "example.com", response).staple_missing);
  EXPECT_FALSE(assess(judge_, sent, moment(), "", {}, Purpose::client).staple_missing);
  EXPECT_FALSE(with({}).staple_missing);
}

}  // namespace
}  // namespace shakedown::enrich

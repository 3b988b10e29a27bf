// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "judged.h"

namespace shakedown::enrich {
namespace {

using namespace test;

TEST(Trust, FollowsWhatWasSentToAnAnchor) {
  const World world;
  ChainJudge judge = world.judge();
  const Assessment assessment = assess(judge, {world.leaf, world.intermediate});
  EXPECT_EQ(assessment.trust, Trust::trusted);
  EXPECT_TRUE(assessment.acceptable());
  EXPECT_EQ(assessment.culprit, -1);
  EXPECT_TRUE(assessment.issuer.empty());
  EXPECT_FALSE(assessment.out_of_order);
  EXPECT_FALSE(assessment.superfluous);
}

TEST(Trust, TakesTheRootAlongWhenItWasSent) {
  const World world;
  ChainJudge judge = world.judge();
  const Assessment assessment = assess(judge, {world.leaf, world.intermediate, world.root});
  EXPECT_TRUE(assessment.acceptable());
  EXPECT_FALSE(assessment.superfluous);
}

TEST(Trust, TrustsALeafThatIsAnAnchorItself) {
  const Made leaf = self_signed(server("DNS:example.com"));
  ChainJudge judge(trust_in({leaf}));
  EXPECT_TRUE(assess(judge, {leaf}).acceptable());
}

TEST(Trust, TellsAMissingIntermediateOnceOthersHaveShownIt) {
  const World world;
  ChainJudge judge = world.judge();
  const Assessment before = assess(judge, {world.leaf});
  EXPECT_EQ(before.trust, Trust::unknown_issuer);
  EXPECT_EQ(before.issuer, "CN=Intermediate");
  EXPECT_FALSE(before.issuer_from_elsewhere);

  const Made other = issue(server("DNS:example.org"), world.intermediate);
  EXPECT_TRUE(assess(judge, {other, world.intermediate}, moment(), "example.org").acceptable());
  EXPECT_EQ(judge.intermediate_count(), 1u);
  const Assessment after = assess(judge, {world.leaf});
  EXPECT_EQ(after.trust, Trust::intermediate_missing);
  EXPECT_EQ(after.issuer, "CN=Intermediate");
  EXPECT_TRUE(after.issuer_from_elsewhere);
  EXPECT_EQ(after.culprit, -1);
}

TEST(Trust, KnowsAMissingIntermediateFromTheTrustStore) {
  const World world;
  ChainJudge judge(trust_in({world.root, world.intermediate}));
  const Assessment assessment = assess(judge, {world.leaf});
  EXPECT_EQ(assessment.trust, Trust::intermediate_missing);
  EXPECT_TRUE(assessment.issuer_from_elsewhere);
}

TEST(Trust, LearnsNothingFromChainsThatLeadNowhere) {
  const World world;
  ChainJudge nobody(trust_in({}));
  assess(nobody, {world.leaf, world.intermediate, world.root});
  EXPECT_EQ(nobody.intermediate_count(), 0u);
}

TEST(Trust, CallsALeafThatSignedItselfSelfSigned) {
  const World world;
  ChainJudge judge = world.judge();
  const Made leaf = self_signed(server("DNS:example.com"));
  const Assessment assessment = assess(judge, {leaf});
  EXPECT_EQ(assessment.trust, Trust::self_signed);
  EXPECT_EQ(assessment.culprit, 0);
  EXPECT_FALSE(assessment.acceptable());
  EXPECT_EQ(assess(judge, {leaf, leaf}).trust, Trust::self_signed);
}

TEST(Trust, DoesNotKnowARootThatIsNoAnchor) {
  const World world;
  const World stranger{.root = self_signed(authority("Corporate Root"))};
  ChainJudge judge = world.judge();
  const Assessment assessment =
      assess(judge, {stranger.leaf, stranger.intermediate, stranger.root});
  EXPECT_EQ(assessment.trust, Trust::unknown_root);
  EXPECT_EQ(assessment.issuer, "CN=Corporate Root");
  EXPECT_EQ(assessment.culprit, 2);
}

TEST(Trust, DoesNotKnowAnIssuerWhomNobodyHasShown) {
  const World world;
  const World stranger{.root = self_signed(authority("Corporate Root"))};
  ChainJudge judge = world.judge();
  const Assessment assessment = assess(judge, {stranger.leaf, stranger.intermediate});
  EXPECT_EQ(assessment.trust, Trust::unknown_issuer);
  EXPECT_EQ(assessment.issuer, "CN=Corporate Root");
  EXPECT_EQ(assessment.culprit, 1);
}

TEST(Trust, SeesASignatureThatIsNotTheIssuers) {
  const World world;
  ChainJudge judge = world.judge();
  const Made forged = forge(server("DNS:example.com"), world.intermediate);
  const Assessment assessment = assess(judge, {forged, world.intermediate});
  EXPECT_EQ(assessment.trust, Trust::bad_signature);
  EXPECT_EQ(assessment.issuer, "CN=Intermediate");
  EXPECT_EQ(assessment.culprit, 0);
}

TEST(Trust, DoesNotTrustANamesakeOfAnAnchor) {
  const World world;
  ChainJudge judge = world.judge();
  const World stranger;
  EXPECT_EQ(assess(judge, {stranger.leaf, stranger.intermediate, stranger.root}).trust,
            Trust::unknown_root);
}

TEST(Trust, TakesANamesakeWithAnotherKeyForSomebodyElse) {
  const World world;
  ChainJudge judge = world.judge();
  Plan plan = server("DNS:example.com");
  plan.extensions.push_back({NID_authority_key_identifier, "keyid:always"});
  const Made leaf = issue(plan, world.intermediate);
  const Made namesake = issue(authority("Intermediate"), world.root);
  EXPECT_TRUE(assess(judge, {leaf, world.intermediate}).acceptable());
  ChainJudge another = world.judge();
  EXPECT_EQ(assess(another, {leaf, namesake}).trust, Trust::unknown_issuer);
  EXPECT_EQ(assess(another, {leaf, namesake, world.intermediate}).trust, Trust::trusted);
}

TEST(Trust, ReadsWhatItCanAndSaysWhatItCannot) {
  const World world;
  ChainJudge judge = world.judge();
  const auto trust = [&](const std::vector<Body>& sent) {
    return judge.assess(*judge.chain_of(chain_body(sent)), Purpose::server, moment(), "").trust;
  };
  Body longer = world.leaf.der();
  longer.push_back(0);
  EXPECT_EQ(trust({longer, world.intermediate.der()}), Trust::unreadable);
  EXPECT_EQ(trust({Body(100, 0x30)}), Trust::unreadable);
  // Behind the leaf it does no harm.
  EXPECT_EQ(trust({world.leaf.der(), Body(100, 0x30), world.intermediate.der()}), Trust::trusted);
  EXPECT_EQ(judge.chain_of(Body{}), nullptr);
  EXPECT_EQ(judge.chain_of(Body{0, 0, 5, 1}), nullptr);
}

TEST(Trust, DoesNotUseACurveThatIsSpelledOut) {
  const World world;
  ChainJudge judge = world.judge();
  Plan plan = server("DNS:example.com");
  plan.key = explicit_curve_key();
  EXPECT_EQ(assess(judge, {issue(plan, world.intermediate), world.intermediate}).trust,
            Trust::unreadable);
}

TEST(Trust, HoldsForEd25519) {
  Plan plan = authority("Edwards");
  plan.key = ed25519_key();
  plan.digest = nullptr;
  const Made root = self_signed(plan);
  Plan leaf_plan = server("DNS:example.com");
  leaf_plan.digest = nullptr;
  ChainJudge judge(trust_in({root}));
  EXPECT_TRUE(assess(judge, {issue(leaf_plan, root)}).acceptable());
}

TEST(Trust, IsJudgedAnewWithAnotherStore) {
  const World world;
  ChainJudge judge(trust_in({}));
  EXPECT_EQ(assess(judge, {world.leaf, world.intermediate}).trust, Trust::unknown_issuer);
  judge.set_trust(trust_in({world.root}));
  EXPECT_EQ(assess(judge, {world.leaf, world.intermediate}).trust, Trust::trusted);
  judge.set_trust(TrustStore());
  EXPECT_EQ(assess(judge, {world.leaf, world.intermediate}).trust, Trust::unknown_issuer);
  EXPECT_EQ(judge.intermediate_count(), 0u);
}

TEST(Order, IsRemarkedAndDoesNotMatter) {
  const World world;
  ChainJudge judge = world.judge();
  const Assessment assessment = assess(judge, {world.leaf, world.root, world.intermediate});
  EXPECT_EQ(assessment.trust, Trust::trusted);
  EXPECT_TRUE(assessment.out_of_order);
  EXPECT_FALSE(assessment.superfluous);
  EXPECT_EQ(assessment.culprit, 1);
  EXPECT_TRUE(assessment.acceptable());
}

TEST(Order, OfTwoIntermediatesWithOneNameIsAnyOrder) {
  const World world;
  ChainJudge judge = world.judge();
  Plan again = authority("Intermediate");
  again.key = world.intermediate.key;
  const Made renewed = issue(again, world.root);
  const Assessment assessment = assess(judge, {world.leaf, renewed, world.intermediate});
  EXPECT_FALSE(assessment.out_of_order);
  EXPECT_FALSE(assessment.superfluous);
}

TEST(Order, SeesWhatNoPathNeeds) {
  const World world;
  const World other{.root = self_signed(authority("Other Root")),
                    .intermediate = issue(authority("Elsewhere"), world.root)};
  ChainJudge judge = world.judge();
  const Assessment assessment = assess(judge, {world.leaf, other.root, world.intermediate});
  EXPECT_EQ(assessment.trust, Trust::trusted);
  EXPECT_TRUE(assessment.superfluous);
  EXPECT_FALSE(assessment.out_of_order);
  EXPECT_TRUE(assess(judge, {world.leaf, world.intermediate, world.intermediate}).superfluous);
}

TEST(Purposes, AreApart) {
  const World world;
  ChainJudge judge = world.judge();
  Plan plan = server("DNS:example.com");
  plan.extensions[2].value = "clientAuth";
  const Made client = issue(plan, world.intermediate);
  const auto wrong = [&](const Made& leaf, Purpose purpose) {
    return assess(judge, {leaf, world.intermediate}, moment(), "", {}, purpose).wrong_usage;
  };
  EXPECT_TRUE(wrong(client, Purpose::server));
  EXPECT_FALSE(wrong(client, Purpose::client));
  EXPECT_FALSE(wrong(world.leaf, Purpose::server));
  EXPECT_TRUE(wrong(world.leaf, Purpose::client));
  plan.extensions[2].value = "anyExtendedKeyUsage";
  const Made any = issue(plan, world.intermediate);
  EXPECT_FALSE(wrong(any, Purpose::server));
  EXPECT_FALSE(wrong(any, Purpose::client));
  plan.extensions[1].value = "keyCertSign";
  EXPECT_TRUE(wrong(issue(plan, world.intermediate), Purpose::server));
}

TEST(Constraints, AreKept) {
  const World world;
  ChainJudge judge = world.judge();
  const auto assessed = [&](const Plan& intermediate_plan, const char* name) {
    const Made intermediate = issue(intermediate_plan, world.root);
    return assess(judge, {issue(server(std::string("DNS:") + name), intermediate), intermediate},
                  moment(), name);
  };
  Plan plan = authority("Constrained");
  plan.extensions.push_back({NID_name_constraints, "critical,permitted;DNS:example.com"});
  EXPECT_FALSE(assessed(plan, "www.example.com").wrong_usage);
  const Assessment outside = assessed(plan, "www.example.org");
  EXPECT_TRUE(outside.wrong_usage);
  EXPECT_EQ(outside.trust, Trust::trusted);

  Plan no_authority = server("DNS:intermediate");
  no_authority.common_name = "Not an authority";
  const Assessment not_allowed = assessed(no_authority, "example.com");
  EXPECT_TRUE(not_allowed.wrong_usage);
  EXPECT_EQ(not_allowed.culprit, 1);
  EXPECT_FALSE(not_allowed.acceptable());

  Plan for_clients = authority("For clients");
  for_clients.extensions.push_back({NID_ext_key_usage, "clientAuth"});
  EXPECT_TRUE(assessed(for_clients, "example.com").wrong_usage);
}

TEST(Constraints, BoundTheLengthOfThePath) {
  const World world;
  ChainJudge judge = world.judge();
  Plan plan = authority("Last");
  plan.extensions[0].value = "critical,CA:TRUE,pathlen:0";
  const Made last = issue(plan, world.root);
  const Made beyond = issue(authority("Beyond"), last);
  EXPECT_FALSE(assess(judge, {issue(server("DNS:example.com"), last), last}).wrong_usage);
  EXPECT_TRUE(assess(judge, {issue(server("DNS:example.com"), beyond), beyond, last}).wrong_usage);
}

TEST(Strength, OfKeysIsJudgedFromTheirLength) {
  const World world;
  ChainJudge judge = world.judge();
  const auto weak = [&](const Key& key) {
    Plan plan = server("DNS:example.com");
    plan.key = key;
    const Assessment assessment =
        assess(judge, {issue(plan, world.intermediate), world.intermediate});
    EXPECT_EQ(assessment.trust, Trust::trusted);
    return assessment.weak_key;
  };
  EXPECT_TRUE(weak(rsa_key(1024)));
  EXPECT_TRUE(weak(rsa_key(2047)));
  EXPECT_FALSE(weak(rsa_key(2048)));
  EXPECT_TRUE(weak(ec_key("P-192")));
  EXPECT_FALSE(weak(ec_key("P-224")));
  EXPECT_FALSE(weak(ec_key("P-256")));
}

TEST(Strength, OfSignaturesLeavesTheAnchorOut) {
  Plan old_root = authority("Old Root");
  old_root.digest = EVP_sha1();
  old_root.key = rsa_key(2048);
  const Made root = self_signed(old_root);
  ChainJudge judge(trust_in({root}));
  const Assessment modern = assess(judge, {issue(server("DNS:example.com"), root)});
  EXPECT_FALSE(modern.weak_signature);
  for (const EVP_MD* digest : {EVP_sha1(), EVP_md5()}) {
    Plan plan = server("DNS:example.com");
    plan.digest = digest;
    const Assessment assessment = assess(judge, {issue(plan, root)});
    EXPECT_EQ(assessment.trust, Trust::trusted);
    EXPECT_TRUE(assessment.weak_signature);
    EXPECT_EQ(assessment.culprit, 0);
  }
}

}  // namespace
}  // namespace shakedown::enrich

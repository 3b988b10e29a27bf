// SPDX-License-Identifier: Apache-2.0
#include "shakedown/limits.h"

#include <gtest/gtest.h>

#include <chrono>

#include "enrich/path_search.h"
#include "judged.h"

namespace shakedown::enrich {
namespace {

using namespace test;

TEST(ChainMemory, GivesTheSameChainAgain) {
  const World world;
  ChainJudge judge = world.judge();
  const Body body = chain_body({world.leaf, world.intermediate});
  const ChainPointer first = judge.chain_of(body);
  EXPECT_EQ(judge.chain_of(body), first);
  EXPECT_EQ(first->digest.size(), 32u);
  EXPECT_EQ(first->body, body);
  EXPECT_EQ(judge.chain_count(), 1u);
  EXPECT_NE(judge.chain_of(chain_body({world.leaf})), first);
  EXPECT_EQ(judge.chain_count(), 2u);
}

TEST(ChainMemory, ForgetsTheLeastRecentlyUsedByCount) {
  const World world;
  ChainJudge judge(trust_in({world.root}), {.chain_count_max = 2});
  const Body a = chain_body({world.leaf});
  const Body b = chain_body({world.intermediate});
  const Body c = chain_body({world.root});
  const ChainPointer first = judge.chain_of(a);
  const ChainPointer second = judge.chain_of(b);
  EXPECT_EQ(judge.chain_of(a), first);
  EXPECT_NE(judge.chain_of(c), nullptr);
  EXPECT_EQ(judge.chain_count(), 2u);
  EXPECT_EQ(judge.chain_of(a), first);
  EXPECT_NE(judge.chain_of(b), second);
  // What is forgotten can still be asked about by who holds it.
  EXPECT_EQ(judge.assess(*second, Purpose::server, moment(), "").trust, Trust::trusted);
}

TEST(ChainMemory, ForgetsByBytesAndKeepsTheLast) {
  const World world;
  ChainJudge judge(trust_in({world.root}), {.chain_bytes_max = 1});
  EXPECT_NE(judge.chain_of(chain_body({world.leaf})), nullptr);
  EXPECT_NE(judge.chain_of(chain_body({world.intermediate})), nullptr);
  EXPECT_EQ(judge.chain_count(), 1u);
  EXPECT_TRUE(assess(judge, {world.leaf, world.intermediate}).acceptable());
  EXPECT_GE(ChainJudge::memory_max({}), ChainJudgeSettings{}.chain_bytes_max);
}

TEST(ChainMemory, KeepsNoMoreIntermediatesThanItMay) {
  const World world;
  ChainJudge judge(trust_in({world.root}), {.intermediate_count_max = 2});
  std::vector<Made> leaves;
  for (int i = 0; i < 3; ++i) {
    const Made intermediate = issue(authority("Intermediate " + std::to_string(i)), world.root);
    leaves.push_back(issue(server("DNS:example.com"), intermediate));
    const Made other = issue(server("DNS:example.org"), intermediate);
    assess(judge, {other, intermediate});
  }
  EXPECT_EQ(judge.intermediate_count(), 2u);
  EXPECT_EQ(assess(judge, {leaves[0]}).trust, Trust::unknown_issuer);
  EXPECT_EQ(assess(judge, {leaves[1]}).trust, Trust::intermediate_missing);
  EXPECT_EQ(assess(judge, {leaves[2]}).trust, Trust::intermediate_missing);
}

/// Uses up what a judge may do at a moment, with chains that cost it little: they are not readable.
class Flood {
 public:
  explicit Flood(ChainJudge& judge) : judge_(judge) {}
  /// Whether one more was judged.
  bool judged(UnixNanos at) {
    ++number_;
    Body leaf(3);
    for (std::uint32_t i = 0; i < 3; ++i) leaf[i] = static_cast<std::uint8_t>(number_ >> 8 * i);
    const ChainPointer chain = judge_.chain_of(chain_body(std::vector<Body>{leaf}));
    return judge_.assess(*chain, Purpose::server, at, "").trust == Trust::unreadable;
  }

 private:
  ChainJudge& judge_;
  std::uint32_t number_ = 0;
};

TEST(Limits, OfNewChainsAreByTheRecordsTime) {
  ChainJudge judge;
  Flood flood(judge);
  for (std::size_t i = 0; i < kJudgementBurst; ++i) ASSERT_TRUE(flood.judged(moment())) << i;
  EXPECT_FALSE(flood.judged(moment()));
  EXPECT_EQ(judge.not_judged_count(), 1u);
  const auto later = [](std::int64_t nanos) { return UnixNanos{moment().value + nanos}; };
  EXPECT_FALSE(flood.judged(later(kNanosPerMilli - 1)));
  EXPECT_TRUE(flood.judged(later(kNanosPerMilli)));
  EXPECT_FALSE(flood.judged(later(kNanosPerMilli)));
  EXPECT_FALSE(flood.judged(moment()));
  EXPECT_TRUE(flood.judged(later(2 * kNanosPerMilli)));
}

TEST(Limits, LeaveTheDatesOfTheLeafToTheOnesNotJudged) {
  const World world;
  ChainJudge judge = world.judge();
  Plan plan = server("DNS:example.com");
  plan.until = "20210101000000Z";
  const std::vector<Made> old{issue(plan, world.intermediate), world.intermediate};
  const std::vector<Made> known{world.leaf, world.intermediate};
  EXPECT_TRUE(assess(judge, known).acceptable());
  Flood flood(judge);
  while (flood.judged(moment())) continue;
  const Assessment assessment = assess(judge, old);
  EXPECT_EQ(assessment.trust, Trust::not_judged);
  EXPECT_TRUE(assessment.expired);
  EXPECT_EQ(assessment.culprit, 0);
  EXPECT_EQ(assessment.name, NameMatch::not_asked);
  EXPECT_FALSE(assessment.acceptable());
  // What was judged before goes on, and what was not is judged when there is time.
  EXPECT_TRUE(assess(judge, known).acceptable());
  EXPECT_EQ(assess(judge, old, moment("20240602000001Z")).trust, Trust::trusted);
}

/// Authorities of one name, all with keys of their own: each may have issued the leaf.
std::vector<Made> namesakes(std::size_t count, const Made& issuer) {
  std::vector<Made> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back(issue(authority("Intermediate"), issuer));
  return made;
}

TEST(Limits, FindTheIssuerAmongItsNamesakes) {
  const World world;
  ChainJudge judge = world.judge();
  std::vector<Made> sent{world.leaf};
  for (const Made& namesake : namesakes(kCertificateCountMax - 2, world.root)) {
    sent.push_back(namesake);
  }
  sent.push_back(world.intermediate);
  ASSERT_EQ(sent.size(), kCertificateCountMax);
  EXPECT_EQ(assess(judge, sent).trust, Trust::trusted);
}

TEST(Limits, ChargeMoreForChainsThatTakeLonger) {
  const World world;
  std::vector<Made> many{world.leaf};
  for (const Made& namesake : namesakes(kCertificateCountMax - 1, world.root)) {
    many.push_back(namesake);
  }
  const auto left_after = [&](const std::vector<Made>& sent) {
    ChainJudge judge = world.judge();
    EXPECT_NE(assess(judge, sent).trust, Trust::not_judged);
    Flood flood(judge);
    std::size_t left = 0;
    while (flood.judged(moment())) ++left;
    return left;
  };
  EXPECT_EQ(left_after({world.leaf, world.intermediate}), kJudgementBurst - 1);
  // Each of the fifteen is asked whether it signed the leaf.
  EXPECT_EQ(left_after(many), kJudgementBurst - 1 - (15 - 4));
}

TEST(Limits, EndWhereCertificatesAllSignedEachOther) {
  // One name and one key: every one is the issuer of every other.
  Plan plan = authority("Loop");
  plan.key = ec_key();
  std::vector<Made> sent;
  for (unsigned i = 0; i < kCertificateCountMax; ++i) sent.push_back(self_signed(plan));
  ChainJudge judge;
  const Assessment assessment = assess(judge, sent);
  EXPECT_NE(assessment.trust, Trust::trusted);
  EXPECT_EQ(judge.intermediate_count(), 0u);
}

TEST(Limits, DoNotUseKeysThatAreTooLarge) {
  const auto trust = [](unsigned bits) {
    Plan plan = authority("Large");
    plan.key = public_rsa_key(bits);
    // Nobody has the private key, so that the signature is false: if anyone looks.
    const Made root = forge(plan, self_signed(authority("Large")));
    ChainJudge judge(trust_in({root}));
    return assess(judge, {forge(server("DNS:example.com"), root, rsa_key(2048))}).trust;
  };
  EXPECT_EQ(trust(kKeyBitsMax), Trust::bad_signature);
  EXPECT_EQ(trust(kKeyBitsMax + 1), Trust::not_judged);
}

TEST(Limits, CountChecksOfDeepChains) {
  const Made root = self_signed(authority("Root"));
  const auto trust = [&](std::size_t length) {
    std::vector<Made> down{root};
    for (std::size_t i = 2; i < length; ++i) {
      down.push_back(issue(authority("Authority " + std::to_string(i)), down.back()));
    }
    std::vector<Made> sent{issue(server("DNS:example.com"), down.back())};
    for (std::size_t i = down.size() - 1; i > 0; --i) sent.push_back(down[i]);
    ChainJudge judge(trust_in({root}));
    return assess(judge, sent).trust;
  };
  EXPECT_EQ(trust(kPathLengthMax), Trust::trusted);
  EXPECT_NE(trust(kPathLengthMax + 1), Trust::trusted);
}

TEST(Limits, LeaveNoErrorsBehind) {
  const World world;
  ChainJudge judge = world.judge();
  EXPECT_NE(judge.chain_of(chain_body(std::vector<Body>{Body(100, 0x30)})), nullptr);
  assess(judge, {forge(server("DNS:example.com"), world.intermediate), world.intermediate},
         moment(), "example.com", Body(10, 0x30));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace shakedown::enrich

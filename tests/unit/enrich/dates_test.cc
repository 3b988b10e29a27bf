// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "enrich/certificate.h"
#include "judged.h"

namespace shakedown::enrich {
namespace {

using namespace test;

constexpr std::int64_t kDay = 86'400 * kNanosPerSecond;

UnixNanos after(UnixNanos time, std::int64_t nanos) { return UnixNanos{time.value + nanos}; }

TEST(Dates, AreThoseOfThePacketAndNotOfToday) {
  Plan plan = server("DNS:example.com");
  plan.from = "19990101000000Z";
  plan.until = "20010101000000Z";
  Plan root_plan = authority("Root of long ago");
  root_plan.from = "19900101000000Z";
  root_plan.until = "20050101000000Z";
  const Made root = self_signed(root_plan);
  const Made leaf = issue(plan, root);
  ChainJudge judge(trust_in({root}));
  EXPECT_TRUE(assess(judge, {leaf}, moment("20000101000000Z")).acceptable());
  const Assessment today = assess(judge, {leaf}, moment("20260101000000Z"));
  EXPECT_EQ(today.trust, Trust::trusted);
  EXPECT_TRUE(today.expired);
  EXPECT_FALSE(today.acceptable());
}

TEST(Dates, HoldToTheLastNanosecond) {
  const World world;
  ChainJudge judge = world.judge();
  const std::vector<Made> sent{world.leaf, world.intermediate};
  const UnixNanos from = moment("20200101000000Z");
  const UnixNanos until = moment("20300101000000Z");
  EXPECT_TRUE(assess(judge, sent, after(from, -1)).not_yet_valid);
  EXPECT_FALSE(assess(judge, sent, from).not_yet_valid);
  EXPECT_FALSE(assess(judge, sent, after(until, kNanosPerSecond - 1)).expired);
  const Assessment expired = assess(judge, sent, after(until, kNanosPerSecond));
  EXPECT_TRUE(expired.expired);
  EXPECT_EQ(expired.margin_nanos, -1);
  EXPECT_EQ(expired.culprit, 0);
  EXPECT_FALSE(expired.expires_soon);
}

TEST(Dates, AreLeftOutWhenTheMomentIsNotKnown) {
  const World world;
  ChainJudge judge = world.judge();
  EXPECT_TRUE(assess(judge, {world.leaf, world.intermediate}, UnixNanos{}).acceptable());
}

TEST(Dates, OfAnIntermediateCountToo) {
  const World world;
  ChainJudge judge = world.judge();
  Plan plan = authority("Short");
  plan.until = "20240101000000Z";
  const Made intermediate = issue(plan, world.root);
  const Made leaf = issue(server("DNS:example.com"), intermediate);
  const Assessment assessment = assess(judge, {leaf, intermediate});
  EXPECT_TRUE(assessment.expired);
  EXPECT_EQ(assessment.culprit, 1);
  EXPECT_FALSE(assess(judge, {leaf, intermediate}, moment("20231231000000Z")).expired);
}

TEST(Dates, ChooseAmongIntermediatesOfOneName) {
  const World world;
  ChainJudge judge = world.judge();
  Plan old_plan = authority("Intermediate");
  old_plan.key = world.intermediate.key;
  old_plan.until = "20220101000000Z";
  const Made old = issue(old_plan, world.root);
  for (const std::vector<Made>& sent :
       {std::vector{world.leaf, old, world.intermediate}, {world.leaf, world.intermediate, old}}) {
    EXPECT_TRUE(assess(judge, sent).acceptable());
    EXPECT_TRUE(assess(judge, sent, moment("20210101000000Z")).acceptable());
  }
  // What was learnt elsewhere does not help a server that sends the old one alone.
  const Assessment alone = assess(judge, {world.leaf, old});
  EXPECT_EQ(alone.trust, Trust::trusted);
  EXPECT_TRUE(alone.expired);
  EXPECT_EQ(alone.culprit, 1);
}

TEST(Dates, PreferARootThatIsValid) {
  const World world;
  Plan old_plan = authority("Old Root");
  old_plan.until = "20211001000000Z";
  const Made old_root = self_signed(old_plan);
  Plan cross = authority("Root");
  cross.key = world.root.key;
  const Made cross_signed = issue(cross, old_root);
  ChainJudge both(trust_in({world.root, old_root}));
  EXPECT_TRUE(assess(both, {world.leaf, world.intermediate, cross_signed}).acceptable());
  ChainJudge old_clients(trust_in({old_root}));
  const Assessment old = assess(old_clients, {world.leaf, world.intermediate, cross_signed});
  EXPECT_EQ(old.trust, Trust::trusted);
  EXPECT_TRUE(old.expired);
  EXPECT_EQ(old.culprit, -1);
}

TEST(Dates, TellWhatExpiresSoonAndByHowMuch) {
  const World world;
  ChainJudge judge = world.judge();
  const std::vector<Made> sent{world.leaf, world.intermediate};
  const UnixNanos end = after(moment("20300101000000Z"), kNanosPerSecond - 1);
  const Assessment before = assess(judge, sent, after(end, -14 * kDay - 1));
  EXPECT_FALSE(before.expires_soon);
  EXPECT_EQ(before.margin_nanos, 14 * kDay + 1);
  const Assessment soon = assess(judge, sent, after(end, -14 * kDay));
  EXPECT_TRUE(soon.expires_soon);
  EXPECT_EQ(soon.culprit, 0);
  EXPECT_TRUE(soon.acceptable());
}

TEST(Dates, BeyondTheRangeOfNanosecondsAreHeldAtItsEnds) {
  Plan plan = server("DNS:example.com");
  plan.from = "15000101000000Z";
  plan.until = "99991231235959Z";
  const Certificate never = read_certificate(self_signed(plan).der());
  EXPECT_EQ(never.valid_until, kEndOfTime);
  EXPECT_EQ(never.valid_from.value, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(never.not_after, "9999-12-31T23:59:59Z");
  plan.until = "22620101000000Z";
  EXPECT_LT(read_certificate(self_signed(plan).der()).valid_until, kEndOfTime);
  plan.until = "22630101000000Z";
  EXPECT_EQ(read_certificate(self_signed(plan).der()).valid_until, kEndOfTime);
  plan.until = "00010101000000Z";
  const Made long_gone = self_signed(plan);
  ChainJudge judge;
  EXPECT_TRUE(assess(judge, {long_gone}).expired);
  EXPECT_LT(assess(judge, {long_gone}).margin_nanos, 0);
}

TEST(Facts, OfACertificateAreRead) {
  Plan plan = server("DNS:example.com,IP:192.0.2.1,IP:2001:db8::1,email:a@example.com");
  plan.key = rsa_key(2048);
  plan.extensions.push_back({NID_tlsfeature, "status_request"});
  const Certificate facts = read_certificate(self_signed(plan).der());
  ASSERT_TRUE(facts.readable);
  EXPECT_EQ(facts.key, KeyKind::rsa);
  EXPECT_EQ(facts.key_bits, 2048);
  EXPECT_EQ(facts.digest, SignatureDigest::sha2);
  EXPECT_TRUE(facts.self_issued);
  EXPECT_FALSE(facts.authority);
  EXPECT_TRUE(facts.server_usage);
  EXPECT_FALSE(facts.client_usage);
  EXPECT_TRUE(facts.must_staple);
  EXPECT_FALSE(facts.serial.empty());
  EXPECT_EQ(facts.names, (std::vector<std::string>{"example.com", "192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(facts.name_count, 3u);
  EXPECT_EQ(facts.valid_from, moment("20200101000000Z"));
}

TEST(Facts, OfAnAuthorityAndOfOtherKeys) {
  EXPECT_TRUE(read_certificate(self_signed(authority("A")).der()).authority);
  Plan plan = server("DNS:a");
  plan.key = ed25519_key();
  plan.digest = nullptr;
  const Certificate edwards = read_certificate(self_signed(plan).der());
  EXPECT_EQ(edwards.key, KeyKind::eddsa);
  EXPECT_EQ(edwards.digest, SignatureDigest::built_in);
  const Certificate curve = read_certificate(self_signed(server("DNS:a")).der());
  EXPECT_EQ(curve.key, KeyKind::ec);
  EXPECT_EQ(curve.key_bits, 256);
  EXPECT_FALSE(curve.must_staple);
}

TEST(Facts, KeepTheFirstNamesAndCountAll) {
  for (const std::size_t count : {kCertificateNameCountMax, kCertificateNameCountMax + 1}) {
    std::string names = "DNS:0.example.com";
    for (std::size_t i = 1; i < count; ++i) names += ",DNS:" + std::to_string(i) + ".example.com";
    const Certificate facts = read_certificate(self_signed(server(names)).der());
    EXPECT_EQ(facts.names.size(), kCertificateNameCountMax);
    EXPECT_EQ(facts.name_count, count);
  }
}

}  // namespace
}  // namespace shakedown::enrich

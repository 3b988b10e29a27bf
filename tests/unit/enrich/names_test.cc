// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "enrich/name_index.h"
#include "judged.h"

namespace shakedown::enrich {
namespace {

using namespace test;

/// What a certificate with these names is for.
class Names : public testing::Test {
 protected:
  NameMatch match(const std::string& names, std::string_view asked) {
    return assess(judge_, {self_signed(server(names))}, moment(), asked).name;
  }
  bool matches(const std::string& names, std::string_view asked) {
    return match(names, asked) == NameMatch::matches;
  }
  ChainJudge judge_;
};

TEST_F(Names, MatchWithoutRegardToCaseOrADotAtTheEnd) {
  for (const char* asked : {"example.com", "EXAMPLE.Com", "example.com."}) {
    EXPECT_TRUE(matches("DNS:example.com", asked)) << asked;
    EXPECT_TRUE(matches("DNS:ExamPle.com", asked)) << asked;
    EXPECT_TRUE(name_matches(asked, "example.COM")) << asked;
  }
  for (const char* asked :
       {"example.com..", ".example.com", "www.example.com", "example.co", "xexample.com", "."}) {
    EXPECT_EQ(match("DNS:example.com", asked), NameMatch::differs) << asked;
    EXPECT_FALSE(name_matches(asked, "example.com")) << asked;
  }
}

TEST_F(Names, MayHaveAWholeLabelLeftOpen) {
  const auto agree = [&](const char* presented, const char* asked, bool expected) {
    EXPECT_EQ(matches(std::string("DNS:") + presented, asked), expected) << presented << asked;
    EXPECT_EQ(name_matches(asked, presented), expected) << presented << asked;
  };
  agree("*.example.com", "www.example.com", true);
  agree("*.example.com", "WWW.example.com.", true);
  agree("*.example.com", "xn--bcher-kva.example.com", true);
  agree("*.example.com", "example.com", false);
  agree("*.example.com", "a.b.example.com", false);
  agree("*.example.com", ".example.com", false);
  agree("*.example.com", "*.example.com", false);
  agree("f*.example.com", "foo.example.com", false);
  agree("*f.example.com", "of.example.com", false);
  agree("www.*.com", "www.example.com", false);
  agree("*.*.com", "www.example.com", false);
  agree("*.com", "example.com", false);
  agree("*", "localhost", false);
  agree("**.example.com", "www.example.com", false);
}

TEST_F(Names, InOtherScriptsAreComparedByTheirALabels) {
  EXPECT_TRUE(matches("DNS:xn--bcher-kva.example", "bücher.example"));
  EXPECT_TRUE(matches("DNS:xn--bcher-kva.example", "BÜCHER.example."));
  EXPECT_TRUE(matches("DNS:*.xn--bcher-kva.example", "www.bücher.example"));
  EXPECT_FALSE(matches("DNS:xn--bcher-kva.example", "bucher.example"));
  EXPECT_FALSE(matches("DNS:xn--bcher-kva.example",
                       "b\xfc"
                       "cher.example"));
  EXPECT_TRUE(name_matches("faß.example", "xn--fa-hia.example"));
}

TEST_F(Names, ThatAreAddressesMatchAddressesAlone) {
  EXPECT_TRUE(matches("IP:192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(matches("IP:192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(matches("IP:2001:db8::1", "2001:DB8:0::1"));
  EXPECT_TRUE(matches("IP:2001:db8::1", "[2001:db8::1]"));
  EXPECT_FALSE(matches("DNS:192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(matches("DNS:*.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(name_matches("192.0.2.1", "192.0.2.1"));
  // Names may begin like addresses.
  EXPECT_TRUE(matches("DNS:1.2.3.4.example.com", "1.2.3.4.example.com"));
}

TEST_F(Names, HoldNoNul) {
  Plan plan = server("DNS:placeholder");
  plan.extensions[0] = {NID_subject_alt_name,
                        "DER:30:0e:82:0c:61:2e:63:6f:6d:00:2e:62:2e:63:6f:6d"};
  const Made made = self_signed(plan);
  EXPECT_EQ(assess(judge_, {made}, moment(), "a.com").name, NameMatch::differs);
}

TEST_F(Names, AreThoseOfTheSubjectWhereThereIsNoDnsName) {
  Plan plan{.common_name = "Example.com"};
  const Assessment by_subject = assess(judge_, {self_signed(plan)}, moment(), "example.com");
  EXPECT_EQ(by_subject.name, NameMatch::matches);
  EXPECT_TRUE(by_subject.name_from_subject);
  EXPECT_EQ(assess(judge_, {self_signed(plan)}, moment(), "example.org").name, NameMatch::differs);
  plan.extensions = {{NID_subject_alt_name, "IP:192.0.2.1"}};
  EXPECT_EQ(assess(judge_, {self_signed(plan)}).name, NameMatch::matches);
  plan.extensions = {{NID_subject_alt_name, "DNS:example.org"}};
  EXPECT_EQ(assess(judge_, {self_signed(plan)}).name, NameMatch::differs);
  plan.extensions = {{NID_subject_alt_name, "DNS:f*.example.org"}};
  EXPECT_EQ(assess(judge_, {self_signed(plan)}).name, NameMatch::differs);
}

TEST_F(Names, MayBeMissing) {
  EXPECT_EQ(assess(judge_, {self_signed({})}).name, NameMatch::no_names);
  Plan plan{.extensions = {{NID_subject_alt_name, "email:a@example.com"}}};
  EXPECT_EQ(assess(judge_, {self_signed(plan)}).name, NameMatch::no_names);
  EXPECT_EQ(match("DNS:example.com", ""), NameMatch::not_asked);
}

TEST_F(Names, OfThousandsAreAllLookedAt) {
  std::string names = "DNS:first.example.com";
  for (int i = 0; i < 3000; ++i) names += ",DNS:n" + std::to_string(i) + ".example.com";
  names += ",DNS:*.last.example.com";
  const std::vector<Made> sent{self_signed(server(names))};
  EXPECT_EQ(assess(judge_, sent, moment(), "first.example.com").name, NameMatch::matches);
  EXPECT_EQ(assess(judge_, sent, moment(), "n2999.example.com").name, NameMatch::matches);
  EXPECT_EQ(assess(judge_, sent, moment(), "a.last.example.com").name, NameMatch::matches);
  EXPECT_EQ(assess(judge_, sent, moment(), "n3000.example.com").name, NameMatch::differs);
}

TEST_F(Names, LongerThanNamesCanBeMatchNothing) {
  const std::string label(49, 'a');
  const std::string four = label + "." + label + "." + label + "." + label + ".";
  const std::string longest = four + std::string(kComparableNameMax - four.size(), 'b');
  EXPECT_TRUE(name_matches(longest, longest));
  EXPECT_TRUE(name_matches(longest + ".", longest));
  EXPECT_FALSE(name_matches(longest + "b", longest + "b"));
  EXPECT_FALSE(name_matches("", ""));
}

TEST(NameCulprit, IsTheLeaf) {
  const World world;
  ChainJudge judge = world.judge();
  const Assessment assessment =
      assess(judge, {world.leaf, world.intermediate}, moment(), "example.org");
  EXPECT_EQ(assessment.name, NameMatch::differs);
  EXPECT_EQ(assessment.culprit, 0);
  EXPECT_FALSE(assessment.acceptable());
}

}  // namespace
}  // namespace shakedown::enrich

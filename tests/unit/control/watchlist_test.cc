// SPDX-License-Identifier: Apache-2.0
#include "enrich/watchlist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "enrich/watchlist_pattern.h"

namespace shakedown::enrich {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Watchlist list_of(std::string name, const std::vector<std::string>& patterns) {
  Watchlist list{.name = std::move(name), .file = {}, .patterns = {}};
  for (const std::string& pattern : patterns) {
    EXPECT_EQ(pattern_error(pattern), "") << pattern;
    list.patterns.push_back({pattern});
  }
  return list;
}

Watchlists compiled(const std::vector<Watchlist>& lists) {
  auto result = Watchlists::compile(lists);
  if (auto* watchlists = std::get_if<Watchlists>(&result)) return std::move(*watchlists);
  ADD_FAILURE() << std::get<Watchlists::Refusal>(result).reason;
  return {};
}

/// Whether one pattern alone matches.
bool matches(const std::string& pattern, std::string_view name) {
  Watchlists watchlists = compiled({list_of("l", {pattern})});
  return !watchlists.match(name).empty();
}

TEST(Watchlists, MatchNothingWhenThereAreNone) {
  Watchlists watchlists;
  EXPECT_THAT(watchlists.match("example.com"), IsEmpty());
  EXPECT_THAT(watchlists.names(), IsEmpty());
  EXPECT_THAT(compiled({}).match("example.com"), IsEmpty());
}

TEST(Watchlists, MatchWholeNamesOnly) {
  for (const char* pattern :
       {"example\\.com", "example.com", "exampl[e]\\.com", "^example\\.com$"}) {
    EXPECT_TRUE(matches(pattern, "example.com")) << pattern;
    for (const char* other : {"www.example.com", "example.com.org", "xexample.com", "example.comx",
                              "example", "com", "example.com\n", ""}) {
      EXPECT_FALSE(matches(pattern, other)) << pattern << ' ' << other;
    }
  }
}

TEST(Watchlists, MatchAnywhereWhenThePatternSaysSo) {
  EXPECT_TRUE(matches(".*partner.*", "api.partner.example"));
  EXPECT_TRUE(matches(".*partner.*", "partner"));
  EXPECT_FALSE(matches(".*partner.*", "api.part.example"));
}

TEST(Watchlists, TakeADotBetweenLettersForADotInNamesAlone) {
  EXPECT_FALSE(matches("api.example", "api-example"));
  EXPECT_FALSE(matches("api\\.example", "api-example"));
  EXPECT_TRUE(matches("api.exampl[e]", "api-example"));
}

TEST(Watchlists, MatchNamesBelowAName) {
  for (const char* pattern : {".*\\.example\\.com", ".*[.]example\\.com"}) {
    EXPECT_TRUE(matches(pattern, "www.example.com")) << pattern;
    EXPECT_TRUE(matches(pattern, "a.b.example.com")) << pattern;
    EXPECT_FALSE(matches(pattern, "example.com")) << pattern;
    EXPECT_FALSE(matches(pattern, "notexample.com")) << pattern;
    EXPECT_FALSE(matches(pattern, "www.example.com.org")) << pattern;
  }
  EXPECT_TRUE(matches("(.*\\.)?example\\.com", "example.com"));
  EXPECT_TRUE(matches("(.*\\.)?example\\.com", "www.example.com"));
  EXPECT_FALSE(matches("(.*\\.)?example\\.com", "wwwexample.com"));
}

TEST(Watchlists, PassOverCaseAndADotAtTheEnd) {
  for (const char* pattern : {"Api\\.Example", "aPi\\.exampl[E]", ".*\\.eXample"}) {
    EXPECT_TRUE(matches(pattern, "api.example")) << pattern;
    EXPECT_TRUE(matches(pattern, "API.EXAMPLE")) << pattern;
    EXPECT_TRUE(matches(pattern, "api.example.")) << pattern;
    EXPECT_FALSE(matches(pattern, "api.example..")) << pattern;
  }
}

TEST(Watchlists, MatchEveryNameButNotTheLackOfOne) {
  EXPECT_TRUE(matches(".*", "x"));
  EXPECT_FALSE(matches(".*", ""));
  EXPECT_FALSE(matches(".*", "."));
}

TEST(Watchlists, TakeWhateverBytesStrangersSend) {
  const std::string zeros("a\0b.example", 11);
  EXPECT_TRUE(matches(".*\\.example", zeros));
  EXPECT_TRUE(matches(".*[.]example", zeros));
  EXPECT_FALSE(matches("a", zeros));
  EXPECT_TRUE(matches(".*\\.example", "\xff\n.example"));
  EXPECT_TRUE(matches(".*[.]example", "\xff\n.example"));
  EXPECT_FALSE(matches(".*\\.example", std::string(60'000, '.')));
}

TEST(Watchlists, NameEachListOnceInTheOrderOfTheConfiguration) {
  Watchlists watchlists = compiled({list_of("z", {"a.*", ".*b", "ab"}), list_of("m", {"x"}),
                                    list_of("a", {"ab", "(.*\\.)?ab", "[a]b"})});
  EXPECT_THAT(watchlists.names(), ElementsAre("z", "m", "a"));
  EXPECT_THAT(watchlists.match("ab"), ElementsAre("z", "a"));
  EXPECT_THAT(watchlists.match("x"), ElementsAre("m"));
  EXPECT_THAT(watchlists.match("y"), IsEmpty());
  EXPECT_THAT(watchlists.match("ab"), ElementsAre("z", "a"));
}

TEST(Watchlists, AreReplacedAsAValue) {
  Watchlists watchlists = compiled({list_of("old", {"a+", "b"})});
  EXPECT_THAT(watchlists.match("aa"), ElementsAre("old"));
  watchlists = compiled({list_of("new", {"a+"})});
  EXPECT_THAT(watchlists.match("aa"), ElementsAre("new"));
  EXPECT_THAT(watchlists.match("b"), IsEmpty());
  Watchlists moved = std::move(watchlists);
  EXPECT_THAT(moved.match("aa"), ElementsAre("new"));
}

TEST(Watchlists, SayWhichPatternCannotBeCompiled) {
  // What pattern_error() refuses must not come here; compile() refuses it nevertheless.
  const std::vector<Watchlist> lists = {list_of("a", {"x+"}),
                                        {.name = "b", .file = {}, .patterns = {{"y+"}, {"z("}}}};
  const auto result = Watchlists::compile(lists);
  const auto* refusal = std::get_if<Watchlists::Refusal>(&result);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->list, 1u);
  EXPECT_EQ(refusal->pattern, 1u);
  EXPECT_EQ(refusal->reason, "Missing close parenthesis for group started at index 2");
}

TEST(Watchlists, FindNamesInTablesAsHyperscanWouldFindThem) {
  // `(?:PATTERN)` is the same expression, and never a name.
  std::minstd_rand random(7);
  const auto name = [&random] {
    static const std::vector<std::string> kLabels = {"a", "b", "ab", "x-1"};
    std::string text = kLabels[random() % kLabels.size()];
    for (auto i = random() % 3; i > 0; --i) text += "." + kLabels[random() % kLabels.size()];
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    std::string pattern = pattern_below(name());
    if (round % 3 == 0) pattern = "(.*\\.)?" + pattern.substr(4);
    if (round % 3 == 1) pattern = pattern.substr(4);
    ASSERT_TRUE(as_name(pattern)) << pattern;
    ASSERT_FALSE(as_name("(?:" + pattern + ")"));
    Watchlists tables = compiled({list_of("l", {pattern})});
    Watchlists hyperscan = compiled({list_of("l", {"(?:" + pattern + ")"})});
    for (int i = 0; i < 50; ++i) {
      const std::string tried = name();
      EXPECT_EQ(tables.match(tried).size(), hyperscan.match(tried).size())
          << pattern << ' ' << tried;
    }
  }
}

TEST(Watchlists, TakeTenThousandNamesAndManyExpressions) {
  std::vector<std::string> names;
  for (int i = 0; i < 10'000; ++i) names.push_back("api" + std::to_string(i) + "\\.example");
  std::vector<std::string> expressions;
  for (int i = 0; i < 200; ++i) {
    expressions.push_back("w[0-9]+\\.shop" + std::to_string(i) + "\\.example");
  }
  Watchlists watchlists = compiled({list_of("names", names), list_of("shops", expressions)});
  EXPECT_THAT(watchlists.match("api9999.example"), ElementsAre("names"));
  EXPECT_THAT(watchlists.match("api10000.example"), IsEmpty());
  EXPECT_THAT(watchlists.match("w12.shop199.example"), ElementsAre("shops"));
  EXPECT_THAT(watchlists.match("w12.shop200.example"), IsEmpty());
}

}  // namespace
}  // namespace shakedown::enrich

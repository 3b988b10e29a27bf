// SPDX-License-Identifier: Apache-2.0
#include "explain/rules_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <set>
#include <sstream>

namespace shakedown::explain {
namespace {

using diagnose::Cause;
using diagnose::Rule;
using testing::HasSubstr;

constexpr std::array kRules{
    Rule{.cause = Cause::version_mismatch,
         .id = "version_mismatch.alert",
         .needs = "protocol_version | nothing else",
         .against = "a success with the same versions, which the server has never taken from "
                    "anybody before, as far as its profile knows",
         .apply = nullptr},
    Rule{.cause = Cause::unknown, .id = "unknown", .needs = "a", .against = "b", .apply = nullptr}};

TEST(RulesTable, IsReadableOnTheScreen) {
  const std::string text = rules_text(kRules);
  EXPECT_THAT(text,
              HasSubstr("version_mismatch.alert\n  concludes: client and server have no protocol "
                        "version in common\n    (version_mismatch)\n  needs: protocol_version"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST(RulesTable, HasEveryCauseAndRuleInMarkdown) {
  const std::string text = rules_markdown(kRules);
  for (const diagnose::CauseDescription& cause : diagnose::causes()) {
    EXPECT_THAT(text, HasSubstr("\n| `" + std::string(cause.id) + "` | "));
  }
  EXPECT_THAT(text,
              HasSubstr("| `version_mismatch.alert` | `version_mismatch` | protocol_version \\| "
                        "nothing else | "));
}

TEST(RulesTable, HasTheSameInJson) {
  const boost::json::value table = boost::json::parse(rules_json(kRules));
  EXPECT_EQ(table.at("causes").as_array().size(), diagnose::causes().size());
  EXPECT_EQ(table.at("rules").at(1).at("id"), "unknown");
  EXPECT_EQ(table.at("rules").at(0).at("needs"), "protocol_version | nothing else");
}

/// Of the rules that the program has.
TEST(Rules, HaveUniqueIdsOfTheirCausesAndAllTexts) {
  std::set<std::string_view> ids;
  for (const Rule& rule : diagnose::rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_EQ(rule.id.substr(0, rule.id.find('.')), name_of(rule.cause)) << rule.id;
    EXPECT_FALSE(rule.needs.empty()) << rule.id;
    EXPECT_FALSE(rule.against.empty()) << rule.id;
    EXPECT_NE(rule.apply, nullptr) << rule.id;
  }
  EXPECT_FALSE(ids.empty());
}

}  // namespace
}  // namespace shakedown::explain

// SPDX-License-Identifier: Apache-2.0
#include "enrich/watchlist_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shakedown::enrich {
namespace {

using ::testing::HasSubstr;

/// `name`, `below name`, `name and below`; empty: it needs Hyperscan.
std::string meaning_of(std::string_view pattern) {
  const auto name = as_name(pattern);
  if (!name) return {};
  if (name->itself && name->below) return name->name + " and below";
  return name->below ? "below " + name->name : name->name;
}

TEST(WatchlistPattern, KnowsNamesWithAndWithoutBackslashes) {
  EXPECT_EQ(meaning_of("api.example.com"), "api.example.com");
  EXPECT_EQ(meaning_of("API\\.Example\\.com"), "api.example.com");
  EXPECT_EQ(meaning_of("api\\.example.com"), "api.example.com");
  EXPECT_EQ(meaning_of("localhost"), "localhost");
  EXPECT_EQ(meaning_of("_dmarc.xn--bcher-kva.example"), "_dmarc.xn--bcher-kva.example");
  EXPECT_EQ(meaning_of("example.com."), "example.com");
}

TEST(WatchlistPattern, KnowsAllNamesBelowAName) {
  EXPECT_EQ(meaning_of(".*\\.example\\.com"), "below example.com");
  EXPECT_EQ(meaning_of(".*\\.COM"), "below com");
  EXPECT_EQ(meaning_of("(.*\\.)?example\\.com"), "example.com and below");
  EXPECT_EQ(meaning_of("(?:.*\\.)?example\\.com"), "example.com and below");
}

TEST(WatchlistPattern, LeavesEverythingElseToHyperscan) {
  for (const char* pattern :
       {".*", ".", "a..b", "a\\..b", ".*\\.example.com", ".*\\.", ".+\\.example\\.com", "(.*\\.)?",
        "www[0-9]+\\.example\\.com", "^example\\.com$", "a\\d", "a|b", "(a)", "example\\.com\\z",
        "a\\", "(.*\\.)*a", ".*example\\.com"}) {
    EXPECT_EQ(meaning_of(pattern), "") << pattern;
    EXPECT_EQ(pattern_error(pattern) == "", std::string_view(pattern) != "a\\") << pattern;
  }
}

TEST(WatchlistPattern, WritesThePatternForAllNamesBelow) {
  EXPECT_EQ(pattern_below("example.com"), ".*\\.example\\.com");
  EXPECT_EQ(meaning_of(pattern_below("a-b.example.com")), "below a-b.example.com");
}

TEST(WatchlistPattern, AcceptsRegularExpressions) {
  for (const char* pattern :
       {"www[0-9]{1,3}\\.example\\.com", "(eu|us)-.*", "[^.]+\\.example\\.com", "(?i)a.*b",
        "\\d+\\.a", "a.*", ".*a.*", "(?:x)+", "\\Qa.b\\E", "\\x2a\\..*", "a{2,300}"}) {
    EXPECT_EQ(pattern_error(pattern), "") << pattern;
  }
}

TEST(WatchlistPattern, RefusesWhatHyperscanCannotRead) {
  EXPECT_EQ(pattern_error("a("),
            "is no regular expression: Missing close parenthesis for group started at index 1");
  EXPECT_EQ(pattern_error("a)|(b"), "is no regular expression: Unmatched parentheses at index 1");
  EXPECT_EQ(pattern_error("*a"), "is no regular expression: Invalid repeat at index 0");
  EXPECT_EQ(pattern_error("(a)\\1"), "is no regular expression: Back-references are unsupported");
  EXPECT_EQ(pattern_error("(?=a)b"),
            "is no regular expression: Zero-width assertions are not supported");
  EXPECT_EQ(pattern_error("a\\"),
            "is no regular expression: Unescaped \\ at end of input, index 1");
}

TEST(WatchlistPattern, RefusesWhatWouldEscapeFromTheWholeName) {
  // Each is good by itself, and would swallow the end of the expression around it.
  EXPECT_THAT(pattern_error("\\Qabc"), HasSubstr("Missing close parenthesis"));
  EXPECT_THAT(pattern_error("(*UTF8)a"), HasSubstr("must be at start of expression"));
}

TEST(WatchlistPattern, RefusesHabitsFromOtherLanguages) {
  const std::string below =
      "is no regular expression for the names below example.com: write '.*\\.example\\.com'";
  EXPECT_EQ(pattern_error("*.example.com"), below);
  EXPECT_EQ(pattern_error(".example.com"), below);
  EXPECT_EQ(pattern_error("*.example\\.com"), below);
  EXPECT_EQ(pattern_error("https://example.com"),
            "has a '/', which no server name has: write the name alone");
  EXPECT_EQ(pattern_error("example.com:443"),
            "has a port, which no server name has: write the name alone");
  EXPECT_EQ(pattern_error("a b"),
            "has a space or a control character, which no server name has; is a quote missing?");
  EXPECT_EQ(pattern_error(std::string_view("a\0b", 3)), pattern_error("a b"));
  EXPECT_EQ(pattern_error("b\xc3\xbc"
                          "cher.example"),
            "is not ASCII, as server names are: write such a label as 'xn--...'");
}

TEST(WatchlistPattern, RefusesEmptyAndOverlongPatterns) {
  EXPECT_EQ(pattern_error(""), "is empty");
  EXPECT_EQ(pattern_error(std::string(kPatternBytesMax, 'a')), "");
  EXPECT_EQ(pattern_error(std::string(kPatternBytesMax + 1, 'a')),
            "has 4097 bytes; at most 4096 are allowed");
}

}  // namespace
}  // namespace shakedown::enrich

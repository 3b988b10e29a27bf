// SPDX-License-Identifier: Apache-2.0
//
// The section `watchlists`: what it accepts, and what it says, word by word, about the mistakes
// that people make.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "config/watchlist_section.h"
#include "config_reading.h"

namespace shakedown::config {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ConfigWatchlists, ReadsListsOfPatternsInTheirOrder) {
  const auto lists = watchlists_of(
      "watchlists:\n"
      "  payment-partners:\n"
      "    - 'api\\.partner\\.example'   # the old one\n"
      "    - .*\\.pay\\.example\n"
      "  legacy: [old.example, 'older\\.example']\n");
  ASSERT_THAT(lists, SizeIs(2));
  EXPECT_EQ(lists[0].name, "payment-partners");
  EXPECT_EQ(lists[0].file, "s.yaml");
  EXPECT_THAT(texts_of(lists[0]), ElementsAre("api\\.partner\\.example", ".*\\.pay\\.example"));
  EXPECT_EQ(lists[0].patterns[1].line, 4u);
  EXPECT_EQ(lists[0].patterns[1].column, 7u);
  EXPECT_EQ(lists[1].name, "legacy");
  EXPECT_THAT(texts_of(lists[1]), ElementsAre("old.example", "older\\.example"));
}

TEST(ConfigWatchlists, ReadsNothingFromNothing) {
  EXPECT_THAT(watchlists_of(""), IsEmpty());
  EXPECT_THAT(watchlists_of("# only comments\n"), IsEmpty());
  EXPECT_THAT(watchlists_of("watchlists:\n  # legacy: [old.example]\n"), IsEmpty());
  EXPECT_THAT(watchlists_of("watchlists: {}\n"), IsEmpty());
}

TEST(ConfigWatchlists, ReadsFilesBesideTheConfiguration) {
  const Files files{{"etc/s.yaml", "watchlists: {a: {file: names.txt}, b: {file: /srv/b}}\n"},
                    {"etc/names.txt", "# partners\none.example\n\n  two\\.example  # and more\n"},
                    {"/srv/b", "three.example"}};
  const Reading reading = read_from(files, "etc/s.yaml");
  ASSERT_THAT(reading.problems.lines(), IsEmpty());
  const auto& lists = reading.configuration.watchlists;
  EXPECT_EQ(lists[0].file, "etc/names.txt");
  EXPECT_THAT(texts_of(lists[0]), ElementsAre("one.example", "two\\.example"));
  EXPECT_EQ(lists[0].patterns[1].line, 4u);
  EXPECT_EQ(lists[0].patterns[1].column, 3u);
  EXPECT_EQ(lists[1].file, "/srv/b");
  EXPECT_THAT(texts_of(lists[1]), ElementsAre("three.example"));
}

TEST(ConfigWatchlists, SharesPatternsThroughAliases) {
  const auto lists = watchlists_of("watchlists:\n  a: &both [x.example, y.example]\n  b: *both\n");
  ASSERT_THAT(lists, SizeIs(2));
  EXPECT_THAT(texts_of(lists[1]), ElementsAre("x.example", "y.example"));
}

TEST(ConfigWatchlists, RefusesAConfigurationOfAnotherShape) {
  EXPECT_THAT(problems_of("- a\n"),
              ElementsAre("s.yaml:1:1: a configuration must be keys with values, not a list"));
  EXPECT_THAT(problems_of("hello\n"),
              ElementsAre("s.yaml:1:1: a configuration must be keys with values, not text"));
  EXPECT_THAT(problems_of("watchlists: [a, b]\n"),
              ElementsAre("s.yaml:1:13: 'watchlists' must be names with their patterns, not a "
                          "list"));
  EXPECT_THAT(problems_of("watchlists: on\n"),
              ElementsAre("s.yaml:1:13: 'watchlists' must be names with their patterns, not text"));
}

TEST(ConfigWatchlists, RefusesKeysItDoesNotKnowWithASuggestion) {
  EXPECT_THAT(problems_of("watchlist: {a: [x]}\n"),
              ElementsAre("s.yaml:1:1: unknown key 'watchlist'; did you mean 'watchlists'?"));
  EXPECT_THAT(problems_of("colour: red\n"),
              ElementsAre("s.yaml:1:1: unknown key 'colour'; known here: sensor, ports, workers, "
                          "handshakes, overload, memory, output, control, diagnosis, "
                          "watchlists"));
  EXPECT_THAT(problems_of("watchlists: {a: {flie: x}}\n"),
              ElementsAre("s.yaml:1:18: unknown key 'flie'; did you mean 'file'?"));
  EXPECT_THAT(problems_of("watchlists: {a: {<<: x}}\n"),
              ElementsAre("s.yaml:1:18: unknown key '<<'; known here: file"));
}

TEST(ConfigWatchlists, AcceptsNamesOfOneToSixtyFourLetters) {
  for (const std::string& name :
       {std::string("a"), std::string("7"), std::string("_-"), std::string(64, 'z')}) {
    EXPECT_THAT(problems_of("watchlists: {" + name + ": [x]}\n"), IsEmpty()) << name;
  }
}

TEST(ConfigWatchlists, RefusesOtherNamesWithASuggestion) {
  EXPECT_THAT(problems_of("watchlists:\n  Payment Partners: [x]\n"),
              ElementsAre("s.yaml:2:3: the name 'Payment Partners' must be 1 to 64 of a-z, 0-9, "
                          "'-' and '_'; perhaps 'payment-partners'?"));
  EXPECT_THAT(problems_of("watchlists:\n  '': [x]\n"),
              ElementsAre("s.yaml:2:3: the name '' must be 1 to 64 of a-z, 0-9, '-' and '_'"));
  EXPECT_THAT(problems_of("watchlists:\n  " + std::string(65, 'a') + ": [x]\n"),
              ElementsAre(EndsWith("; perhaps '" + std::string(64, 'a') + "'?")));
}

TEST(ConfigWatchlists, RefusesANameThatIsThereTwice) {
  EXPECT_THAT(problems_of("watchlists:\n  a: [x]\n  b: [y]\n  a: [z]\n"),
              ElementsAre("s.yaml:4:3: the key 'a' is there twice, first on line 2"));
}

TEST(ConfigWatchlists, RefusesListsOfAnotherShape) {
  EXPECT_THAT(problems_of("watchlists:\n  a: old.example\n"),
              ElementsAre("s.yaml:2:6: the watchlist 'a' must be a list of patterns or '{ file: "
                          "NAME }', not text"));
  EXPECT_THAT(problems_of("watchlists:\n  a: [[x], {y: z}, ~]\n"),
              ElementsAre("s.yaml:2:7: a pattern must be text, not a list",
                          "s.yaml:2:12: a pattern must be text, not keys with values",
                          "s.yaml:2:20: a pattern must be text, not nothing"));
}

TEST(ConfigWatchlists, RefusesListsWithoutPatterns) {
  EXPECT_THAT(problems_of("watchlists:\n  a:\n  b: []\n  c: {}\n"),
              ElementsAre("s.yaml:2:3: the watchlist 'a' has no patterns",
                          "s.yaml:3:6: the watchlist 'b' has no patterns",
                          "s.yaml:4:6: the watchlist 'c' has no patterns"));
}

TEST(ConfigWatchlists, RefusesPatternsWithHyperscansOwnWords) {
  EXPECT_THAT(problems_of("watchlists:\n  a:\n    - 'a('\n    - good\n    - '[z-a]'\n"),
              ElementsAre("s.yaml:3:7: the pattern 'a(' is no regular expression: Missing close "
                          "parenthesis for group started at index 1",
                          "s.yaml:5:7: the pattern '[z-a]' is no regular expression: Range out of "
                          "order in character class at index 3"));
}

TEST(ConfigWatchlists, RefusesPatternsThatMeanSomethingElse) {
  EXPECT_THAT(problems_of("watchlists:\n  a:\n    - ''\n    - '*.example.com'\n"
                          "    - 'https://example.com'\n"),
              ElementsAre("s.yaml:3:7: the pattern '' is empty",
                          "s.yaml:4:7: the pattern '*.example.com' is no regular expression for "
                          "the names below example.com: write '.*\\.example\\.com'",
                          "s.yaml:5:7: the pattern 'https://example.com' has a '/', which no "
                          "server name has: write the name alone"));
}

TEST(ConfigWatchlists, SaysAllThatIsWrongAtOnceInItsPlace) {
  const Files files{{"s.yaml",
                     "watchlists:\n"
                     "  a: {file: names.txt}\n"
                     "  B: [x]\n"
                     "  c: ['x(']\n"
                     "  c: [y]\n"
                     "ports: []\n"},
                    {"names.txt", "fine\nnot fine\n\n)\n"}};
  EXPECT_THAT(
      read_from(files).problems.lines(),
      ElementsAre("s.yaml:3:3: the name 'B' must be 1 to 64 of a-z, 0-9, '-' and '_'; perhaps 'b'?",
                  "s.yaml:4:7: the pattern 'x(' is no regular expression: Missing close "
                  "parenthesis for group started at index 1",
                  "s.yaml:5:3: the key 'c' is there twice, first on line 4",
                  "s.yaml:6:8: 'ports' has no port",
                  "names.txt:2:1: the pattern 'not fine' has a space or a control character, which "
                  "no server name has; is a quote missing?",
                  "names.txt:4:1: the pattern ')' is no regular expression: Unmatched parentheses "
                  "at index 0"));
}

TEST(ConfigWatchlists, RefusesFilesThatCannotBeUsed) {
  const Files files{{"s.yaml",
                     "watchlists:\n"
                     "  a: {file: nowhere.txt}\n"
                     "  b: {file: empty.txt}\n"
                     "  c: {file: [x]}\n"
                     "  d: {file: ''}\n"
                     "  e: {file: large.txt}\n"
                     "  f: {file: \"a\\e\"}\n"},
                    {"empty.txt", "# nothing\n\n"},
                    {"large.txt", std::string(kPatternFileBytesMax + 1, '\n')}};
  EXPECT_THAT(
      read_from(files).problems.lines(),
      ElementsAre("s.yaml:2:13: the file 'nowhere.txt' cannot be read: No such file or directory",
                  "s.yaml:3:13: the file 'empty.txt' holds no pattern",
                  "s.yaml:4:13: 'file' must be the name of a file, not a list",
                  "s.yaml:5:13: 'file' must be the name of a file, not ''",
                  "s.yaml:6:13: the file 'large.txt' is larger than it may be",
                  "s.yaml:7:13: 'file' must be the name of a file, not 'a\\x1b'"));
}

TEST(ConfigWatchlists, RefusesAConfigurationThatCannotBeRead) {
  EXPECT_THAT(read_from({}).problems.lines(),
              ElementsAre("s.yaml: cannot be read: No such file or directory"));
  const Files large{{"s.yaml", std::string(kConfigurationBytesMax + 1, '\n')}};
  EXPECT_THAT(read_from(large).problems.lines(), ElementsAre("s.yaml: is larger than it may be"));
  const Files full{{"s.yaml", std::string(kConfigurationBytesMax, '\n')}};
  EXPECT_THAT(read_from(full).problems.lines(), IsEmpty());
}

TEST(ConfigWatchlists, AcceptsAsManyListsAsThereMayBe) {
  std::string text = "watchlists:\n";
  for (std::size_t i = 0; i < enrich::kWatchlistCountMax; ++i) {
    text += "  l" + std::to_string(i) + ": [x]\n";
  }
  EXPECT_THAT(watchlists_of(text), SizeIs(enrich::kWatchlistCountMax));
  EXPECT_THAT(problems_of(text + "  more: [x]\n  still-more: [x]\n"),
              ElementsAre("s.yaml:102:3: more than 100 watchlists"));
}

TEST(ConfigWatchlists, AcceptsAsManyPatternsAsThereMayBe) {
  std::string names;
  for (std::size_t i = 1; i < enrich::kWatchlistPatternCountMax; ++i) {
    names += "n" + std::to_string(i) + "\n";
  }
  Files files{{"s.yaml", "watchlists:\n  a: {file: names}\n  b: [x]\n"}, {"names", names}};
  EXPECT_THAT(read_from(files).problems.lines(), IsEmpty());
  files["s.yaml"] = "watchlists:\n  a: {file: names}\n  b: [x, y, z]\n  c: [v, w]\n";
  EXPECT_THAT(read_from(files).problems.lines(),
              ElementsAre("s.yaml:3:10: more than 100000 patterns in all watchlists together"));
}

TEST(ConfigWatchlists, DoesNotMultiplyPatternsThroughAliases) {
  std::string text = "watchlists:\n  a: &a [x";
  for (int i = 0; i < 30'000; ++i) text += ", x";
  text += "]\n";
  for (int i = 0; i < 50; ++i) text += "  b" + std::to_string(i) + ": *a\n";
  EXPECT_THAT(problems_of(text), SizeIs(1));
}

TEST(ConfigWatchlists, PutsWhatCompilingRefusesInItsPlace) {
  Reading reading = read_from({{"s.yaml", "watchlists:\n  a: [x]\n  b: ['y', 'z+']\n"}});
  add_problem(reading.problems, reading.configuration.watchlists,
              {.list = 1, .pattern = 1, .reason = "Pattern is too large"});
  EXPECT_THAT(reading.problems.lines(),
              ElementsAre("s.yaml:3:12: the pattern 'z+' is too much for Hyperscan: Pattern is too "
                          "large"));
}

}  // namespace
}  // namespace shakedown::config

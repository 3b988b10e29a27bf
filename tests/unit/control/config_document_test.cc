// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/document.h"

namespace shakedown::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Parsed {
  explicit Parsed(const std::string& text)
      : document(Document::parse(text, Source{file, problems})) {}

  std::string file = "s.yaml";
  Problems problems;
  Document document;
};

std::vector<std::string> problems_of(const std::string& text) {
  return Parsed(text).problems.lines();
}

TEST(Document, RemembersWhereEverythingStands) {
  const Parsed parsed("first: one\nsecond:\n  - 'two'\n  - {third: \"3\"}\n");
  ASSERT_THAT(parsed.problems.lines(), IsEmpty());
  const Node& root = *parsed.document.root();
  ASSERT_EQ(root.entries.size(), 2u);
  EXPECT_EQ(root.entries[0].key, "first");
  EXPECT_EQ(root.entries[0].value->text, "one");
  EXPECT_EQ(root.entries[0].value->position, (Position{1, 8}));
  EXPECT_EQ(root.entries[1].key_position, (Position{2, 1}));
  const Node& list = *root.entries[1].value;
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[0]->position, (Position{3, 5}));
  EXPECT_EQ(list.items[1]->entries[0].key_position, (Position{4, 6}));
  EXPECT_EQ(list.items[1]->entries[0].value->text, "3");
}

TEST(Document, TakesFilesWithoutContentForNothing) {
  for (const char* text : {"", "\n\n", "# a comment\n", "---\n", "---\n...\n", "~\n", "null"}) {
    const Parsed parsed(text);
    EXPECT_THAT(parsed.problems.lines(), IsEmpty()) << text;
    ASSERT_NE(parsed.document.root(), nullptr) << text;
    EXPECT_EQ(parsed.document.root()->kind, Node::Kind::nothing) << text;
  }
}

TEST(Document, TakesMarksOfByteOrderVersionsAndEndsOfLinesAsTheyCome) {
  for (const char* text : {"\xef\xbb\xbf"
                           "a: b",
                           "a: b\r\n", "%YAML 1.2\n---\na: b\n", "a: b\n...\n"}) {
    const Parsed parsed(text);
    EXPECT_THAT(parsed.problems.lines(), IsEmpty()) << text;
    ASSERT_EQ(parsed.document.root()->entries.size(), 1u) << text;
    EXPECT_EQ(parsed.document.root()->entries[0].value->text, "b") << text;
  }
}

TEST(Document, LetsAliasesShareWhatTheyName) {
  const Parsed parsed("a: &names [x, y]\nb: *names\n");
  ASSERT_THAT(parsed.problems.lines(), IsEmpty());
  const Node& root = *parsed.document.root();
  EXPECT_EQ(root.entries[0].value, root.entries[1].value);
}

TEST(Document, HoldsAliasesThatMultiplyInLittleMemory) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    for (int k = 0; k < 8; ++k) text += ", " + alias;
    text += "]\n";
  }
  EXPECT_THAT(problems_of(text), IsEmpty());
}

TEST(Document, LetsANodeContainItself) {
  const Parsed parsed("a: &a [*a]\n");
  ASSERT_THAT(parsed.problems.lines(), IsEmpty());
  const Node* list = parsed.document.root()->entries[0].value;
  EXPECT_EQ(list->items[0], list);
}

TEST(Document, RefusesKeysThatAreThereTwice) {
  EXPECT_THAT(problems_of("a: 1\nb: 2\na: 3\n"),
              ElementsAre("s.yaml:3:1: the key 'a' is there twice, first on line 1"));
  EXPECT_THAT(problems_of("x: {b: 1, 'b': 2, \"b\": 3}\n"),
              ElementsAre("s.yaml:1:11: the key 'b' is there twice, first on line 1",
                          "s.yaml:1:19: the key 'b' is there twice, first on line 1"));
  EXPECT_THAT(problems_of("a: {k: 1}\nb: {k: 2}\n"), IsEmpty());
}

TEST(Document, RefusesKeysThatAreNotText) {
  EXPECT_THAT(problems_of("? [a, b]\n: c\n"),
              ElementsAre("s.yaml:1:3: a key must be text, not a list"));
  EXPECT_THAT(problems_of("~: c\n"), ElementsAre("s.yaml:1:1: a key must be text, not nothing"));
}

TEST(Document, RefusesTags) {
  EXPECT_THAT(problems_of("a: !secret x\nb: !!binary eA==\nc: !list []\n"),
              ElementsAre("s.yaml:1:4: tags like '!secret' mean nothing here",
                          "s.yaml:2:4: tags like 'tag:yaml.org,2002:binary' mean nothing here",
                          "s.yaml:3:4: tags like '!list' mean nothing here"));
}

TEST(Document, RefusesASecondDocument) {
  EXPECT_THAT(problems_of("a: 1\n---\nb: 2\n"),
              ElementsAre("s.yaml:2:1: a second document begins here; is this line indented too "
                          "little?"));
  EXPECT_THAT(problems_of("- a\nb: c\n"),
              ElementsAre("s.yaml:2:1: a second document begins here; is this line indented too "
                          "little?"));
}

TEST(Document, EndsOnWhatBelongsToNothing) {
  for (const char* text : {", a", "}", "a: b\n]\n", ": , :", "---\n---\n", "- a\n,\n"}) {
    EXPECT_FALSE(problems_of(text).empty()) << text;
  }
}

TEST(Document, RefusesQuotesThatAreNeverClosed) {
  EXPECT_THAT(problems_of("a: 'x\nb: y\n"),
              ElementsAre("s.yaml:1:1: not YAML: a quote that is opened here, or soon after, is "
                          "never closed"));
  EXPECT_THAT(problems_of("a:\n  - ok\n  - \"x\nb: y\n"),
              ElementsAre("s.yaml:2:5: not YAML: a quote that is opened here, or soon after, is "
                          "never closed"));
}

TEST(Document, RefusesControlCharactersByTheirPlace) {
  EXPECT_THAT(problems_of("a: b\nc: d\x04\ne: f\n"),
              ElementsAre("s.yaml:2:5: a control character, 0x04: this must be UTF-8 text"));
  EXPECT_THAT(problems_of(std::string("a\0b", 3)),
              ElementsAre("s.yaml:1:2: a control character, 0x00: this must be UTF-8 text"));
  EXPECT_THAT(problems_of("a: b\x7f"),
              ElementsAre("s.yaml:1:5: a control character, 0x7f: this must be UTF-8 text"));
  EXPECT_THAT(problems_of("a:\tb\r\n"), IsEmpty());
}

TEST(Document, SaysWhatPeopleDidWhenItIsNotYaml) {
  EXPECT_THAT(problems_of("a:\n  - *.example.com\n"),
              ElementsAre("s.yaml:2:5: not YAML: the referenced anchor is not defined ('*' begins "
                          "an alias: put the text in single quotes)"));
  EXPECT_THAT(problems_of("a: \"x\\.y\"\n"),
              ElementsAre("s.yaml:1:8: not YAML: unknown escape character: . (in double quotes "
                          "'\\' begins an escape: use single quotes)"));
  EXPECT_THAT(problems_of("a:\n\t- x\n"),
              ElementsAre("s.yaml:2:2: not YAML: illegal block entry (tabs cannot indent: use "
                          "spaces)"));
  EXPECT_THAT(problems_of("a: @x\n"),
              ElementsAre("s.yaml:1:4: not YAML: unknown token (put the text in single quotes)"));
  EXPECT_THAT(problems_of("a: b: c\n"),
              ElementsAre("s.yaml:1:5: not YAML: illegal map value (put a text that holds ': ' in "
                          "single quotes)"));
  EXPECT_THAT(problems_of("a:\n  - [a-z]+\\.x\n"),
              ElementsAre("s.yaml:2:10: not YAML: end of sequence not found (is this line indented "
                          "like its neighbours? a text that begins with '[' or '{' needs single "
                          "quotes)"));
}

TEST(Document, HasNoRootAfterAnErrorOfSyntax) {
  EXPECT_EQ(Parsed("a: [b\n").document.root(), nullptr);
  EXPECT_EQ(Parsed("a\x01").document.root(), nullptr);
}

TEST(Document, RefusesNestingThatIsTooDeep) {
  const std::string deep(10'000, '[');
  EXPECT_THAT(problems_of(deep).size(), 1u);
  EXPECT_THAT(problems_of(deep).front(),
              ::testing::EndsWith("not YAML: lists and mappings are nested too deep"));
  EXPECT_THAT(problems_of(std::string(100, '[') + std::string(100, ']')), IsEmpty());
}

TEST(Problems, StandInTheOrderOfTheirLines) {
  Problems problems;
  problems.add("b", {3, 1}, "third");
  problems.add("a", {1, 1}, "of another file");
  problems.add("b", {2, 7}, "second");
  problems.add("b", {2, 5}, "first");
  problems.add("b", {}, "of the whole file");
  EXPECT_THAT(problems.lines(), ElementsAre("b: of the whole file", "b:2:5: first", "b:2:7: second",
                                            "b:3:1: third", "a:1:1: of another file"));
}

TEST(Problems, AreCountedWhenTheyAreTooMany) {
  Problems problems;
  EXPECT_TRUE(problems.none());
  for (unsigned i = 0; i < kProblemCountMax; ++i) problems.add("a", {i + 1, 1}, "x");
  EXPECT_EQ(problems.lines().size(), kProblemCountMax);
  problems.add("a", {1000, 1}, "x");
  ASSERT_EQ(problems.lines().size(), kProblemCountMax + 1);
  EXPECT_EQ(problems.lines().back(), "a: and 1 more");
}

TEST(Problems, QuoteWithoutMovingTheCursor) {
  EXPECT_EQ(in_quotes("it's"), "'it's'");
  EXPECT_EQ(in_quotes("\x1b[31m\n"), "'\\x1b[31m\\x0a'");
  EXPECT_EQ(in_quotes(std::string(80, 'a')), "'" + std::string(80, 'a') + "'");
  EXPECT_EQ(in_quotes(std::string(81, 'a')), "'" + std::string(80, 'a') + "...'");
}

}  // namespace
}  // namespace shakedown::config

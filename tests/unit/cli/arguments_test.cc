// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace shakedown::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

ReadCommand read_of(const std::vector<std::string>& words) {
  const Command command = parse_arguments(words);
  if (const auto* notice = std::get_if<Notice>(&command)) ADD_FAILURE() << notice->text;
  const auto* read = std::get_if<ReadCommand>(&command);
  return read != nullptr ? *read : ReadCommand{};
}

/// What is said about bad arguments; empty when they were accepted.
std::string refusal_of(const std::vector<std::string>& words) {
  const Command command = parse_arguments(words);
  const auto* notice = std::get_if<Notice>(&command);
  if (notice == nullptr || notice->exit_code != kExitBadUse) return {};
  return notice->text;
}

std::string help_of(const std::vector<std::string>& words) {
  const Command command = parse_arguments(words);
  const auto* notice = std::get_if<Notice>(&command);
  if (notice == nullptr || notice->exit_code != kExitOk) return {};
  return notice->text;
}

TEST(Arguments, ReadsSeveralFilesBetweenOptions) {
  const ReadCommand read = read_of({"read", "a.pcap", "--all", "b.pcap", "--workers", "4"});
  EXPECT_THAT(read.files, ElementsAre("a.pcap", "b.pcap"));
  EXPECT_TRUE(read.all);
  EXPECT_EQ(read.worker_count, 4u);
}

TEST(Arguments, LeavesDefaultsToTheProgramsThatOwnThem) {
  const ReadCommand read = read_of({"read", "a.pcap"});
  EXPECT_FALSE(read.events || read.worker_count || read.top_count || read.silence_timeout ||
               read.watch_ports || read.flow_count_max || read.color || read.progress);
  EXPECT_FALSE(read.all || read.json || read.quiet || read.verbose);
}

TEST(Arguments, TakesADashAsStandardOutput) {
  EXPECT_EQ(read_of({"read", "a.pcap", "--events", "-"}).events, "-");
}

TEST(Arguments, TakesFilesThatLookLikeOptionsAfterTwoDashes) {
  EXPECT_THAT(read_of({"read", "--", "--all"}).files, ElementsAre("--all"));
}

TEST(Arguments, AcceptsWorkersUpToTheLimitOnly) {
  EXPECT_EQ(read_of({"read", "a", "--workers", "1"}).worker_count, 1u);
  EXPECT_EQ(read_of({"read", "a", "--workers", "64"}).worker_count, 64u);
  for (const char* bad : {"0", "65", "-1", "two", "", "1.5", "99999999999999999999"}) {
    EXPECT_THAT(refusal_of({"read", "a", "--workers", bad}), HasSubstr("--workers")) << bad;
  }
}

TEST(Arguments, AcceptsPositiveSecondsOnly) {
  EXPECT_EQ(read_of({"read", "a", "--silence-timeout", "0.001"}).silence_timeout, "0.001");
  EXPECT_EQ(read_of({"read", "a", "--silence-timeout", "86400"}).silence_timeout, "86400");
  for (const char* bad : {"0", "0.0009", "-1", "nan", "inf", "86401", "5s", ""}) {
    EXPECT_THAT(refusal_of({"read", "a", "--silence-timeout", bad}), HasSubstr("seconds")) << bad;
  }
}

TEST(Arguments, AcceptsListsOfPortsOnly) {
  EXPECT_EQ(read_of({"read", "a", "--watch-port", "443"}).watch_ports, "443");
  EXPECT_EQ(read_of({"read", "a", "--watch-port", "1,65535"}).watch_ports, "1,65535");
  for (const char* bad : {"", "0", "65536", "443,", ",443", "443,,444", "https", "443 444"}) {
    EXPECT_THAT(refusal_of({"read", "a", "--watch-port", bad}), HasSubstr("ports")) << bad;
  }
}

TEST(Arguments, AcceptsTheThreeWordsForColorAndProgress) {
  for (const char* good : {"auto", "always", "never"}) {
    EXPECT_EQ(read_of({"read", "a", "--color", good}).color, good);
    EXPECT_EQ(read_of({"read", "a", "--progress", good}).progress, good);
  }
  EXPECT_THAT(refusal_of({"read", "a", "--color", "red"}), HasSubstr("auto, always or never"));
}

TEST(Arguments, SuggestsTheCommandThatWasMeant) {
  EXPECT_THAT(refusal_of({"raed", "a"}), HasSubstr("did you mean 'read'?"));
  EXPECT_THAT(refusal_of({"verison"}), HasSubstr("did you mean 'version'?"));
}

TEST(Arguments, SuggestsNothingForAWordThatIsNearNoCommand) {
  const std::string said = refusal_of({"frobnicate"});
  EXPECT_THAT(said, HasSubstr("there is no command 'frobnicate'"));
  EXPECT_THAT(said, Not(HasSubstr("did you mean")));
}

TEST(Arguments, ExplainsHowToReadAFileThatWasGivenAsACommand) {
  EXPECT_THAT(refusal_of({"/dev/null"}), HasSubstr("shakedown read /dev/null"));
}

TEST(Arguments, SuggestsTheOptionThatWasMeant) {
  EXPECT_THAT(refusal_of({"read", "a", "--evnts", "x"}), HasSubstr("did you mean '--events'?"));
  EXPECT_THAT(refusal_of({"read", "a", "--worker=2"}), HasSubstr("did you mean '--workers'?"));
  EXPECT_THAT(refusal_of({"read", "a", "-z"}), HasSubstr("unknown option '-z'"));
}

TEST(Arguments, RefusesAnOptionWithoutItsValue) {
  EXPECT_THAT(refusal_of({"read", "a", "--events"}), HasSubstr("--events needs a value"));
}

TEST(Arguments, RefusesReadWithoutACapture) {
  EXPECT_THAT(refusal_of({"read"}), HasSubstr("no capture was given"));
  EXPECT_THAT(refusal_of({"read", "--all"}), HasSubstr("no capture was given"));
}

TEST(Arguments, RefusesQuietTogetherWithVerbose) {
  EXPECT_THAT(refusal_of({"read", "a", "--quiet", "--verbose"}), HasSubstr("contradict"));
}

TEST(Arguments, RefusesWordsAfterVersion) {
  EXPECT_THAT(refusal_of({"version", "now"}), HasSubstr("unknown argument 'now'"));
}

TEST(Arguments, EndsEveryRefusalWithAHint) {
  EXPECT_THAT(refusal_of({"read"}), EndsWith("Try 'shakedown read --help'.\n"));
  EXPECT_THAT(refusal_of({"frobnicate"}), EndsWith("Try 'shakedown --help'.\n"));
}

TEST(Arguments, PrintsHelpWithExamplesForEachCommand) {
  EXPECT_THAT(help_of({"--help"}), HasSubstr("shakedown read edge.pcap"));
  EXPECT_THAT(help_of({"read", "--help"}), HasSubstr("Exit status: 0 read to the end"));
  EXPECT_EQ(help_of({"help", "read"}), help_of({"read", "--help"}));
  EXPECT_THAT(help_of({"version", "--help"}), HasSubstr("Print the version"));
}

TEST(Arguments, ShowsHelpAndFailsWhenNothingIsAsked) {
  EXPECT_THAT(refusal_of({}), HasSubstr("Usage: shakedown"));
}

TEST(Arguments, KnowsTheVersionAsCommandAndAsOption) {
  EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse_arguments({"version"})));
  EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse_arguments({"--version"})));
}

}  // namespace
}  // namespace shakedown::cli

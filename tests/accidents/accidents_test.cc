// SPDX-License-Identifier: Apache-2.0
//
// No accident of a mirror port may invent a failure, whatever capture it happens to: on the
// captures of the project, and on a folder of others where there is one ($SHAKEDOWN_CAPTURES, or
// ../shared/captures beside the source tree).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "survey.h"

namespace shakedown::accidents {
namespace {

using std::filesystem::path;

path own_captures() { return path(SHAKEDOWN_SOURCE_ROOT) / "tests" / "captures"; }

path other_captures() {
  const char* const told = std::getenv("SHAKEDOWN_CAPTURES");
  if (told != nullptr) return told;
  return path(SHAKEDOWN_SOURCE_ROOT) / ".." / "shared" / "captures";
}

std::string words_of(const Survey& survey) {
  std::string words;
  for (const auto& [what, difference] : survey.differences) {
    if (!is_defect(difference.change)) continue;
    words += std::string(name_of(difference.change)) + ": " + what + "\n";
    for (const std::string& example : difference.examples) words += "    " + example + "\n";
  }
  for (const std::string& error : survey.broken_sums) words += error + "\n";
  return words;
}

void expect_nothing_invented(const Survey& survey) {
  EXPECT_NE(survey.connection_count, 0u);
  EXPECT_TRUE(survey.broken_sums.empty()) << words_of(survey);
  for (unsigned i = 0; i < kChangeCount; ++i) {
    const auto change = static_cast<Change>(i);
    if (!is_defect(change)) continue;
    EXPECT_EQ(survey.count_of(change), 0u) << name_of(change) << "\n" << words_of(survey);
  }
}

void expect_promises_kept(const Survey& survey) {
  for (const Accident& accident : all_accidents()) {
    const auto found = survey.sums.find(accident.group);
    if (found == survey.sums.end() || accident.promise == Promise::no_invention) continue;
    const Sum& sum = found->second;
    // A copy in the very next place changes nothing at all. Where packets pass each other there is
    // always one that is the first to be seen.
    const std::uint64_t kept_min = accident.promise == Promise::nothing_changes && !accident.random
                                       ? sum.known
                                       : sum.known * 97 / 100;
    EXPECT_GE(sum.known_kept, kept_min) << accident.group;
  }
}

TEST(Accidents, InventNothingOnTheCapturesOfTheProject) {
  const Survey result = survey(captures_in(own_captures()), {.seed_count = 5});
  expect_nothing_invented(result);
  expect_promises_kept(result);
}

TEST(Accidents, InventNothingOnOtherCaptures) {
  const path folder = other_captures();
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "no captures in $SHAKEDOWN_CAPTURES";
  }
  const Survey result = survey(captures_in(folder), {.seed_count = 3});
  expect_nothing_invented(result);
  expect_promises_kept(result);
}

TEST(Accidents, AreTheSameForTheSameSeed) {
  const auto captures = captures_in(own_captures() / "lab");
  ASSERT_FALSE(captures.empty());
  const std::optional<Capture> capture = Capture::load(captures.front());
  ASSERT_TRUE(capture);
  for (const Accident& accident : all_accidents()) {
    Random one(7);
    Random other(7);
    const Replay first = accident.happen(*capture, one);
    const Replay second = accident.happen(*capture, other);
    ASSERT_EQ(first.arrivals.size(), second.arrivals.size()) << accident.name;
    for (std::size_t i = 0; i < first.arrivals.size(); ++i) {
      ASSERT_EQ(first.arrivals[i].time_ns, second.arrivals[i].time_ns) << accident.name;
      ASSERT_EQ(first.arrivals[i].bytes.size(), second.arrivals[i].bytes.size()) << accident.name;
    }
  }
}

// --- the judge itself: what it would not see, nobody sees ---

HandshakeRecord record_with(OutcomeKind kind, Party by) {
  HandshakeRecord record;
  record.client_address.bytes[0] = 192;
  record.server_address.bytes[0] = 198;
  record.client_port = 50'000;
  record.server_port = 443;
  record.outcome.kind = kind;
  record.outcome.by = by;
  record.outcome.stage =
      kind == OutcomeKind::established ? Stage::established : Stage::client_hello;
  return record;
}

Change judged(const HandshakeRecord& whole, const HandshakeRecord& harmed) {
  return compare({whole}, {harmed}).at(0).change;
}

TEST(Judge, TellsAnInventedFailure) {
  const auto established = record_with(OutcomeKind::established, Party::none);
  const auto unseen = record_with(OutcomeKind::unseen, Party::none);
  const auto reset = record_with(OutcomeKind::reset, Party::server);
  EXPECT_EQ(judged(established, reset), Change::invented);
  EXPECT_EQ(judged(unseen, reset), Change::invented);
  EXPECT_EQ(compare({}, {reset}).at(0).change, Change::invented);
  EXPECT_EQ(judged(reset, reset), Change::kept);
  EXPECT_EQ(judged(established, unseen), Change::withheld);
  EXPECT_EQ(judged(reset, established), Change::absolved);
  EXPECT_EQ(judged(reset, record_with(OutcomeKind::reset, Party::client)), Change::changed);
  EXPECT_EQ(judged(reset, record_with(OutcomeKind::reset, Party::path)), Change::blamed);
  EXPECT_EQ(judged(established, record_with(OutcomeKind::no_hello, Party::client)),
            Change::overlooked);
  EXPECT_EQ(compare({reset}, {}).at(0).change, Change::gone);
}

TEST(Judge, TellsAnInventedRejection) {
  const auto established = record_with(OutcomeKind::established, Party::none);
  auto rejected = established;
  rejected.flags |= HandshakeRecord::late_rejection;
  EXPECT_EQ(judged(established, rejected), Change::rejection);
  EXPECT_EQ(judged(rejected, established), Change::weaker);
}

TEST(Judge, CountsTheWorstOfSeveralRecords) {
  const auto established = record_with(OutcomeKind::established, Party::none);
  const auto unseen = record_with(OutcomeKind::unseen, Party::none);
  const auto reset = record_with(OutcomeKind::reset, Party::server);
  EXPECT_EQ(compare({established}, {unseen, established}).at(0).change, Change::kept);
  EXPECT_EQ(compare({established}, {established, reset}).at(0).change, Change::invented);
}

}  // namespace
}  // namespace shakedown::accidents

// SPDX-License-Identifier: Apache-2.0
//
// What control makes of a sensor that left clients out: estimates beside the counts, and never in
// their place.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "aggregate/totals.h"
#include "export/handshake_event.h"
#include "handshake_records.h"
#include "report/summary.h"

namespace shakedown {
namespace {

using aggregate::Totals;

class OverloadedSummary : public testing::Test {
 protected:
  void add(unsigned count, OutcomeKind kind, unsigned kept_share) {
    HandshakeRecord record = test::a_handshake(
        kind, kind == OutcomeKind::established ? Stage::established : Stage::client_hello);
    record.kept_share = static_cast<std::uint8_t>(kept_share - 1);
    for (unsigned i = 0; i < count; ++i) totals_.add(enrich::resolve(record, store_, judge_));
  }
  report::Summary summary() {
    return {.totals = totals_, .health = health_, .snapshot = snapshot_, .warnings = {}};
  }
  std::string text() { return report::summary_text(summary()); }
  boost::json::object object() {
    return boost::json::parse(report::summary_json(summary())).as_object();
  }
  boost::json::object event(const HandshakeRecord& record) {
    fmt::memory_buffer line;
    exporting::append_handshake_event(line, enrich::resolve(record, store_, judge_), {});
    return boost::json::parse(fmt::to_string(line)).as_object().at("shakedown").as_object();
  }

  Totals totals_;
  aggregate::CaptureHealth health_;
  enrich::DefinitionStore store_;
  enrich::ChainJudge judge_;
  ingest::Snapshot snapshot_;
};

TEST_F(OverloadedSummary, ScalesByTheShareThatEachRecordWasFollowedAt) {
  add(90, OutcomeKind::established, 256);
  add(10, OutcomeKind::reset, 256);
  add(30, OutcomeKind::established, 64);
  add(20, OutcomeKind::reset, 64);
  add(1, OutcomeKind::reset, 1);
  EXPECT_EQ(totals_.tls.handshakes, 151u);
  EXPECT_EQ(totals_.tls.failures, 31u);
  EXPECT_DOUBLE_EQ(totals_.tls.estimated_handshakes, 100 + 50 * 4 + 256);
  EXPECT_DOUBLE_EQ(totals_.tls.estimated_failures, 10 + 20 * 4 + 256);
  EXPECT_EQ(totals_.sampled, 51u);
  EXPECT_DOUBLE_EQ(totals_.by_offered_version.begin()->second.estimated_failures, 346);
  EXPECT_DOUBLE_EQ(totals_.failures.begin()->second.estimated, 346);
  const auto kind = static_cast<std::size_t>(OutcomeKind::established);
  EXPECT_DOUBLE_EQ(totals_.estimated_by_kind[kind], 210);
}

TEST_F(OverloadedSummary, SaysWhatIsCountedAndWhatIsEstimated) {
  add(90, OutcomeKind::established, 128);
  add(10, OutcomeKind::reset, 128);
  snapshot_.counters[static_cast<std::size_t>(Counter::connections_shed)] = 1'234;
  const std::string summary = text();
  EXPECT_EQ(summary.substr(0, summary.find('\n')), "10 of 100 TLS handshakes failed (10.0 %)");
  EXPECT_NE(summary.find("Overload: 1,234 not followed; with them about 200 handshakes, "
                         "10.0 % failed\n"),
            std::string::npos)
      << summary;
  const boost::json::object json = object();
  const auto& tls = json.at("tls").as_object();
  EXPECT_EQ(tls.at("handshakes"), 100);
  EXPECT_EQ(tls.at("estimated").at("handshakes"), 200);
  EXPECT_EQ(tls.at("estimated").at("failures"), 20);
  EXPECT_EQ(json.at("failures").at(0).at("count"), 10);
  EXPECT_EQ(json.at("failures").at(0).at("estimated_count"), 20);
  EXPECT_EQ(json.at("overload").at("connections_shed"), 1'234);
  EXPECT_EQ(json.at("overload").at("handshakes_sampled"), 100);
  EXPECT_EQ(json.at("overload").at("estimated_outcomes").at("reset"), 20);
}

TEST_F(OverloadedSummary, IsSilentWhereNothingWasLeftOut) {
  add(9, OutcomeKind::established, 256);
  add(1, OutcomeKind::reset, 256);
  EXPECT_EQ(text().find("Overload"), std::string::npos);
  const boost::json::object json = object();
  EXPECT_FALSE(json.contains("overload"));
  EXPECT_FALSE(json.at("tls").as_object().contains("estimated"));
  EXPECT_FALSE(json.at("failures").at(0).as_object().contains("estimated_count"));
}

TEST_F(OverloadedSummary, SaysThatLateRejectionsAreNotAllKnown) {
  HandshakeRecord record = test::a_handshake();
  record.flags |= HandshakeRecord::tail_not_followed;
  totals_.add(enrich::resolve(record, store_, judge_));
  EXPECT_NE(text().find("Succeeded, but  1 not followed to that point (overload)"),
            std::string::npos)
      << text();
}

TEST_F(OverloadedSummary, GivesEachEventItsWeight) {
  HandshakeRecord record = test::a_handshake();
  EXPECT_FALSE(event(record).contains("kept_share"));
  EXPECT_FALSE(event(record).contains("sample_weight"));
  EXPECT_FALSE(event(record).contains("tail_not_followed"));
  record.kept_share = 63;
  record.flags |= HandshakeRecord::tail_not_followed;
  EXPECT_EQ(event(record).at("kept_share").as_double(), 0.25);
  EXPECT_EQ(event(record).at("sample_weight").as_double(), 4.0);
  EXPECT_EQ(event(record).at("tail_not_followed"), true);
}

}  // namespace
}  // namespace shakedown

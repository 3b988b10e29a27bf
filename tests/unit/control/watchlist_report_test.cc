// SPDX-License-Identifier: Apache-2.0
//
// What becomes of the watchlists of a handshake: tags of its event, rows of the summary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "aggregate/capture_health.h"
#include "aggregate/totals.h"
#include "export/handshake_event.h"
#include "handshake_records.h"
#include "report/summary.h"

namespace shakedown::report {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

class WatchlistReport : public ::testing::Test {
 protected:
  void add(OutcomeKind kind, std::span<const std::string_view> tags) {
    HandshakeRecord record = test::a_handshake(kind, Stage::client_hello);
    enrich::Handshake handshake = enrich::resolve(record, store_, judge_);
    handshake.tags = tags;
    totals_.add(handshake);
  }
  [[nodiscard]] Summary summary(unsigned rows = kDefaultRowCount) const {
    return {.totals = totals_,
            .health = health_,
            .snapshot = snapshot_,
            .warnings = {},
            .released_early = 0,
            .definitions_missing = 0,
            .rows = rows,
            .color = false};
  }

  aggregate::Totals totals_;
  aggregate::CaptureHealth health_;
  ingest::Snapshot snapshot_;
  enrich::DefinitionStore store_;
  enrich::ChainJudge judge_;
};

std::string event_with(std::span<const std::string_view> tags) {
  enrich::DefinitionStore store;
  enrich::ChainJudge judge;
  const HandshakeRecord record = test::a_handshake();
  enrich::Handshake handshake = enrich::resolve(record, store, judge);
  handshake.tags = tags;
  fmt::memory_buffer out;
  exporting::append_handshake_event(
      out, handshake, {.sensor_name = "s", .capture_names = {}, .interface_names = {}});
  return fmt::to_string(out);
}

TEST(HandshakeEventTags, StandAtTheTopLevelInTheirOrder) {
  const std::array<std::string_view, 2> tags = {"partners", "legacy"};
  const json::object event = json::parse(event_with(tags)).as_object();
  EXPECT_EQ(json::serialize(event.at("tags")), R"(["partners","legacy"])");
}

TEST(HandshakeEventTags, AreAbsentWhenTheNameIsOnNoList) {
  EXPECT_FALSE(json::parse(event_with({})).as_object().contains("tags"));
}

TEST_F(WatchlistReport, CountsWhatCountsAsAHandshake) {
  const std::array<std::string_view, 2> both = {"a", "b"};
  add(OutcomeKind::established, both);
  add(OutcomeKind::alert, std::span(both).first(1));
  add(OutcomeKind::unseen, both);
  add(OutcomeKind::established, {});
  EXPECT_EQ(totals_.watchlists.at("a").handshakes, 2u);
  EXPECT_EQ(totals_.watchlists.at("a").failures, 1u);
  EXPECT_EQ(totals_.watchlists.at("b").handshakes, 1u);
  EXPECT_EQ(totals_.watchlists.at("b").failures, 0u);
}

TEST_F(WatchlistReport, ShowsTheWorstListFirst) {
  const std::array<std::string_view, 3> tags = {"fine", "bad", "worse"};
  add(OutcomeKind::established, tags);
  add(OutcomeKind::alert, std::span(tags).last(2));
  add(OutcomeKind::reset, std::span(tags).last(1));
  EXPECT_THAT(summary_text(summary()),
              HasSubstr("Watchlists\n"
                        "  worse                                                              2/3 "
                        "  67 %\n"
                        "  bad                                                                1/2 "
                        "  50 %\n"
                        "  fine                                                               0/1 "
                        "   0 %\n"));
  EXPECT_THAT(summary_text(summary(2)), HasSubstr("Watchlists, the worst of 3\n"));
  EXPECT_THAT(summary_text(summary(2)), Not(HasSubstr("  fine  ")));
}

TEST_F(WatchlistReport, SaysWhenNoListWasMet) {
  EXPECT_THAT(summary_text(summary()), Not(HasSubstr("Watchlists")));
  EXPECT_THAT(summary_json(summary()), Not(HasSubstr("watchlists")));
  totals_.watchlists.try_emplace("a");
  EXPECT_THAT(summary_text(summary()),
              HasSubstr("Watchlists  no handshake was for a name on one of them\n"));
  const json::object object = json::parse(summary_json(summary())).as_object();
  EXPECT_EQ(json::serialize(object.at("watchlists").at("a").at("handshakes")), "0");
}

}  // namespace
}  // namespace shakedown::report

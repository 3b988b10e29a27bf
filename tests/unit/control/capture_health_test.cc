// SPDX-License-Identifier: Apache-2.0
#include "aggregate/capture_health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "export/health_event.h"
#include "handshake_records.h"

namespace shakedown::aggregate {
namespace {

using ingest::Sight;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kMinute = test::kStart - test::kStart % kHealthIntervalNanos;

HandshakeRecord a_record(std::uint8_t port = 0, std::uint16_t vlan = 0) {
  HandshakeRecord record = test::a_handshake();
  record.port_index = port;
  record.vlan_outer = vlan;
  record.client_tcp.packet_count = 6;
  record.server_tcp.packet_count = 4;
  return record;
}

HandshakeRecord with(HandshakeRecord::Flag flag) {
  HandshakeRecord record = a_record();
  record.flags |= flag;
  return record;
}

HandshakeRecord unseen_for(UnseenReason reason) {
  HandshakeRecord record = a_record();
  record.outcome = {.kind = OutcomeKind::unseen, .unseen_reason = reason};
  return record;
}

class LinkHealthTest : public testing::Test {
 protected:
  void add(unsigned count, const HandshakeRecord& record, Sight sight = Sight::both) {
    for (unsigned i = 0; i < count; ++i) counts_.add(record, sight);
  }
  LinkHealth health() { return judge(counts_, loss_); }
  HealthVerdict verdict() { return health().verdict; }

  LinkCounts counts_;
  SensorLoss loss_;
};

TEST_F(LinkHealthTest, IsHealthyWhereNothingIsMissing) {
  EXPECT_EQ(verdict(), HealthVerdict::healthy);
  add(100, a_record());
  EXPECT_EQ(verdict(), HealthVerdict::healthy);
  EXPECT_TRUE(health().reasons.empty());
  EXPECT_EQ(counts_.packets, 1000u);
}

TEST_F(LinkHealthTest, SaysThatTheServersDirectionIsNotMirrored) {
  add(69, a_record());
  add(31, unseen_for(UnseenReason::one_way), Sight::client_only);
  EXPECT_EQ(verdict(), HealthVerdict::impaired);
  EXPECT_THAT(health().reasons,
              ElementsAre("31 % of the connections show only the client's direction: the server's "
                          "direction is not mirrored"));
  EXPECT_EQ(counts_.withheld(), 31u);
  add(10'000, a_record(), Sight::client_only);
  EXPECT_EQ(verdict(), HealthVerdict::blind);
}

TEST_F(LinkHealthTest, SaysThatTheClientsDirectionIsNotMirrored) {
  add(90, a_record(), Sight::server_only);
  add(10, a_record());
  EXPECT_EQ(verdict(), HealthVerdict::blind);
  EXPECT_THAT(health().reasons.front(), HasSubstr("only the server's direction"));
}

TEST_F(LinkHealthTest, AllowsAFewOneWayConnections) {
  add(96, a_record());
  add(4, a_record(), Sight::client_only);
  EXPECT_EQ(verdict(), HealthVerdict::healthy);
  add(2, a_record(), Sight::client_only);
  EXPECT_EQ(verdict(), HealthVerdict::impaired);
}

TEST_F(LinkHealthTest, MakesNothingOfOneOrTwoUnlessTheyAreHalf) {
  add(10, a_record());
  add(2, a_record(), Sight::client_only);
  EXPECT_EQ(verdict(), HealthVerdict::healthy);
  add(1, a_record(), Sight::client_only);
  EXPECT_EQ(verdict(), HealthVerdict::impaired);
  counts_ = {};
  add(1, a_record(), Sight::client_only);
  EXPECT_EQ(verdict(), HealthVerdict::blind);
}

TEST_F(LinkHealthTest, TakesSynsIntoTheDarkForNoDefectWhereOthersAreAnswered) {
  add(3, a_record());
  add(100, unseen_for(UnseenReason::one_way), Sight::not_known);
  add(100, a_record(), Sight::no_answer);
  EXPECT_EQ(verdict(), HealthVerdict::healthy);
  counts_ = {};
  add(100, unseen_for(UnseenReason::one_way), Sight::not_known);
  EXPECT_EQ(verdict(), HealthVerdict::blind);
  EXPECT_THAT(health().reasons.front(), HasSubstr("no answer to any connection was shown"));
}

TEST_F(LinkHealthTest, MeasuresLossByWhatIsAcknowledgedAndNeverShown) {
  add(958, a_record());
  add(20, with(HandshakeRecord::client_ack_beyond));
  add(12, with(HandshakeRecord::server_ack_beyond));
  add(10, with(HandshakeRecord::capture_gap));
  EXPECT_EQ(counts_.lossy, 42u);
  EXPECT_EQ(counts_.client_ack_beyond, 20u);
  EXPECT_EQ(counts_.server_ack_beyond, 12u);
  EXPECT_EQ(counts_.with_gap, 10u);
  EXPECT_EQ(verdict(), HealthVerdict::impaired);
  EXPECT_THAT(
      health().reasons,
      ElementsAre("4.2 % of the connections acknowledge or miss bytes that the mirror never "
                  "showed: the mirror loses packets"));
}

TEST_F(LinkHealthTest, CountsNoLossOfADirectionThatIsNotMirrored) {
  add(100, with(HandshakeRecord::client_ack_beyond), Sight::client_only);
  EXPECT_EQ(counts_.lossy, 0u);
}

TEST_F(LinkHealthTest, TellsTruncationFromLoss) {
  HandshakeRecord cut = with(HandshakeRecord::truncated);
  cut.flags |= HandshakeRecord::capture_gap;
  add(100, cut);
  EXPECT_EQ(counts_.truncated, 100u);
  EXPECT_EQ(counts_.lossy, 0u);
  EXPECT_EQ(verdict(), HealthVerdict::blind);
  EXPECT_THAT(health().reasons.front(), HasSubstr("cut by the snap length"));
}

TEST_F(LinkHealthTest, KnowsHowManyMirrorSessionsOverlap) {
  HandshakeRecord twice = a_record();
  twice.path.duplicate_count = 9;
  add(10, twice);
  EXPECT_EQ(verdict(), HealthVerdict::impaired);
  EXPECT_THAT(health().reasons,
              ElementsAre("every packet is shown twice: two mirror sessions overlap"));
  counts_ = {};
  twice.path.duplicate_count = 20;
  add(10, twice);
  EXPECT_THAT(health().reasons,
              ElementsAre("every packet is shown 3 times: 3 mirror sessions overlap"));
  counts_ = {};
  twice.path.duplicate_count = 2;
  add(10, twice);
  EXPECT_THAT(health().reasons,
              ElementsAre("17 % of the packets are shown again: mirror sessions overlap in part"));
  add(1000, a_record());
  EXPECT_EQ(verdict(), HealthVerdict::healthy);
}

TEST_F(LinkHealthTest, NamesReorderingLateBeginningsAndFullTables) {
  HandshakeRecord mixed = with(HandshakeRecord::midstream);
  mixed.client_tcp.out_of_order_count = 1;
  add(8, mixed);
  add(2, unseen_for(UnseenReason::evicted));
  EXPECT_EQ(verdict(), HealthVerdict::impaired);
  // Two evicted of ten are few; half of the packets' order is not.
  EXPECT_THAT(health().reasons,
              ElementsAre(HasSubstr("8.0 % of the packets come out of order"),
                          HasSubstr("80 % of the connections are shown without their beginning")));
  add(1, unseen_for(UnseenReason::evicted));
  EXPECT_THAT(health().reasons.front(), HasSubstr("given up because a table was full"));
}

TEST_F(LinkHealthTest, CountsWhatTheSensorItselfLost) {
  add(10, a_record());
  loss_ = {.packets_received = 99'000, .port_missed = 900, .port_no_mbuf = 100};
  EXPECT_THAT(health().reasons,
              ElementsAre(HasSubstr("1.0 % of the packets (1,000) were lost at")));
  loss_ = {.packets_received = 1'000'000, .port_missed = 999};
  EXPECT_EQ(verdict(), HealthVerdict::healthy);
  loss_ = {.records_pushed = 50, .records_refused = 50};
  EXPECT_EQ(verdict(), HealthVerdict::blind);
  EXPECT_THAT(health().reasons.front(), HasSubstr("50 % of the results (50)"));
}

TEST_F(LinkHealthTest, PutsTheGravestReasonFirst) {
  HandshakeRecord twice = a_record();
  twice.path.duplicate_count = 10;
  add(5, twice);
  add(95, twice, Sight::client_only);
  ASSERT_EQ(health().reasons.size(), 2u);
  EXPECT_THAT(health().reasons[0], HasSubstr("only the client's direction"));
}

TEST(SensorLoss, BeginsAnewWithAnotherDataPlane) {
  const SensorLoss earlier{.packets_received = 100, .port_missed = 5};
  EXPECT_EQ((SensorLoss{.packets_received = 150, .port_missed = 5}.since(earlier).packets_received),
            50u);
  EXPECT_EQ((SensorLoss{.packets_received = 30}.since(earlier).packets_received), 30u);
}

class CaptureHealthTest : public testing::Test {
 protected:
  void see(std::int64_t time, std::uint8_t port = 0, std::uint16_t vlan = 0) {
    HandshakeRecord record = a_record(port, vlan);
    record.order_time = UnixNanos{time};
    health_.advance(record.order_time, sink_);
    health_.add(record, Sight::both);
  }

  CaptureHealth health_;
  std::vector<CaptureHealth::Interval> intervals_;
  CaptureHealth::Sink sink_ = [this](const auto& interval) { intervals_.push_back(interval); };
};

TEST_F(CaptureHealthTest, EndsAnIntervalWithItsMinute) {
  see(kMinute + 59 * kNanosPerSecond);
  see(kMinute + kHealthIntervalNanos - 1);
  EXPECT_TRUE(intervals_.empty());
  see(kMinute + kHealthIntervalNanos);
  ASSERT_EQ(intervals_.size(), 1u);
  EXPECT_EQ(intervals_[0].begin, UnixNanos{kMinute});
  EXPECT_EQ(intervals_[0].end, UnixNanos{kMinute + kHealthIntervalNanos});
  EXPECT_EQ(intervals_[0].links.at({}).connections, 2u);
}

TEST_F(CaptureHealthTest, EndsAnIntervalByTheClockAlone) {
  see(kMinute + 1);
  health_.advance(UnixNanos{kMinute + kHealthIntervalNanos - 1}, sink_);
  EXPECT_TRUE(intervals_.empty());
  health_.advance(UnixNanos{kMinute + kHealthIntervalNanos}, sink_);
  EXPECT_EQ(intervals_.size(), 1u);
  health_.advance(UnixNanos{kMinute + 10 * kHealthIntervalNanos}, sink_);
  EXPECT_EQ(intervals_.size(), 1u);
}

TEST_F(CaptureHealthTest, EndsEmptyIntervalsOnlyWhereItKeepsTime) {
  health_.advance(UnixNanos{kMinute + 1}, sink_);
  health_.advance(UnixNanos{kMinute + 5 * kHealthIntervalNanos}, sink_);
  EXPECT_TRUE(intervals_.empty());
  health_.keep_time();
  health_.advance(UnixNanos{kMinute + 1}, sink_);
  health_.advance(UnixNanos{kMinute + kHealthIntervalNanos - 1}, sink_);
  EXPECT_TRUE(intervals_.empty());
  health_.advance(UnixNanos{kMinute + kHealthIntervalNanos}, sink_);
  ASSERT_EQ(intervals_.size(), 1u);
  EXPECT_EQ(intervals_[0].begin, UnixNanos{kMinute});
  EXPECT_TRUE(intervals_[0].links.empty());
  // A record begins its own minute.
  see(kMinute + 3 * kHealthIntervalNanos + 7);
  health_.close(sink_);
  ASSERT_EQ(intervals_.size(), 2u);
  EXPECT_EQ(intervals_[1].begin, UnixNanos{kMinute + 3 * kHealthIntervalNanos});
  health_.close(sink_);
  EXPECT_EQ(intervals_.size(), 2u);
}

TEST_F(CaptureHealthTest, EndsTheLastIntervalWithItsLastRecord) {
  see(kMinute + 5);
  see(kMinute + 9);
  health_.close(sink_);
  health_.close(sink_);
  ASSERT_EQ(intervals_.size(), 1u);
  EXPECT_EQ(intervals_[0].end, UnixNanos{kMinute + 9});
}

TEST_F(CaptureHealthTest, SurvivesAnyTime) {
  for (const std::int64_t time : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                                  std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
    see(time);
  }
  see(5);  // earlier than what came before
  health_.close(sink_);
  std::uint64_t connections = 0;
  for (const auto& interval : intervals_) {
    EXPECT_LE(interval.begin, interval.end);
    connections += interval.links.at({}).connections;
  }
  EXPECT_EQ(connections, 5u);
}

TEST_F(CaptureHealthTest, TellsPortsAndVlansApart) {
  see(kMinute, 0, 10);
  see(kMinute, 0, 20);
  see(kMinute, 1, 10);
  see(kMinute, 1, 10);
  EXPECT_EQ(health_.links().size(), 3u);
  EXPECT_EQ(health_.links().at({.port_index = 1, .vlan = 10}).connections, 2u);
}

TEST_F(CaptureHealthTest, CountsLinksBeyondTheLimitAsOne) {
  for (std::uint16_t vlan = 0; vlan < kHealthLinkCountMax; ++vlan) see(kMinute, 0, vlan);
  EXPECT_EQ(health_.links().size(), kHealthLinkCountMax);
  EXPECT_FALSE(health_.links().contains({.other = true}));
  for (std::uint16_t vlan = 2000; vlan < 2100; ++vlan) see(kMinute, 0, vlan);
  EXPECT_EQ(health_.links().size(), kHealthLinkCountMax + 1);
  EXPECT_EQ(health_.links().at({.other = true}).connections, 100u);
  see(kMinute, 0, 7);
  EXPECT_EQ(health_.links().at({.vlan = 7}).connections, 2u);
}

TEST(HealthEvent, IsALineForEachLink) {
  CaptureHealth::Interval interval{
      .begin = UnixNanos{kMinute}, .end = UnixNanos{kMinute + kHealthIntervalNanos}, .links = {}};
  LinkCounts& bad = interval.links[{.port_index = 1, .vlan = 10}];
  for (int i = 0; i < 60; ++i) bad.add(a_record(), Sight::both);
  for (int i = 0; i < 40; ++i) bad.add(unseen_for(UnseenReason::one_way), Sight::client_only);
  interval.links[{}].add(a_record(), Sight::both);
  interval.links[{.other = true}].add(a_record(), Sight::both);
  fmt::memory_buffer out;
  exporting::append_health_events(
      out, interval, {.packets_received = 1000, .records_pushed = 102},
      {.sensor_name = "edge-1", .capture_names = {}, .interface_names = {"eth1", "eth2"}});

  std::istringstream lines(fmt::to_string(out));
  std::vector<boost::json::object> events;
  for (std::string line; std::getline(lines, line);) {
    events.push_back(boost::json::parse(line).as_object());
  }
  ASSERT_EQ(events.size(), 3u);
  const boost::json::object& good = events[0];
  EXPECT_EQ(good.at("event").at("dataset"), "shakedown.capture_health");
  EXPECT_EQ(good.at("event").at("kind"), "metric");
  EXPECT_EQ(good.at("event").at("start"), "2025-11-20T14:05:00.000000Z");
  EXPECT_EQ(good.at("@timestamp"), "2025-11-20T14:06:00.000000Z");
  EXPECT_EQ(good.at("observer").at("name"), "edge-1");
  EXPECT_EQ(good.at("observer").at("ingress").at("interface").at("name"), "eth1");
  EXPECT_FALSE(good.contains("network"));
  const auto& healthy = good.at("shakedown").at("capture_health").as_object();
  EXPECT_EQ(healthy.at("verdict"), "healthy");
  EXPECT_EQ(healthy.at("doubtful"), false);
  EXPECT_EQ(healthy.at("interval_seconds"), 60.0);
  EXPECT_EQ(healthy.at("sensor").at("packets"), 1000);

  EXPECT_EQ(events[1].at("network").at("vlan").at("id"), "10");
  const auto& impaired = events[1].at("shakedown").at("capture_health").as_object();
  EXPECT_EQ(impaired.at("verdict"), "impaired");
  EXPECT_EQ(impaired.at("doubtful"), true);
  EXPECT_EQ(impaired.at("withheld"), 40);
  EXPECT_EQ(impaired.at("reasons").as_array().size(), 1u);
  EXPECT_EQ(impaired.at("directions").at("client_only"), 40);
  EXPECT_EQ(impaired.at("directions").at("one_way_share"), 0.4);
  EXPECT_EQ(impaired.at("unseen").at("one_way"), 40);

  EXPECT_EQ(events[2].at("shakedown").at("capture_health").at("other_links"), true);
  EXPECT_FALSE(events[2].at("observer").as_object().contains("ingress"));
}

TEST(HealthEvent, TellsOfPortsThatLostEverything) {
  const CaptureHealth::Interval interval{
      .begin = UnixNanos{kMinute}, .end = UnixNanos{kMinute + kHealthIntervalNanos}, .links = {}};
  SensorLoss loss;
  loss.ports = {{.label = "eth1", .packets = 10, .filter_passed = 10, .filter_dropped = 990}};
  loss.overload = {.tails_seconds = 9.0, .clients_seconds = 8.0, .kept_seconds = 2.0};
  fmt::memory_buffer out;
  exporting::append_health_events(out, interval, {}, {.sensor_name = "edge-1"});
  EXPECT_EQ(out.size(), 0u);
  loss.ports[0].missed = 90;
  exporting::append_health_events(out, interval, loss, {.sensor_name = "edge-1"});
  const auto event = boost::json::parse(fmt::to_string(out)).as_object();
  const auto& health = event.at("shakedown").at("capture_health").as_object();
  EXPECT_EQ(health.at("verdict"), "blind");
  EXPECT_EQ(health.at("connections"), 0);
  const auto& port = health.at("sensor").at("ports").at(0).as_object();
  EXPECT_EQ(port.at("name"), "eth1");
  EXPECT_EQ(port.at("missed"), 90);
  EXPECT_EQ(port.at("filter_dropped"), 990);
  EXPECT_EQ(health.at("sensor").at("overload").at("kept_share"), 0.25);
}

}  // namespace
}  // namespace shakedown::aggregate

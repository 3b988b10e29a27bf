// SPDX-License-Identifier: Apache-2.0
#include "aggregate/sensor_loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregate/capture_health.h"
#include "report/summary.h"

namespace shakedown::aggregate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kBegin = 1'763'647'500'000'000'000;

UnixNanos at(double seconds) {
  return UnixNanos{kBegin + static_cast<std::int64_t>(seconds * 1e9)};
}

LinkHealth health(const SensorLoss& loss) { return judge({}, loss); }

TEST(SensorLoss, IsHealthyWithoutAny) {
  SensorLoss loss{.packets_received = 1'000'000, .records_pushed = 1000, .embryos_begun = 1000};
  loss.ports = {{.label = "eth1", .packets = 1'000'000, .filter_dropped = 9'000'000}};
  loss.worker_packets = {500'000, 500'000};
  EXPECT_EQ(health(loss).verdict, HealthVerdict::healthy);
  EXPECT_TRUE(health(loss).reasons.empty());
}

TEST(SensorLoss, NamesThePortThatLost) {
  SensorLoss loss;
  loss.ports = {{.label = "eth1", .packets = 99'000, .missed = 900, .no_buffer = 100},
                {.label = "eth2", .packets = 99'900, .errors = 99}};
  EXPECT_EQ(health(loss).verdict, HealthVerdict::impaired);
  EXPECT_THAT(health(loss).reasons,
              ElementsAre("eth1 lost 1.0 % of its packets: 900 because nobody took them in time, "
                          "100 for lack of buffers"));
  loss.ports[1].errors = 100;
  ASSERT_EQ(health(loss).reasons.size(), 2u);
  EXPECT_THAT(health(loss).reasons[1], HasSubstr("100 that it could not receive"));
}

TEST(SensorLoss, IsNotSaidTwice) {
  SensorLoss loss{.packets_received = 50, .port_missed = 50};
  loss.ports = {{.label = "eth1", .packets = 50, .missed = 50}};
  EXPECT_EQ(health(loss).verdict, HealthVerdict::blind);
  EXPECT_EQ(health(loss).reasons.size(), 1u);
  // What the workers know and no port has said.
  loss.ports[0].missed = 0;
  EXPECT_THAT(health(loss).reasons, ElementsAre(HasSubstr("were lost at the port")));
}

TEST(SensorLoss, CountsQueuesThatAreNotRead) {
  SensorLoss loss;
  loss.ports = {{.label = "eth1", .packets = 100, .no_socket = 100}};
  EXPECT_EQ(health(loss).verdict, HealthVerdict::blind);
  EXPECT_THAT(health(loss).reasons, ElementsAre(HasSubstr("100 at queues that are not read")));
}

TEST(SensorLoss, TellsOfLinksThatWentDown) {
  SensorLoss loss;
  loss.ports = {{.label = "eth1", .packets = 1000, .link_changes = 2}};
  EXPECT_EQ(health(loss).verdict, HealthVerdict::impaired);
  EXPECT_THAT(health(loss).reasons, ElementsAre("the link of eth1 went down or came back 2 times"));
}

TEST(SensorLoss, FindsHashesThatAreNotSymmetric) {
  SensorLoss loss{.embryos_begun = 10'000, .packets_wrong_worker = 9};
  EXPECT_EQ(health(loss).verdict, HealthVerdict::healthy);
  loss.packets_wrong_worker = 10;
  EXPECT_EQ(health(loss).verdict, HealthVerdict::impaired);
  EXPECT_THAT(health(loss).reasons,
              ElementsAre(HasSubstr("0.10 % of the connections came to two")));
  loss.packets_wrong_worker = 5000;
  EXPECT_EQ(health(loss).verdict, HealthVerdict::blind);
}

TEST(SensorLoss, RemarksUnevenWorkersWithoutCallingThemLoss) {
  SensorLoss loss;
  loss.worker_packets = {80'000, 10'000, 10'000};
  EXPECT_DOUBLE_EQ(loss.imbalance(), 2.4);
  EXPECT_EQ(health(loss).verdict, HealthVerdict::healthy);
  EXPECT_THAT(health(loss).reasons,
              ElementsAre(HasSubstr("worker 0 takes 80 % of the packets, 2.4 times the mean")));
  loss.worker_packets = {60'000, 20'000, 20'000};
  EXPECT_TRUE(health(loss).reasons.empty());
  // Too few to tell, and nobody to compare with.
  loss.worker_packets = {80'000, 10'000, 9'999};
  EXPECT_DOUBLE_EQ(loss.imbalance(), 1.0);
  loss.worker_packets = {1'000'000};
  EXPECT_DOUBLE_EQ(loss.imbalance(), 1.0);
}

TEST(SensorLoss, TellsHowManyClientsWereLeftOut) {
  SensorLoss loss{.connections_shed = 12'345};
  EXPECT_THAT(health(loss).reasons,
              ElementsAre("the sensor was too slow for all of the traffic and left out 12,345 "
                          "connections"));
  loss.overload = {.tails_seconds = 30.0, .clients_seconds = 20.0, .kept_seconds = 5.0};
  EXPECT_EQ(health(loss).verdict, HealthVerdict::impaired);
  EXPECT_THAT(health(loss).reasons.front(),
              HasSubstr("for 20.0 s it followed 25 % of the clients"));
}

TEST(SensorLoss, TakesTailsThatAreShedForNoLoss) {
  SensorLoss loss;
  loss.overload.tails_seconds = 0.4;
  EXPECT_TRUE(health(loss).reasons.empty());
  loss.overload.tails_seconds = 3.0;
  EXPECT_EQ(health(loss).verdict, HealthVerdict::healthy);
  EXPECT_THAT(health(loss).reasons, ElementsAre(HasSubstr("for 3.0 s there was no time")));
}

TEST(SensorLoss, SaysThatTheSensorWasBlind) {
  SensorLoss loss;
  loss.blind = {.count = 1, .seconds = 3.25};
  EXPECT_EQ(health(loss).verdict, HealthVerdict::impaired);
  EXPECT_THAT(health(loss).reasons, ElementsAre(HasSubstr("blind 1 time, for 3.2 s")));
}

TEST(SensorLoss, IsTakenByInterval) {
  SensorLoss earlier{.connections_shed = 5};
  earlier.ports = {{.label = "eth1", .missed = 10, .filter_dropped = 100}};
  earlier.worker_packets = {7, 9};
  SensorLoss now{.connections_shed = 8};
  now.ports = {{.label = "eth1", .missed = 15, .filter_dropped = 300}};
  now.worker_packets = {10, 8};  // the second began anew
  const SensorLoss loss = now.since(earlier);
  EXPECT_EQ(loss.connections_shed, 3u);
  EXPECT_EQ(loss.ports[0].label, "eth1");
  EXPECT_EQ(loss.ports[0].missed, 5u);
  EXPECT_EQ(loss.ports[0].filter_dropped, 200u);
  EXPECT_THAT(loss.worker_packets, ElementsAre(3u, 8u));
  // The first interval has nothing before it.
  EXPECT_EQ(now.since({}).ports[0].missed, 15u);
}

TEST(HealthOf, JoinsTheSensorAndItsLinks) {
  SensorLoss loss;
  loss.ports = {{.label = "eth1", .packets = 1000, .link_changes = 1}};
  CaptureHealth::Links links;
  LinkCounts& counts = links[{.port_index = 0, .vlan = 10}];
  counts.connections = counts.both = 100;
  counts.lossy = 60;
  ingest::PortSnapshot port;
  port.label = "eth1";
  const LinkHealth found = report::health_of(links, loss, {port});
  EXPECT_EQ(found.verdict, HealthVerdict::blind);
  EXPECT_THAT(found.reasons, ElementsAre("the link of eth1 went down or came back 1 time",
                                         HasSubstr("eth1 VLAN 10: 60 % of the connections")));
}

TEST(SickLinks, TellRemarksFromDefects) {
  const Totals totals;
  const CaptureHealth health;
  ingest::Snapshot snapshot;
  snapshot.mode = RunMode::live;
  snapshot.worker_packets = {90'000, 5'000, 5'000};
  report::Summary summary{.totals = totals, .health = health, .snapshot = snapshot, .warnings = {}};
  ASSERT_EQ(report::sick_links(summary).size(), 1u);
  EXPECT_THAT(report::sick_links(summary)[0].sentence, HasSubstr("sensor remark: worker 0 takes"));
  summary.blind = {.count = 2, .seconds = 9.0};
  ASSERT_EQ(report::sick_links(summary).size(), 1u);
  EXPECT_THAT(report::sick_links(summary)[0].sentence,
              HasSubstr("sensor impaired: the sensor was blind 2 times"));
  EXPECT_THAT(report::sick_links(summary)[0].sentence, HasSubstr("; 1 more"));
}

TEST(Snapshot, ContinuesPortsByTheirNames) {
  ingest::Snapshot earlier;
  earlier.ports.resize(2);
  earlier.ports[0].name = "af_xdp:eth2";
  earlier.ports[0].packets = 7;
  earlier.ports[0].counters[0] = 3;
  earlier.ports[1].name = "af_xdp:gone";
  earlier.worker_packets = {5, 6};
  ingest::Snapshot now;
  now.ports.resize(2);
  now.ports[0].name = "af_xdp:eth1";
  now.ports[1].name = "af_xdp:eth2";
  now.ports[1].packets = 1;
  now.worker_packets = {1};
  now.continue_from(earlier);
  EXPECT_EQ(now.ports[0].packets, 0u);
  EXPECT_EQ(now.ports[1].packets, 8u);
  EXPECT_EQ(now.ports[1].counters[0], 3u);
  EXPECT_THAT(now.worker_packets, ElementsAre(6u));
}

TEST(BlindTimes, CountIntervalsAndSeconds) {
  BlindTimes times;
  EXPECT_FALSE(times.blind());
  times.end(at(1));
  times.begin(at(2));
  times.begin(at(3));
  EXPECT_EQ(times.since(), at(2));
  EXPECT_DOUBLE_EQ(times.total(at(4)).seconds, 2.0);
  EXPECT_DOUBLE_EQ(times.take(at(4)).seconds, 2.0);
  times.end(at(5));
  EXPECT_EQ(times.total(at(9)).count, 1u);
  EXPECT_DOUBLE_EQ(times.total(at(9)).seconds, 3.0);
  const BlindSpan rest = times.take(at(9));
  EXPECT_EQ(rest.count, 0u);
  EXPECT_DOUBLE_EQ(rest.seconds, 1.0);
  ASSERT_EQ(times.latest().size(), 1u);
  EXPECT_EQ(times.latest()[0].end, at(5));
}

TEST(BlindTimes, KeepOnlyTheLatestAndSurviveAClockThatGoesBack) {
  BlindTimes times;
  for (std::size_t i = 0; i <= kBlindIntervalCountMax; ++i) {
    times.begin(at(10.0 + static_cast<double>(i)));
    times.end(at(5.0));
  }
  EXPECT_EQ(times.latest().size(), kBlindIntervalCountMax);
  EXPECT_EQ(times.latest().front().begin, at(11.0));
  EXPECT_EQ(times.total(at(0)).count, kBlindIntervalCountMax + 1);
  EXPECT_DOUBLE_EQ(times.total(at(0)).seconds, 0.0);
}

TEST(OverloadTimes, WeighClientsByWhatWasKept) {
  OverloadStatus status;
  OverloadTimes times;
  times.sample(status, at(0));
  times.sample(status, at(10));
  EXPECT_DOUBLE_EQ(times.total().kept_share(), 1.0);
  status.level = OverloadLevel::tails;
  times.sample(status, at(12));
  EXPECT_DOUBLE_EQ(times.total().tails_seconds, 2.0);
  EXPECT_DOUBLE_EQ(times.total().clients_seconds, 0.0);
  status.level = OverloadLevel::clients;
  status.kept_share = 128;
  times.sample(status, at(15));
  status.kept_share = 64;
  times.sample(status, at(16));
  EXPECT_DOUBLE_EQ(times.total().clients_seconds, 4.0);
  EXPECT_DOUBLE_EQ(times.total().kept_share(), 1.75 / 4.0);
  EXPECT_DOUBLE_EQ(times.take().clients_seconds, 4.0);
  EXPECT_DOUBLE_EQ(times.take().clients_seconds, 0.0);
  // Without a data plane there was no overload.
  times.pause();
  times.sample(status, at(100));
  EXPECT_DOUBLE_EQ(times.total().clients_seconds, 4.0);
}

}  // namespace
}  // namespace shakedown::aggregate

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>

#include "aggregate/totals.h"
#include "aggregate/worst_keys.h"
#include "fake_dataplane.h"
#include "handshake_records.h"
#include "report/progress.h"
#include "report/summary.h"
#include "report/text_block.h"

namespace shakedown::report {
namespace {

using aggregate::Totals;
using aggregate::WorstKeys;

TEST(WorstKeys, RanksByFailuresThenByRateThenByKey) {
  WorstKeys keys;
  for (const char* key : {"b", "a", "good", "often", "often", "often"}) keys.add(key, false);
  for (const char* key : {"b", "a", "often", "often"}) keys.add(key, true);
  const auto worst = keys.worst(10);
  ASSERT_EQ(worst.size(), 3u);
  EXPECT_EQ(worst[0].key, "often");
  EXPECT_EQ(worst[0].handshakes, 5u);
  EXPECT_EQ(worst[0].failures, 2u);
  EXPECT_EQ(worst[1].key, "a");
  EXPECT_EQ(worst[2].key, "b");
  EXPECT_EQ(keys.worst(1).size(), 1u);
  EXPECT_FALSE(keys.approximate());
}

TEST(WorstKeys, IsExactUpToItsCapacityAndSaysWhenItIsNot) {
  WorstKeys keys(2);
  keys.add("a", true);
  keys.add("b", false);
  EXPECT_FALSE(keys.approximate());
  keys.add("c", false);  // not worth a place
  EXPECT_TRUE(keys.approximate());
  EXPECT_EQ(keys.key_count(), 2u);
  keys.add("c", true);  // takes the place of b
  const auto worst = keys.worst(10);
  ASSERT_EQ(worst.size(), 2u);
  EXPECT_EQ(worst[1].key, "c");
  EXPECT_EQ(worst[1].failures, 1u);
  EXPECT_EQ(worst[1].error, 0u);
}

TEST(WorstKeys, NeverLosesAHeavyHitterInAFlood) {
  WorstKeys keys(16);
  for (int i = 0; i < 10'000; ++i) {
    keys.add("flood" + std::to_string(i), true);
    if (i % 4 == 0) keys.add("heavy", true);
  }
  EXPECT_EQ(keys.key_count(), 16u);
  const auto worst = keys.worst(1);
  ASSERT_EQ(worst.size(), 1u);
  EXPECT_EQ(worst[0].key, "heavy");
  EXPECT_GE(worst[0].failures, 2500u);
  EXPECT_LE(worst[0].failures - worst[0].error, 2500u);
}

class SummaryTest : public testing::Test {
 protected:
  void add(const HandshakeRecord& record, ingest::Sight sight = ingest::Sight::both) {
    totals_.add(enrich::resolve(record, store_, judge_));
    health_.add(record, sight);
  }

  void add_mixture() {
    for (int i = 0; i < 209; ++i) add(test::a_handshake());
    for (int i = 0; i < 5; ++i) {
      HandshakeRecord failed = test::a_handshake(OutcomeKind::alert, Stage::client_hello);
      failed.server_hello_facts = {};
      test::set_name(failed, "api.example.com");
      test::add_alert(failed, {.level = AlertLevel::fatal,
                               .description = AlertDescription::protocol_version,
                               .from = Party::server});
      add(failed);
    }
    for (int i = 0; i < 3; ++i) add(test::a_handshake(OutcomeKind::refused, Stage::tcp));
    add(test::a_handshake(OutcomeKind::no_hello, Stage::tcp));
    HandshakeRecord unseen = test::a_handshake(OutcomeKind::unseen, Stage::client_hello);
    unseen.outcome.unseen_reason = UnseenReason::capture_end;
    add(unseen);
  }

  std::string text() {
    return summary_text(
        {.totals = totals_, .health = health_, .snapshot = snapshot_, .warnings = {}});
  }
  boost::json::object object() {
    return boost::json::parse(summary_json({.totals = totals_,
                                            .health = health_,
                                            .snapshot = snapshot_,
                                            .warnings = {"w"}}))
        .as_object();
  }

  Totals totals_;
  aggregate::CaptureHealth health_;
  enrich::DefinitionStore store_;
  enrich::ChainJudge judge_;
  ingest::Snapshot snapshot_;
};

TEST_F(SummaryTest, BeginsWithTheAnswer) {
  add_mixture();
  EXPECT_EQ(text().substr(0, text().find('\n')), "5 of 214 TLS handshakes failed (2.3 %)");
}

TEST_F(SummaryTest, KeepsConnectionFailuresOutOfTheRate) {
  add_mixture();
  EXPECT_EQ(totals_.tls.handshakes, 214u);
  EXPECT_EQ(totals_.tls.failures, 5u);
  EXPECT_NE(text().find("3 refused, 1 closed without a ClientHello"), std::string::npos) << text();
  EXPECT_NE(text().find("Could not be judged: 1  1 capture_end"), std::string::npos) << text();
}

TEST_F(SummaryTest, NamesAlertsVersionsAndMissingNames) {
  add_mixture();
  const std::string summary = text();
  EXPECT_NE(summary.find("5 protocol_version (70) from server"), std::string::npos) << summary;
  EXPECT_NE(summary.find("TLSv1.3 98 % of 214"), std::string::npos) << summary;
  EXPECT_NE(summary.find("TLSv1.2 100 % of 209"), std::string::npos) << summary;
  EXPECT_NE(summary.find("209 handshakes, 0 of them failed"), std::string::npos) << summary;
  EXPECT_NE(summary.find("api.example.com"), std::string::npos) << summary;
}

TEST_F(SummaryTest, FitsOneScreenInTheWorstCase) {
  for (std::uint8_t i = 0; i < 50; ++i) {
    HandshakeRecord record = test::a_handshake(
        i % 2 == 0 ? OutcomeKind::reset : OutcomeKind::closed, static_cast<Stage>(i % kStageCount));
    record.client_address = test::ipv4(192, 168, 100, i);
    record.server_address = test::ipv4(198, 151, 100, i);
    record.client_hello_facts.max_version = static_cast<std::uint16_t>(0x7f00 + i);
    record.server_hello_facts.selected_version = static_cast<std::uint16_t>(0x7f00 + i);
    test::set_name(record, std::string(record.server_name.size(), static_cast<char>('a' + i % 26)));
    test::add_alert(record, {.level = AlertLevel::fatal,
                             .description = static_cast<AlertDescription>(40 + i),
                             .from = Party::client});
    add(record);
    record.outcome = {.kind = OutcomeKind::unseen,
                      .unseen_reason = static_cast<UnseenReason>(i % 8)};
    record.vlan_outer = static_cast<std::uint16_t>(4000 + i);
    record.flags |= HandshakeRecord::midstream;
    add(record, ingest::Sight::client_only);
    HandshakeRecord upgraded = test::a_handshake(OutcomeKind::non_tls_reply, Stage::client_hello);
    upgraded.starttls = static_cast<StartTls>(i % kStartTlsCount);
    upgraded.server_service.service = static_cast<Service>(i % kServiceCount);
    upgraded.outcome.by = i % 2 == 0 ? Party::path : Party::server;
    upgraded.path.confidence = PathConfidence::likely;
    upgraded.path.evidence = path_evidence::large_segments_lost_to_client;
    add(upgraded);
    HandshakeRecord plaintext = test::a_handshake(OutcomeKind::no_hello, Stage::tcp);
    plaintext.client_service.service = static_cast<Service>(i % kServiceCount);
    add(plaintext);
  }
  for (auto& counter : snapshot_.counters) counter = 123'456;
  std::istringstream lines(text());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_LE(count, 37u) << text();
}

TEST_F(SummaryTest, SaysWhatWasSpokenInsteadOfTlsOrBeforeIt) {
  for (const Service service : {Service::ssh, Service::http, Service::http, Service::none}) {
    HandshakeRecord record = test::a_handshake(OutcomeKind::non_tls_reply, Stage::client_hello);
    record.server_service.service = service;
    add(record);
  }
  HandshakeRecord plaintext = test::a_handshake(OutcomeKind::no_hello, Stage::tcp);
  plaintext.client_service.service = Service::http;
  add(plaintext);
  HandshakeRecord mail = test::a_handshake();
  mail.starttls = StartTls::smtp;
  add(mail);
  mail.outcome = {.kind = OutcomeKind::starttls_refused, .by = Party::server, .stage = Stage::tcp};
  mail.client_hello = {};
  add(mail);
  EXPECT_NE(text().find("Instead of TLS  2 http from server, 1 not recognised from server, "),
            std::string::npos)
      << text();
  EXPECT_NE(text().find("STARTTLS  smtp 1/2 failed"), std::string::npos) << text();
  EXPECT_NE(text().find("  starttls_refused  "), std::string::npos) << text();
  const boost::json::object summary = object();
  EXPECT_EQ(summary.at("outcomes").at("starttls_refused"), 1);
  EXPECT_EQ(summary.at("tls").at("failures"), 5);
  EXPECT_EQ(summary.at("non_tls_replies").at("http"), 2);
  EXPECT_EQ(summary.at("non_tls_replies").at("none"), 1);
  EXPECT_EQ(summary.at("plaintext_clients").at("http"), 1);
  EXPECT_EQ(summary.at("starttls").at("smtp").at("handshakes"), 2);
  EXPECT_EQ(summary.at("starttls").at("smtp").at("failures"), 1);
}

TEST_F(SummaryTest, CountsWhatThePathDid) {
  EXPECT_EQ(text().find("Path"), std::string::npos);
  HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
  record.outcome.by = Party::path;
  record.path.confidence = PathConfidence::certain;
  record.path.signature = TamperingSignature::psh_rst_ack;
  add(record);
  record.outcome.by = Party::server;
  record.path.confidence = PathConfidence::possible;
  record.path.evidence = path_evidence::large_segments_lost_to_client;
  record.path.icmp = IcmpError::packet_too_big;
  add(record);
  EXPECT_NE(text().find("Path      1 ended by the path, 1 perhaps, 1 with large packets lost"),
            std::string::npos)
      << text();
  const boost::json::object summary = object();
  EXPECT_EQ(summary.at("path").at("interference"), 1);
  EXPECT_EQ(summary.at("path").at("suspected"), 1);
  EXPECT_EQ(summary.at("path").at("large_segments_lost"), 1);
  EXPECT_EQ(summary.at("path").at("icmp_errors"), 1);
  EXPECT_EQ(summary.at("path").at("tampering_signatures").at("PSH+ACK -> RST+ACK"), 2);
}

TEST_F(SummaryTest, TakesOneLineForAHealthyCapture) {
  add_mixture();
  EXPECT_NE(text().find("Capture health  nothing lost, nothing cut\nMore:"), std::string::npos)
      << text();
  EXPECT_EQ(object().at("capture_health").at(0).at("verdict"), "healthy");
}

TEST_F(SummaryTest, SaysWhatTheMirrorDoesNotShow) {
  snapshot_.ports.push_back({.name = "af_xdp:eth1", .label = "eth1"});
  for (int i = 0; i < 10; ++i) add(test::a_handshake());
  HandshakeRecord half = test::a_handshake(OutcomeKind::unseen, Stage::client_hello);
  half.outcome.unseen_reason = UnseenReason::one_way;
  for (int i = 0; i < 5; ++i) add(half, ingest::Sight::client_only);
  EXPECT_NE(
      text().find("  impaired: 33 % of the connections show only the client's direction: the\n"
                  "    server's direction is not mirrored\n"),
      std::string::npos)
      << text();
  half.vlan_outer = 10;
  for (int i = 0; i < 5; ++i) add(half, ingest::Sight::client_only);
  // The worst link first, and the rest where there is room for it.
  EXPECT_NE(text().find("  eth1 VLAN 10 blind: 100 % of"), std::string::npos) << text();
  EXPECT_NE(text().find("  1 more, with --json"), std::string::npos) << text();
  const std::string all = summary_text(
      {.totals = totals_, .health = health_, .snapshot = snapshot_, .warnings = {}, .rows = 20});
  EXPECT_LT(all.find("  eth1 VLAN 10 blind: 100 % of"), all.find("  eth1 impaired: 33 % of"))
      << all;
  const boost::json::object summary = object();
  const boost::json::object& link = summary.at("capture_health").at(1).as_object();
  EXPECT_EQ(link.at("port"), "eth1");
  EXPECT_EQ(link.at("vlan"), 10);
  EXPECT_EQ(link.at("verdict"), "blind");
  EXPECT_EQ(link.at("withheld"), 5);
  EXPECT_EQ(health_remark(health_.links(), {}, snapshot_.ports), "eth1 VLAN 10 blind");
}

TEST_F(SummaryTest, SaysWhatTheSensorLostOnce) {
  for (std::uint16_t vlan = 1; vlan <= 3; ++vlan) {
    HandshakeRecord record = test::a_handshake();
    record.vlan_outer = vlan;
    add(record);
  }
  snapshot_.counters[static_cast<std::size_t>(Counter::packets_received)] = 99;
  snapshot_.counters[static_cast<std::size_t>(Counter::port_missed)] = 1;
  EXPECT_EQ(text().find("were lost at the port"), std::string::npos);
  snapshot_.counters[static_cast<std::size_t>(Counter::port_missed)] = 3;
  const std::size_t place = text().find("  sensor impaired: 2.9 % of the packets (3) were lost at");
  EXPECT_NE(place, std::string::npos) << text();
  EXPECT_EQ(text().find("more, with --json"), std::string::npos) << text();
}

TEST_F(SummaryTest, KeepsWhatTheNetworkDidOutOfTheCapturesHealth) {
  for (const Counter counter : {Counter::upgrades_declined, Counter::path_interference}) {
    snapshot_.counters[static_cast<std::size_t>(counter)] = 5;
  }
  EXPECT_TRUE(health_remarks(snapshot_).empty());
  snapshot_.counters[static_cast<std::size_t>(Counter::port_missed)] = 5;
  EXPECT_EQ(health_remarks(snapshot_).size(), 1u);
}

TEST(TextBlock, BreaksSentencesBetweenWords) {
  EXPECT_EQ(wrapped("a b", 2), "  a b");
  EXPECT_EQ(wrapped("", 0), "");
  const std::string text = wrapped(std::string(60, 'a') + " " + std::string(20, 'b') + " c", 2);
  EXPECT_EQ(text, "  " + std::string(60, 'a') + "\n    " + std::string(20, 'b') + " c");
}

TEST(TextBlock, FillsALineToItsLastColumn) {
  EXPECT_EQ(wrapped(std::string(39, 'a') + " " + std::string(40, 'b'), 0).find('\n'),
            std::string::npos);
  EXPECT_EQ(wrapped(std::string(40, 'a') + " " + std::string(40, 'b'), 0).find('\n'), 40u);
}

TEST(TextBlock, SaysHowManyItemsAreLeftOut) {
  const std::vector<std::string> items(30, "item");
  EXPECT_EQ(listed({"a", "b"}, 10, 1), "a, b");
  EXPECT_NE(listed(items, 10, 1).find(" more"), std::string::npos);
  EXPECT_EQ(listed(items, 10, 9).find(" more"), std::string::npos);
}

TEST_F(SummaryTest, HasColoursOnlyWhenAsked) {
  add_mixture();
  EXPECT_EQ(text().find('\x1b'), std::string::npos);
  const std::string colored = summary_text(
      {.totals = totals_, .health = health_, .snapshot = snapshot_, .warnings = {}, .color = true});
  EXPECT_NE(colored.find('\x1b'), std::string::npos);
}

TEST_F(SummaryTest, ShowsHostileNamesHarmlessly) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
  test::set_name(record, "a\x1b[2J\n\xff");
  add(record);
  EXPECT_EQ(text().find('\x1b'), std::string::npos);
  EXPECT_NE(text().find("a\\x1b[2J\\x0a\\xff"), std::string::npos) << text();
}

TEST_F(SummaryTest, SaysSoWhenThereWasNothing) {
  EXPECT_EQ(text().substr(0, text().find('\n')), "No TLS handshake could be judged");
}

TEST_F(SummaryTest, HasTheSameNumbersInJson) {
  add_mixture();
  const boost::json::object summary = object();
  EXPECT_EQ(summary.at("tls").at("handshakes"), 214);
  EXPECT_EQ(summary.at("tls").at("failures"), 5);
  EXPECT_EQ(summary.at("outcomes").at("refused"), 3);
  EXPECT_EQ(summary.at("outcomes").at("unseen"), 1);
  EXPECT_EQ(summary.at("unseen").at("capture_end"), 1);
  EXPECT_EQ(summary.at("failures").at(0).at("name"), "alert_after_client_hello");
  EXPECT_EQ(summary.at("failures").at(0).at("count"), 5);
  EXPECT_EQ(summary.at("alerts").at(0).at("code"), 70);
  EXPECT_EQ(summary.at("clients").at("worst").at(0).at("key"), "192.0.2.7");
  EXPECT_EQ(summary.at("servers").at("worst").at(0).at("key"), "198.51.100.5:443");
  EXPECT_EQ(summary.at("names").at("worst").at(0).at("key"), "api.example.com");
  EXPECT_EQ(summary.at("without_server_name").at("handshakes"), 209);
  EXPECT_EQ(summary.at("warnings").at(0), "w");
}

TEST(Totals, CountInventedVersionsAsOne) {
  Totals totals;
  enrich::DefinitionStore store;
  enrich::ChainJudge judge;
  for (std::uint16_t version = 1; version <= 1000; ++version) {
    HandshakeRecord record = test::a_handshake();
    record.client_hello_facts.max_version = version;
    totals.add(enrich::resolve(record, store, judge));
  }
  EXPECT_EQ(totals.by_offered_version.size(), aggregate::kVersionCountMax + 1);
  EXPECT_EQ(totals.by_offered_version[aggregate::kOtherVersion].handshakes,
            1000 - aggregate::kVersionCountMax);
}

TEST_F(SummaryTest, GivesTheTimeAndTheInterfaceOfALiveRun) {
  snapshot_.mode = RunMode::live;
  snapshot_.begin = UnixNanos{test::kStart};
  snapshot_.end = UnixNanos{test::kStart + 65 * kNanosPerSecond};
  snapshot_.ports.push_back({.name = "af_xdp:eth1", .label = "eth1"});
  // Without a single handshake as well.
  EXPECT_NE(text().find("2025-11-20 14:05:01 to 14:06:06 UTC, live on eth1, 0 packets"),
            std::string::npos)
      << text();
  EXPECT_EQ(object().at("start"), "2025-11-20T14:05:01.123456Z");
  EXPECT_EQ(object().at("end"), "2025-11-20T14:06:06.123456Z");
  EXPECT_EQ(object().at("capture").at("mode"), "live");
  snapshot_.ports.push_back({.name = "af_xdp:eth2", .label = "eth2"});
  EXPECT_NE(text().find("live on eth1, eth2, 0 packets"), std::string::npos) << text();
  snapshot_.ports.push_back({.name = "af_xdp:enp3s0f1np1", .label = "enp3s0f1np1"});
  EXPECT_NE(text().find("live on 3 interfaces, 0 packets"), std::string::npos) << text();
}

TEST(Snapshot, BeginsWithTheFirstOfSeveralDataPlanes) {
  ingest::Snapshot earlier;
  earlier.begin = UnixNanos{1};
  earlier.counters[0] = 2;
  ingest::Snapshot later;
  later.begin = UnixNanos{5};
  later.end = UnixNanos{9};
  later.counters[0] = 3;
  later.continue_from(earlier);
  EXPECT_EQ(later.begin, UnixNanos{1});
  EXPECT_EQ(later.end, UnixNanos{9});
  EXPECT_EQ(later.counters[0], 5u);
  later.continue_from({});
  EXPECT_EQ(later.begin, UnixNanos{1});
}

TEST(Snapshot, LabelsCapturesByFileAndLivePortsByInterface) {
  const auto label_of = [](const char* name, RunMode mode) {
    test::FakeDataplane dataplane(1);
    std::strcpy(dataplane.segment().ports[0].name.data(), name);
    dataplane.segment().mode = mode;
    return ingest::take_snapshot(dataplane.segment()).ports.at(0).label;
  };
  EXPECT_EQ(label_of("/captures/a:b.pcap", RunMode::capture), "a:b.pcap");
  EXPECT_EQ(label_of("eth1", RunMode::live), "eth1");
  EXPECT_EQ(label_of("af_xdp:eth1", RunMode::live), "eth1");
}

TEST(Progress, ShowsShareAndRate) {
  test::FakeDataplane dataplane(1);
  const auto text = [&dataplane](double seconds) {
    return progress_text(sample_progress(dataplane.segment()), seconds);
  };
  auto& port = dataplane.segment().ports[0];
  port.size_bytes = 1000;
  port.packets.store(12'345);
  port.bytes.store(420);
  EXPECT_EQ(text(0.5), "12,345 packets  42 %  24,690 packets/s");
  port.bytes.store(2000);
  EXPECT_EQ(text(0.0), "12,345 packets  100 %");
  port.size_bytes = 0;
  EXPECT_EQ(text(0.0), "12,345 packets");
}

TEST(Progress, ShowsRatesOfTheLastSecondInALiveRun) {
  test::FakeDataplane dataplane(2);
  dataplane.segment().ports[0].packets.store(1000);
  const ProgressSample earlier = sample_progress(dataplane.segment());
  dataplane.segment().ports[0].packets.store(3500);
  for (const unsigned worker : {0u, 1u, 1u}) dataplane.push(worker, test::a_handshake());
  const ProgressSample now = sample_progress(dataplane.segment());
  EXPECT_EQ(live_progress_text(now, earlier, 0.5),
            "3,500 packets, 5,000 a second; 3 handshakes, 6 a second");
  EXPECT_EQ(live_progress_text(now, now, 0.0),
            "3,500 packets, 0 a second; 3 handshakes, 0 a second");
  EXPECT_EQ(live_progress_text(earlier, now, 1.0),
            "1,000 packets, 0 a second; 0 handshakes, 0 a second");
}

}  // namespace
}  // namespace shakedown::report

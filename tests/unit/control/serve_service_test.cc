// SPDX-License-Identifier: Apache-2.0
//
// Requests over a socket, answered from a segment that the test fills.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstring>
#include <memory>

#include "export/handshake_event.h"
#include "fake_dataplane.h"
#include "handshake_records.h"
#include "log.h"
#include "serve/service.h"
#include "serve_client.h"

namespace shakedown::serve {
namespace {

namespace json = boost::json;

using test::SocketClient;
using testing::HasSubstr;

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    SegmentHeader& segment = dataplane_.segment();
    segment.mode = RunMode::live;
    segment.boot_generation = 7;
    segment.start_time = test::kStart;
    segment.distribution = Distribution::queues;
    PortDescription& port = segment.ports[0];
    std::strcpy(port.name.data(), "af_xdp:eth1");
    std::strcpy(port.driver.data(), "net_af_xdp");
    port.link_state = LinkState::up;
    port.link_speed_mbps = 10'000;
    port.numa_node = 1;
    port.queue_count = 2;
    service_ = std::make_unique<Service>(
        listening_.fd(),
        Service::Hooks{.segment = [this] { return attached_ ? &dataplane_.segment() : nullptr; },
                       .facts = [this] { return facts_; },
                       .set_log_level = [this](LogLevel level) { level_ = level; },
                       .reload = [this] { return !std::exchange(reloading_, true); },
                       .write_record =
                           [](fmt::memory_buffer& out, const HandshakeRecord& record) {
                             enrich::DefinitionStore none;
                             enrich::ChainJudge judge;
                             exporting::append_handshake_event(out,
                                                               enrich::resolve(record, none, judge),
                                                               {.sensor_name = "edge-1"});
                           },
                       .supervisor = nullptr});
  }

  std::string hear(
      SocketClient& client, const std::function<void()>& meanwhile = [] {}) {
    return client
        .hear([&] {
          meanwhile();
          service_->turn(std::chrono::steady_clock::now());
        })
        .value_or("");
  }
  json::object ask(
      const std::string& line, const std::function<void()>& meanwhile = [] {}) {
    SocketClient client(listening_);
    client.say(line + "\n");
    return json::parse(hear(client, meanwhile)).as_object();
  }
  json::object ask_for(std::string_view command) { return ask(request_line(command)); }

  /// A worker that looks for a question and answers it.
  void answer(unsigned index, Followed followed, const HandshakeRecord& record = {}) {
    const InspectionQuestion& question = dataplane_.segment().control.question;
    InspectionAnswer& answer = dataplane_.worker(index).answer;
    const std::uint32_t asked = question.sequence.load(std::memory_order_acquire);
    if (asked == answer.sequence.load()) return;
    asked_port_ = question.first_port;
    answer.followed = followed;
    answer.client_certain = true;
    answer.deadline = test::kStart + 5 * kNanosPerSecond;
    answer.held_bytes = 77;
    answer.record = record;
    answer.sequence.store(asked, std::memory_order_release);
  }
  static std::string question() {
    return connection_request_line("192.0.2.7:50123", "198.51.100.5:443");
  }

  test::FakeDataplane dataplane_{2};
  test::ListeningSocket listening_;
  bool attached_ = true;
  bool reloading_ = false;
  LogLevel level_ = LogLevel::unset;
  std::uint16_t asked_port_ = 0;
  aggregate::BlindTimes blind_;
  aggregate::OverloadTimes overload_;
  ControlFacts facts_{.sensor_name = "edge-1",
                      .started = UnixNanos{test::kStart},
                      .config_path = "/etc/shakedown.yaml",
                      .handshakes = {.handshakes = 10, .failures = 3},
                      .records = 12,
                      .blind = &blind_,
                      .overload = &overload_,
                      .outputs = {{"events", "/var/log/events.ndjson"}},
                      .health = {aggregate::HealthVerdict::impaired, {"eth1 lost 1.0 %"}},
                      .health_since = UnixNanos{test::kStart}};
  std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, TellsTheStatus) {
  dataplane_.segment().overload.level = OverloadLevel::clients;
  dataplane_.segment().overload.kept_share = 64;
  blind_.begin(UnixNanos{test::kStart});
  blind_.end(UnixNanos{test::kStart + 3 * kNanosPerSecond});
  const json::object status = ask_for("status");
  EXPECT_EQ(status.at("ok"), true);
  EXPECT_EQ(status.at("version"), SHAKEDOWN_VERSION);
  EXPECT_EQ(status.at("sensor"), "edge-1");
  EXPECT_EQ(status.at("data_plane").at("state"), "running");
  EXPECT_EQ(status.at("data_plane").at("workers"), 2);
  EXPECT_EQ(status.at("data_plane").at("distribution"), "queues");
  EXPECT_EQ(status.at("control").at("failures"), 3);
  EXPECT_EQ(status.at("control").at("outputs").at(0).at("path"), "/var/log/events.ndjson");
  EXPECT_EQ(status.at("overload").at("level"), "clients");
  EXPECT_EQ(status.at("overload").at("kept_share"), 0.25);
  EXPECT_EQ(status.at("blind").at("count"), 1);
  EXPECT_EQ(status.at("blind").at("seconds"), 3.0);
  EXPECT_EQ(status.at("capture_health").at("verdict"), "impaired");
  EXPECT_EQ(status.at("capture_health").at("reasons").at(0), "eth1 lost 1.0 %");
  EXPECT_FALSE(status.contains("supervisor"));
}

TEST_F(ServiceTest, TellsTheStatusOfABlindSensorAsWell) {
  attached_ = false;
  blind_.begin(UnixNanos{test::kStart});
  const json::object status = ask_for("status");
  EXPECT_EQ(status.at("ok"), true);
  EXPECT_EQ(status.at("data_plane").at("attached"), false);
  EXPECT_EQ(status.at("blind").at("now"), true);
  EXPECT_FALSE(status.contains("traffic"));
  for (const auto* command : {"counters", "ports", "queues"}) {
    EXPECT_EQ(ask_for(command).at("reason"), "not_possible") << command;
  }
  EXPECT_EQ(ask(question()).at("reason"), "not_possible");
}

TEST_F(ServiceTest, SumsCountersAndShowsWorkers) {
  dataplane_.worker(0).counters.add(Counter::packets_received, 5);
  dataplane_.worker(1).counters.add(Counter::packets_received, 37);
  dataplane_.segment().ports[0].counters.set(PortCounter::missed, 9);
  const json::object answer = ask_for("counters");
  const auto find = [](const json::array& counters, std::string_view name) {
    for (const json::value& counter : counters) {
      if (counter.at("name").as_string() == name) return counter.as_object();
    }
    return json::object{};
  };
  const json::object counter = find(answer.at("counters").as_array(), "packets_received");
  EXPECT_EQ(counter.at("total"), 42);
  EXPECT_EQ(counter.at("workers").at(1), 37);
  EXPECT_EQ(counter.at("unit"), "packets");
  EXPECT_EQ(answer.at("counters").as_array().size(), kCounterCount);
  EXPECT_EQ(answer.at("ports").at(0).at("port"), "af_xdp:eth1");
  EXPECT_EQ(find(answer.at("ports").at(0).at("counters").as_array(), "missed").at("total"), 9);
}

TEST_F(ServiceTest, TellsWhatTheFilterDrops) {
  PortDescription& port = dataplane_.segment().ports[0];
  port.packets = 20;
  port.filter_active = 1;
  port.counters.set(PortCounter::passed_tcp_control, 20);
  port.counters.set(PortCounter::dropped_decided, 60);
  port.counters.set(PortCounter::dropped_udp, 20);
  const json::object answer = ask_for("ports");
  const json::object& shown = answer.at("ports").at(0).as_object();
  EXPECT_EQ(shown.at("driver"), "net_af_xdp");
  EXPECT_EQ(shown.at("link_state"), "up");
  EXPECT_EQ(shown.at("speed_mbps"), 10'000);
  EXPECT_EQ(shown.at("numa_node"), 1);
  EXPECT_EQ(shown.at("packets"), 20);
  EXPECT_FALSE(shown.contains("link"));
  const json::object& filter = shown.at("filter").as_object();
  EXPECT_EQ(filter.at("passed"), 20);
  EXPECT_EQ(filter.at("dropped"), 80);
  EXPECT_EQ(filter.at("dropped_share"), 0.8);
  EXPECT_EQ(filter.at("reasons").as_array().size(), kXdpCounterCount);
}

TEST_F(ServiceTest, TellsHowEvenTheQueuesAre) {
  SegmentHeader& segment = dataplane_.segment();
  segment.queue_count = 2;
  segment.queues[0].packets = 30;
  segment.queues[0].processor = 4;
  segment.queues[1].queue = 1;
  segment.queues[1].worker = kDistributorReads;
  segment.queues[1].packets = 10;
  dataplane_.worker(0).counters.add(Counter::packets_received, 30);
  dataplane_.worker(1).counters.add(Counter::packets_received, 10);
  const json::object answer = ask_for("queues");
  EXPECT_EQ(answer.at("queues").at(0).at("share"), 0.75);
  EXPECT_EQ(answer.at("queues").at(0).at("worker"), 0);
  EXPECT_EQ(answer.at("queues").at(0).at("processor"), 4);
  EXPECT_FALSE(answer.at("queues").at(1).as_object().contains("worker"));
  EXPECT_EQ(answer.at("workers").at(1).at("share"), 0.25);
  EXPECT_EQ(answer.at("imbalance"), 1.5);
}

TEST_F(ServiceTest, DoesNotReadBeyondTheTablesOfTheSegment) {
  SegmentHeader& segment = dataplane_.segment();
  segment.queue_count = kQueueDescriptionCountMax + 1;
  segment.queues[0].port_index = 999;
  const json::object answer = ask_for("queues");
  EXPECT_EQ(answer.at("queues").as_array().size(), kQueueDescriptionCountMax);
  EXPECT_FALSE(answer.at("queues").at(0).as_object().contains("port"));
}

TEST_F(ServiceTest, ShowsTheConnectionThatAWorkerFollows) {
  dataplane_.segment().packet_clock = test::kStart + 2 * kNanosPerSecond;
  const json::object found = ask(question(), [this] {
    answer(0, Followed::unknown);
    answer(1, Followed::connection, test::a_handshake());
  });
  EXPECT_EQ(found.at("followed"), "connection");
  EXPECT_EQ(found.at("worker"), 1);
  EXPECT_EQ(found.at("held_bytes"), 77);
  EXPECT_EQ(found.at("deadline_in_seconds"), 3.0);
  EXPECT_EQ(found.at("handshake").at("source").at("ip"), "192.0.2.7");
  EXPECT_EQ(found.at("handshake").at("destination").at("port"), 443);
  // It has not ended, so that there is no outcome.
  EXPECT_FALSE(found.at("handshake").at("event").as_object().contains("outcome"));
  EXPECT_FALSE(found.at("handshake").at("shakedown").as_object().contains("outcome"));
  EXPECT_TRUE(found.at("silent_workers").as_array().empty());
  EXPECT_EQ(asked_port_, 50123);
}

TEST_F(ServiceTest, PrefersTheWorkerThatKnowsMost) {
  const json::object found = ask(question(), [this] {
    answer(0, Followed::decided);
    answer(1, Followed::embryo, test::a_handshake());
  });
  EXPECT_EQ(found.at("followed"), "embryo");
  EXPECT_EQ(found.at("worker"), 1);
  EXPECT_EQ(found.at("also_at").at(0).at("worker"), 0);
  EXPECT_EQ(found.at("also_at").at(0).at("followed"), "decided");
}

TEST_F(ServiceTest, SaysThatNobodyKnowsAConnection) {
  const json::object found = ask(question(), [this] {
    answer(0, Followed::unknown);
    answer(1, Followed::unknown);
  });
  EXPECT_EQ(found.at("ok"), true);
  EXPECT_EQ(found.at("followed"), "unknown");
  EXPECT_FALSE(found.contains("handshake"));
}

TEST_F(ServiceTest, NamesWorkersThatDoNotAnswer) {
  const auto begin = std::chrono::steady_clock::now();
  const json::object found = ask(question(), [this] { answer(0, Followed::decided); });
  EXPECT_GE(std::chrono::steady_clock::now() - begin, kAnswerPatience);
  EXPECT_EQ(found.at("followed"), "decided");
  EXPECT_EQ(found.at("silent_workers").as_array().size(), 1u);
  EXPECT_EQ(found.at("silent_workers").at(0), 1);
}

TEST_F(ServiceTest, AsksForOneConnectionAfterTheOther) {
  SocketClient first(listening_);
  SocketClient second(listening_);
  first.say(question() + "\n");
  second.say(connection_request_line("192.0.2.8:1", "198.51.100.5:443") + "\n");
  const auto work = [this] {
    answer(0, Followed::unknown);
    answer(1, Followed::decided);
  };
  EXPECT_THAT(hear(first, work), HasSubstr("decided"));
  EXPECT_THAT(hear(second, work), HasSubstr("decided"));
  EXPECT_EQ(asked_port_, 1);
}

TEST_F(ServiceTest, SaysThatTheDataPlaneWentAwayWhileItWasAsked) {
  const json::object found = ask(question(), [this] {
    if (dataplane_.segment().control.question.sequence.load() != 0) attached_ = false;
  });
  EXPECT_EQ(found.at("reason"), "not_possible");
}

TEST_F(ServiceTest, DoesNotTakeTheAnswerOfAnotherQuestion) {
  dataplane_.segment().control.question.sequence = 41;
  dataplane_.worker(0).answer.sequence = 41;
  dataplane_.worker(0).answer.followed = Followed::connection;
  dataplane_.worker(1).answer.sequence = 41;
  const json::object found = ask(question(), [this] {
    answer(0, Followed::unknown);
    answer(1, Followed::unknown);
  });
  EXPECT_EQ(found.at("followed"), "unknown");
  EXPECT_EQ(dataplane_.segment().control.question.sequence.load(), 42u);
}

TEST_F(ServiceTest, ChangesTheLogLevel) {
  EXPECT_EQ(ask(log_level_request_line("debug")).at("level"), "debug");
  EXPECT_EQ(level_, LogLevel::debug);
}

TEST_F(ServiceTest, AnswersAReloadWhenItIsDone) {
  SocketClient first(listening_);
  first.say(request_line("reload") + "\n");
  EXPECT_EQ(ask_for("status").at("ok"), true);
  EXPECT_EQ(ask_for("reload").at("reason"), "busy");
  service_->reloaded({.problems = {},
                      .taken = {"watchlists"},
                      .overridden = {},
                      .needs_restart = {"ports"},
                      .reopened = {"/var/log/events.ndjson"},
                      .failed = {}});
  const json::object answer = json::parse(hear(first)).as_object();
  EXPECT_EQ(answer.at("ok"), true);
  EXPECT_EQ(answer.at("taken").at(0), "watchlists");
  EXPECT_EQ(answer.at("needs_restart").at(0), "ports");
}

TEST_F(ServiceTest, TellsWhyAReloadTookNothingOver) {
  SocketClient client(listening_);
  client.say(request_line("reload") + "\n");
  while (!reloading_) service_->turn(std::chrono::steady_clock::now());
  service_->reloaded({.problems = {"shakedown.yaml:3:1: unknown key 'prots'"},
                      .taken = {},
                      .overridden = {},
                      .needs_restart = {},
                      .reopened = {},
                      .failed = {}});
  const json::object answer = json::parse(hear(client)).as_object();
  EXPECT_EQ(answer.at("ok"), false);
  EXPECT_EQ(answer.at("reason"), "bad_configuration");
  EXPECT_EQ(answer.at("problems").at(0), "shakedown.yaml:3:1: unknown key 'prots'");
}

TEST(Rates, AreOfTheLastTenSeconds) {
  test::FakeDataplane dataplane(1);
  Rates rates;
  const auto begin = Rates::Clock::now();
  EXPECT_EQ(rates.get().seconds, 0.0);
  for (unsigned second = 0; second < 30; ++second) {
    // Fast at first, then 100 packets and two handshakes a second.
    dataplane.segment().ports[0].packets += second < 15 ? 1'000'000 : 100;
    dataplane.worker(0).counters.add(Counter::records_pushed, 2);
    rates.update(&dataplane.segment(), begin + std::chrono::seconds(second));
    rates.update(&dataplane.segment(),
                 begin + std::chrono::seconds(second) + std::chrono::milliseconds(500));
  }
  EXPECT_DOUBLE_EQ(rates.get().seconds, 10.0);
  EXPECT_DOUBLE_EQ(rates.get().packets, 100.0);
  EXPECT_DOUBLE_EQ(rates.get().handshakes, 2.0);
  rates.update(nullptr, begin + std::chrono::seconds(31));
  EXPECT_EQ(rates.get().packets, 0.0);
}

TEST(Rates, BeginAnewWithAnotherDataPlane) {
  test::FakeDataplane first(1);
  test::FakeDataplane second(1);
  first.segment().boot_generation = 1;
  second.segment().boot_generation = 2;
  first.segment().ports[0].packets = 1'000'000;
  second.segment().ports[0].packets = 10;
  Rates rates;
  const auto begin = Rates::Clock::now();
  rates.update(&first.segment(), begin);
  rates.update(&second.segment(), begin + std::chrono::seconds(1));
  EXPECT_EQ(rates.get().seconds, 0.0);
  second.segment().ports[0].packets = 30;
  rates.update(&second.segment(), begin + std::chrono::seconds(3));
  EXPECT_DOUBLE_EQ(rates.get().packets, 10.0);
}

}  // namespace
}  // namespace shakedown::serve

// SPDX-License-Identifier: Apache-2.0
//
// The whole control process against a data plane that the test plays.
#include "control.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "fake_dataplane.h"
#include "handshake_records.h"

namespace shakedown {
namespace {

using test::FakeDataplane;

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    events_ = std::filesystem::temp_directory_path() /
              ("shakedown_" + std::string(info->name()) + std::to_string(getpid()));
  }
  void TearDown() override {
    std::filesystem::remove(events_);
    std::filesystem::remove(health_path());
  }
  std::filesystem::path health_path() const { return events_.string() + ".health"; }

  Options options(FakeDataplane& dataplane) {
    Options options;
    options.handoff_fd = dataplane.take_peer();
    options.events_path = events_.string();
    options.quiet = true;
    options.diagnosis_wait_nanos = 0;
    return options;
  }
  std::string written() { return written(events_); }
  static std::string written(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  static std::size_t line_count(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  std::filesystem::path events_;
};

TEST_F(ControlTest, WritesFailuresOnlyUnlessAskedForAll) {
  for (const bool all : {false, true}) {
    FakeDataplane dataplane(1);
    dataplane.push(0, test::a_handshake());
    dataplane.push(0, test::a_handshake(OutcomeKind::reset, Stage::client_hello));
    dataplane.push(0, test::a_handshake(OutcomeKind::no_hello, Stage::tcp));
    dataplane.hand_over();
    dataplane.end();
    Options chosen = options(dataplane);
    chosen.all = all;
    EXPECT_EQ(Control(chosen).run(), kExitOk);
    EXPECT_EQ(line_count(written()), all ? 3u : 1u);
  }
}

TEST_F(ControlTest, WritesTheSameBytesForAnyNumberOfWorkers) {
  std::string first;
  for (const unsigned worker_count : {1u, 2u, 4u}) {
    FakeDataplane dataplane(worker_count);
    for (std::uint16_t i = 0; i < 500; ++i) {
      HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
      record.client_port = i;
      record.order_time = UnixNanos{test::kStart + i / 4};
      dataplane.push(i % worker_count, record);
    }
    dataplane.hand_over();
    dataplane.end();
    ASSERT_EQ(Control(options(dataplane)).run(), kExitOk);
    if (first.empty()) first = written();
    EXPECT_EQ(written(), first);
    EXPECT_EQ(line_count(first), 500u);
  }
}

TEST_F(ControlTest, WritesTheHealthOfEachMinute) {
  std::string first;
  for (const unsigned worker_count : {1u, 3u}) {
    FakeDataplane dataplane(worker_count);
    for (std::uint16_t i = 0; i < 300; ++i) {
      HandshakeRecord record = test::a_handshake();
      record.client_port = i;
      record.order_time = UnixNanos{test::kStart + i * kNanosPerSecond};
      dataplane.push(i % worker_count, record);
    }
    dataplane.hand_over();
    dataplane.end();
    Options chosen = options(dataplane);
    chosen.health_path = health_path().string();
    ASSERT_EQ(Control(chosen).run(), kExitOk);
    const std::string lines = written(health_path());
    EXPECT_EQ(line_count(lines), 6u) << lines;  // five minutes that begin within a minute
    EXPECT_NE(lines.find("\"dataset\":\"shakedown.capture_health\""), std::string::npos);
    if (first.empty()) first = lines;
    EXPECT_EQ(lines, first);
  }
}

TEST_F(ControlTest, WritesHealthAmongTheEventsWhenBothGoToOnePlace) {
  FakeDataplane dataplane(1);
  dataplane.push(0, test::a_handshake(OutcomeKind::reset, Stage::client_hello));
  dataplane.hand_over();
  dataplane.end();
  Options chosen = options(dataplane);
  chosen.health_path = chosen.events_path;
  EXPECT_EQ(Control(chosen).run(), kExitOk);
  EXPECT_EQ(line_count(written()), 2u);
  EXPECT_NE(written().find("shakedown.handshake"), std::string::npos);
  EXPECT_NE(written().find("shakedown.capture_health"), std::string::npos);
}

TEST_F(ControlTest, FailsAtOnceWhenTheHealthCannotBeWritten) {
  FakeDataplane dataplane(1);
  Options chosen = options(dataplane);
  chosen.health_path = "/nonexistent/health.ndjson";
  testing::internal::CaptureStderr();
  EXPECT_EQ(Control(chosen).run(), kExitUsage);
  EXPECT_EQ(
      testing::internal::GetCapturedStderr(),
      "shakedown-control: cannot open /nonexistent/health.ndjson: No such file or directory\n");
  close(chosen.handoff_fd);
}

TEST_F(ControlTest, FailsAtOnceWhenTheOutputCannotBeOpened) {
  FakeDataplane dataplane(1);
  Options chosen = options(dataplane);
  chosen.events_path = "/nonexistent/events.ndjson";
  testing::internal::CaptureStderr();
  EXPECT_EQ(Control(chosen).run(), kExitUsage);
  EXPECT_EQ(
      testing::internal::GetCapturedStderr(),
      "shakedown-control: cannot open /nonexistent/events.ndjson: No such file or directory\n");
  EXPECT_EQ(dataplane.segment().control.generation.load(), 0u);
  close(chosen.handoff_fd);
}

TEST_F(ControlTest, SaysThatTheDiskIsFull) {
  FakeDataplane dataplane(1);
  dataplane.push(0, test::a_handshake(OutcomeKind::reset, Stage::client_hello));
  dataplane.hand_over();
  dataplane.end();
  Options chosen = options(dataplane);
  chosen.events_path = "/dev/full";
  testing::internal::CaptureStderr();
  EXPECT_EQ(Control(chosen).run(), kExitUsage);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "shakedown-control: cannot write /dev/full: No space left on device\n");
}

TEST_F(ControlTest, ReportsWhatADeadDataplaneLeft) {
  FakeDataplane dataplane(1);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  dataplane.segment().dataplane_pid = static_cast<std::uint32_t>(child);
  dataplane.push(0, test::a_handshake(OutcomeKind::reset, Stage::client_hello));
  dataplane.hand_over();
  testing::internal::CaptureStderr();
  EXPECT_EQ(Control(options(dataplane)).run(), kExitDataplaneLost);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("the data plane ended unexpectedly"),
            std::string::npos);
  EXPECT_EQ(line_count(written()), 1u);
  waitpid(child, nullptr, 0);
}

TEST_F(ControlTest, RepeatsWhyADataplaneGaveUp) {
  FakeDataplane dataplane(1);
  std::strcpy(dataplane.segment().error.data(), "no memory");
  dataplane.hand_over();
  dataplane.end(DataplaneState::failed);
  testing::internal::CaptureStderr();
  EXPECT_EQ(Control(options(dataplane)).run(), kExitDataplaneLost);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("the data plane gave up: no memory"),
            std::string::npos);
}

TEST_F(ControlTest, EndsWhenThePeerClosesBeforeHandingOver) {
  FakeDataplane dataplane(1);
  dataplane.close_socket();
  testing::internal::CaptureStderr();
  EXPECT_EQ(Control(options(dataplane)).run(), kExitDataplaneLost);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("before it handed anything over"),
            std::string::npos);
}

TEST_F(ControlTest, AcceptsAnInterruptedRun) {
  FakeDataplane dataplane(1);
  dataplane.push(0, test::a_handshake(OutcomeKind::reset, Stage::client_hello));
  dataplane.hand_over();
  dataplane.end(DataplaneState::interrupted);
  EXPECT_EQ(Control(options(dataplane)).run(), kExitOk);
  EXPECT_EQ(line_count(written()), 1u);
}

TEST_F(ControlTest, SaysWhenTheCountersContradictThemselves) {
  FakeDataplane dataplane(1);
  dataplane.worker(0).counters.add(Counter::records_pushed);
  dataplane.worker(0).counters.add(Counter::handshakes_begun);
  dataplane.hand_over();
  dataplane.end();
  testing::internal::CaptureStderr();
  EXPECT_EQ(Control(options(dataplane)).run(), kExitOk);
  EXPECT_NE(
      testing::internal::GetCapturedStderr().find("records pushed = records ingested: 1 is not 0"),
      std::string::npos);
}

/// Control in a thread, beside a data plane that is live.
class LiveControlTest : public ControlTest {
 protected:
  LiveControlTest() {
    SegmentHeader& segment = dataplane_.segment();
    segment.mode = RunMode::live;
    segment.start_time = test::kStart;
    segment.heartbeat.store(test::kStart + 3 * kNanosPerSecond);
    std::strcpy(segment.ports[0].name.data(), "eth1");
    dataplane_.hand_over();
  }

  /// Pushes a failure that control may write at once.
  void push_failure() {
    HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
    record.order_time = UnixNanos{++time_};
    dataplane_.push(0, record);
    dataplane_.watermark(0, time_ + 1);
  }
  void wait_for_attachment() {
    while (dataplane_.segment().control.generation.load() == 0) pause();
  }
  static void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

  FakeDataplane dataplane_{1};
  std::int64_t time_ = test::kStart;
};

TEST_F(LiveControlTest, WritesEventsWhileTrafficGoesOn) {
  std::thread control(
      [chosen = options(dataplane_)] { EXPECT_EQ(Control(chosen).run(), kExitOk); });
  wait_for_attachment();
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  // Never idle: there is always another record.
  while (written().empty() && seconds() < 10) {
    push_failure();
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  EXPECT_LT(seconds(), 2.0);
  dataplane_.end(DataplaneState::interrupted);
  control.join();
}

TEST_F(LiveControlTest, HoldsAFailureForWhatHappensNext) {
  Options chosen = options(dataplane_);
  chosen.diagnosis_wait_nanos = 3 * kNanosPerSecond;
  std::thread control([chosen] { EXPECT_EQ(Control(chosen).run(), kExitOk); });
  wait_for_attachment();
  push_failure();
  const std::int64_t decided = time_;
  dataplane_.watermark(0, decided + 3 * kNanosPerSecond - 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(line_count(written()), 0u);
  // It is safe in the hold, so the ring need not keep it.
  EXPECT_EQ(dataplane_.worker(0).records.fill(), 0u);
  dataplane_.watermark(0, decided + 3 * kNanosPerSecond);
  for (int turn = 0; turn < 5000 && line_count(written()) == 0; ++turn) pause();
  EXPECT_EQ(line_count(written()), 1u);
  dataplane_.end(DataplaneState::interrupted);
  control.join();
}

TEST_F(LiveControlTest, WritesTheOnlyEventOfAQuietNetwork) {
  std::thread control(
      [chosen = options(dataplane_)] { EXPECT_EQ(Control(chosen).run(), kExitOk); });
  push_failure();
  for (int turn = 0; turn < 5000 && line_count(written()) == 0; ++turn) pause();
  EXPECT_EQ(line_count(written()), 1u);
  dataplane_.end(DataplaneState::interrupted);
  control.join();
}

TEST_F(LiveControlTest, GivesRecordsBackOnlyWhenTheyAreWritten) {
  push_failure();
  dataplane_.watermark(0, test::kStart);  // it may not be written yet: an earlier one could follow
  std::thread control(
      [chosen = options(dataplane_)] { EXPECT_EQ(Control(chosen).run(), kExitOk); });
  wait_for_attachment();
  const RecordRing& ring = dataplane_.worker(0).records;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(ring.fill(), 1u);
  EXPECT_EQ(line_count(written()), 0u);
  dataplane_.watermark(0, time_ + 1);
  for (int turn = 0; turn < 5000 && ring.fill() != 0; ++turn) pause();
  EXPECT_EQ(ring.fill(), 0u);
  EXPECT_EQ(line_count(written()), 1u);
  dataplane_.end(DataplaneState::interrupted);
  control.join();
}

TEST_F(LiveControlTest, GoesOnInTheFileOfAControlThatDiedInTheMiddleOfALine) {
  std::ofstream(events_) << "{\"whole\":1}\n{\"part";
  push_failure();
  dataplane_.end(DataplaneState::interrupted);
  Options chosen = options(dataplane_);
  chosen.append = true;
  EXPECT_EQ(Control(chosen).run(), kExitOk);
  const std::string text = written();
  EXPECT_EQ(text.rfind("{\"whole\":1}\n{\"@timestamp\"", 0), 0u) << text;
  EXPECT_EQ(line_count(text), 2u);
}

TEST_F(LiveControlTest, EmptiesTheFileOfAnEarlierRun) {
  std::ofstream(events_) << "of an earlier run\n";
  push_failure();
  dataplane_.end(DataplaneState::interrupted);
  EXPECT_EQ(Control(options(dataplane_)).run(), kExitOk);
  EXPECT_EQ(written().find("earlier"), std::string::npos);
}

TEST_F(LiveControlTest, TakesAnInterruptionForTheNormalEnd) {
  push_failure();
  dataplane_.end(DataplaneState::interrupted);
  Options chosen = options(dataplane_);
  chosen.quiet = false;
  chosen.progress = When::never;
  chosen.color = When::never;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  EXPECT_EQ(Control(chosen).run(), kExitOk);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  const std::string summary = testing::internal::GetCapturedStdout();
  EXPECT_NE(summary.find("2025-11-20 14:05:01 to 14:05:04 UTC, live on eth1, 0 packets"),
            std::string::npos)
      << summary;
  EXPECT_EQ(summary.find("Warning"), std::string::npos) << summary;
  EXPECT_NE(written().find("\"ingress\":{\"interface\":{\"name\":\"eth1\"}}"), std::string::npos);
  EXPECT_EQ(written().find("\"capture\":"), std::string::npos);
}

TEST_F(LiveControlTest, ChecksTheCountersOfAnInterruptedRun) {
  push_failure();
  dataplane_.worker(0).counters.add(Counter::packets_received);
  dataplane_.end(DataplaneState::interrupted);
  testing::internal::CaptureStderr();
  EXPECT_EQ(Control(options(dataplane_)).run(), kExitOk);
  EXPECT_NE(testing::internal::GetCapturedStderr().find(
                "packets received = sum of packet fates: 1 is not 0"),
            std::string::npos);
}

TEST_F(LiveControlTest, KnowsTheSensorByItsHost) {
  push_failure();
  dataplane_.end(DataplaneState::interrupted);
  EXPECT_EQ(Control(options(dataplane_)).run(), kExitOk);
  char host[256] = {};
  ASSERT_EQ(gethostname(host, sizeof host - 1), 0);
  EXPECT_NE(written().find("\"name\":\"" + std::string(host) + "\""), std::string::npos);
}

/// A request to stop stays for the life of a process, hence a process of its own.
TEST_F(LiveControlTest, WaitsForTheLastRecordsWhenBothAreToldToStop) {
  const Options chosen = options(dataplane_);
  const pid_t child = fork();
  if (child == 0) {
    std::thread asker([this] {
      wait_for_attachment();
      Control::request_stop();
    });
    const int exit_code = Control(chosen).run();
    asker.join();
    _exit(exit_code);
  }
  close(chosen.handoff_fd);
  wait_for_attachment();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  push_failure();
  dataplane_.end(DataplaneState::interrupted);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kExitOk);
  EXPECT_EQ(line_count(written()), 1u);
}

}  // namespace
}  // namespace shakedown

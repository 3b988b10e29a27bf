// SPDX-License-Identifier: Apache-2.0
//
// The whole control process against a data plane that the test plays.
#include "control.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

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
  void TearDown() override { std::filesystem::remove(events_); }

  Options options(FakeDataplane& dataplane) {
    Options options;
    options.handoff_fd = dataplane.take_peer();
    options.events_path = events_.string();
    options.quiet = true;
    return options;
  }
  std::string written() {
    std::ostringstream text;
    text << std::ifstream(events_, std::ios::binary).rdbuf();
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

}  // namespace
}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
//
// A whole run without a network: the supervisor in a process of its own, a data plane that the tests
// made, and the real control.
#include "cli/live_supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace shakedown::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

class LiveSupervisorTest : public testing::Test {
 protected:
  LiveSupervisorTest() {
    std::string pattern = (fs::temp_directory_path() / "shakedown-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    run_.dataplane_words = {getenv("FAKE_DATAPLANE"), "--count", (root_ / "count").string()};
    run_.control_words = {getenv("CONTROL"), "--events",        events().string(),
                          "--health",        health().string(), "--json"};
  }
  ~LiveSupervisorTest() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    fs::remove_all(root_);
  }
  fs::path events() const { return root_ / "events"; }
  fs::path health() const { return root_ / "health"; }
  std::string said() const { return text_of(root_ / "stderr"); }

  void start() {
    pid_ = fork();
    if (pid_ != 0) return;
    if (freopen((root_ / "stdout").c_str(), "w", stdout) == nullptr ||
        freopen((root_ / "stderr").c_str(), "w", stderr) == nullptr) {
      _exit(99);
    }
    const Verdict verdict = supervise_live(run_);
    if (!verdict.sentence.empty()) fprintf(stderr, "%s\n", verdict.sentence.c_str());
    fflush(stderr);
    _exit(verdict.exit_code);
  }
  int wait_for_end() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int stop(int signal = SIGTERM) {
    const auto begin = Clock::now();
    kill(pid_, signal);
    const int exit_code = wait_for_end();
    EXPECT_LT(Clock::now() - begin, 2s);
    return exit_code;
  }

  template <class Condition>
  static ::testing::AssertionResult comes_true(Condition condition,
                                               std::chrono::seconds within = 20s) {
    for (const auto end = Clock::now() + within; Clock::now() < end;) {
      if (condition()) return ::testing::AssertionSuccess();
      std::this_thread::sleep_for(5ms);
    }
    return ::testing::AssertionFailure() << "it did not within " << within.count() << " s";
  }
  /// Of the child that was started from this program; zero when it does not run just now.
  pid_t find_child(const char* environment_name) const {
    const fs::path program = getenv(environment_name);
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::error_code error;
      if (fs::read_symlink(entry.path() / "exe", error) != program || error) continue;
      const std::string stat = text_of(entry.path() / "stat");
      const std::size_t name_end = stat.rfind(')');
      int parent = 0;
      if (name_end == std::string::npos ||
          sscanf(stat.c_str() + name_end, ") %*c %d", &parent) != 1 || parent != pid_) {
        continue;
      }
      return std::stoi(entry.path().filename().string());
    }
    return 0;
  }
  /// The same, waited for; another one than `other`.
  pid_t child(const char* environment_name, pid_t other = 0) const {
    pid_t pid = 0;
    EXPECT_TRUE(comes_true([&] {
      pid = find_child(environment_name);
      return pid > 0 && pid != other;
    })) << said();
    return pid;
  }
  static void kill_hard(pid_t pid) {
    ASSERT_GT(pid, 0);
    kill(pid, SIGKILL);
  }
  pid_t dataplane(pid_t other = 0) const { return child("FAKE_DATAPLANE", other); }
  pid_t control(pid_t other = 0) const { return child("CONTROL", other); }

  std::uint64_t pushed() const {
    const std::string bytes = text_of(root_ / "count");
    std::uint64_t count = 0;
    if (bytes.size() == sizeof count) bytes.copy(reinterpret_cast<char*>(&count), sizeof count);
    return count;
  }
  std::size_t event_count() const { return count_of(text_of(events()), "\n"); }
  void wait_until_it_runs() {
    ASSERT_TRUE(comes_true([this] { return event_count() > 0; })) << said();
  }
  /// The numbers that the fake data plane gave to connections.
  std::multiset<std::uint64_t> event_numbers() const {
    std::multiset<std::uint64_t> numbers;
    std::istringstream lines(text_of(events()));
    for (std::string line; std::getline(lines, line);) {
      unsigned a = 0, b = 0, c = 0, port = 0;
      const std::size_t at = line.find("\"source\":{\"ip\":\"10.");
      if (at == std::string::npos) continue;
      if (sscanf(line.c_str() + at, "\"source\":{\"ip\":\"10.%u.%u.%u\",\"port\":%u", &a, &b, &c,
                 &port) == 4) {
        numbers.insert((std::uint64_t{a} << 32) | (std::uint64_t{b} << 24) |
                       (std::uint64_t{c} << 16) | port);
      }
    }
    return numbers;
  }
  /// Every handshake that was pushed is in the events.
  void expect_all_there() const {
    const auto numbers = event_numbers();
    const std::set<std::uint64_t> unique(numbers.begin(), numbers.end());
    std::vector<std::pair<std::uint64_t, std::uint64_t>> missing;  // first and last of each gap
    for (std::uint64_t i = 1; i <= pushed(); ++i) {
      if (unique.contains(i)) continue;
      if (missing.empty() || missing.back().second + 1 != i) missing.emplace_back(i, i);
      missing.back().second = i;
    }
    EXPECT_THAT(missing, ::testing::IsEmpty()) << "of " << pushed() << "\n" << said();
    // What was written and not given back when control died is written again; that is seldom.
    EXPECT_LE(numbers.size() - unique.size(), 100u);
  }

  fs::path root_;
  LiveRun run_;
  pid_t pid_ = -1;
};

TEST_F(LiveSupervisorTest, EndsWhenItIsToldToAndFlushesEverything) {
  for (const int signal : {SIGINT, SIGTERM}) {
    for (const char* name : {"count", "events"}) fs::remove(root_ / name);
    start();
    wait_until_it_runs();
    EXPECT_EQ(stop(signal), 0) << said();
    expect_all_there();
    EXPECT_EQ(said(), "");
    EXPECT_THAT(text_of(root_ / "stdout"), HasSubstr("\"outcomes\""));
  }
}

TEST_F(LiveSupervisorTest, LosesNothingWhenControlIsKilledAgainAndAgain) {
  start();
  wait_until_it_runs();
  for (int turn = 0; turn < 5; ++turn) {
    const pid_t victim = control();
    kill_hard(victim);
    ASSERT_GT(control(victim), 0);
    // Not by the one that was killed, which may have written until then.
    const std::size_t before = event_count();
    ASSERT_TRUE(comes_true([&] { return event_count() > before; })) << said();
  }
  EXPECT_EQ(stop(), 0) << said();
  expect_all_there();
  EXPECT_EQ(count_of(said(), "the control plane was killed by signal 9 (Killed); restart in "), 5u)
      << said();
  EXPECT_THAT(said(), Not(HasSubstr("sensor blind")));
}

TEST_F(LiveSupervisorTest, SaysWhenTheSensorWasBlind) {
  start();
  wait_until_it_runs();
  for (int turn = 0; turn < 2; ++turn) {
    const pid_t victim = dataplane();
    kill_hard(victim);
    ASSERT_GT(dataplane(victim), 0);
    const std::size_t before = event_count();
    ASSERT_TRUE(comes_true([&] { return event_count() > before; })) << said();
  }
  EXPECT_EQ(stop(), 0);
  expect_all_there();
  EXPECT_THAT(said(),
              HasSubstr("the data plane was killed by signal 9 (Killed); restart in 0.1 s"));
  EXPECT_EQ(count_of(said(), "sensor blind since"), 2u) << said();
  EXPECT_EQ(count_of(said(), "sensor back at"), 2u) << said();
  const std::string lines = text_of(health());
  EXPECT_EQ(count_of(lines, "\"dataset\":\"shakedown.blind\""), 2u) << lines;
  EXPECT_EQ(count_of(lines, "\"reason\":\"the data plane was killed by signal 9 (Killed)\""), 2u);
}

TEST_F(LiveSupervisorTest, LosesNothingWhenBothAreKilledTogether) {
  start();
  wait_until_it_runs();
  const pid_t victims[] = {control(), dataplane()};
  for (const pid_t victim : victims) kill_hard(victim);
  ASSERT_GT(control(victims[0]), 0);
  ASSERT_GT(dataplane(victims[1]), 0);
  const std::size_t before = event_count();
  ASSERT_TRUE(comes_true([&] { return event_count() > before + 100; })) << said();
  EXPECT_EQ(stop(), 0);
  expect_all_there();
  EXPECT_EQ(count_of(text_of(health()), "\"dataset\":\"shakedown.blind\""), 1u) << said();
}

TEST_F(LiveSupervisorTest, SurvivesKillsRightAfterTheStart) {
  std::ofstream(events()) << "of an earlier run\n";
  start();
  for (int turn = 0; turn < 3; ++turn) {
    for (const char* program : {"CONTROL", "FAKE_DATAPLANE"}) {
      kill_hard(child(program));
    }
  }
  wait_until_it_runs();
  ASSERT_TRUE(comes_true([&] { return pushed() > 0 && event_count() > 100; })) << said();
  EXPECT_EQ(stop(), 0) << said();
  expect_all_there();
  EXPECT_THAT(text_of(events()), Not(HasSubstr("of an earlier run")));
}

TEST_F(LiveSupervisorTest, KillsADataplaneThatHangs) {
  run_.dataplane_words.insert(run_.dataplane_words.end(), {"--hang-after", "500"});
  start();
  wait_until_it_runs();
  ASSERT_TRUE(comes_true([&] { return !said().empty(); }, 20s));
  ASSERT_TRUE(comes_true([&] { return count_of(said(), "sensor back") == 1; })) << said();
  EXPECT_THAT(said(),
              HasSubstr("the data plane did not move its heartbeat for 10 s and was killed; "
                        "restart in 0.1 s"));
  // Nothing was seen while it hung.
  EXPECT_THAT(said(), HasSubstr("it was blind for 1")) << said();
  EXPECT_EQ(stop(), 0);
  expect_all_there();
}

TEST_F(LiveSupervisorTest, LeavesAStoppedDataplaneAlone) {
  start();
  wait_until_it_runs();
  const pid_t stopped = dataplane();
  kill(stopped, SIGSTOP);
  std::this_thread::sleep_for(11s);
  EXPECT_EQ(dataplane(), stopped) << said();
  kill(stopped, SIGCONT);
  const std::size_t before = event_count();
  ASSERT_TRUE(comes_true([&] { return event_count() > before; })) << said();
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(said(), "");
}

TEST_F(LiveSupervisorTest, KillsADataplaneThatDoesNotEnd) {
  run_.dataplane_words.emplace_back("--deaf");
  start();
  wait_until_it_runs();
  EXPECT_EQ(stop(), 1);
  EXPECT_THAT(said(), HasSubstr("the data plane did not end in time and was killed"));
  expect_all_there();
}

TEST_F(LiveSupervisorTest, EndsAtOnceAtTheSecondSignal) {
  run_.dataplane_words.emplace_back("--deaf");
  start();
  wait_until_it_runs();
  const auto begin = Clock::now();
  kill(pid_, SIGINT);
  std::this_thread::sleep_for(100ms);
  kill(pid_, SIGINT);
  EXPECT_EQ(wait_for_end(), 130);
  EXPECT_LT(Clock::now() - begin, 1s);
  EXPECT_THAT(said(), HasSubstr("stopped at once"));
}

TEST_F(LiveSupervisorTest, FlushesWhatAKilledControlLeftEvenWhenTheRunEndsThen) {
  start();
  wait_until_it_runs();
  kill_hard(control());
  EXPECT_EQ(stop(), 0) << said();
  expect_all_there();
}

TEST_F(LiveSupervisorTest, ABadUseOfEitherProgramEndsTheRun) {
  LiveRun good = run_;
  run_.dataplane_words = {getenv("FAKE_DATAPLANE"), "--exit", "2"};
  start();
  EXPECT_EQ(wait_for_end(), 2);
  EXPECT_EQ(said(), "");
  run_.dataplane_words.back() = "1";
  start();
  EXPECT_EQ(wait_for_end(), 1);
  EXPECT_THAT(said(), HasSubstr("the data plane ended with status 1; nothing was started"));
  run_ = good;
  run_.control_words = {getenv("CONTROL"), "--events", "/nonexistent/events"};
  start();
  EXPECT_EQ(wait_for_end(), 2);
  EXPECT_THAT(said(), HasSubstr("cannot open /nonexistent/events"));
}

TEST_F(LiveSupervisorTest, SaysWhichProgramCannotBeStarted) {
  run_.dataplane_words = {"/nonexistent/dataplane"};
  start();
  EXPECT_EQ(wait_for_end(), 1);
  EXPECT_THAT(said(), HasSubstr("cannot start /nonexistent/dataplane: No such file"));
}

TEST_F(LiveSupervisorTest, TellsTheServiceManager) {
  const std::string path = (root_ / "notify").string();
  const int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(manager, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const auto hear = [manager](const std::string& part) {
    char text[1024];
    std::string all;
    for (ssize_t size = 0; (size = recv(manager, text, sizeof text, 0)) > 0;) {
      all.append(text, static_cast<std::size_t>(size)).push_back('\n');
      if (all.find(part) != std::string::npos) break;
    }
    return all;
  };
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  setenv("WATCHDOG_USEC", "1000000", 1);
  start();
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  EXPECT_THAT(hear("READY=1"), HasSubstr("STATUS="));
  EXPECT_THAT(hear("WATCHDOG=1"), HasSubstr("WATCHDOG=1"));
  EXPECT_THAT(hear("WATCHDOG=1"), Not(HasSubstr("STOPPING")));
  kill(pid_, SIGHUP);
  EXPECT_THAT(hear("RELOADING=1"), HasSubstr("MONOTONIC_USEC="));
  EXPECT_THAT(hear("READY=1"), HasSubstr("READY=1"));
  EXPECT_EQ(stop(), 0);
  EXPECT_THAT(hear("STOPPING=1"), HasSubstr("STOPPING=1"));
  close(manager);
}

TEST_F(LiveSupervisorTest, TheControlSocketOutlivesControl) {
  run_.control_socket = (root_ / "control.sock").string();
  start();
  wait_until_it_runs();
  EXPECT_TRUE(fs::is_socket(run_.control_socket));
  const pid_t victim = control();
  kill_hard(victim);
  ASSERT_GT(control(victim), 0);
  EXPECT_TRUE(fs::is_socket(run_.control_socket));
  EXPECT_EQ(stop(), 0) << said();
  EXPECT_FALSE(fs::exists(run_.control_socket));
}

}  // namespace
}  // namespace shakedown::cli

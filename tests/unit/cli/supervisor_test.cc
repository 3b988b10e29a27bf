// SPDX-License-Identifier: Apache-2.0
//
// Stands shell scripts in for the two programs: what is tested is who is started, told, waited for
// and blamed.
#include "cli/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace shakedown::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

ChildEnd exited(int code) { return {.ended = true, .exit_code = code}; }
ChildEnd killed_by(int signal) { return {.ended = true, .signal = signal}; }
ChildEnd stopped_by_us(int signal) {
  return {.ended = true, .stopped_by_us = true, .signal = signal};
}

Verdict judge_read(const RunEnd& end) { return judge(end, Input::capture); }
Verdict judge_live(const RunEnd& end) { return judge(end, Input::live); }

TEST(Judge, SaysNothingWhenBothEndWell) {
  const Verdict verdict = judge_read({.dataplane = exited(0), .control = exited(0)});
  EXPECT_EQ(verdict.exit_code, 0);
  EXPECT_EQ(verdict.sentence, "");
}

TEST(Judge, LeavesBadInputToTheDataPlanesOwnSentence) {
  const Verdict verdict = judge_read({.dataplane = exited(2), .control = stopped_by_us(SIGKILL)});
  EXPECT_EQ(verdict.exit_code, 2);
  EXPECT_EQ(verdict.sentence, "");
}

TEST(Judge, LeavesBadOutputToTheControlPlanesOwnSentence) {
  const Verdict verdict = judge_read({.dataplane = stopped_by_us(SIGKILL), .control = exited(2)});
  EXPECT_EQ(verdict.exit_code, 2);
  EXPECT_EQ(verdict.sentence, "");
}

TEST(Judge, NamesTheProgramThatWasKilled) {
  const Verdict control =
      judge_read({.dataplane = stopped_by_us(SIGKILL), .control = killed_by(SIGKILL)});
  EXPECT_EQ(control.exit_code, 1);
  EXPECT_THAT(control.sentence, HasSubstr("the control plane was killed by signal 9"));
  const Verdict dataplane = judge_read({.dataplane = killed_by(SIGSEGV), .control = exited(0)});
  EXPECT_EQ(dataplane.exit_code, 1);
  EXPECT_THAT(dataplane.sentence, HasSubstr("the data plane was killed by signal 11"));
}

TEST(Judge, BlamesTheKilledProgramAndNotTheOneThatNoticed) {
  EXPECT_THAT(judge_read({.dataplane = exited(1), .control = killed_by(SIGKILL)}).sentence,
              HasSubstr("control plane was killed"));
}

TEST(Judge, NeverBlamesAProgramThatWeStopped) {
  EXPECT_THAT(judge_read({.dataplane = stopped_by_us(SIGKILL), .control = exited(0)}).sentence,
              HasSubstr("ended before the data plane"));
}

TEST(Judge, CountsAnInterruptionWithACleanEndAsPartialResult) {
  const Verdict verdict =
      judge_read({.dataplane = exited(0), .control = exited(0), .interrupt_signal = SIGINT});
  EXPECT_EQ(verdict.exit_code, 130);
  EXPECT_EQ(verdict.sentence, "interrupted; the numbers cover what was read until then");
  EXPECT_EQ(
      judge_read({.dataplane = exited(130), .control = exited(0), .interrupt_signal = SIGTERM})
          .exit_code,
      143);
}

TEST(Judge, SaysSoWhenAnInterruptionDidNotEndCleanly) {
  EXPECT_THAT(
      judge_read(
          {.dataplane = killed_by(SIGSEGV), .control = exited(0), .interrupt_signal = SIGINT})
          .sentence,
      HasSubstr("data plane was killed by signal 11"));
  EXPECT_THAT(
      judge_read({.dataplane = killed_by(SIGINT), .control = exited(0), .interrupt_signal = SIGINT})
          .sentence,
      HasSubstr("before anything was read"));
}

TEST(JudgeLive, TakesAnInterruptionForTheNormalEnd) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const Verdict verdict =
        judge_live({.dataplane = exited(0), .control = exited(0), .interrupt_signal = signal});
    EXPECT_EQ(verdict.exit_code, 0);
    EXPECT_EQ(verdict.sentence, "");
  }
}

TEST(JudgeLive, ForgivesAnInterruptionBeforeTheBeginning) {
  const Verdict verdict = judge_live({.dataplane = killed_by(SIGINT),
                                      .control = stopped_by_us(SIGKILL),
                                      .interrupt_signal = SIGINT});
  EXPECT_EQ(verdict.exit_code, 0);
  EXPECT_EQ(verdict.sentence, "interrupted before anything was read");
}

TEST(JudgeLive, DoesNotForgiveTheSecondInterruption) {
  const Verdict verdict = judge_live({.dataplane = stopped_by_us(SIGKILL),
                                      .control = stopped_by_us(SIGKILL),
                                      .interrupt_signal = SIGTERM,
                                      .cut_short = true});
  EXPECT_EQ(verdict.exit_code, 143);
  EXPECT_THAT(verdict.sentence, HasSubstr("what came last may be missing"));
}

TEST(JudgeLive, SaysSoWhenTheDataPlaneEndsUnasked) {
  const Verdict verdict = judge_live({.dataplane = exited(0), .control = exited(0)});
  EXPECT_EQ(verdict.exit_code, 1);
  EXPECT_THAT(verdict.sentence, HasSubstr("ended unasked"));
}

TEST(JudgeLive, SaysThatTheSensorHasStoppedWhenAProgramBreaks) {
  const Verdict killed = judge_live({.dataplane = killed_by(SIGSEGV), .control = exited(3)});
  EXPECT_EQ(killed.exit_code, 1);
  EXPECT_THAT(killed.sentence, HasSubstr("killed by signal 11"));
  EXPECT_THAT(killed.sentence, HasSubstr("the sensor has stopped"));
  const Verdict failed = judge_live({.dataplane = exited(1), .control = exited(3)});
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_THAT(failed.sentence, HasSubstr("the data plane ended with status 1; the sensor has"));
}

TEST(JudgeLive, SaysSoWhenAnInterruptionDidNotEndCleanly) {
  const Verdict verdict = judge_live(
      {.dataplane = killed_by(SIGSEGV), .control = exited(0), .interrupt_signal = SIGINT});
  EXPECT_EQ(verdict.exit_code, 1);
  EXPECT_THAT(verdict.sentence, HasSubstr("data plane was killed by signal 11"));
}

TEST(JudgeLive, LeavesBadInputAndOutputToTheSentenceOfTheirProgram) {
  EXPECT_EQ(judge_live({.dataplane = exited(2), .control = stopped_by_us(SIGKILL)}).exit_code, 2);
  EXPECT_EQ(judge_live({.dataplane = stopped_by_us(SIGKILL), .control = exited(2)}).exit_code, 2);
}

class Supervise : public ::testing::Test {
 protected:
  Supervise() {
    std::string pattern = (fs::temp_directory_path() / "shakedown-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~Supervise() override { fs::remove_all(root_); }

  /// A program with this body. $FD is the descriptor that it was given.
  std::vector<std::string> script(const std::string& name, const std::string& body) const {
    const fs::path path = root_ / name;
    std::ofstream{path} << "#!/bin/bash\nFD=$2\ncd '" << root_.string() << "'\n" << body << "\n";
    fs::permissions(path, fs::perms::owner_all);
    return {path.string()};
  }
  Verdict run(const std::string& dataplane, const std::string& control) const {
    return judge_read(supervise(script("dataplane", dataplane), script("control", control)));
  }
  std::string said(const char* name) const {
    std::ifstream file{root_ / name};
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  /// Waits until a script has said that it is ready.
  void wait_for(const char* name) const {
    for (int turn = 0; turn < 1000 && !fs::exists(root_ / name); ++turn) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    ASSERT_TRUE(fs::exists(root_ / name));
  }
  /// True once no process has this pid; the children of a killed parent go to init and end there.
  static bool is_gone(pid_t pid) {
    for (int turn = 0; turn < 500; ++turn) {
      std::ifstream stat{"/proc/" + std::to_string(pid) + "/stat"};
      std::string number;
      std::string name;
      std::string state;
      if (!(stat >> number >> name >> state) || state == "Z") return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return false;
  }

  fs::path root_;
};

TEST_F(Supervise, JoinsBothProgramsBySocket) {
  EXPECT_EQ(run("echo hello >&$FD", "head -c 6 <&$FD > heard").exit_code, 0);
  EXPECT_EQ(said("heard"), "hello\n");
}

TEST_F(Supervise, ShowsControlTheEndOfTheDataPlaneAsTheEndOfTheSocket) {
  EXPECT_EQ(run("exit 0", "cat <&$FD > heard; echo end >> heard").exit_code, 0);
  EXPECT_EQ(said("heard"), "end\n");
}

TEST_F(Supervise, StopsControlWhenTheInputIsBad) {
  EXPECT_EQ(run("exit 2", "sleep 1; touch survived").exit_code, 2);
  EXPECT_FALSE(fs::exists(root_ / "survived"));
}

TEST_F(Supervise, StopsTheDataPlaneWhenTheOutputIsBad) {
  EXPECT_EQ(run("exec sleep 60", "exit 2").exit_code, 2);
}

TEST_F(Supervise, StopsTheDataPlaneWhenControlIsKilled) {
  const Verdict verdict = run("exec sleep 60", "kill -9 $$");
  EXPECT_EQ(verdict.exit_code, 1);
  EXPECT_THAT(verdict.sentence, HasSubstr("control plane was killed by signal 9"));
}

TEST_F(Supervise, LetsControlFinishWhenTheDataPlaneIsKilled) {
  const Verdict verdict =
      run("until [ -e ready ]; do sleep 0.01; done; kill -9 $$",
          "trap 'echo partial > summary; exit 0' TERM; touch ready; while :; do sleep 0.05; done");
  EXPECT_EQ(verdict.exit_code, 1);
  EXPECT_THAT(verdict.sentence, HasSubstr("data plane was killed by signal 9"));
  EXPECT_EQ(said("summary"), "partial\n");
}

TEST_F(Supervise, SaysWhichProgramCannotBeStarted) {
  const Verdict verdict =
      judge_read(supervise({"/nonexistent/dataplane"}, script("control", "exec sleep 60")));
  EXPECT_EQ(verdict.exit_code, 1);
  EXPECT_THAT(verdict.sentence, HasSubstr("cannot start /nonexistent/dataplane: No such file"));
}

/// Runs the supervisor in a process of its own, as `shakedown` does, so that signals can be sent to
/// it.
class SuperviseSignals : public Supervise {
 protected:
  pid_t start(const std::string& dataplane, const std::string& control,
              Input input = Input::capture) {
    const auto dataplane_words = script("dataplane", dataplane);
    const auto control_words = script("control", control);
    const pid_t pid = fork();
    if (pid == 0) _exit(judge(supervise(dataplane_words, control_words), input).exit_code);
    return pid;
  }
  static int exit_code_of(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
};

constexpr const char* kPatientDataplane =
    "trap 'echo asked >> interrupts; exit 0' INT; echo $$ > pid.tmp; mv pid.tmp dataplane_pid; "
    "while :; do sleep 0.05; done";

TEST_F(SuperviseSignals, PassesTheFirstInterruptToTheDataPlaneOnly) {
  const pid_t pid = start(kPatientDataplane, "trap 'touch control_was_told' INT TERM; cat <&$FD");
  wait_for("dataplane_pid");
  kill(pid, SIGINT);
  EXPECT_EQ(exit_code_of(pid), 130);
  EXPECT_EQ(said("interrupts"), "asked\n");
  EXPECT_FALSE(fs::exists(root_ / "control_was_told"));
}

TEST_F(SuperviseSignals, EndsALiveRunWellWithinTwoSeconds) {
  for (const int signal : {SIGINT, SIGTERM}) {
    fs::remove(root_ / "dataplane_pid");
    const pid_t pid = start(kPatientDataplane, "cat <&$FD; echo all > summary", Input::live);
    wait_for("dataplane_pid");
    const auto asked = std::chrono::steady_clock::now();
    kill(pid, signal);
    EXPECT_EQ(exit_code_of(pid), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds{2});
    EXPECT_EQ(said("summary"), "all\n");
  }
}

TEST_F(SuperviseSignals, KillsBothAtTheSecondInterrupt) {
  const pid_t pid = start("trap '' INT; touch dataplane_ready; while :; do sleep 0.05; done",
                          "trap '' INT TERM; while :; do sleep 0.05; done");
  wait_for("dataplane_ready");
  kill(pid, SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  kill(pid, SIGINT);
  EXPECT_EQ(exit_code_of(pid), 130);
}

TEST_F(SuperviseSignals, LeavesNoChildBehindWhenItIsKilled) {
  const pid_t pid =
      start(kPatientDataplane,
            "echo $$ > pid.tmp2; mv pid.tmp2 control_pid; while :; do sleep 0.05; done");
  wait_for("dataplane_pid");
  wait_for("control_pid");
  kill(pid, SIGKILL);
  EXPECT_EQ(exit_code_of(pid), -SIGKILL);
  EXPECT_TRUE(is_gone(std::stoi(said("dataplane_pid"))));
  EXPECT_TRUE(is_gone(std::stoi(said("control_pid"))));
}

}  // namespace
}  // namespace shakedown::cli

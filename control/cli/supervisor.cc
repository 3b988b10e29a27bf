// SPDX-License-Identifier: Apache-2.0
#include "cli/supervisor.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "cli/arguments.h"
#include "cli/child_process.h"

namespace shakedown::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSignalExitBase = 128;

struct Child {
  pid_t pid = -1;
  ChildEnd end;

  [[nodiscard]] bool alive() const { return pid > 0 && !end.ended; }
};

/// Notes the end of a child that has ended; does not wait.
void reap(Child& child) {
  if (!child.alive()) return;
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(child.pid, &status, WNOHANG);
  } while (ended < 0 && errno == EINTR);
  if (ended != child.pid) return;
  child.end.ended = true;
  if (WIFSIGNALED(status)) child.end.signal = WTERMSIG(status);
  if (WIFEXITED(status)) child.end.exit_code = WEXITSTATUS(status);
}

void stop(Child& child, int signal) {
  if (!child.alive()) return;
  child.end.stopped_by_us = true;
  kill(child.pid, signal);
}

class Supervisor {
 public:
  Supervisor() {
    sigemptyset(&signals_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCHLD})
      sigaddset(&signals_, number);
    // Where it is ignored, which we may have inherited, children end without telling how.
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &signals_, &signals_before_);
  }
  ~Supervisor() {
    release_held_ends();
    sigprocmask(SIG_SETMASK, &signals_before_, nullptr);
  }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  RunEnd run(const std::vector<std::string>& dataplane_words,
             const std::vector<std::string>& control_words) {
    if (start(dataplane_words, control_words)) {
      while (dataplane_.alive() || control_.alive()) {
        take_signal();
        reap(dataplane_);
        reap(control_);
        react();
      }
    }
    result_.dataplane = dataplane_.end;
    result_.control = control_.end;
    return result_;
  }

 private:
  bool start(std::vector<std::string> dataplane_words, std::vector<std::string> control_words) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      result_.start_error = fmt::format("cannot make a socket pair: {}", std::strerror(errno));
      return false;
    }
    dataplane_words.insert(dataplane_words.begin() + 1, {"--handoff-fd", std::to_string(ends[0])});
    control_words.insert(control_words.begin() + 1, {"--handoff-fd", std::to_string(ends[1])});
    start_one(control_, control_words, ends[1]);
    if (result_.start_error.empty()) start_one(dataplane_, dataplane_words, ends[0]);
    // As long as we hold both ends, neither program takes the end of the other for something to
    // complain about: that is our business.
    held_ends_ = ends;
    if (result_.start_error.empty()) return true;
    if (control_.alive()) {
      kill(control_.pid, SIGKILL);
      waitpid(control_.pid, nullptr, 0);
    }
    return false;
  }

  void start_one(Child& child, const std::vector<std::string>& words, int kept_fd) {
    SpawnResult spawned = spawn({.words = words, .kept_fds = {kept_fd}});
    child.pid = spawned.pid;
    result_.start_error = std::move(spawned.error);
  }

  void take_signal() {
    timespec wait{};
    // The end of a child wakes us; the second is for deadlines.
    wait.tv_sec = 1;
    siginfo_t info{};
    switch (sigtimedwait(&signals_, &info, &wait)) {
      case SIGINT:
      case SIGTERM:
      case SIGHUP:
        interrupt(info.si_signo);
        break;
      case SIGTSTP:
        pause_all();
        break;
      default:  // SIGCHLD or a deadline: the caller looks at the children anyway
        break;
    }
  }

  /// First time: the data plane hands on what it has and ends, control follows. Then: at once.
  void interrupt(int signal) {
    ++interrupt_count_;
    if (interrupt_count_ == 1) {
      if (!dataplane_.alive()) return;  // all is read; control is about to end
      result_.interrupt_signal = signal;
      kill(dataplane_.pid, SIGINT);
      return;
    }
    if (result_.interrupt_signal == 0) result_.interrupt_signal = signal;
    result_.cut_short = true;
    stop(dataplane_, SIGKILL);
    stop(control_, SIGKILL);
  }

  /// Ctrl-Z reaches only us, because the children are outside the terminal's group.
  void pause_all() {
    for (const Child* child : {&dataplane_, &control_}) {
      if (child->alive()) kill(child->pid, SIGSTOP);
    }
    raise(SIGSTOP);
    for (const Child* child : {&dataplane_, &control_}) {
      if (child->alive()) kill(child->pid, SIGCONT);
    }
  }

  void react() {
    if (!control_.alive() && dataplane_.alive()) {
      // Without a reader the data plane works for nobody. After a good end of control, it is about
      // to end by itself.
      if (!control_.end.clean()) {
        stop(dataplane_, SIGKILL);
      } else {
        stop_at_deadline(dataplane_, kDataplaneGrace);
      }
    }
    if (!dataplane_.alive() && control_.alive()) {
      if (nothing_was_read()) {
        stop(control_, SIGKILL);
        return;
      }
      release_held_ends();
      if (!dataplane_.end.clean()) {
        if (!control_.end.stopped_by_us) stop(control_, SIGTERM);
        stop_at_deadline(control_, kControlGrace);
      }
    }
  }

  /// Refused input, of which the data plane has told, or an interruption before the data plane
  /// could take one.
  [[nodiscard]] bool nothing_was_read() const {
    const ChildEnd& end = dataplane_.end;
    const bool refused = end.signal == 0 && end.exit_code == kExitBadUse;
    return refused || (result_.interrupt_signal != 0 && end.signal == SIGINT);
  }

  void release_held_ends() {
    for (int& end : held_ends_) {
      if (end >= 0) close(end);
      end = -1;
    }
  }

  void stop_at_deadline(Child& child, std::chrono::seconds grace) {
    if (!deadline_) deadline_ = Clock::now() + grace;
    if (Clock::now() >= *deadline_) stop(child, SIGKILL);
  }

  sigset_t signals_{};
  sigset_t signals_before_{};
  Child dataplane_;
  Child control_;
  RunEnd result_;
  std::array<int, 2> held_ends_{-1, -1};
  unsigned interrupt_count_ = 0;
  std::optional<Clock::time_point> deadline_;
};

/// What a broken program means to the user.
std::string_view consequence(Input input) {
  return input == Input::capture ? "results are incomplete"
                                 : "the sensor has stopped, what came last may be missing";
}

std::optional<Verdict> killed(const ChildEnd& end, std::string_view name, Input input) {
  if (!end.ended || end.signal == 0 || end.stopped_by_us) return std::nullopt;
  const char* words = strsignal(end.signal);
  return Verdict{kExitBroken,
                 fmt::format("the {} was killed by signal {} ({}); {}", name, end.signal,
                             words != nullptr ? words : "unknown", consequence(input))};
}

std::optional<Verdict> failed(const ChildEnd& end, std::string_view name, Input input) {
  if (!end.ended || end.signal != 0 || end.exit_code == 0 || end.stopped_by_us) return std::nullopt;
  // Bad input and bad output have had their sentence from the program that found them.
  if (end.exit_code == kExitBadUse) return Verdict{kExitBadUse, {}};
  return Verdict{kExitBroken, fmt::format("the {} ended with status {}; {}", name, end.exit_code,
                                          consequence(input))};
}

bool ended_as_asked(const ChildEnd& end, int asked_signal) {
  const bool by_code =
      end.signal == 0 && (end.exit_code == 0 || end.exit_code == kSignalExitBase + SIGINT);
  return by_code || end.stopped_by_us || end.signal == asked_signal;
}

/// The user has asked for the end. Nothing when that is not what ended it.
std::optional<Verdict> interrupted(const RunEnd& end, Input input) {
  const bool live = input == Input::live;
  const int exit_code = kSignalExitBase + end.interrupt_signal;
  if (end.cut_short) {
    return Verdict{exit_code,
                   fmt::format("interrupted twice; stopped at once, {}",
                               live ? "what came last may be missing" : "results are incomplete")};
  }
  if (end.dataplane.signal == SIGINT) {
    return Verdict{live ? kExitOk : exit_code, "interrupted before anything was read"};
  }
  if (!ended_as_asked(end.dataplane, SIGINT) || !ended_as_asked(end.control, SIGINT)) {
    return std::nullopt;
  }
  if (live) return Verdict{};
  return Verdict{exit_code, "interrupted; the numbers cover what was read until then"};
}

}  // namespace

Verdict judge(const RunEnd& end, Input input) {
  if (!end.start_error.empty()) return {kExitBroken, end.start_error};
  if (end.interrupt_signal != 0) {
    if (auto verdict = interrupted(end, input)) return *verdict;
  }
  if (auto verdict = killed(end.dataplane, "data plane", input)) return *verdict;
  if (auto verdict = killed(end.control, "control plane", input)) return *verdict;
  if (auto verdict = failed(end.dataplane, "data plane", input)) return *verdict;
  if (auto verdict = failed(end.control, "control plane", input)) return *verdict;
  if (end.dataplane.stopped_by_us) {
    return {kExitBroken,
            fmt::format("the control plane ended before the data plane; {}", consequence(input))};
  }
  if (input == Input::live && end.interrupt_signal == 0) {
    return {kExitBroken, "the data plane ended unasked; the sensor has stopped"};
  }
  return {};
}

RunEnd supervise(const std::vector<std::string>& dataplane_words,
                 const std::vector<std::string>& control_words) {
  Supervisor supervisor;
  return supervisor.run(dataplane_words, control_words);
}

}  // namespace shakedown::cli

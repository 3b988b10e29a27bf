// SPDX-License-Identifier: Apache-2.0
#include "cli/managed_process.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "wall_clock.h"

namespace shakedown::cli {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

ChildEnd end_of(int wait_status) {
  ChildEnd end{.ended = true};
  if (WIFSIGNALED(wait_status)) end.signal = WTERMSIG(wait_status);
  if (WIFEXITED(wait_status)) end.exit_code = WEXITSTATUS(wait_status);
  return end;
}

std::string in_words(const ChildEnd& end) {
  if (end.signal != 0) {
    const char* const words = strsignal(end.signal);
    return fmt::format("was killed by signal {} ({})", end.signal,
                       words != nullptr ? words : "unknown");
  }
  return end.exit_code == 0 ? "ended unasked" : fmt::format("ended with status {}", end.exit_code);
}

}  // namespace

std::string ManagedProcess::start(const SpawnRequest& request) {
  restart_at_.reset();
  worked_ = {};
  SpawnResult spawned = spawn(request);
  if (spawned.pid <= 0) {
    last_end_ = "could not be started";
    had_worked_ = false;
    return std::move(spawned.error);
  }
  pid_ = spawned.pid;
  started_ = Clock::now();
  work_began_.reset();
  watch_.forget();
  killed_by_us_ = false;
  kill_reason_.clear();
  if (std::exchange(has_started_, true)) status_.restart_count.fetch_add(1, kRelaxed);
  status_.start_time.store(wall_clock().value, kRelaxed);
  status_.running_since.store(0, kRelaxed);
  status_.pid.store(pid_, kRelaxed);
  status_.state.store(ProcessState::starting, kRelaxed);
  return {};
}

void ManagedProcess::came_to_work() {
  if (!alive() || work_began_) return;
  work_began_ = Clock::now();
  has_ever_worked_ = true;
  status_.running_since.store(wall_clock().value, kRelaxed);
  status_.state.store(ProcessState::running, kRelaxed);
}

std::optional<ChildEnd> ManagedProcess::reap() {
  if (!alive()) return std::nullopt;
  int wait_status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(pid_, &wait_status, WNOHANG);
  } while (ended < 0 && errno == EINTR);
  if (ended != pid_) return std::nullopt;
  ChildEnd end = end_of(wait_status);
  end.stopped_by_us = killed_by_us_;
  note_end(end);
  return end;
}

void ManagedProcess::note_end(const ChildEnd& end) {
  pid_ = -1;
  last_end_ = kill_reason_.empty() ? in_words(end) : kill_reason_;
  had_worked_ = work_began_.has_value();
  if (work_began_) {
    worked_ = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - *work_began_);
  }
  work_began_.reset();
  status_.end_time.store(wall_clock().value, kRelaxed);
  status_.end_signal.store(end.signal, kRelaxed);
  status_.end_exit_code.store(end.exit_code, kRelaxed);
  status_.pid.store(0, kRelaxed);
  status_.running_since.store(0, kRelaxed);
  status_.state.store(ProcessState::waiting, kRelaxed);
}

void ManagedProcess::send(int signal) const {
  if (alive()) kill(pid_, signal);
}

void ManagedProcess::kill_because(std::string reason) {
  kill_reason_ = std::move(reason);
  kill_now();
}

void ManagedProcess::kill_now() {
  if (!alive()) return;
  killed_by_us_ = true;
  kill(pid_, SIGKILL);
}

bool ManagedProcess::is_stopped() const {
  std::string stat;
  std::getline(std::ifstream(fmt::format("/proc/{}/stat", pid_)), stat);
  // The name before the state may have anything in it, parentheses included.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return false;
  const char state = stat[name_end + 2];
  return state == 'T' || state == 't';
}

double ManagedProcess::plan_restart() {
  const std::chrono::milliseconds pause = policy_.pause_after(worked_);
  restart_at_ = Clock::now() + pause;
  return std::chrono::duration<double>(pause).count();
}

}  // namespace shakedown::cli

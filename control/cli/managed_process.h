// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One of the two programs of a live run: started, watched, ended and started again; its
//            part of SupervisorStatus is kept true.
// Units:     Steady clock for what is waited for, UnixNanos for what is told.
// Ownership: The process is a child of this one and is waited for by reap().
// Threading: One thread, the one that lives as long as the children are to.
// Limits:    Those of restart_policy.h and health_watch.h.
// Failure:   start() leaves a sentence; a program that cannot be started may be due again.
// RFC:       none
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "cli/child_process.h"
#include "cli/health_watch.h"
#include "cli/restart_policy.h"
#include "cli/supervisor.h"
#include "cli/supervisor_status.h"
#include "shakedown/units.h"

namespace shakedown::cli {

class ManagedProcess {
 public:
  using Clock = std::chrono::steady_clock;

  /// `name` is what people call it: "data plane".
  ManagedProcess(const char* name, ProcessStatus& status) : name_(name), status_(status) {}

  /// Empty on success, else a sentence.
  [[nodiscard]] std::string start(const SpawnRequest& request);
  /// It does what it is for; only the first time counts.
  void came_to_work();
  /// How it ended, once.
  [[nodiscard]] std::optional<ChildEnd> reap();

  void send(int signal) const;
  /// Kills it, and says why instead of that it was killed.
  void kill_because(std::string reason);
  void kill_now();
  /// Whether somebody has stopped it, or a debugger holds it: then it is no wonder that it does not
  /// move.
  [[nodiscard]] bool is_stopped() const;

  /// The last one that ended had come to work before.
  [[nodiscard]] bool had_worked() const { return had_worked_; }
  /// "was killed by signal 9 (Killed)": a part of a sentence about the last end.
  [[nodiscard]] const std::string& last_end() const { return last_end_; }
  /// Plans the next start, and says when in seconds.
  double plan_restart();
  void plan_restart_at_once() { restart_at_ = Clock::now(); }
  void plan_nothing() { restart_at_.reset(); }
  [[nodiscard]] bool due() const { return restart_at_ && Clock::now() >= *restart_at_; }
  [[nodiscard]] std::optional<Clock::time_point> due_at() const { return restart_at_; }

  [[nodiscard]] const char* name() const { return name_; }
  [[nodiscard]] bool alive() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool at_work() const { return alive() && work_began_.has_value(); }
  [[nodiscard]] bool has_ever_worked() const { return has_ever_worked_; }
  [[nodiscard]] std::chrono::steady_clock::duration age() const { return Clock::now() - started_; }
  [[nodiscard]] HealthWatch& watch() { return watch_; }
  [[nodiscard]] ProcessStatus& status() { return status_; }

 private:
  void note_end(const ChildEnd& end);

  const char* name_;
  ProcessStatus& status_;
  RestartPolicy policy_;
  HealthWatch watch_;
  pid_t pid_ = -1;
  bool has_started_ = false;
  bool has_ever_worked_ = false;
  bool killed_by_us_ = false;
  std::string kill_reason_;
  std::string last_end_;
  Clock::time_point started_;
  std::optional<Clock::time_point> work_began_;
  std::chrono::milliseconds worked_{};  ///< of the one that ended last
  bool had_worked_ = false;
  std::optional<Clock::time_point> restart_at_;
};

}  // namespace shakedown::cli

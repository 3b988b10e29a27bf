// SPDX-License-Identifier: Apache-2.0
#include "cli/live_supervisor.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/arguments.h"
#include "cli/control_listener.h"
#include "cli/live_watch.h"
#include "cli/managed_process.h"
#include "cli/segment_broker.h"
#include "cli/service_manager.h"
#include "cli/status_memory.h"
#include "cli/terminal.h"
#include "wall_clock.h"

namespace shakedown::cli {
namespace {

using Clock = std::chrono::steady_clock;
using handoff::FileDescriptor;
using std::chrono::milliseconds;

constexpr int kSignalExitBase = 128;
/// Between two looks at what must move; what matters at once wakes us.
constexpr milliseconds kLookPeriod{250};
/// The same end of the same program is told once in this time.
constexpr std::chrono::seconds kRepeatPeriod{60};

void say(const std::string& sentence) {
  const std::string line = fmt::format("shakedown: {}\n", sentence);
  // One write, so that lines of the three processes do not mix.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

/// The reader of standard output has gone for good: nothing started anew could write there.
bool output_is_broken() {
  pollfd output{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

class LiveSupervisor {
 public:
  explicit LiveSupervisor(const LiveRun& run) : run_(run) { take_signals(); }
  ~LiveSupervisor() { sigprocmask(SIG_SETMASK, &signals_before_, nullptr); }
  LiveSupervisor(const LiveSupervisor&) = delete;
  LiveSupervisor& operator=(const LiveSupervisor&) = delete;

  Verdict run();

 private:
  void take_signals();
  [[nodiscard]] bool prepare();
  [[nodiscard]] bool start_both();
  void turn();
  void wait();

  [[nodiscard]] std::string start_dataplane();
  [[nodiscard]] std::string start_control();
  void start_what_is_due();
  void restart_later(ManagedProcess& process);

  void receive_segment();
  void refuse_segment();
  void reap_children();
  void dataplane_ended(const ChildEnd& end);
  void control_ended(const ChildEnd& end);
  [[nodiscard]] bool revive_for_the_end(const ChildEnd& end);
  [[nodiscard]] bool ends_the_run(const ManagedProcess& process, const ChildEnd& end);

  void take_signal();
  void stop(int signal);
  void cut_short();
  void reload();
  void pause_all();
  void insist_on_the_end();

  void look();
  void look_for_hangs();
  static void kill_if_hung(ManagedProcess& process, bool has_begun, std::string reason);
  void blind_since(UnixNanos when);
  void seeing_since(UnixNanos when);
  [[nodiscard]] bool over() const { return (ending_ || verdict_) && !any_alive(); }
  [[nodiscard]] bool any_alive() const {
    return dataplane_->alive() || control_->alive() || control_->due_at();
  }
  void give_up(Verdict verdict);
  [[nodiscard]] Verdict final_verdict() const;

  const LiveRun& run_;
  sigset_t signals_before_{};
  FileDescriptor signal_fd_;
  StatusMemory memory_;
  ControlListener listener_;
  SegmentBroker broker_;
  ServiceManager manager_;
  Terminal terminal_;
  std::optional<ManagedProcess> dataplane_;
  std::optional<ManagedProcess> control_;

  bool control_was_started_ = false;

  // The end of the run: asked for with a signal, or given up with a verdict.
  bool ending_ = false;
  std::optional<Verdict> verdict_;
  RunEnd result_;
  std::string killed_in_the_end_;
  Clock::time_point stop_began_;

  Clock::time_point looked_at_;
  std::string said_last_;
  Clock::time_point said_at_;
};

Verdict LiveSupervisor::run() {
  if (!prepare()) return *verdict_;
  if (start_both()) {
    while (!over()) turn();
  }
  return final_verdict();
}

void LiveSupervisor::take_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCHLD}) sigaddset(&signals, number);
  // Where it is ignored, which we may have inherited, children end without telling how.
  signal(SIGCHLD, SIG_DFL);
  sigprocmask(SIG_BLOCK, &signals, &signals_before_);
  signal_fd_ = FileDescriptor(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool LiveSupervisor::prepare() {
  if (!signal_fd_.valid()) {
    verdict_ = {kExitBroken, fmt::format("signals cannot be received: {}", std::strerror(errno))};
    return false;
  }
  if (std::string error = memory_.create(); !error.empty()) {
    verdict_ = {kExitBroken, std::move(error)};
    return false;
  }
  SupervisorStatus& status = memory_.get();
  status.supervisor_pid = getpid();
  status.start_time = wall_clock().value;
  dataplane_.emplace("data plane", status.dataplane);
  control_.emplace("control plane", status.control);
  if (run_.control_socket.empty()) return true;
  if (std::string error = listener_.open(run_.control_socket, run_.socket_group); !error.empty()) {
    say(fmt::format("warning: {}; this run goes on without one", error));
  }
  return true;
}

bool LiveSupervisor::start_both() {
  std::string error = start_control();
  if (error.empty()) error = start_dataplane();
  if (error.empty()) return true;
  give_up({kExitBroken, std::move(error)});
  while (any_alive()) turn();
  return false;
}

void LiveSupervisor::turn() {
  wait();
  take_signal();
  receive_segment();
  reap_children();
  start_what_is_due();
  look();
  insist_on_the_end();
}

void LiveSupervisor::wait() {
  Clock::time_point until = looked_at_ + kLookPeriod;
  for (const auto& due : {dataplane_->due_at(), control_->due_at()}) {
    if (due) until = std::min(until, *due);
  }
  const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
  std::array<pollfd, 2> watched{
      {{signal_fd_.get(), POLLIN, 0}, {broker_.dataplane_socket(), POLLIN, 0}}};
  poll(watched.data(), watched.size(), static_cast<int>(std::max<std::int64_t>(0, left.count())));
}

std::string LiveSupervisor::start_dataplane() {
  FileDescriptor child_end;
  if (std::string error = broker_.open_to_dataplane(child_end); !error.empty()) return error;
  SpawnRequest request{.words = run_.dataplane_words, .kept_fds = {child_end.get()}};
  request.words.insert(request.words.begin() + 1,
                       {"--handoff-fd", std::to_string(child_end.get())});
  std::string error = dataplane_->start(request);
  if (!error.empty()) broker_.dataplane_ended(wall_clock(), {});
  return error;
}

std::string LiveSupervisor::start_control() {
  FileDescriptor child_end;
  if (std::string error = broker_.open_to_control(child_end); !error.empty()) return error;
  const bool is_anew = std::exchange(control_was_started_, true) && run_.renewed_control_words;
  SpawnRequest request{.words = is_anew ? run_.renewed_control_words() : run_.control_words,
                       .kept_fds = {child_end.get(), memory_.descriptor()},
                       .identity = run_.control_identity};
  std::vector<std::string> words = {"--handoff-fd", std::to_string(child_end.get()), "--supervised",
                                    "--supervisor-status-fd", std::to_string(memory_.descriptor())};
  if (listener_.descriptor() >= 0) {
    request.kept_fds.push_back(listener_.descriptor());
    words.insert(words.end(), {"--serve-fd", std::to_string(listener_.descriptor())});
  }
  ControlPulse& pulse = memory_.get().control_pulse;
  // Only what this run has begun is gone on with.
  if (pulse.outputs_opened.load() != 0) words.emplace_back("--append");
  request.words.insert(request.words.begin() + 1, words.begin(), words.end());
  pulse.heartbeat.store(0);
  pulse.writing.store(0);
  std::string error = control_->start(request);
  if (!error.empty()) broker_.control_ended();
  return error;
}

void LiveSupervisor::start_what_is_due() {
  if (verdict_) return;
  if (dataplane_->due() && !ending_) {
    if (std::string error = start_dataplane(); !error.empty()) {
      say(error);
      restart_later(*dataplane_);
    }
  }
  if (control_->due()) {
    if (std::string error = start_control(); !error.empty()) {
      say(error);
      restart_later(*control_);
    } else if (ending_ && !dataplane_->alive()) {
      broker_.close_to_control();
    }
  }
}

void LiveSupervisor::restart_later(ManagedProcess& process) {
  const double seconds = process.plan_restart();
  const std::string what = fmt::format("the {} {}", process.name(), process.last_end());
  const auto now = Clock::now();
  // One that never comes to work, because its interface is gone perhaps, is told of now and then.
  if (!process.had_worked() && what == said_last_ && now < said_at_ + kRepeatPeriod) return;
  said_last_ = what;
  said_at_ = now;
  say(fmt::format("{}; restart in {:.1f} s", what, seconds));
}

void LiveSupervisor::receive_segment() {
  for (;;) {
    switch (broker_.receive(wall_clock())) {
      case SegmentBroker::Received::nothing:
        return;
      case SegmentBroker::Received::segment:
        dataplane_->came_to_work();
        seeing_since(wall_clock());
        break;
      case SegmentBroker::Received::unusable:
        refuse_segment();
        return;
    }
  }
}

void LiveSupervisor::refuse_segment() {
  constexpr const char* kWhat =
      "handed over something that is no segment of this build; install all programs from one build";
  // It would be the same the next time.
  if (!dataplane_->has_ever_worked()) {
    give_up({kExitBroken, fmt::format("the {} {}", dataplane_->name(), kWhat)});
  }
  dataplane_->kill_because(kWhat);
}

void LiveSupervisor::reap_children() {
  if (broker_.attached(control_->pid())) control_->came_to_work();
  // What a process sent before it ended is still in its socket.
  if (const auto end = dataplane_->reap()) {
    receive_segment();
    dataplane_ended(*end);
  }
  if (const auto end = control_->reap()) control_ended(*end);
  if (const std::uint64_t lost = broker_.take_dropped_record_count(); lost != 0) {
    say(fmt::format("{} handshakes are lost: the control plane was away for too long", lost));
  }
}

void LiveSupervisor::dataplane_ended(const ChildEnd& end) {
  if (ending_ || verdict_) {
    // No more will come, which is no reason to call the sensor blind.
    // One that was being started anew had nothing to hand on.
    const bool before_work = end.signal == SIGINT && dataplane_->has_ever_worked();
    result_.dataplane = before_work ? ChildEnd{.ended = true} : end;
    broker_.close_to_control();
    return;
  }
  const SegmentView* const segment = broker_.current();
  const bool was_seeing = segment != nullptr;
  // We may have been late, and of one that hung nothing was seen since it stood still.
  const UnixNanos now = wall_clock();
  const UnixNanos seen_until = was_seeing ? std::min(seen_until_by(*segment), now) : now;
  broker_.dataplane_ended(seen_until, fmt::format("the data plane {}", dataplane_->last_end()));
  if (was_seeing) blind_since(seen_until);
  if (!ends_the_run(*dataplane_, end)) restart_later(*dataplane_);
}

void LiveSupervisor::control_ended(const ChildEnd& end) {
  broker_.control_ended();
  if (ending_ || verdict_) {
    if (!revive_for_the_end(end)) result_.control = end;
    return;
  }
  const bool bad_output = end.signal == 0 && end.exit_code == kExitBadUse && output_is_broken();
  if (bad_output) {
    give_up({kExitBadUse, {}});
  } else if (!ends_the_run(*control_, end)) {
    restart_later(*control_);
  }
}

/// What a control that somebody killed left in the rings is worth another one, even in the end.
bool LiveSupervisor::revive_for_the_end(const ChildEnd& end) {
  const bool killed = end.signal != 0 && !end.stopped_by_us;
  if (!killed || verdict_ || result_.cut_short || !control_->has_ever_worked()) return false;
  say(fmt::format("the {} {}; it is started again to write what is left", control_->name(),
                  control_->last_end()));
  control_->plan_restart_at_once();
  return true;
}

/// A program that ended by itself before it ever worked has said why, and would say it again.
bool LiveSupervisor::ends_the_run(const ManagedProcess& process, const ChildEnd& end) {
  if (process.has_ever_worked() || end.signal != 0 || end.exit_code == 0) return false;
  if (end.exit_code == kExitBadUse) {
    give_up({kExitBadUse, {}});
  } else {
    give_up({kExitBroken,
             fmt::format("the {} {}; nothing was started", process.name(), process.last_end())});
  }
  return true;
}

void LiveSupervisor::take_signal() {
  signalfd_siginfo information{};
  while (read(signal_fd_.get(), &information, sizeof information) == sizeof information) {
    const int number = static_cast<int>(information.ssi_signo);
    if (number == SIGTSTP) {
      pause_all();
    } else if (number == SIGHUP && !terminal_.is_gone()) {
      reload();
    } else if (number != SIGCHLD) {
      ending_ ? cut_short() : stop(number);
    }
  }
}

/// The data plane hands on what it has and ends; control writes it and ends.
void LiveSupervisor::stop(int signal) {
  if (verdict_) return;
  ending_ = true;
  result_.interrupt_signal = signal;
  stop_began_ = Clock::now();
  manager_.stopping();
  for (ManagedProcess* process : {&*dataplane_, &*control_}) {
    process->plan_nothing();
    process->status().state.store(ProcessState::ending);
  }
  if (dataplane_->alive()) dataplane_->send(SIGINT);
  if (!control_->alive() && (broker_.holds_records() || dataplane_->alive()) &&
      control_->has_ever_worked()) {
    control_->plan_restart_at_once();
  } else if (!dataplane_->alive()) {
    broker_.close_to_control();
  }
}

void LiveSupervisor::cut_short() {
  result_.cut_short = true;
  control_->plan_nothing();
  dataplane_->kill_now();
  control_->kill_now();
}

void LiveSupervisor::insist_on_the_end() {
  if (!ending_ && !verdict_) return;
  const auto passed = Clock::now() - stop_began_;
  if (dataplane_->alive() && passed >= kStopPatience) {
    if (dataplane_->at_work()) killed_in_the_end_ = dataplane_->name();
    dataplane_->kill_now();
  }
  if (control_->alive() && passed >= kLastPatience) {
    if (!verdict_) killed_in_the_end_ = control_->name();
    control_->kill_now();
  }
}

void LiveSupervisor::reload() {
  if (ending_ || verdict_) return;
  if (!control_->alive()) {
    say("nothing to reload: the control plane reads its configuration when it starts");
    return;
  }
  manager_.reloading(memory_.get());
  control_->send(SIGHUP);
}

/// Ctrl-Z reaches only us, because the children are outside the terminal's group.
void LiveSupervisor::pause_all() {
  for (ManagedProcess* process : {&*dataplane_, &*control_}) process->send(SIGSTOP);
  raise(SIGSTOP);
  for (ManagedProcess* process : {&*dataplane_, &*control_}) {
    process->send(SIGCONT);
    process->watch().forget();
  }
}

void LiveSupervisor::look() {
  const auto now = Clock::now();
  if (now < looked_at_ + kLookPeriod) return;
  looked_at_ = now;
  broker_.tidy(control_->pid());
  if (ending_ || verdict_) return;
  look_for_hangs();
  const bool moving =
      !dataplane_->watch().stuck() && !control_->watch().stuck() && !broker_.control_deaf();
  manager_.look(memory_.get(), broker_.current(), moving);
}

void LiveSupervisor::look_for_hangs() {
  const ControlPulse& pulse = memory_.get().control_pulse;
  std::string reason = watch_dataplane(dataplane_->watch(), broker_.current());
  kill_if_hung(*dataplane_, dataplane_->at_work(), std::move(reason));
  reason = watch_control(control_->watch(), pulse);
  if (broker_.control_deaf()) reason = "did not take what it was told";
  kill_if_hung(*control_, pulse.heartbeat.load() != 0, std::move(reason));
}

void LiveSupervisor::kill_if_hung(ManagedProcess& process, bool has_begun, std::string reason) {
  if (!process.alive()) return;
  if (reason.empty() && !has_begun && process.age() > kStartPatience) {
    reason = fmt::format("did not come to work within {} s", kStartPatience.count());
  }
  if (reason.empty()) return;
  // Somebody who holds it has a reason, and will let it go.
  if (process.is_stopped()) {
    process.watch().forget();
  } else {
    process.kill_because(reason + " and was killed");
  }
}

void LiveSupervisor::blind_since(UnixNanos when) {
  SupervisorStatus& status = memory_.get();
  status.blind_since.store(when.value);
  status.blind_count.fetch_add(1);
}

void LiveSupervisor::seeing_since(UnixNanos when) {
  SupervisorStatus& status = memory_.get();
  const std::int64_t since = status.blind_since.exchange(0);
  if (since != 0) status.blind_nanos.fetch_add(std::max<std::int64_t>(0, when.value - since));
}

void LiveSupervisor::give_up(Verdict verdict) {
  verdict_ = std::move(verdict);
  stop_began_ = Clock::now();
  dataplane_->plan_nothing();
  control_->plan_nothing();
  // What is known by then is worth writing; what could not begin is not worth waiting for.
  dataplane_->at_work() ? dataplane_->send(SIGINT) : dataplane_->kill_now();
  if (!dataplane_->alive()) broker_.close_to_control();
}

Verdict LiveSupervisor::final_verdict() const {
  if (verdict_) return *verdict_;
  if (!killed_in_the_end_.empty() && !result_.cut_short) {
    return {kExitBroken,
            fmt::format("the {} did not end in time and was killed; what came last may "
                        "be missing",
                        killed_in_the_end_)};
  }
  return judge(result_, Input::live);
}

}  // namespace

Verdict supervise_live(const LiveRun& run) { return LiveSupervisor(run).run(); }

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "handoff.h"
#include "input.h"
#include "log.h"
#include "overload/controller.h"
#include "rights.h"
#include "upkeep.h"
#include "worker_group.h"

namespace shakedown {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kHeartbeatPeriod{100};
/// How long control may take to attach, and, at a listening socket, to come back after it died.
constexpr milliseconds kControlPatience{10'000};
/// After the first interrupt: how long control may take to make room for the last records.
constexpr milliseconds kInterruptPatience{2'000};

/// How often the ports are asked what they lost.
constexpr milliseconds kAccountPeriod{1'000};

/// DPDK's own administration.
constexpr std::size_t kEalBaseBytes = 6 * 1024 * 1024;

WorkerConfig worker_config(const Options& options, RunMode mode) {
  WorkerConfig config;
  config.timeouts = options.timeouts;
  config.mode = mode;
  config.ports_apart = mode == RunMode::live && options.ports.size() > 1;
  if (options.connection_capacity) config.connection_capacity = *options.connection_capacity;
  if (options.watched_ports.empty()) {
    for (const std::uint16_t port : kDefaultWatchedPorts) config.watched_ports.set(port);
  }
  for (const std::uint16_t port : options.watched_ports) config.watched_ports.set(port);
  if (getrandom(&config.seed, sizeof config.seed, 0) != sizeof config.seed) {
    config.seed = static_cast<std::uint64_t>(wall_clock().value);
  }
  return config;
}

/// What standard error is told until control asks for something else.
LogLevel first_log_level(const Options& options) {
  if (options.log_level != LogLevel::unset) return options.log_level;
  if (options.verbose) return LogLevel::info;
  return options.quiet ? LogLevel::error : LogLevel::warning;
}

RightsNeeded rights_needed(const Options& options) {
  RightsNeeded needed;
  for (const port::PortSpec& spec : options.ports) {
    switch (spec.name.driver) {
      case port::PortDriver::af_packet:
        needed.af_packet = true;
        break;
      case port::PortDriver::af_xdp:
        (spec.filter ? needed.af_xdp_filter : needed.af_xdp) = true;
        break;
      case port::PortDriver::tap:
        needed.tap = true;
        break;
      case port::PortDriver::nic:
        needed.bifurcated_nic = needed.nic = true;
        break;
      case port::PortDriver::pci:
        needed.nic = true;
        break;
    }
  }
  needed.listens = !options.socket_path.empty();
  return needed;
}

class Process {
 public:
  explicit Process(const Options& options)
      : options_(options),
        input_(options.files.empty() ? make_live_input(options) : make_capture_input(options)),
        config_(worker_config(options, input_->mode())) {}
  ~Process() {
    if (signals_ >= 0) close(signals_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int run();

 private:
  struct Failure {
    int exit_code = kExitDone;
    std::string sentence;
  };

  [[nodiscard]] bool fail(int exit_code, std::string sentence);
  [[nodiscard]] bool probe_input();
  void make_budget();
  [[nodiscard]] bool block_signals();
  [[nodiscard]] bool take_memory();
  [[nodiscard]] bool open_ports();
  [[nodiscard]] bool hand_over();
  void give_up_rights();
  [[nodiscard]] bool wait_for_control();
  [[nodiscard]] bool watch_workers();
  void watch_once(milliseconds patience);
  void take_signal();
  void look_after_control();
  [[nodiscard]] bool control_is_gone();
  void look_after_ports();
  [[nodiscard]] std::size_t eal_bytes() const;
  [[nodiscard]] unsigned buffer_count() const {
    return input_->buffer_count(options_.worker_count);
  }
  /// Whether packets come whether or not there is a control, and one may come back at any time: it
  /// connects anew, or a supervisor at the other end of the inherited socket looks after it.
  [[nodiscard]] bool goes_on_without_control() const { return config_.mode == RunMode::live; }

  // In the order of construction; what comes later uses what comes before.
  const Options& options_;
  port::Eal eal_;
  Segment segment_;
  port::PacketBuffers buffers_;
  std::unique_ptr<Input> input_;
  WorkerConfig config_;
  Failure failure_;
  int signals_ = -1;
  unsigned interrupt_count_ = 0;
  SteadyClock::time_point interrupted_at_;
  SteadyClock::time_point control_seen_at_;
  SteadyClock::time_point accounted_at_;
  StopFlags flags_;
  MemoryBudget budget_;
  std::unique_ptr<overload::Controller> overload_;  ///< none: nobody is ever left out
  WorkerGroup workers_;
  std::unique_ptr<Upkeep> upkeep_;  ///< of a live run
  std::unique_ptr<HandoffServer> handoff_;
};

int Process::run() {
  set_log_level(first_log_level(options_));
  if (!probe_input()) return failure_.exit_code;
  make_budget();
  if (options_.print_budget) {
    std::fputs(budget_.table().c_str(), stdout);
    return kExitDone;
  }
  if (options_.verbose) std::fputs(budget_.table().c_str(), stderr);
  if (!block_signals() || !take_memory() || !open_ports() || !hand_over()) {
    return failure_.exit_code;
  }
  give_up_rights();
  const bool good = wait_for_control() && watch_workers();
  static_cast<void>(input_->account(segment_.worker(0).counters));
  if (!options_.quiet) input_->warn_at_end();
  if (!good) {
    segment_.publish_end(DataplaneState::failed, failure_.sentence);
    return failure_.exit_code;
  }
  segment_.publish_end(interrupt_count_ == 0 ? DataplaneState::ended : DataplaneState::interrupted);
  return kExitDone;
}

bool Process::fail(int exit_code, std::string sentence) {
  if (failure_.exit_code == kExitDone) {
    complain(sentence);
    failure_ = {exit_code, std::move(sentence)};
  }
  return false;
}

bool Process::probe_input() {
  std::string error = input_->probe();
  return error.empty() || fail(kExitBadInput, std::move(error));
}

std::size_t Process::eal_bytes() const {
  return port::PacketBuffers::bytes_needed(buffer_count(), input_->buffer_layout()) +
         WorkerGroup::dpdk_bytes(options_.worker_count, *input_) + kEalBaseBytes +
         input_->dpdk_bytes();
}

void Process::make_budget() {
  const unsigned workers = options_.worker_count;
  WorkerGroup::add_to(budget_, config_, workers, *input_);
  budget_.add("rings to control", 1, sizeof(WorkerArea), workers);
  budget_.add("head of the shared segment", 1, sizeof(SegmentHeader));
  budget_.add("packet buffers", buffer_count(),
              port::PacketBuffers::bytes_needed(buffer_count(), input_->buffer_layout()));
  budget_.add("DPDK's tables", 1, kEalBaseBytes);
  input_->add_to(budget_);
  budget_.add("program, libraries and stacks", 1, port::kEalOverheadBytes);
}

bool Process::block_signals() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&mask, signal);
  // Before any other thread exists: they inherit it.
  pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ >= 0) return true;
  return fail(kExitInternal, std::string("signals cannot be received: ") + std::strerror(errno));
}

bool Process::take_memory() {
  const unsigned workers = options_.worker_count;
  const SegmentConfig segment{workers, config_.mode, budget_.total_bytes()};
  if (std::string error = segment_.create(segment); !error.empty()) {
    return fail(kExitInternal, std::move(error));
  }
  port::EalConfig eal;
  eal.lcore_count = 1 + WorkerGroup::lcore_count(workers);
  eal.memory_bytes = eal_bytes();
  eal.log_level = options_.eal_log_level;
  eal.main_processor = options_.main_processor;
  input_->configure(eal);
  if (std::string error = eal_.start(eal); !error.empty()) {
    // Live, it is huge pages or processors that the user has asked for.
    return fail(config_.mode == RunMode::live ? kExitBadInput : kExitInternal, std::move(error));
  }
  std::string error = buffers_.create(buffer_count(), input_->buffer_layout(), eal.memory_node);
  return error.empty() || fail(kExitInternal, std::move(error));
}

bool Process::open_ports() {
  if (std::string error = input_->open(buffers_, segment_); !error.empty()) {
    // A file was looked at already; an interface may refuse only now.
    return fail(config_.mode == RunMode::live ? kExitBadInput : kExitInternal, std::move(error));
  }
  const bool live = config_.mode == RunMode::live;
  if (live && options_.shed) {
    overload_ = std::make_unique<overload::Controller>(segment_.header().overload);
  }
  std::string error = workers_.create(config_, options_.worker_count, *input_, buffers_, segment_,
                                      flags_, overload_.get());
  if (!error.empty()) return fail(kExitInternal, std::move(error));
  if (live) {
    upkeep_ = std::make_unique<Upkeep>(*input_, workers_.shunt_rings(), segment_.header(),
                                       overload_.get());
  }
  return true;
}

bool Process::hand_over() {
  segment_.publish_running();
  if (options_.without_control) {
    flags_.refuse_records.store(true);
    return true;
  }
  handoff_ = std::make_unique<HandoffServer>(segment_.descriptor());
  std::string error = options_.handoff_descriptor
                          ? handoff_->use_inherited(*options_.handoff_descriptor)
                          : handoff_->listen_at(options_.socket_path);
  return error.empty() || fail(kExitBadInput, std::move(error));
}

// All that needs rights is open; what comes next is work on bytes from strangers.
void Process::give_up_rights() {
  if (options_.keep_rights) return;
  const std::string kept = restrict_rights(rights_needed(options_));
  if (!kept.empty()) say(LogLevel::warning, kept);
}

bool Process::wait_for_control() {
  if (goes_on_without_control()) return true;
  const auto deadline = SteadyClock::now() + kControlPatience;
  control_seen_at_ = SteadyClock::now();
  while (handoff_ && interrupt_count_ == 0 &&
         segment_.header().control.generation.load(std::memory_order_acquire) == 0) {
    // Control announces itself in the segment and nowhere else.
    watch_once(milliseconds(2));
    if (options_.handoff_descriptor && handoff_->peer_count() == 0) {
      return fail(kExitControlGone, "control went away before it took the shared segment");
    }
    if (SteadyClock::now() > deadline) {
      return fail(kExitControlGone, "control did not take the shared segment in time");
    }
  }
  control_seen_at_ = SteadyClock::now();
  return true;
}

bool Process::watch_workers() {
  if (!workers_.launch(eal_)) {
    flags_.stop_reading.store(true);
    flags_.refuse_records.store(true);
    eal_.wait();
    return fail(kExitInternal, "DPDK does not start the threads of the workers");
  }
  while (!workers_.finished()) {
    watch_once(upkeep_ ? kUpkeepPeriod : kHeartbeatPeriod);
    if (upkeep_) upkeep_->turn();
    look_after_control();
    look_after_ports();
  }
  eal_.wait();
  return failure_.exit_code == kExitDone;
}

void Process::watch_once(milliseconds patience) {
  std::array<pollfd, 3> watched{{{signals_, POLLIN, 0},
                                 {workers_.finished_descriptor(), POLLIN, 0},
                                 {handoff_ ? handoff_->descriptor() : -1, POLLIN, 0}}};
  if (poll(watched.data(), watched.size(), static_cast<int>(patience.count())) > 0) {
    if (watched[0].revents != 0) take_signal();
    if (watched[2].revents != 0) handoff_->turn();
  }
  segment_.beat();
  if (interrupt_count_ != 0 && SteadyClock::now() > interrupted_at_ + kInterruptPatience) {
    flags_.refuse_records.store(true);
  }
}

/// The first one: no more is read, and what is known is handed on. The second one: nobody is waited
/// for any more.
void Process::take_signal() {
  signalfd_siginfo information{};
  while (read(signals_, &information, sizeof information) == sizeof information) {
    if (++interrupt_count_ == 1) interrupted_at_ = SteadyClock::now();
    flags_.stop_reading.store(true);
    if (interrupt_count_ > 1) flags_.refuse_records.store(true);
  }
}

void Process::look_after_control() {
  if (!handoff_ || failure_.exit_code != kExitDone || workers_.finished()) return;
  if (!control_is_gone()) return;
  flags_.stop_reading.store(true);
  flags_.refuse_records.store(true);
  static_cast<void>(fail(kExitControlGone, "control went away; the rest is not read"));
}

bool Process::control_is_gone() {
  if (handoff_->peer_count() != 0) {
    control_seen_at_ = SteadyClock::now();
    return false;
  }
  // An inherited socket cannot be connected to anew: whoever was to look after us has gone.
  if (options_.handoff_descriptor) return true;
  return !goes_on_without_control() &&
         SteadyClock::now() > control_seen_at_ + kControlPatience;
}

void Process::look_after_ports() {
  const auto now = SteadyClock::now();
  if (config_.mode != RunMode::live || now < accounted_at_ + kAccountPeriod) return;
  accounted_at_ = now;
  std::string error = input_->account(segment_.worker(0).counters);
  upkeep_->note_losses();
  if (error.empty() || failure_.exit_code != kExitDone) return;
  flags_.stop_reading.store(true);
  static_cast<void>(fail(kExitInternal, std::move(error)));
}

}  // namespace

int run_dataplane(const Options& options) {
  Process process(options);
  return process.run();
}

}  // namespace shakedown

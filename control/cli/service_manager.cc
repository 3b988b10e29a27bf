// SPDX-License-Identifier: Apache-2.0
#include "cli/service_manager.h"

#include <fmt/format.h>

#include <algorithm>

namespace shakedown::cli {
namespace {

bool at_work(const ProcessStatus& process) { return process.state.load() == ProcessState::running; }

std::string restarts(const char* name, const ProcessStatus& process) {
  const std::uint32_t count = process.restart_count.load();
  if (count == 0) return {};
  return fmt::format("; {} restarted {} time{}", name, count, count == 1 ? "" : "s");
}

}  // namespace

std::string status_text(const SupervisorStatus& status, const SegmentView* segment) {
  std::string text = "sensor blind: the data plane does not run";
  if (segment != nullptr) {
    text =
        fmt::format("{} packets, {} handshakes since the data plane was started",
                    segment->sum(Counter::packets_received), segment->sum(Counter::records_pushed));
  }
  if (!at_work(status.control)) text += "; the control plane does not run";
  return text + restarts("data plane", status.dataplane) +
         restarts("control plane", status.control);
}

void ServiceManager::look(const SupervisorStatus& status, const SegmentView* segment, bool moving) {
  // A service manager that does not listen just now hears of it the next time.
  if (!notifier_.can_tell()) return;
  const auto now = Clock::now();
  const bool first_time = !ready_ && at_work(status.dataplane) && at_work(status.control);
  const bool reloaded =
      reload_until_ &&
      (now >= *reload_until_ || status.control_pulse.reload_count.load() != reload_count_);
  if (first_time || reloaded) {
    ready_ = ready_ || first_time;
    if (reloaded) reload_until_.reset();
    status_told_at_ = now;
    notifier_.ready(status_text(status, segment));
  } else if (ready_ && now >= status_told_at_ + kStatusPeriod) {
    status_told_at_ = now;
    notifier_.status(status_text(status, segment));
  }
  // A program that hangs is killed before long. Where even that does not help, nobody should be told
  // that all is well.
  const auto period = notifier_.watchdog_period();
  if (period && moving && now >= alive_told_at_ + *period) {
    alive_told_at_ = now;
    notifier_.alive();
  }
}

void ServiceManager::reloading(const SupervisorStatus& status) {
  reload_count_ = status.control_pulse.reload_count.load();
  reload_until_ = Clock::now() + kReloadPatience;
  notifier_.reloading();
}

}  // namespace shakedown::cli

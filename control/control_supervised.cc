// SPDX-License-Identifier: Apache-2.0
//
// What control does for the sake of the run that it is a part of: it takes over what the supervisor
// left for it, tells that it is alive, and says when the sensor was blind.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "control.h"
#include "export/health_event.h"
#include "export/text.h"
#include "log.h"
#include "wall_clock.h"

namespace shakedown {

bool Control::inherit() {
  if (options_.supervised) feed_.emplace(ingest::FileDescriptor(options_.handoff_fd));
  if (options_.supervisor_status_fd < 0) return true;
  const ingest::FileDescriptor inherited(options_.supervisor_status_fd);
  supervisor_ = map_supervisor_status(inherited.get());
  if (supervisor_ == nullptr) {
    log::error(fmt::format("descriptor {} is not the status of a supervisor of this build",
                           inherited.get()));
    return false;
  }
  std::atomic<std::uint32_t>* const writing = &supervisor_->control_pulse.writing;
  writing->store(0);
  events_.report_waiting(writing);
  health_.report_waiting(writing);
  beat();
  return true;
}

void Control::beat() {
  const std::int64_t now = wall_clock().value;
  if (attachment_ && drain_) {
    attachment_->segment().control.heartbeat.store(now, std::memory_order_relaxed);
  }
  if (supervisor_ != nullptr) {
    supervisor_->control_pulse.heartbeat.store(now, std::memory_order_relaxed);
  }
}

bool Control::dataplane_gone() {
  if (!feed_) return attachment_->dataplane_gone();
  if (feed_->over() || dataplane_ended_) return true;
  using News = ingest::SegmentFeed::News;
  const News news = feed_->next(std::chrono::milliseconds{0});
  dataplane_ended_ = news == News::ended;
  return dataplane_ended_ || news == News::over;
}

void Control::say_blind(UnixNanos since, const std::string& reason) {
  if (blind_times_.blind()) return;
  blind_times_.begin(since);
  blind_reason_ = reason;
  log::warning("sensor blind since " + exporting::time_text(since) +
               (reason.empty() ? std::string() : ": " + reason));
}

void Control::say_back(UnixNanos at) {
  if (!blind_times_.blind()) return;
  const UnixNanos since = blind_times_.since();
  log::info(fmt::format("sensor back at {}, it was blind for {:.1f} s", exporting::time_text(at),
                        static_cast<double>(std::max<std::int64_t>(0, at.value - since.value)) /
                            static_cast<double>(kNanosPerSecond)));
  report_blind(at, true);
  blind_times_.end(at);
}

aggregate::BlindSpan Control::blind_total() const {
  const UnixNanos now = wall_clock();
  if (supervisor_ == nullptr) return blind_times_.total(now);
  const std::int64_t since = supervisor_->blind_since.load();
  const std::int64_t open = since == 0 ? 0 : std::max<std::int64_t>(0, now.value - since);
  return {.count = supervisor_->blind_count.load(),
          .seconds = static_cast<double>(supervisor_->blind_nanos.load() + open) /
                     static_cast<double>(kNanosPerSecond)};
}

void Control::report_blind(UnixNanos end, bool over) {
  if (!health_file().is_open()) return;
  line_.clear();
  exporting::append_blind_event(
      line_, {.begin = blind_times_.since(), .end = end, .reason = blind_reason_, .over = over},
      context_);
  // Written at once: the next control would not know of it. A failed write is kept by the file and
  // ends the session at the next turn.
  static_cast<void>(health_file().write({line_.data(), line_.size()}));
  static_cast<void>(health_file().flush());
}

}  // namespace shakedown

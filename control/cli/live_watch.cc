// SPDX-License-Identifier: Apache-2.0
#include "cli/live_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace shakedown::cli {
namespace {

std::string still(const char* what) {
  return fmt::format("did not move its {} for {} s", what, kHangPatience.count());
}

}  // namespace

std::string watch_dataplane(HealthWatch& watch, const SegmentView* segment) {
  if (segment == nullptr) {
    watch.forget();
    return {};
  }
  const bool running =
      segment->header().state.load(std::memory_order_acquire) == DataplaneState::running;
  std::vector<std::int64_t> numbers = {segment->header().heartbeat.load(std::memory_order_relaxed)};
  // A worker that has finished, and one in a data plane that ends, need not move.
  for (unsigned i = 0; i < segment->worker_count(); ++i) {
    const std::int64_t watermark = segment->worker(i).watermark.load(std::memory_order_relaxed);
    numbers.push_back(running && watermark != kEndOfTime.value ? watermark : numbers[0]);
  }
  watch.look(numbers, HealthWatch::Clock::now());
  const auto stuck = watch.stuck();
  if (!stuck) return {};
  return *stuck == 0 ? still("heartbeat")
                     : fmt::format("has a worker ({}) that did not move for {} s", *stuck - 1,
                                   kHangPatience.count());
}

std::string watch_control(HealthWatch& watch, const ControlPulse& pulse) {
  const std::int64_t heartbeat = pulse.heartbeat.load(std::memory_order_relaxed);
  if (heartbeat == 0 || pulse.writing.load(std::memory_order_relaxed) != 0) {
    watch.forget();
    return {};
  }
  watch.look(std::vector{heartbeat}, HealthWatch::Clock::now());
  return watch.stuck() ? still("heartbeat") : std::string{};
}

UnixNanos seen_until_by(const SegmentView& segment) {
  std::int64_t until = kEndOfTime.value;
  for (unsigned i = 0; i < segment.worker_count(); ++i) {
    const std::int64_t watermark = segment.worker(i).watermark.load(std::memory_order_relaxed);
    // Zero: it had not begun.
    if (watermark != 0) until = std::min(until, watermark);
  }
  if (until != kEndOfTime.value) return UnixNanos{until};
  return UnixNanos{segment.header().heartbeat.load(std::memory_order_relaxed)};
}

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
#include "overload/load_gauge.h"

#include <algorithm>

#include "shakedown/limits.h"

namespace shakedown::overload {

namespace {

constexpr std::uint32_t kLoadOfPacket = kFullLoad / kBurstSize;
static_assert(kFullLoad % kBurstSize == 0);
/// Of the moving mean: full bursts come in thousands.
constexpr std::int64_t kMeanCount = 16;
/// A single burst that took longer than this many others was held up, not heavy.
constexpr std::int64_t kHeldUpFactor = 4;

}  // namespace

LoadReading LoadGauge::note(unsigned count, UnixNanos clock) noexcept {
  if (!clock_.known()) clock_ = clock;
  if (clock > clock_) {
    // The time since the last burst went into that one.
    close_burst(std::min(clock.value - clock_.value, kLoadWindowNanos));
    clock_ = clock;
  }
  taken_ = std::min<std::uint32_t>(taken_ + count, kBurstSize);
  if (count == 0) caught_up_ = true;
  return elapsed_nanos_ < kLoadWindowNanos ? LoadReading::pending : close_window();
}

void LoadGauge::close_burst(std::int64_t elapsed) noexcept {
  if (taken_ == kBurstSize && !caught_up_) {
    const bool first = full_burst_nanos_ == 0;
    const std::int64_t sample =
        first ? elapsed : std::min(elapsed, full_burst_nanos_ * kHeldUpFactor);
    full_burst_nanos_ += first ? sample : (sample - full_burst_nanos_) / kMeanCount;
  }
  if (!caught_up_) filled_ += static_cast<std::uint64_t>(elapsed) * taken_;
  packets_ += taken_;
  elapsed_nanos_ += elapsed;
  taken_ = 0;
  caught_up_ = false;
}

LoadReading LoadGauge::close_window() noexcept {
  const auto elapsed = static_cast<std::uint64_t>(elapsed_nanos_);
  const std::uint64_t fill = filled_ * kLoadOfPacket / elapsed;
  const std::uint64_t work =
      packets_ * static_cast<std::uint64_t>(full_burst_nanos_) * kLoadOfPacket / elapsed;
  const bool full = fill >= kBacklogFillMin;
  load_ = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(full || full_burst_nanos_ == 0 ? fill : work, kFullLoad));
  backlog_windows_ = full ? backlog_windows_ + 1 : 0;
  elapsed_nanos_ = 0;
  packets_ = 0;
  filled_ = 0;
  if (backlog_windows_ >= kBacklogWindowCount) return LoadReading::backlog;
  if (load_ >= kBusyLoadMin) return LoadReading::busy;
  return load_ >= kModerateLoadMin ? LoadReading::moderate : LoadReading::light;
}

}  // namespace shakedown::overload

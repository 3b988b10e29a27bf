// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   From the ticks in which a card stamps packets to the wall clock. Cards count at a rate
//            of their own; both clocks are compared once a second, and the line through the last
//            two comparisons is followed.
// Units:     Ticks of the card; UnixNanos.
// Ownership: Values.
// Threading: update() on the main thread; at() on any thread that polls a queue. Two atomic words
//            that belong together are guarded by a version, which readers check.
// Limits:    Between two updates a card's clock that drifts by 100 ppm is off by 0.1 ms.
// Failure:   Before the second update there is no line, and at() has no answer.
// RFC:       none
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "shakedown/units.h"

namespace shakedown::port {

class HardwareClock {
 public:
  /// The card showed `ticks` when the wall clock showed `wall`.
  void update(std::uint64_t ticks, UnixNanos wall) noexcept;

  /// When the card showed `ticks`.
  [[nodiscard]] std::optional<UnixNanos> at(std::uint64_t ticks) const noexcept {
    for (unsigned attempt = 0; attempt < kAttemptsMax; ++attempt) {
      const std::uint32_t before = version_.load(std::memory_order_acquire);
      const std::uint64_t base = base_ticks_.load(std::memory_order_relaxed);
      const std::int64_t wall = base_wall_.load(std::memory_order_relaxed);
      const double rate = nanos_per_tick_.load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (version_.load(std::memory_order_relaxed) != before || before % 2 != 0) continue;
      if (rate == 0) return std::nullopt;
      const auto elapsed = static_cast<double>(static_cast<std::int64_t>(ticks - base));
      return UnixNanos{wall + static_cast<std::int64_t>(elapsed * rate)};
    }
    return std::nullopt;
  }

 private:
  /// The main thread writes for some nanoseconds once a second.
  static constexpr unsigned kAttemptsMax = 4;

  std::atomic<std::uint32_t> version_{0};
  std::atomic<std::uint64_t> base_ticks_{0};
  std::atomic<std::int64_t> base_wall_{0};
  std::atomic<double> nanos_per_tick_{0};
  // Of update() alone.
  std::uint64_t last_ticks_ = 0;
  UnixNanos last_wall_;
};

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
#include "port/hardware_clock.h"

namespace shakedown::port {

void HardwareClock::update(std::uint64_t ticks, UnixNanos wall) noexcept {
  const bool is_first = last_wall_.value == 0;
  const std::int64_t nanos = wall.value - last_wall_.value;
  const auto elapsed = static_cast<std::int64_t>(ticks - last_ticks_);
  last_ticks_ = ticks;
  last_wall_ = wall;
  // A wall clock that was set back, or a card that was reset, gives no rate: the next pair will.
  if (is_first || nanos <= 0 || elapsed <= 0) return;
  const std::uint32_t version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  base_ticks_.store(ticks, std::memory_order_relaxed);
  base_wall_.store(wall.value, std::memory_order_relaxed);
  nanos_per_tick_.store(static_cast<double>(nanos) / static_cast<double>(elapsed),
                        std::memory_order_relaxed);
  version_.store(version + 2, std::memory_order_release);
}

}  // namespace shakedown::port

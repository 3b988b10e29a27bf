// SPDX-License-Identifier: Apache-2.0
#include "cli/health_watch.h"

namespace shakedown::cli {

void HealthWatch::look(std::span<const std::int64_t> numbers, Clock::time_point now) {
  Clock::duration passed = now - looked_at_;
  if (passed > kLookingPause) passed = {};
  if (watched_.size() != numbers.size()) {
    watched_.assign(numbers.size(), {});
    passed = {};
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Watched& watched = watched_[i];
    watched.still = numbers[i] == watched.number ? watched.still + passed : Clock::duration{};
    watched.number = numbers[i];
  }
  looked_at_ = now;
}

std::optional<std::size_t> HealthWatch::stuck() const {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (watched_[i].still >= kHangPatience) return i;
  }
  return std::nullopt;
}

}  // namespace shakedown::cli

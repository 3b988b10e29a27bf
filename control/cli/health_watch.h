// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Finds out that a program that runs does nothing any more: numbers of it that must move
//            do not.
// Units:     Steady clock; the numbers mean nothing but "moved" or "did not".
// Ownership: Values.
// Threading: One thread.
// Limits:    kHangPatience. Time in which nobody looked for longer than kLookingPause does not count:
//            then the machine, or this program, stood still as well.
// Failure:   none
// RFC:       none
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shakedown::cli {

/// Beats come ten times a second. A machine that is loaded beyond measure does not delay them so far.
inline constexpr std::chrono::seconds kHangPatience{10};
inline constexpr std::chrono::seconds kLookingPause{3};

class HealthWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// What is seen now. Another number of numbers begins anew.
  void look(std::span<const std::int64_t> numbers, Clock::time_point now);
  /// Nothing is expected until it is looked at again.
  void forget() { watched_.clear(); }

  /// The first number that has not moved for kHangPatience.
  [[nodiscard]] std::optional<std::size_t> stuck() const;

 private:
  struct Watched {
    std::int64_t number = 0;
    Clock::duration still{};  ///< for which it was looked at and had not moved
  };
  std::vector<Watched> watched_;
  Clock::time_point looked_at_;
};

}  // namespace shakedown::cli

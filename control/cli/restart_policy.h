// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How long to wait before a program that died is started again.
// Units:     Milliseconds of a steady clock.
// Ownership: Values.
// Threading: Pure but for its own count.
// Limits:    kRestartPauseMin, doubled each time up to kRestartPauseMax; kGoodRun of work forgives
//            all that was before.
// Failure:   none
// RFC:       none
#pragma once

#include <chrono>

namespace shakedown::cli {

/// Long enough to leave a processor to others should a program die at once, short enough for nobody
/// to miss it.
inline constexpr std::chrono::milliseconds kRestartPauseMin{100};
inline constexpr std::chrono::milliseconds kRestartPauseMax{10'000};
inline constexpr std::chrono::milliseconds kGoodRun{60'000};

class RestartPolicy {
 public:
  /// `worked`: how long the program did its work; zero when it never came to it.
  [[nodiscard]] std::chrono::milliseconds pause_after(std::chrono::milliseconds worked) {
    if (worked >= kGoodRun) next_ = kRestartPauseMin;
    const std::chrono::milliseconds pause = next_;
    next_ = pause * 2 < kRestartPauseMax ? pause * 2 : kRestartPauseMax;
    return pause;
  }

 private:
  std::chrono::milliseconds next_ = kRestartPauseMin;
};

}  // namespace shakedown::cli

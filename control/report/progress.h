// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One line on standard error that is redrawn in place while captures are read.
// Units:     Packets, bytes, seconds.
// Ownership: Values.
// Threading: One thread.
// Limits:    Redrawn at most every kProgressPeriod.
// Failure:   none
// RFC:       none
#pragma once

#include <chrono>
#include <string>

#include "shakedown/shm_layout.h"

namespace shakedown::report {

inline constexpr std::chrono::milliseconds kProgressPeriod{250};

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Progress(bool enabled) : enabled_(enabled) {}

  void update(const SegmentHeader& segment, Clock::time_point now);
  /// Takes the line away, so that what follows begins on a clean one.
  void clear();

 private:
  bool enabled_;
  bool drawn_ = false;
  Clock::time_point start_{};
  Clock::time_point next_{};
};

/// `12,345 packets  42 %  1,234,567 packets/s`; the percentage only where sizes are known.
[[nodiscard]] std::string progress_text(const SegmentHeader& segment, double seconds);

}  // namespace shakedown::report

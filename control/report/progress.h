// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One line on standard error that is redrawn in place while packets are read.
// Units:     Packets, handshakes, bytes, seconds.
// Ownership: Values.
// Threading: One thread.
// Limits:    Redrawn at most every kProgressPeriod, kLiveProgressPeriod in a live run.
// Failure:   none
// RFC:       none
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "shakedown/shm_layout.h"

namespace shakedown::report {

inline constexpr std::chrono::milliseconds kProgressPeriod{250};
/// Rates of a live run are of the time since the line was drawn last: long enough not to jump.
inline constexpr std::chrono::milliseconds kLiveProgressPeriod{1000};

/// How far a data plane has come.
struct ProgressSample {
  std::uint64_t packets = 0;
  std::uint64_t handshakes = 0;  ///< decided, and handed to control
  std::uint64_t bytes = 0;       ///< comparable to size_bytes
  std::uint64_t size_bytes = 0;  ///< of all captures; zero when live
};
[[nodiscard]] ProgressSample sample_progress(SegmentHeader& segment);

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Progress(bool enabled) : enabled_(enabled) {}

  /// Stands behind the numbers of a live run until the next one: what is wrong with the capture.
  void remark(std::string text) { remark_ = std::move(text); }
  void update(SegmentHeader& segment, Clock::time_point now);
  /// Takes the line away, so that what follows begins on a clean one.
  void clear();

 private:
  bool enabled_;
  bool drawn_ = false;
  Clock::time_point start_{};
  Clock::time_point drawn_at_{};
  ProgressSample drawn_sample_;
  std::string remark_;
};

/// `12,345 packets  42 %  1,234,567 packets/s`; the percentage only where sizes are known, the rate
/// since the beginning.
[[nodiscard]] std::string progress_text(const ProgressSample& sample, double seconds);

/// `12,345 packets, 1,234 a second; 1,021 handshakes, 17 a second`; the rates since `earlier`.
[[nodiscard]] std::string live_progress_text(const ProgressSample& sample,
                                             const ProgressSample& earlier, double seconds);

}  // namespace shakedown::report

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How fast packets and handshakes come just now: over the last ten seconds.
// Units:     Packets and handshakes a second; seconds.
// Ownership: Values.
// Threading: One thread.
// Limits:    One sample a second, kRateSampleCount of them.
// Failure:   Before there are two samples the rates are zero, over zero seconds.
// RFC:       none
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "shakedown/shm_layout.h"

namespace shakedown::serve {

inline constexpr std::chrono::seconds kRateSamplePeriod{1};
/// Ten periods lie between eleven samples.
inline constexpr std::size_t kRateSampleCount = 11;

class Rates {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes a sample when it is time for one. Another data plane begins anew; null is none.
  void update(SegmentHeader* segment, Clock::time_point now);

  struct Now {
    double seconds = 0.0;  ///< that the rates are over
    double packets = 0.0;
    double handshakes = 0.0;
  };
  [[nodiscard]] Now get() const;

 private:
  struct Sample {
    Clock::time_point time;
    std::uint64_t packets = 0;
    std::uint64_t handshakes = 0;
  };
  [[nodiscard]] const Sample& newest() const { return samples_[(next_ - 1) % kRateSampleCount]; }
  [[nodiscard]] const Sample& oldest() const {
    return samples_[next_ < kRateSampleCount ? 0 : next_ % kRateSampleCount];
  }

  std::array<Sample, kRateSampleCount> samples_{};
  std::size_t next_ = 0;  ///< how many were taken
  std::uint64_t boot_generation_ = 0;
};

}  // namespace shakedown::serve

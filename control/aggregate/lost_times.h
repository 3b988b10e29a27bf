// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   When the sensor could not see everything: times without a data plane (blind), and times
//            of overload with what was still followed.
// Units:     UnixNanos of the wall clock; seconds; shares as fractions.
// Ownership: Values.
// Threading: One thread.
// Limits:    The latest kBlindIntervalCountMax blind intervals are kept, the others counted.
// Failure:   A clock that goes back makes no time negative.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "shakedown/overload.h"
#include "shakedown/units.h"

namespace shakedown::aggregate {

inline constexpr std::size_t kBlindIntervalCountMax = 32;

struct BlindSpan {
  std::uint64_t count = 0;
  double seconds = 0.0;
};

class BlindTimes {
 public:
  struct Interval {
    UnixNanos begin;
    UnixNanos end;
  };

  /// Both may be said again without effect.
  void begin(UnixNanos now);
  void end(UnixNanos now);

  [[nodiscard]] bool blind() const { return since_.known(); }
  /// Since when it is blind now; not known: it is not.
  [[nodiscard]] UnixNanos since() const { return since_; }
  /// The latest that are over, the oldest first.
  [[nodiscard]] const std::deque<Interval>& latest() const { return latest_; }
  /// Of the whole run.
  [[nodiscard]] BlindSpan total(UnixNanos now) const;
  /// What has come since this was asked last.
  [[nodiscard]] BlindSpan take(UnixNanos now);

 private:
  UnixNanos since_;
  std::deque<Interval> latest_;
  BlindSpan over_;  ///< of intervals that are over
  BlindSpan taken_;
};

struct OverloadSpan {
  double tails_seconds = 0.0;  ///< in which what follows handshakes was left out, or more than that
  double clients_seconds = 0.0;  ///< in which only a part of the clients was followed
  double kept_seconds = 0.0;     ///< these, each weighed by the share of clients that was kept

  /// The share of clients that was kept on average while not all of them were; 1 without overload.
  [[nodiscard]] double kept_share() const {
    return clients_seconds > 0.0 ? kept_seconds / clients_seconds : 1.0;
  }
};

class OverloadTimes {
 public:
  /// What is so now was so since the last call.
  void sample(const OverloadStatus& status, UnixNanos now);
  /// Nobody was there to be overloaded until the next sample.
  void pause() { sampled_ = {}; }

  [[nodiscard]] const OverloadSpan& total() const { return total_; }
  /// What has come since this was asked last.
  [[nodiscard]] OverloadSpan take();

 private:
  UnixNanos sampled_;
  OverloadSpan total_;
  OverloadSpan taken_;
};

}  // namespace shakedown::aggregate

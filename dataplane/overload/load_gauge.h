// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How close a worker is to what it can do. A worker that polls is never idle, so the time
//            that it spends says nothing. What it can do shows in full bursts: one takes as long as
//            64 packets do at best. So the packets that came, each with its part of that time, tell
//            how much of a window they would have taken; and a window of full bursts only, that more
//            came than could be done.
// Units:     UnixNanos of the packet clock; load in 256ths.
// Ownership: Values.
// Threading: One worker.
// Limits:    kLoadWindowNanos of time make one reading. Readings follow one another without a gap.
// Failure:   none. A jump of the clock, or a worker that the system kept from running, weighs no
//            more than one window, and one window alone is no backlog.
// RFC:       none
#pragma once

#include <cstdint>

#include "shakedown/units.h"

namespace shakedown::overload {

/// Long against what a queue levels out by itself, short against a handshake.
inline constexpr std::int64_t kLoadWindowNanos = 4 * kNanosPerMilli;
inline constexpr std::uint32_t kFullLoad = 256;
/// How full the bursts of a window are, weighted by their time, when there is a backlog.
inline constexpr std::uint32_t kBacklogFillMin = kFullLoad * 15 / 16;
/// Windows in a row with a backlog that are one.
inline constexpr unsigned kBacklogWindowCount = 3;
/// The lower watermarks. From `busy` up to a backlog all is left as it is, so that shedding and
/// recovery do not chase each other.
inline constexpr std::uint32_t kBusyLoadMin = kFullLoad * 13 / 16;
inline constexpr std::uint32_t kModerateLoadMin = kFullLoad / 2;

enum class LoadReading : std::uint8_t {
  pending,   ///< the window is not over
  light,     ///< room for as much again
  moderate,  ///< room for more
  busy,      ///< as much as can be done, or nearly
  backlog    ///< more than can be done
};

class LoadGauge {
 public:
  /// A burst of `count` packets was taken when the clock stood at `clock`.
  [[nodiscard]] LoadReading note(unsigned count, UnixNanos clock) noexcept;

  /// Of the last window that is over. Before the first full burst, how full the bursts were.
  [[nodiscard]] std::uint32_t load() const noexcept { return load_; }

 private:
  void close_burst(std::int64_t elapsed) noexcept;
  [[nodiscard]] LoadReading close_window() noexcept;

  UnixNanos clock_;
  /// Taken while the clock stood still: a read that makes several bursts counts as one.
  std::uint32_t taken_ = 0;
  bool caught_up_ = false;             ///< ... and one of them was empty
  std::int64_t full_burst_nanos_ = 0;  ///< what a full burst takes, a moving mean; zero: not known
  // Of the window at hand.
  std::int64_t elapsed_nanos_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t filled_ = 0;  ///< packets of each burst times its nanoseconds
  unsigned backlog_windows_ = 0;
  std::uint32_t load_ = 0;
};

}  // namespace shakedown::overload

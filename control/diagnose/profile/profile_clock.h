// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The age of what profiles know, from the times of records. Weights are kept as they were
//            when the profile's landmark passed; a newer handshake then counts for more than 1, and
//            nothing has to be touched for old ones to fade.
// Units:     Half-lives since the first record of the store's life; seconds that were watched.
// Ownership: Values.
// Threading: One thread.
// Limits:    A step ahead counts for at most kStepMax half-lives, and for kWatchedStepMax seconds of
//            watching: captures of different years do not make a year of silence.
// Failure:   Time that jumps back makes nothing older and nothing younger; no weight overflows or
//            becomes negative.
// RFC:       none
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "shakedown/units.h"

namespace shakedown::diagnose {

class ProfileClock {
 public:
  static constexpr double kStepMax = 64;
  static constexpr double kWatchedStepMax = 60;
  /// Further back than any reordering: another capture has begun.
  static constexpr std::int64_t kJumpBackNanos = 600 * kNanosPerSecond;

  explicit ProfileClock(std::int64_t half_life_nanos)
      : half_life_seconds_(static_cast<double>(std::max(half_life_nanos, kNanosPerSecond)) / 1e9) {}

  void advance(UnixNanos time) {
    if (!time.known()) return;
    const UnixNanos before = last_;
    if (!before.known()) {
      last_ = time;
      return;
    }
    if (time <= before) {
      if (add_saturating(time, kJumpBackNanos) < before) last_ = time;
      return;
    }
    last_ = time;
    const double seconds =
        (static_cast<double>(time.value) - static_cast<double>(before.value)) / 1e9;
    // Differences of neighbours are exact; those of far ends need no nanoseconds.
    std::int64_t nanos = 0;
    const bool far = __builtin_sub_overflow(time.value, before.value, &nanos);
    const double step = far ? seconds : static_cast<double>(nanos) / 1e9;
    half_lives_ += std::min(step / half_life_seconds_, kStepMax);
    watched_seconds_ += std::min(step, kWatchedStepMax);
    prepare();
  }

  [[nodiscard]] double half_lives() const { return half_lives_; }
  [[nodiscard]] double watched_seconds() const { return watched_seconds_; }
  [[nodiscard]] double half_life_seconds() const { return half_life_seconds_; }
  [[nodiscard]] UnixNanos last() const { return last_; }
  /// A landmark for a new profile.
  [[nodiscard]] std::int64_t landmark() const { return whole_; }

  /// Beyond this a profile moves its landmark (rescale), so that its weights stay floats.
  static constexpr std::int64_t kLandmarkAgeMax = 32;
  [[nodiscard]] bool outgrown(std::int64_t landmark) const {
    return whole_ - landmark > kLandmarkAgeMax;
  }
  /// What one handshake counts now, in the units of that landmark.
  [[nodiscard]] float one(std::int64_t landmark) const {
    return std::ldexp(fraction_scale_, static_cast<int>(std::clamp<std::int64_t>(
                                           whole_ - landmark, 0, kLandmarkAgeMax)));
  }
  /// What turns weights of that landmark into those of now.
  [[nodiscard]] float decay(std::int64_t landmark) const {
    const std::int64_t age = std::clamp<std::int64_t>(whole_ - landmark, 0, 4096);
    return std::ldexp(1.0f / fraction_scale_, -static_cast<int>(age));
  }
  /// What turns weights of an outgrown landmark into those of landmark().
  [[nodiscard]] float rescale(std::int64_t landmark) const {
    const std::int64_t age = std::clamp<std::int64_t>(whole_ - landmark, 0, 4096);
    return std::ldexp(1.0f, -static_cast<int>(age));
  }

  /// As it was saved.
  void restore(double half_lives, double watched_seconds, UnixNanos last) {
    half_lives_ = half_lives;
    watched_seconds_ = watched_seconds;
    last_ = last;
    prepare();
  }
  /// More than any store can reach; what is beyond was not written by one.
  static constexpr double kHalfLivesMax = 1e12;

 private:
  void prepare() {
    const double whole = std::floor(half_lives_);
    whole_ = static_cast<std::int64_t>(whole);
    fraction_scale_ = static_cast<float>(std::exp2(half_lives_ - whole));
  }

  double half_life_seconds_;
  double half_lives_ = 0;
  double watched_seconds_ = 0;
  UnixNanos last_;
  std::int64_t whole_ = 0;
  float fraction_scale_ = 1.0f;
};

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How much an endpoint had to do, second by second lately and as a mean before that, and
//            when it last succeeded, answered and refused.
// Units:     As in server_view.h. Counts are of connections as they were on the wire: a record that
//            stands for several counts for several.
// Ownership: Values.
// Threading: One thread.
// Limits:    kLoadSecondsMax seconds with anything in them.
// Failure:   Before kUsualSecondsMin seconds of watching nothing is usual.
// RFC:       none
#pragma once

#include <cstdint>

#include "diagnose/profile/profile_clock.h"
#include "diagnose/profile/seconds.h"
#include "diagnose/profile/server_view.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kLoadSecondsMax = 40;
inline constexpr double kUsualSecondsMin = 10;
/// Longer than any handshake is waited for.
inline constexpr std::int64_t kLoadLatencyNanosMax = 60 * kNanosPerSecond;

struct LoadSecond {
  std::int64_t second = 0;
  float attempts = 0;
  float successes = 0;
  float failures = 0;
  float unanswered = 0;
  float refused = 0;
  float without_hello = 0;
  float latency_sum = 0;  ///< nanoseconds
  float latency_weight = 0;
  std::uint64_t clients = 0;  ///< a bit for each client of a failure
  Marks success_end;
  Marks success_begin;
  Marks refused_syn;
  Marks answered_syn;
};
static_assert(sizeof(LoadSecond) == 80);

class LoadHistory {
 public:
  /// What a handshake was for the load.
  struct Event {
    UnixNanos moment;
    float weight = 1;                 ///< how many it stands for
    std::int64_t latency_nanos = -1;  ///< negative: no ServerHello
    std::uint64_t client_bit = 0;
    bool attempt = false;
    bool success = false;
    bool failure = false;
    bool unanswered = false;
    bool refused = false;
    bool without_hello = false;
  };

  void add(const Event& event, const ProfileClock& clock);
  void note_success(UnixNanos begin, UnixNanos end, const ProfileClock& clock);
  void note_refused(UnixNanos syn, const ProfileClock& clock);
  void note_answered(UnixNanos syn, const ProfileClock& clock);

  /// Sets of `view` the load and the times around `moment`. `own_syn`: of the handshake at hand,
  /// which is no other's answer. `own`: what it adds, when it has not been added yet.
  void show(UnixNanos moment, UnixNanos own_syn, const Event* own, const ProfileClock& clock,
            ServerView& view) const;

  /// When the watching began.
  void begin(const ProfileClock& clock) {
    totals_.stamp = totals_.first_watched = clock.watched_seconds();
  }
  [[nodiscard]] std::size_t heap_bytes() const { return seconds_.cells.heap_bytes(); }
  void prefetch() const {
    if (seconds_.cells.empty()) return;
    __builtin_prefetch(&seconds_.cells.back());
    __builtin_prefetch(&seconds_.cells.back().success_end);
  }

  /// What has left the seconds, decayed; for the codec as well.
  struct Totals {
    double first_watched = 0;  ///< ProfileClock::watched_seconds()
    double stamp = 0;          ///< ... of the sums
    float attempts = 0;
    float failures = 0;
    float latency_sum = 0;
    float latency_weight = 0;
    UnixNanos success_end;
    UnixNanos refused_syn;
    UnixNanos answered_syn;
  };
  [[nodiscard]] const Row<LoadSecond>& seconds() const { return seconds_.cells; }
  [[nodiscard]] const Totals& totals() const { return totals_; }
  void restore(std::span<const LoadSecond> seconds, const Totals& totals);

 private:
  template <class Change>
  void change(UnixNanos time, const ProfileClock& clock, Change&& change);
  static void fold(Totals& totals, const LoadSecond& second, const ProfileClock& clock);
  void show_usual(std::int64_t window_first, UnixNanos moment, const ProfileClock& clock,
                  ServerView& view) const;

  Seconds<LoadSecond> seconds_;
  Totals totals_;
};

/// The bit that a client has in LoadSecond::clients.
[[nodiscard]] constexpr std::uint64_t client_bit(std::uint32_t hash) {
  return std::uint64_t{1} << (hash & 63u);
}

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Numbers that cross folders carry their unit in their type.
// Units:     UnixNanos: nanoseconds since 1970-01-01 00:00 UTC. SeqNum: TCP sequence space, modulo
//            2^32.
// Ownership: Values.
// Threading: Values.
// Limits:    UnixNanos reaches the year 2262. Sequence comparisons are right for distances below
//            2^31.
// Failure:   None; arithmetic saturates where a hostile timestamp could overflow it.
// RFC:       RFC 9293 §3.4 (sequence numbers).
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace shakedown {

struct UnixNanos {
  std::int64_t value = 0;

  constexpr auto operator<=>(const UnixNanos&) const = default;
  /// Zero stands for "not seen".
  [[nodiscard]] constexpr bool known() const { return value != 0; }
};

inline constexpr std::int64_t kNanosPerMicro = 1'000;
inline constexpr std::int64_t kNanosPerMilli = 1'000'000;
inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr UnixNanos kEndOfTime{std::numeric_limits<std::int64_t>::max()};

/// `time + nanos`, held at the ends of the range instead of overflowing.
[[nodiscard]] constexpr UnixNanos add_saturating(UnixNanos time, std::int64_t nanos) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(time.value, nanos, &sum)) {
    return nanos > 0 ? kEndOfTime : UnixNanos{std::numeric_limits<std::int64_t>::min()};
  }
  return UnixNanos{sum};
}

/// A TCP sequence number. All sequence arithmetic of the project is in this struct.
struct SeqNum {
  std::uint32_t value = 0;

  constexpr bool operator==(const SeqNum&) const = default;

  [[nodiscard]] constexpr SeqNum plus(std::uint32_t size) const { return SeqNum{value + size}; }
  /// How far this number lies after `other`; negative when it lies before.
  [[nodiscard]] constexpr std::int32_t distance_from(SeqNum other) const {
    return static_cast<std::int32_t>(value - other.value);
  }
  [[nodiscard]] constexpr bool before(SeqNum other) const { return distance_from(other) < 0; }
  [[nodiscard]] constexpr bool after(SeqNum other) const { return distance_from(other) > 0; }
};

}  // namespace shakedown

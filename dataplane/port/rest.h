// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a thread does that found nothing to do: it spins for a moment, then gives its
//            processor away, then sleeps in short steps. There may be more threads than processors,
//            and one of those that wait may keep the one that is waited for from running.
// Units:     Turns in a row that found nothing; nanoseconds.
// Ownership: none
// Threading: Any.
// Limits:    kSleepNanos a step; the kernel adds its own slack of about the same size.
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>

namespace shakedown::port {

inline constexpr unsigned kYieldTurn = 32;
inline constexpr unsigned kSleepTurn = 128;
/// A ring of 4096 packets takes this much of a link with 80 million packets a second.
inline constexpr long kSleepNanos = 50'000;

enum class Rest : std::uint8_t { pause, yield, sleep };

[[nodiscard]] constexpr Rest rest_of_turn(unsigned turn) noexcept {
  if (turn < kYieldTurn) return Rest::pause;
  return turn < kSleepTurn ? Rest::yield : Rest::sleep;
}

/// Turns in a row without work. Does not overflow however long it is quiet.
[[nodiscard]] constexpr unsigned next_turn(unsigned turn) noexcept {
  return turn < kSleepTurn ? turn + 1 : turn;
}

void take_rest(Rest rest) noexcept;

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What happened in each of the last seconds in which anything happened, so that a moment
//            some seconds ago can be asked what came before and after it.
// Units:     Seconds since 1970; offsets in a second as nanoseconds.
// Ownership: Values.
// Threading: One thread.
// Limits:    `count_max` seconds, none older than kSecondsKept before the newest.
// Failure:   What is older goes to the caller, who keeps of it what lasts.
// RFC:       none
#pragma once

#include <algorithm>
#include <cstdint>

#include "diagnose/profile/profile_clock.h"
#include "diagnose/profile/row.h"

namespace shakedown::diagnose {

/// A handshake that ends in silence is decided 15 s after its ClientHello, and asked about up to 30 s
/// later.
inline constexpr std::int64_t kSecondsKept = 64;

inline constexpr std::int64_t kSecondMax = kEndOfTime.value / kNanosPerSecond - 1;

/// What is before 1970 counts as its beginning.
[[nodiscard]] constexpr std::int64_t second_of(UnixNanos time) {
  return std::clamp<std::int64_t>(time.value / kNanosPerSecond, 0, kSecondMax);
}
[[nodiscard]] constexpr std::uint32_t offset_of(UnixNanos time) {
  return time.value < 0 ? 0 : static_cast<std::uint32_t>(time.value % kNanosPerSecond);
}
/// Of what second_of() and offset_of() gave.
[[nodiscard]] constexpr UnixNanos time_of(std::int64_t second, std::uint32_t offset) {
  return UnixNanos{second * kNanosPerSecond + offset};
}
/// The first and the last time of one kind in a second.
struct Marks {
  std::uint32_t first = UINT32_MAX;  ///< more than any offset: none
  std::uint32_t last = 0;

  void note(std::uint32_t offset) {
    if (offset < first) first = offset;
    if (offset > last) last = offset;
  }
  [[nodiscard]] bool any() const { return first != UINT32_MAX; }
};

/// `Cell` begins with `std::int64_t second`; ascending.
template <class Cell>
struct Seconds {
  Row<Cell> cells;

  /// The cell of that second; null when it is too long ago to be kept. `drop(const Cell&)` of each
  /// that gives way; `jump()` when time has jumped back, and nothing of what is kept can be
  /// compared with what is to come.
  template <class Drop, class Jump>
  [[nodiscard]] Cell* at(std::int64_t second, std::size_t count_max, Drop&& drop, Jump&& jump) {
    if (!cells.empty()) {
      const std::int64_t newest = cells.back().second;
      if (second == newest) return &cells.back();
      if (second < newest - ProfileClock::kJumpBackNanos / kNanosPerSecond) {
        for (const Cell& cell : cells) drop(cell);
        cells.clear();
        jump();
      } else if (second < newest - kSecondsKept) {
        return nullptr;
      }
    }
    std::size_t place = cells.size();
    while (place > 0 && cells[place - 1].second > second) --place;
    if (place > 0 && cells[place - 1].second == second) return &cells[place - 1];
    const std::int64_t newest = place == cells.size() ? second : cells.back().second;
    std::size_t old = 0;
    while (old < cells.size() && cells[old].second < newest - kSecondsKept) ++old;
    // Several at once, so that a busy server does not move the rest every second.
    if (old == 0 && cells.size() == count_max) old = (count_max + 7) / 8;
    if (place < old) return nullptr;
    for (std::size_t i = 0; i < old; ++i) drop(cells[i]);
    if (old != 0) cells.erase(0, old);
    Cell cell{};
    cell.second = second;
    return &cells.insert(place - old, cell, count_max);
  }

  /// The last one before `moment`, exact to the second; zero: none. `except`: one's own.
  [[nodiscard]] UnixNanos last_before(Marks Cell::*marks, UnixNanos moment,
                                      UnixNanos except = {}) const {
    for (std::size_t i = cells.size(); i-- > 0;) {
      const Cell& cell = cells[i];
      const Marks& these = cell.*marks;
      if (!these.any()) continue;
      for (const std::uint32_t offset : {these.last, these.first}) {
        const UnixNanos time = time_of(cell.second, offset);
        if (time < moment && time != except) return time;
      }
    }
    return {};
  }
  /// The first one after `moment`, likewise.
  [[nodiscard]] UnixNanos first_after(Marks Cell::*marks, UnixNanos moment) const {
    UnixNanos found;
    for (std::size_t i = cells.size(); i-- > 0;) {
      const Cell& cell = cells[i];
      if (cell.second < second_of(moment)) break;
      const Marks& these = cell.*marks;
      if (!these.any()) continue;
      if (const UnixNanos last = time_of(cell.second, these.last); last > moment) found = last;
      if (const UnixNanos first = time_of(cell.second, these.first); first > moment) found = first;
    }
    return found;
  }
};

}  // namespace shakedown::diagnose

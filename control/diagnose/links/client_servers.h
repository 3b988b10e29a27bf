// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a client did at which server under which name, counted over the last hour or half
//            of it.
// Units:     Handshakes, in turns of half of kClientMemoryNanos: the present turn and the one before
//            count.
// Ownership: Part of a client.
// Threading: One thread.
// Limits:    kServersPerClientMax pairs of endpoint and name; beyond that one that is out of date is
//            overwritten, else each in turn. Counts stop at 65,535, of one server at 255.
// Failure:   none
// RFC:       none
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "diagnose/links/link_views.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kServersPerClientMax = 16;

using Turn = std::int32_t;
[[nodiscard]] constexpr Turn turn_of(UnixNanos time) {
  return static_cast<Turn>(time.value / (kClientMemoryNanos / 2));
}
[[nodiscard]] constexpr std::int64_t turns_apart(Turn later, Turn earlier) {
  return std::int64_t{later} - earlier;
}
/// Nothing that was counted in or before `last` counts any more.
[[nodiscard]] constexpr bool is_over(Turn last, Turn now) {
  const std::int64_t later = turns_apart(now, last);
  return later > 1 || later < -1;
}

enum class Deed : std::uint8_t { success, failure, rejection, date_rejection };
inline constexpr std::size_t kDeedCount = 4;
/// In the order of Deed.
using DeedNumbers = std::array<std::uint32_t, kDeedCount>;

/// Deeds of the last turn in which there was one, and of the turn before it. The turn stands
/// elsewhere.
template <class Number>
struct DeedCounts {
  std::array<Number, kDeedCount> present{};
  std::array<Number, kDeedCount> former{};

  void add(Turn& turn, Turn now, const DeedNumbers& done) {
    const std::int64_t later = turns_apart(now, turn);
    if (later != 0 && later != -1) {
      // Of long ago, or of another capture, is nothing left.
      former = later == 1 ? present : decltype(present){};
      present = {};
      turn = now;
    }
    // What comes out of order belongs to the turn before.
    std::array<Number, kDeedCount>& counts = later == -1 ? former : present;
    for (std::size_t i = 0; i < kDeedCount; ++i) {
      if (done[i] != 0 && counts[i] != std::numeric_limits<Number>::max()) ++counts[i];
    }
  }
  /// Less what the handshake at hand has done itself.
  [[nodiscard]] DeedNumbers numbers(Turn turn, Turn now, const DeedNumbers& own) const {
    DeedNumbers numbers{};
    if (is_over(turn, now)) return numbers;
    for (std::size_t i = 0; i < kDeedCount; ++i) {
      const std::uint32_t before = turns_apart(now, turn) == 1 ? 0u : former[i];
      const std::uint32_t all = present[i] + before;
      numbers[i] = all - (all < own[i] ? all : own[i]);
    }
    return numbers;
  }
};

struct ServerKey {
  std::uint32_t endpoint = 0;  ///< endpoint_mark()
  std::uint32_t name = 0;      ///< name_mark(); zero: none was sent

  bool operator==(const ServerKey&) const = default;
};

/// In columns, because looking for a pair reads all keys and one of the rest.
struct ServerList {
  std::array<ServerKey, kServersPerClientMax> keys;
  std::array<Turn, kServersPerClientMax> turns{};
  std::array<DeedCounts<std::uint8_t>, kServersPerClientMax> deeds;

  /// The place of the pair, there already or added. `count` and `hand` (whose turn it is to be
  /// overwritten) stand with what else changes with every record.
  [[nodiscard]] std::size_t place_of(ServerKey key, Turn now, std::uint8_t& count,
                                     std::uint8_t& hand);
};

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Which clients show their clock in ClientHello.random, and what it says. Old stacks write
//            it there, new ones random bytes, and some test tools the same bytes every time.
// Units:     Seconds; those of hello_random_time and of packet times.
// Ownership: Each client holds its own slots; the stacks stand in a table.
// Threading: One thread.
// Limits:    kClockSlotCount stacks for each client, kClockStackCountMax stacks that write the clock.
// Failure:   What has not been shown is not known. Two hellos agree when the value has moved on as
//            the packets' time has, which random bytes do once in 10^8 pairs, and constants and
//            counters never.
// RFC:       RFC 5246 §7.4.1.2 (gmt_unix_time); RFC 8446 §4.1.2 has no clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "diagnose/links/link_keys.h"
#include "diagnose/links/lru_index.h"
#include "shakedown/handshake_record.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kClockSlotCount = 2;
inline constexpr std::size_t kClockStackCountMax = 4096;

/// The last hello of one stack of a client.
struct ClockSlot {
  std::uint32_t stack = 0;  ///< stack_mark(); zero: empty
  std::uint32_t value = 0;
  std::uint32_t seconds = 0;  ///< of the packet
  std::uint32_t agreed = 0;   ///< hellos in a row that agreed with the one before
};
using ClockSlots = std::array<ClockSlot, kClockSlotCount>;

/// What one hello says.
struct ClockReading {
  std::uint32_t stack = 0;
  std::uint32_t value = 0;
  std::uint32_t seconds = 0;

  /// Zero stack: nothing to read.
  [[nodiscard]] static ClockReading of(const HandshakeRecord& record, std::uint32_t stack);
  [[nodiscard]] std::int64_t offset() const { return std::int64_t{value} - seconds; }
};

class HelloClocks {
 public:
  HelloClocks();

  /// `client`: its key.
  void learn(ClockSlots& slots, std::uint64_t client, const ClockReading& reading);
  /// The client's clock less ours, as this hello says; nothing when it may say something else.
  [[nodiscard]] std::optional<std::int64_t> offset(const ClockSlots& slots, std::uint64_t client,
                                                   const ClockReading& reading) const;

  [[nodiscard]] static std::size_t memory_max();

 private:
  static constexpr std::size_t kWitnessCount = 4;
  /// A stack that at least one client has shown to write its clock.
  struct Stack {
    std::array<std::uint64_t, kWitnessCount> witnesses{};  ///< distinct clients
    std::uint32_t agreed = 0;
    std::uint32_t disagreed = 0;
  };

  [[nodiscard]] std::uint64_t key(std::uint32_t stack) const { return keys_.pair(stack, 0); }
  void agree(std::uint32_t stack, std::uint64_t client);
  void disagree(std::uint32_t stack);
  [[nodiscard]] bool others_write(std::uint32_t stack, std::uint64_t client) const;

  LinkKeys keys_;
  LruIndex index_;
  std::vector<Stack> stacks_;
};

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Remembers for which flows the filter below the port was asked lately, so that it is asked
//            once and not for every packet that is still under way; and again when packets go on
//            coming, because the filter has forgotten the flow.
// Units:     UnixNanos of the packet clock.
// Ownership: Its slots lie in the arena.
// Threading: One worker.
// Limits:    One flow per slot; a stranger with the same slot and tag is one chance in 2^32, and costs
//            that flow a second.
// Failure:   A flow that is pushed out is asked about once more.
// RFC:       none
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arena.h"
#include "shakedown/units.h"

namespace shakedown::flow {

inline constexpr std::size_t kShuntMemorySlotCount = 32 * 1024;
inline constexpr std::int64_t kShuntRepeatNanos = kNanosPerSecond;

class ShuntMemory {
 public:
  explicit ShuntMemory(Arena& arena) : slots_(arena.take<Slot>(kShuntMemorySlotCount)) {}

  [[nodiscard]] static constexpr std::size_t budget_bytes() noexcept {
    return Arena::cost<Slot>(kShuntMemorySlotCount);
  }

  /// Whether the filter is to be asked about this flow now; remembers that it was.
  [[nodiscard]] bool is_due(std::uint64_t hash, UnixNanos clock) noexcept {
    Slot& slot = slots_[hash % kShuntMemorySlotCount];
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    const auto now = static_cast<std::uint32_t>(clock.value / kTickNanos);
    // Also after the count of ticks went round, which takes years.
    if (slot.tag == tag && now - slot.asked < kRepeatTicks) return false;
    slot = {tag, now};
    return true;
  }

  /// Whether the filter was asked about this flow not long ago; forgets that it was.
  [[nodiscard]] bool recall(std::uint64_t hash, UnixNanos clock) noexcept {
    Slot& slot = slots_[hash % kShuntMemorySlotCount];
    const auto now = static_cast<std::uint32_t>(clock.value / kTickNanos);
    const bool asked =
        slot.tag == static_cast<std::uint32_t>(hash >> 32) && now - slot.asked < kRepeatTicks;
    if (asked) slot = {};
    return asked;
  }

 private:
  static constexpr std::int64_t kTickNanos = kNanosPerSecond / 16;
  static constexpr std::uint32_t kRepeatTicks = kShuntRepeatNanos / kTickNanos;
  static_assert(std::has_single_bit(kShuntMemorySlotCount));

  struct alignas(8) Slot {
    std::uint32_t tag = 0;
    std::uint32_t asked = 0;
  };

  std::span<Slot> slots_;
};

}  // namespace shakedown::flow

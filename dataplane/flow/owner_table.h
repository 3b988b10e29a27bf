// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Which worker saw a connection open, where each worker reads queues of its own. It tells
//            whether both directions come to one worker, and to whom a packet belongs that was put
//            together from pieces, which a card cannot sort by their ports.
// Units:     Worker indices.
// Ownership: One table for all workers, made before them. The only memory that they share while they
//            work, touched once per SYN and SYN-ACK.
// Threading: Any worker at any time; one relaxed atomic word per connection.
// Limits:    kOwnerSlotCount of the newest connections; a newer one takes the place of an older one.
// Failure:   A connection that is not there any more has no owner. A stranger with the same tag is
//            taken for it: one chance in 2^24 per question.
// RFC:       none
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace shakedown::flow {

inline constexpr std::size_t kOwnerSlotCount = 256 * 1024;

class OwnerTable {
 public:
  OwnerTable() : slots_(std::make_unique<std::atomic<std::uint32_t>[]>(kOwnerSlotCount)) {}

  /// `hash` of the flow's key, with the seed that all workers share.
  [[nodiscard]] std::optional<unsigned> owner_of(std::uint64_t hash) const noexcept {
    const std::uint32_t slot = slot_of(hash).load(std::memory_order_relaxed);
    if (slot == 0 || (slot ^ tag_of(hash)) >> kWorkerBits != 0) return std::nullopt;
    return (slot & kWorkerMask) - 1;
  }

  void claim(std::uint64_t hash, unsigned worker) noexcept {
    slot_of(hash).store(tag_of(hash) | (worker + 1), std::memory_order_relaxed);
  }

  [[nodiscard]] static constexpr std::size_t budget_bytes() noexcept {
    return kOwnerSlotCount * sizeof(std::atomic<std::uint32_t>);
  }

 private:
  static constexpr unsigned kWorkerBits = 8;
  static constexpr std::uint32_t kWorkerMask = (1u << kWorkerBits) - 1;

  [[nodiscard]] std::atomic<std::uint32_t>& slot_of(std::uint64_t hash) const noexcept {
    return slots_[hash % kOwnerSlotCount];
  }
  [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32) & ~kWorkerMask;
  }

  std::unique_ptr<std::atomic<std::uint32_t>[]> slots_;
};

}  // namespace shakedown::flow

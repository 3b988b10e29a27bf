// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The blocks in which out-of-order bytes wait: one pool per worker, shared by all
//            directions.
// Units:     Blocks are named by index.
// Ownership: The blocks lie in the arena. Who takes one gives it back.
// Threading: One worker.
// Limits:    A fixed number of blocks of kSegmentBlockBytes.
// Failure:   take() returns kNoBlock when none is left.
// RFC:       none
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arena.h"
#include "shakedown/limits.h"
#include "shakedown/units.h"

namespace shakedown::stream {

inline constexpr std::uint32_t kNoBlock = 0xffff'ffff;

/// A run of bytes that is held, or a run that is known to be cut off by the snap length
/// (`is_missing`; then there are no bytes and `size` has no bound of its own).
struct SegmentBlock {
  static constexpr std::size_t kHeaderBytes = 20;
  static constexpr std::uint32_t kBytesMax =
      static_cast<std::uint32_t>(kSegmentBlockBytes - kHeaderBytes);

  std::uint32_t next = kNoBlock;
  SeqNum seq;
  std::uint32_t size = 0;
  SeqNum answers;  ///< what its sender had received of the other direction
  bool is_missing = false;
  bool ends_segment = false;  ///< the last block of the segment it came with
  bool is_answer = false;     ///< `answers` is known
  std::array<std::uint8_t, kBytesMax> bytes;

  [[nodiscard]] SeqNum end() const noexcept { return seq.plus(size); }
};
static_assert(sizeof(SegmentBlock) == kSegmentBlockBytes);

class SegmentPool {
 public:
  SegmentPool(Arena& arena, std::uint32_t block_count)
      : blocks_(arena.take_room<SegmentBlock>(block_count)), free_count_(block_count) {}

  [[nodiscard]] static constexpr std::size_t budget_bytes(std::uint32_t block_count) noexcept {
    return Arena::cost<SegmentBlock>(block_count);
  }

  [[nodiscard]] std::uint32_t take() noexcept {
    if (free_count_ == 0) return kNoBlock;
    --free_count_;
    if (first_free_ == kNoBlock) return untouched_begin_++;
    const std::uint32_t index = first_free_;
    first_free_ = blocks_[index].next;
    return index;
  }

  void give_back(std::uint32_t index) noexcept {
    assert(free_count_ < blocks_.size());
    blocks_[index].next = first_free_;
    first_free_ = index;
    ++free_count_;
  }

  [[nodiscard]] SegmentBlock& operator[](std::uint32_t index) const noexcept {
    assert(index < blocks_.size());
    return blocks_[index];
  }

  [[nodiscard]] std::uint32_t free_count() const noexcept { return free_count_; }
  [[nodiscard]] std::uint32_t block_count() const noexcept {
    return static_cast<std::uint32_t>(blocks_.size());
  }

 private:
  std::span<SegmentBlock> blocks_;
  std::uint32_t first_free_ = kNoBlock;  ///< of those that were given back
  std::uint32_t untouched_begin_ = 0;    ///< from here on no block was ever used
  std::uint32_t free_count_ = 0;
};

}  // namespace shakedown::stream

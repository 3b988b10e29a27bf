// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Memory for handshake messages that do not lie whole in one segment: three sizes of
//            buffers, taken at start.
// Units:     Sizes are bytes. Counts are buffers.
// Ownership: The pool lives in the worker's arena. A held buffer belongs to the direction that
//            acquired it until it is released; a view of it ends with its release or growth.
// Threading: One worker.
// Limits:    kSmallBufferBytes, kMediumBufferBytes, kLargeBufferBytes; the counts given at
//            construction.
// Failure:   An empty pool refuses: the handle is empty, the refusal is counted, nothing else
//            changed.
// RFC:       RFC 8446 §4 (a message may be as long as 2^24-1; what is kept of it is decided by the
//            reader).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arena.h"
#include "shakedown/bytes.h"
#include "shakedown/limits.h"

namespace shakedown::tls {

/// Names one held buffer; value-initialised: none.
struct BufferHandle {
  std::uint32_t value = 0;

  [[nodiscard]] constexpr bool held() const { return value != 0; }
  constexpr bool operator==(const BufferHandle&) const = default;
};

struct MessageBufferCounts {
  std::uint32_t small = 0;
  std::uint32_t medium = 0;
  std::uint32_t large = 0;
};

class MessageBufferPool {
 public:
  static constexpr std::size_t kClassCount = 3;
  static constexpr std::array<std::size_t, kClassCount> kBufferBytes{
      kSmallBufferBytes, kMediumBufferBytes, kLargeBufferBytes};

  MessageBufferPool(Arena& arena, MessageBufferCounts counts);
  MessageBufferPool(const MessageBufferPool&) = delete;
  MessageBufferPool& operator=(const MessageBufferPool&) = delete;

  /// What the constructor takes from the arena at most.
  [[nodiscard]] static constexpr std::size_t cost(MessageBufferCounts counts) {
    const std::array<std::size_t, kClassCount> count{counts.small, counts.medium, counts.large};
    std::size_t sum = 0;
    for (std::size_t i = 0; i < kClassCount; ++i) {
      sum += Arena::cost<std::uint8_t>(count[i] * kBufferBytes[i]);
      sum += Arena::cost<std::uint32_t>(count[i]);
    }
    return sum;
  }

  /// A buffer of at least `size` bytes: the smallest class that fits and has one left.
  [[nodiscard]] BufferHandle acquire(std::size_t size) noexcept;
  /// Makes `handle` hold at least `size` bytes and keeps its first `used` bytes, moving to a larger
  /// class when needed. False: there is none; `handle` is as before.
  [[nodiscard]] bool grow(BufferHandle& handle, std::size_t used, std::size_t size) noexcept;
  /// Gives the buffer back and empties the handle. An empty handle is left alone.
  void release(BufferHandle& handle) noexcept;

  /// All bytes of a held buffer.
  [[nodiscard]] std::span<std::uint8_t> bytes(BufferHandle handle) const noexcept;

  [[nodiscard]] std::uint32_t held_count() const noexcept;
  /// How often no buffer was left (counter message_pool_empty).
  [[nodiscard]] std::uint64_t refused_count() const noexcept { return refused_count_; }

 private:
  struct SizeClass {
    std::span<std::uint8_t> storage;
    std::span<std::uint32_t> next;  ///< per buffer: the next free one, or kHeld
    std::uint32_t first_free = 0;
    std::uint32_t held_count = 0;
  };

  std::array<SizeClass, kClassCount> classes_{};
  std::uint64_t refused_count_ = 0;
};

}  // namespace shakedown::tls

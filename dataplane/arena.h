// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The one block of memory that a worker takes at start, and the account of who got how
//            much of it.
// Units:     Bytes.
// Ownership: The arena does not own the block; what it hands out lives as long as the block.
// Threading: One thread, before the poll loop starts.
// Limits:    The size of the block.
// Failure:   Asking for more than is left ends the program: the budget was added up wrongly, which
//            no input can cause.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

namespace shakedown {

class Arena {
 public:
  /// `block` must be aligned to a cache line and zeroed or not; objects are value-initialised.
  explicit Arena(std::span<std::byte> block) : block_(block) {}

  /// `count` value-initialised objects, aligned to at least a cache line. They are never destroyed.
  template <class T>
  [[nodiscard]] std::span<T> take(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    constexpr std::size_t alignment = alignof(T) > kCacheLine ? alignof(T) : kCacheLine;
    T* first = reinterpret_cast<T*>(take_raw(count * sizeof(T), alignment));
    std::uninitialized_value_construct_n(first, count);
    return {std::launder(first), count};
  }

  /// Room for `count` objects that the caller makes (std::construct_at) before it reads them. Nothing
  /// is written here, so that pages that are never used are never taken from the machine.
  template <class T>
  [[nodiscard]] std::span<T> take_room(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
    constexpr std::size_t alignment = alignof(T) > kCacheLine ? alignof(T) : kCacheLine;
    return {reinterpret_cast<T*>(take_raw(count * sizeof(T), alignment)), count};
  }

  /// What `take<T>(count)` costs at most.
  template <class T>
  [[nodiscard]] static constexpr std::size_t cost(std::size_t count) {
    constexpr std::size_t alignment = alignof(T) > kCacheLine ? alignof(T) : kCacheLine;
    return count * sizeof(T) + alignment;
  }

  [[nodiscard]] std::size_t used_bytes() const { return used_; }

  static constexpr std::size_t kCacheLine = 64;

 private:
  [[nodiscard]] std::byte* take_raw(std::size_t size, std::size_t alignment) {
    const std::size_t begin = (used_ + alignment - 1) / alignment * alignment;
    if (begin > block_.size() || size > block_.size() - begin) {
      std::fputs("shakedown: the memory budget is smaller than its parts; this is a defect\n",
                 stderr);
      std::abort();
    }
    used_ = begin + size;
    return block_.data() + begin;
  }

  std::span<std::byte> block_;
  std::size_t used_ = 0;
};

}  // namespace shakedown

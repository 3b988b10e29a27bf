// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   An array that is read at random places: large ones ask for huge pages, because else
//            each access would miss the table of pages as well.
// Units:     Values; memory() in bytes.
// Ownership: Owns its values.
// Threading: One thread.
// Limits:    none
// Failure:   Without huge pages it is slower, nothing else. Out of memory ends the process.
// RFC:       none
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace shakedown::diagnose {

template <class T>
class LargeArray {
 public:
  explicit LargeArray(std::size_t count) : count_(count) {
    void* const memory = ::operator new(LargeArray::memory(count), alignment(count));
    // Refused where the system has none: see Failure.
    if (alignment(count) == kHuge)
      (void)::madvise(memory, LargeArray::memory(count), MADV_HUGEPAGE);
    values_ = static_cast<T*>(memory);
    std::uninitialized_value_construct_n(values_, count_);
  }
  LargeArray(LargeArray&& other) noexcept
      : values_(std::exchange(other.values_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  LargeArray& operator=(LargeArray&&) = delete;
  ~LargeArray() {
    if (values_ == nullptr) return;
    std::destroy_n(values_, count_);
    ::operator delete(values_, alignment(count_));
  }

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] T& operator[](std::size_t index) { return values_[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return values_[index]; }

  /// What an array of `count` takes.
  [[nodiscard]] static std::size_t memory(std::size_t count) {
    const auto unit = static_cast<std::size_t>(alignment(count));
    return (count * sizeof(T) + unit - 1) / unit * unit;
  }

 private:
  static constexpr std::align_val_t kHuge{2u << 20};
  static std::align_val_t alignment(std::size_t count) {
    return count * sizeof(T) >= static_cast<std::size_t>(kHuge) ? kHuge : std::align_val_t{64};
  }

  T* values_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A vector of plain values in 16 bytes, for records of which there are many: most of its
//            rows stay short, and its memory is counted to the byte.
// Units:     Values; heap_bytes() in bytes.
// Ownership: Owns its values; a reference is valid until the next insertion.
// Threading: One thread.
// Limits:    2^32 values; the caller bounds them, and growth stops at the bound that it names.
// Failure:   Out of memory ends the process, as everywhere in control.
// RFC:       none
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace shakedown::diagnose {

/// What an allocation costs beyond its bytes: the header of malloc and rounding.
inline constexpr std::size_t kAllocationOverhead = 16;

template <class T>
class Row {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Row() = default;
  Row(Row&& other) noexcept
      : values_(std::move(other.values_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Row& operator=(Row&& other) noexcept {
    values_ = std::move(other.values_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T* begin() { return values_.get(); }
  [[nodiscard]] T* end() { return values_.get() + size_; }
  [[nodiscard]] const T* begin() const { return values_.get(); }
  [[nodiscard]] const T* end() const { return values_.get() + size_; }
  [[nodiscard]] T& operator[](std::size_t index) { return values_[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return values_[index]; }
  [[nodiscard]] T& back() { return values_[size_ - 1]; }
  [[nodiscard]] const T& back() const { return values_[size_ - 1]; }
  [[nodiscard]] operator std::span<const T>() const { return {begin(), size_}; }

  /// `size() < size_max`, which is where growth stops.
  T& insert(std::size_t index, const T& value, std::size_t size_max) {
    if (size_ == capacity_) grow(size_max);
    T* place = begin() + index;
    if (index < size_) std::memmove(place + 1, place, (size_ - index) * sizeof(T));
    ++size_;
    return *place = value;
  }
  T& push_back(const T& value, std::size_t size_max) { return insert(size_, value, size_max); }

  void erase(std::size_t index, std::size_t count = 1) {
    T* place = begin() + index;
    const std::size_t behind = size_ - index - count;
    if (behind != 0) std::memmove(place, place + count, behind * sizeof(T));
    size_ -= static_cast<std::uint32_t>(count);
  }
  /// The memory stays.
  void clear() { size_ = 0; }

  [[nodiscard]] std::size_t heap_bytes() const {
    return capacity_ == 0 ? 0 : capacity_ * sizeof(T) + kAllocationOverhead;
  }

 private:
  void grow(std::size_t size_max) {
    const std::size_t wanted = std::max<std::size_t>(capacity_ * std::size_t{2}, 2);
    const std::size_t capacity = std::max<std::size_t>(std::min(wanted, size_max), size_ + 1u);
    auto values = std::make_unique_for_overwrite<T[]>(capacity);
    if (size_ != 0) std::memcpy(values.get(), values_.get(), size_ * sizeof(T));
    values_ = std::move(values);
    capacity_ = static_cast<std::uint32_t>(capacity);
  }

  std::unique_ptr<T[]> values_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Writes the texts that fingerprints are computed over.
// Units:     Characters.
// Ownership: Writes into the caller's buffer.
// Threading: None of it is shared.
// Limits:    The buffer, which the caller sizes for the largest text.
// Failure:   What does not fit is left out whole.
// RFC:       None.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace shakedown::tls {

class TextWriter {
 public:
  constexpr explicit TextWriter(std::span<char> out) noexcept : out_(out) {}

  constexpr void put(char character) noexcept {
    if (size_ < out_.size()) out_[size_++] = character;
  }

  constexpr void put_decimal(std::uint16_t value) noexcept {
    constexpr std::size_t kDigitsMax = 5;
    if (out_.size() - size_ < kDigitsMax) return;
    const std::size_t digit_count =
        1u + (value >= 10) + (value >= 100) + (value >= 1000) + (value >= 10000);
    unsigned rest = value;
    for (std::size_t i = digit_count; i-- > 0; rest /= 10) {
      out_[size_ + i] = static_cast<char>('0' + rest % 10);
    }
    size_ += digit_count;
  }

  /// Four digits, lower case.
  constexpr void put_hex(std::uint16_t value) noexcept {
    constexpr char kDigits[] = "0123456789abcdef";
    if (out_.size() - size_ < 4) return;
    out_[size_ + 0] = kDigits[value >> 12];
    out_[size_ + 1] = kDigits[value >> 8 & 15];
    out_[size_ + 2] = kDigits[value >> 4 & 15];
    out_[size_ + 3] = kDigits[value & 15];
    size_ += 4;
  }

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr std::span<const char> text() const noexcept { return out_.first(size_); }

 private:
  std::span<char> out_;
  std::size_t size_ = 0;
};

}  // namespace shakedown::tls

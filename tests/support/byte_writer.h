// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Writes wire structures for tests: big-endian integers and vectors whose length prefix
//            is filled in when the vector is complete. The counterpart of ByteReader.
// Units:     sizes and offsets are bytes.
// Ownership: the writer owns its bytes until take(); view() is valid until the next write.
// Threading: none.
// Limits:    a vector longer than its prefix can say keeps the low bits of its length, which is how
//            a test writes a lie on purpose; honest builders stay below.
// Failure:   none.
// RFC:       RFC 8446 §3.4 (vectors).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace shakedown::test_support {

using Bytes = std::vector<uint8_t>;
using BytesView = std::span<const uint8_t>;

/// A number as it stands on the wire, given as a plain integer or as any open enum of the contract,
/// so that a test may write `AlertDescription::unknown_ca` or 0xfe as it needs.
template <typename Unsigned>
class Code {
 public:
  constexpr Code() = default;
  template <typename T>
  requires(std::is_enum_v<T> || std::is_integral_v<T>) constexpr Code(T value)
      : value_(static_cast<Unsigned>(value)) {}

  constexpr operator Unsigned() const { return value_; }
  [[nodiscard]] constexpr Unsigned value() const { return value_; }

 private:
  Unsigned value_ = 0;
};

using Code8 = Code<uint8_t>;
using Code16 = Code<uint16_t>;

class ByteWriter {
 public:
  ByteWriter() = default;
  explicit ByteWriter(Bytes initial) : bytes_(std::move(initial)) {}

  ByteWriter& u8(Code8 value) { return number(value.value(), 1); }
  ByteWriter& u16(Code16 value) { return number(value.value(), 2); }
  ByteWriter& u24(uint32_t value) { return number(value, 3); }
  ByteWriter& u32(uint32_t value) { return number(value, 4); }
  ByteWriter& u64(uint64_t value) { return number(value, 8); }

  ByteWriter& bytes(BytesView value);
  ByteWriter& text(std::string_view value);
  ByteWriter& fill(size_t count, uint8_t value);

  /// Writes a vector: `fill_in(writer)` writes the content, then the prefix gets its length.
  template <typename FillIn>
  ByteWriter& u8_vector(FillIn&& fill_in) {
    return vector(1, std::forward<FillIn>(fill_in));
  }
  template <typename FillIn>
  ByteWriter& u16_vector(FillIn&& fill_in) {
    return vector(2, std::forward<FillIn>(fill_in));
  }
  template <typename FillIn>
  ByteWriter& u24_vector(FillIn&& fill_in) {
    return vector(3, std::forward<FillIn>(fill_in));
  }
  ByteWriter& u8_bytes(BytesView value) { return number(value.size(), 1).bytes(value); }
  ByteWriter& u16_bytes(BytesView value) { return number(value.size(), 2).bytes(value); }
  ByteWriter& u24_bytes(BytesView value) { return number(value.size(), 3).bytes(value); }

  /// Overwrites `width` bytes at `offset`, which must have been written before.
  void patch(size_t offset, uint64_t value, size_t width);

  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] BytesView view() const { return bytes_; }
  [[nodiscard]] Bytes take() { return std::exchange(bytes_, {}); }
  void reserve(size_t size) { bytes_.reserve(size); }

 private:
  ByteWriter& number(uint64_t value, size_t width);

  template <typename FillIn>
  ByteWriter& vector(size_t width, FillIn&& fill_in) {
    number(0, width);
    const size_t begin = bytes_.size();
    fill_in(*this);
    patch(begin - width, bytes_.size() - begin, width);
    return *this;
  }

  Bytes bytes_;
};

[[nodiscard]] Bytes bytes_of(std::string_view text);

/// All parts one after another.
[[nodiscard]] Bytes concatenate(std::span<const Bytes> parts);
[[nodiscard]] inline Bytes concatenate(std::initializer_list<Bytes> parts) {
  return concatenate(std::span<const Bytes>(parts.begin(), parts.size()));
}

}  // namespace shakedown::test_support

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The only way to read bytes that came from the wire: a cursor that cannot leave its
//            input.
// Units:     Sizes and offsets are bytes. Integers are read in network byte order.
// Ownership: Views only. A reader and every view taken from it live as long as the bytes below
//            them.
// Threading: None of it is shared.
// Limits:    None of its own; the caller bounds the input.
// Failure:   A read returns false when the input is too short, and then nothing was consumed.
// RFC:       RFC 8446 §3.3 and §3.4 (numbers and vectors of the presentation language).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace shakedown {

using Bytes = std::span<const std::uint8_t>;

/// What became of an attempt to parse. The reason or the byte count stands beside it, never in it.
enum class [[nodiscard]] ParseStatus : std::uint8_t {
  ok,         ///< parsed, and the structure ended where it said it would
  need_more,  ///< a good beginning; more bytes could complete it
  malformed,  ///< no continuation could make this right
  over_limit  ///< well formed so far, but longer than a limit of limits.h allows
};

/// A cursor over wire bytes. Each read advances only on success.
class ByteReader {
 public:
  constexpr ByteReader() = default;
  constexpr explicit ByteReader(Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] constexpr std::size_t remaining() const { return rest_.size(); }
  [[nodiscard]] constexpr bool empty() const { return rest_.empty(); }
  /// What has not been read yet.
  [[nodiscard]] constexpr Bytes rest() const { return rest_; }

  [[nodiscard]] constexpr bool read_u8(std::uint8_t& out) { return read_big_endian<1>(out); }
  [[nodiscard]] constexpr bool read_u16(std::uint16_t& out) { return read_big_endian<2>(out); }
  /// A uint24 of the presentation language, widened.
  [[nodiscard]] constexpr bool read_u24(std::uint32_t& out) { return read_big_endian<3>(out); }
  [[nodiscard]] constexpr bool read_u32(std::uint32_t& out) { return read_big_endian<4>(out); }
  [[nodiscard]] constexpr bool read_u64(std::uint64_t& out) { return read_big_endian<8>(out); }

  [[nodiscard]] constexpr bool read_bytes(std::size_t size, Bytes& out) {
    if (rest_.size() < size) return false;
    out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return true;
  }

  [[nodiscard]] constexpr bool skip(std::size_t size) {
    Bytes ignored;
    return read_bytes(size, ignored);
  }

  /// `opaque out<0..2^8-1>`: a length of one byte, then that many bytes.
  [[nodiscard]] constexpr bool read_vector8(ByteReader& out) { return read_vector<1>(out); }
  [[nodiscard]] constexpr bool read_vector16(ByteReader& out) { return read_vector<2>(out); }
  [[nodiscard]] constexpr bool read_vector24(ByteReader& out) { return read_vector<3>(out); }

 private:
  template <std::size_t width, class Int>
  constexpr bool read_big_endian(Int& out) {
    static_assert(sizeof(Int) >= width);
    if (rest_.size() < width) return false;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8 | rest_[i];
    out = static_cast<Int>(value);
    rest_ = rest_.subspan(width);
    return true;
  }

  template <std::size_t width>
  constexpr bool read_vector(ByteReader& out) {
    ByteReader attempt = *this;
    std::uint32_t size = 0;
    Bytes body;
    if (!attempt.read_big_endian<width>(size) || !attempt.read_bytes(size, body)) return false;
    *this = attempt;
    out = ByteReader(body);
    return true;
  }

  Bytes rest_;
};

}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Writes what ByteReader (bytes.h) reads.
// Units:     Integers in network byte order; floats as their bits.
// Ownership: Appends to the caller's bytes.
// Threading: One thread.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "shakedown/bytes.h"
#include "shakedown/units.h"

namespace shakedown::diagnose {

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::uint8_t>& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { number<2>(value); }
  void u32(std::uint32_t value) { number<4>(value); }
  void u64(std::uint64_t value) { number<8>(value); }
  void i64(std::int64_t value) { number<8>(static_cast<std::uint64_t>(value)); }
  void time(UnixNanos value) { i64(value.value); }
  void real(float value) { u32(std::bit_cast<std::uint32_t>(value)); }
  void real(double value) { u64(std::bit_cast<std::uint64_t>(value)); }
  void bytes(Bytes value) { out_.insert(out_.end(), value.begin(), value.end()); }
  void text(std::string_view value) { out_.insert(out_.end(), value.begin(), value.end()); }

 private:
  template <unsigned width>
  void number(std::uint64_t value) {
    for (unsigned i = width; i-- > 0;)
      out_.push_back(static_cast<std::uint8_t>(value >> (8 * i) & 0xff));
  }

  std::vector<std::uint8_t>& out_;
};

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Out of line on purpose: where GCC 12 inlines the growth of a vector into a chain of writes, it
// warns of overflows that cannot happen.
#include "byte_writer.h"

namespace shakedown::test_support {

ByteWriter& ByteWriter::bytes(BytesView value) {
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

ByteWriter& ByteWriter::text(std::string_view value) {
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

ByteWriter& ByteWriter::fill(size_t count, uint8_t value) {
  bytes_.insert(bytes_.end(), count, value);
  return *this;
}

void ByteWriter::patch(size_t offset, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) {
    bytes_[offset + i] = static_cast<uint8_t>(value >> (8 * (width - 1 - i)));
  }
}

ByteWriter& ByteWriter::number(uint64_t value, size_t width) {
  const size_t offset = bytes_.size();
  bytes_.resize(offset + width);
  patch(offset, value, width);
  return *this;
}

Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

Bytes concatenate(std::span<const Bytes> parts) {
  size_t size = 0;
  for (const Bytes& part : parts) {
    size += part.size();
  }
  Bytes whole;
  whole.reserve(size);
  for (const Bytes& part : parts) {
    whole.insert(whole.end(), part.begin(), part.end());
  }
  return whole;
}

}  // namespace shakedown::test_support

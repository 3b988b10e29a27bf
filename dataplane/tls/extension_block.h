// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Walks the extensions at the end of a ClientHello or ServerHello, and lists of code
//            points.
// Units:     Sizes are bytes.
// Ownership: Views into the body.
// Threading: None of it is shared.
// Limits:    Bounded by the body; the caller counts extensions.
// Failure:   `malformed` where an extension runs past the block, `need_more` where the body ends
//            inside the block, because then the rest of it was not captured.
// RFC:       RFC 8446 §4.2.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/limits.h"
#include "shakedown/tls_types.h"

namespace shakedown::tls {

/// The meaning of a type. Before draft 23 of TLS 1.3, key_share was 40, which was never assigned
/// otherwise.
[[nodiscard]] constexpr ExtensionType meaning_of(std::uint16_t type) {
  constexpr std::uint16_t kDraftKeyShare = 40;
  return type == kDraftKeyShare ? ExtensionType::key_share : ExtensionType{type};
}

///     struct {
///       ExtensionType extension_type;
///       opaque extension_data<0..2^16-1>;
///     } Extension;
struct RawExtension {
  std::uint16_t type = 0;
  Bytes data;
};

class ExtensionBlock {
 public:
  /// Reads the length of the block; `rest` is all that follows the fixed part of the hello.
  ParseStatus open(ByteReader rest) noexcept {
    std::uint16_t size = 0;
    if (!rest.read_u16(size)) return ParseStatus::need_more;
    unread_ = size;
    bytes_follow_ = rest.remaining() > size;
    reader_ = ByteReader(rest.rest().first(std::min<std::size_t>(size, rest.remaining())));
    return ParseStatus::ok;
  }

  [[nodiscard]] bool at_end() const noexcept { return unread_ == 0; }
  /// The body goes on after the block.
  [[nodiscard]] bool bytes_follow() const noexcept { return bytes_follow_; }

  ParseStatus next(RawExtension& out) noexcept {
    constexpr std::size_t kHeaderBytes = 4;
    if (unread_ < kHeaderBytes) return ParseStatus::malformed;
    std::uint16_t size = 0;
    if (!reader_.read_u16(out.type) || !reader_.read_u16(size)) return ParseStatus::need_more;
    if (size > unread_ - kHeaderBytes) return ParseStatus::malformed;
    if (!reader_.read_bytes(size, out.data)) return ParseStatus::need_more;
    unread_ -= kHeaderBytes + size;
    return ParseStatus::ok;
  }

 private:
  ByteReader reader_;       ///< what was captured of the block
  std::size_t unread_ = 0;  ///< by the length of the block; never less than what reader_ holds
  bool bytes_follow_ = false;
};

/// The loop of both hellos: types in the order sent, the first of each type read by `read_inside`.
template <class Hello, class ReadInside>
ParseStatus read_extensions(ExtensionBlock& block, Hello& out, ReadInside read_inside) noexcept {
  bool over_limit = false;
  while (!block.at_end()) {
    RawExtension extension;
    if (const ParseStatus status = block.next(extension); status != ParseStatus::ok) return status;
    if (out.extension_count == kExtensionCountMax) {
      over_limit = true;
      continue;
    }
    const auto end = out.extension_types.begin() + out.extension_count;
    const bool seen = std::find(out.extension_types.begin(), end, extension.type) != end;
    out.extension_types[out.extension_count++] = extension.type;
    if (seen) {
      out.duplicate_extension = true;
      continue;
    }
    const ParseStatus inside = read_inside(extension, out);
    if (inside == ParseStatus::malformed) out.malformed_extension = true;
    if (inside == ParseStatus::over_limit) over_limit = true;
  }
  if (block.bytes_follow()) return ParseStatus::malformed;
  return over_limit ? ParseStatus::over_limit : ParseStatus::ok;
}

template <class Visit>
void for_each_code(Bytes list, Visit visit) noexcept {
  ByteReader reader(list);
  std::uint16_t code = 0;
  while (reader.read_u16(code)) visit(code);
}

/// A list of uint16 that must not be empty: `vector` and nothing after it.
inline bool is_code_list(const ByteReader& vector, const ByteReader& after) noexcept {
  return after.empty() && !vector.empty() && vector.remaining() % 2 == 0;
}

}  // namespace shakedown::tls

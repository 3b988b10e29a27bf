// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Finds the PROXY header that a load balancer puts before the bytes of the client whose
//            connection it passes on.
// Units:     Bytes.
// Ownership: Views only.
// Threading: Pure function.
// Limits:    kProxyLineBytesMax for version 1; the header's own 16-bit length for version 2.
// Failure:   Zero: there is none, or it does not end in these bytes.
// RFC:       none; "The PROXY protocol", versions 1 and 2, sections 2.1 and 2.2.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shakedown/bytes.h"

namespace shakedown::tls {

/// The longest line of version 1, CRLF included.
inline constexpr std::size_t kProxyLineBytesMax = 107;

[[nodiscard]] inline std::size_t proxy_header_size(Bytes payload) noexcept {
  constexpr std::string_view kLineStart = "PROXY ";
  constexpr std::array<std::uint8_t, 12> kSignature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
  const auto begins_with = [payload](const auto& start) {
    return payload.size() >= start.size() &&
           std::equal(start.begin(), start.end(), payload.begin(), [](auto left, auto right) {
             return static_cast<std::uint8_t>(left) == right;
           });
  };
  if (begins_with(kLineStart)) {
    const Bytes line = payload.first(std::min(payload.size(), kProxyLineBytesMax));
    const auto end = std::find(line.begin(), line.end(), std::uint8_t{'\n'});
    return end == line.end() ? 0 : static_cast<std::size_t>(end - line.begin()) + 1;
  }
  if (!begins_with(kSignature)) return 0;
  ByteReader reader(payload.subspan(kSignature.size()));
  ByteReader addresses;
  if (!reader.skip(2) || !reader.read_vector16(addresses)) return 0;
  return payload.size() - reader.remaining();
}

}  // namespace shakedown::tls

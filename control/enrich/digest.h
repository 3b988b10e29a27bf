// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   SHA-256, by which certificates and chains are told apart.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   A digest that OpenSSL refuses to make is all zero.
// RFC:       none
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "shakedown/bytes.h"

namespace shakedown::enrich {

using Digest = std::array<std::uint8_t, 32>;

struct DigestHash {
  std::size_t operator()(const Digest& digest) const {
    std::size_t value = 0;
    std::memcpy(&value, digest.data(), sizeof value);
    return value;
  }
};

[[nodiscard]] Digest sha256(Bytes bytes);
/// Lower-case hexadecimal digits.
[[nodiscard]] std::string hex_text(Bytes bytes);

}  // namespace shakedown::enrich

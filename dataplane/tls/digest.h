// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   MD5 and SHA-256 of a short text, for fingerprints; no security rests on them.
// Units:     Digests in binary.
// Ownership: Values.
// Threading: None of it is shared.
// Limits:    None.
// Failure:   None.
// RFC:       RFC 1321, RFC 6234.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace shakedown::tls {

[[nodiscard]] std::array<std::uint8_t, 16> md5(std::span<const char> text) noexcept;
[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::span<const char> text) noexcept;

}  // namespace shakedown::tls

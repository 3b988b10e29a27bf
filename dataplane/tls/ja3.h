// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   JA3 of a ClientHello and JA3S of a ServerHello.
// Units:     Digests are MD5 in binary; control renders them in hex.
// Ownership: Values.
// Threading: None of it is shared.
// Limits:    kJa3TextMax bytes of stack.
// Failure:   None; meaningful for hellos whose parse status was ok.
// RFC:       None. The text is `version,suites,extensions,groups,formats` (JA3S:
//            `version,suite,extensions`), decimal, lists joined by '-', in the order sent, GREASE
//            (RFC 8701) left out of JA3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "shakedown/limits.h"
#include "tls/client_hello.h"
#include "tls/server_hello.h"

namespace shakedown::tls {

using Ja3Digest = std::array<std::uint8_t, 16>;

/// "65535" and a separator for each number, "255" and a separator for each of at most 255 point
/// formats.
inline constexpr std::size_t kJa3TextMax =
    6 * (1 + kCipherSuiteCountMax + kExtensionCountMax + kNamedGroupCountMax) + 4 * 255 + 5;

[[nodiscard]] Ja3Digest ja3(const ClientHello& hello) noexcept;
[[nodiscard]] Ja3Digest ja3s(const ServerHello& hello) noexcept;

/// The text that is hashed; the result is its size.
[[nodiscard]] std::size_t write_ja3_text(const ClientHello& hello,
                                         std::span<char, kJa3TextMax> out) noexcept;
[[nodiscard]] std::size_t write_ja3s_text(const ServerHello& hello,
                                          std::span<char, kJa3TextMax> out) noexcept;

}  // namespace shakedown::tls

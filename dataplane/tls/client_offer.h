// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Writes what a client offered in the form of definition.h, the same for two hellos that
//            differ only in random values, names, GREASE and the order of extensions.
// Units:     Sizes are bytes.
// Ownership: Writes into the caller's buffer.
// Threading: None of it is shared.
// Limits:    kClientOfferBytesMax is enough for every hello within the limits of ClientHello.
// Failure:   Zero when the offer does not fit; then what stands in the buffer is not to be used.
// RFC:       RFC 8446 §3.4 (vectors), RFC 8701 (GREASE).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shakedown/limits.h"
#include "tls/client_hello.h"
#include "tls/sslv2_hello.h"

namespace shakedown::tls {

inline constexpr std::size_t kClientOfferBytesMax =
    2 + 7 * 2 +
    2 * (kCipherSuiteCountMax + kExtensionCountMax + kSupportedVersionCountMax +
         2 * kNamedGroupCountMax + kSignatureSchemeCountMax) +
    kAlpnBytesMax;
static_assert(kClientOfferBytesMax <= 8 * 1024);

[[nodiscard]] std::size_t encode_client_offer(const ClientHello& hello,
                                              std::span<std::uint8_t> out) noexcept;

/// The TLS cipher suites of an SSLv2 hello; all other lists are empty.
[[nodiscard]] std::size_t encode_client_offer(const Sslv2ClientHello& hello,
                                              std::span<std::uint8_t> out) noexcept;

}  // namespace shakedown::tls

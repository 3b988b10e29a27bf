// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Words for what clients offer and servers choose: lists that stay short, names of code
//            points, and what a server has chosen so far.
// Units:     Code points as on the wire.
// Ownership: Values.
// Threading: Pure.
// Limits:    kListedMax names a list; the rest is a count.
// Failure:   none
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "diagnose/facts.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kListedMax = 4;

/// `a`, `a and b`, `a, b, c, d and 7 more`.
[[nodiscard]] std::string listed(const std::vector<std::string>& words);
// GREASE and signalling suites are left out.
[[nodiscard]] std::string suites_text(std::span<const std::uint16_t> codes);
[[nodiscard]] std::string groups_text(std::span<const std::uint16_t> codes);
[[nodiscard]] std::string schemes_text(std::span<const std::uint16_t> codes);
[[nodiscard]] std::string extensions_text(std::span<const std::uint16_t> codes);
/// Of strangers' bytes: `"h2" and "http/1.1"`.
[[nodiscard]] std::string protocols_text(std::span<const std::string> protocols);
/// `protocol_version (70)`
[[nodiscard]] std::string alert_text(AlertDescription description);
/// What the client offers: `TLSv1.3 and TLSv1.2`, or `TLSv1.0 and nothing newer`.
[[nodiscard]] std::string offered_versions_text(const Facts& facts);

/// `the server has chosen x25519 and secp256r1 so far, in 212 handshakes since 2026-11-20T14:05Z`.
[[nodiscard]] std::string chosen_text(const Facts& facts, std::string_view choices);
[[nodiscard]] std::string chosen_versions_text(const Facts& facts);
[[nodiscard]] std::string chosen_suites_text(const Facts& facts);
[[nodiscard]] std::string chosen_groups_text(const Facts& facts);

}  // namespace shakedown::diagnose

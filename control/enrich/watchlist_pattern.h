// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What one pattern of a watchlist means: a regular expression for whole server names, of
//            which the simple ones are known to be names.
// Units:     Bytes.
// Ownership: Values.
// Threading: Pure.
// Limits:    kPatternBytesMax.
// Failure:   pattern_error() answers with the rest of a sentence, and with nothing for a good
//            pattern. The order of its checks is part of the contract: it is what users read.
// RFC:       RFC 6066 §3 (server names are ASCII; case does not matter)
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace shakedown::enrich {

/// Names have at most 255 bytes; alternations of a few dozen of them fit.
inline constexpr std::size_t kPatternBytesMax = 4096;

/// Of Hyperscan: letters of either case, a dot matches any byte, each list is reported once, and a
/// pattern may match nothing, because names that are empty are never looked at.
[[nodiscard]] unsigned pattern_flags();

/// What Hyperscan is given, because it finds patterns anywhere if it is not told otherwise.
[[nodiscard]] std::string whole_name_expression(std::string_view pattern);

/// A pattern that needs no automaton.
struct NamePattern {
  std::string name;     ///< in lower case, without a dot at its end
  bool itself = false;  ///< matches the name
  bool below = false;   ///< matches every name that ends in a dot and the name
};

/// Nothing when the pattern is more than a name, `.*\.` and a name, or `(.*\.)?` and a name. In a
/// pattern of letters, digits, '-', '_' and dots alone, the dots mean dots: whoever writes
/// `api.example.com` means that name. After one of the two beginnings, dots are written `\.`.
[[nodiscard]] std::optional<NamePattern> as_name(std::string_view pattern);

/// `.*\.example\.com` for example.com.
[[nodiscard]] std::string pattern_below(std::string_view name);

/// What is wrong with a pattern; empty when nothing is.
[[nodiscard]] std::string pattern_error(std::string_view pattern);

}  // namespace shakedown::enrich

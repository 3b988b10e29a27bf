// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   "Did you mean ...?" for mistyped commands, options and keys.
// Units:     none
// Ownership: The result is one of the candidates.
// Threading: Pure.
// Limits:    Words are compared whole; both are short.
// Failure:   Nothing when no candidate is near enough to be a likely slip.
// RFC:       none
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shakedown::config {

/// Letters to insert, delete, replace or swap with their neighbour to turn one word into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view from, std::string_view to);

/// The candidate that `word` most likely stands for; a third of its letters may be wrong.
[[nodiscard]] std::optional<std::string> closest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

}  // namespace shakedown::config

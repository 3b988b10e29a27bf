// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Breaks lists and sentences into the lines of a screen.
// Units:     Columns.
// Ownership: Values.
// Threading: Values.
// Limits:    kScreenWidth columns, as far as a single word or item fits.
// Failure:   none
// RFC:       none
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shakedown::report {

inline constexpr std::size_t kScreenWidth = 80;

/// The items behind `column`, joined with ", "; further lines are indented as far. What does not
/// fit on `line_count_max` lines is left out, and said to be.
[[nodiscard]] std::string listed(const std::vector<std::string>& items, std::size_t column,
                                 unsigned line_count_max);

/// The sentence behind `indent` columns; further lines are indented by two more.
[[nodiscard]] std::string wrapped(std::string_view sentence, std::size_t indent);

}  // namespace shakedown::report

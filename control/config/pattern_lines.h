// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A file of patterns: one a line, `#` begins a comment at the beginning of a line or
//            after a space, so that it may also stand in a pattern. Space around patterns, empty
//            lines, carriage returns before newlines and a byte order mark mean nothing.
// Units:     Lines and columns from 1; columns are bytes.
// Ownership: What is handed on is a view of the text.
// Threading: Pure.
// Limits:    None of its own.
// Failure:   none
// RFC:       none
#pragma once

#include <functional>
#include <string_view>

#include "config/problem.h"

namespace shakedown::config {

/// Hands each pattern on with its place, until `on_pattern` answers false.
void for_each_pattern_line(std::string_view text,
                           const std::function<bool(std::string_view, Position)>& on_pattern);

}  // namespace shakedown::config

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the data plane tells its user: one line on standard error, with the program's name.
// Units:     none
// Ownership: none
// Threading: say() on any thread but those that poll; set_log_level() on the main thread.
// Limits:    One line, written at once, so that lines of several processes do not mix.
// Failure:   A line that cannot be written is lost.
// RFC:       none
#pragma once

#include <string_view>

#include "shakedown/shm_layout.h"

namespace shakedown {

/// Errors are always told. At the beginning: warnings as well.
void set_log_level(LogLevel level) noexcept;
[[nodiscard]] LogLevel log_level() noexcept;

/// Tells `sentence` when its level is at or above that which is asked for. Warnings say that they
/// are.
void say(LogLevel level, std::string_view sentence);

/// An error.
void complain(std::string_view sentence);

}  // namespace shakedown

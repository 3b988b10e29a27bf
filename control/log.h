// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What control tells on standard error: one sentence a line, `shakedown-control: ...`,
//            from a level on that can change while it runs.
// Units:     none
// Ownership: One level for the process.
// Threading: Any thread; a line is written at once.
// Limits:    none
// Failure:   A line that cannot be written is lost.
// RFC:       none
#pragma once

#include <optional>
#include <string_view>

#include "shakedown/shm_layout.h"

namespace shakedown::log {

/// Of control when nothing else was asked for.
inline constexpr LogLevel kDefaultLevel = LogLevel::info;

/// LogLevel::unset means the default.
void set_level(LogLevel level) noexcept;
[[nodiscard]] LogLevel level() noexcept;

void error(std::string_view sentence);
void warning(std::string_view sentence);
void info(std::string_view sentence);
void debug(std::string_view sentence);

/// `error`, `warning`, `info`, `debug`; nothing for another word.
[[nodiscard]] std::optional<LogLevel> level_of(std::string_view name);
[[nodiscard]] std::string_view level_name(LogLevel level);

}  // namespace shakedown::log

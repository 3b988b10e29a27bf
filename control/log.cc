// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstdio>

namespace shakedown::log {

namespace {

std::atomic<LogLevel> current_level{kDefaultLevel};

constexpr std::array<std::string_view, 5> kNames{"unset", "error", "warning", "info", "debug"};

void say(LogLevel level, std::string_view sentence) {
  if (level > current_level.load(std::memory_order_relaxed)) return;
  // One call for the whole line, so that lines of two processes do not mix.
  std::fputs(fmt::format("shakedown-control: {}\n", sentence).c_str(), stderr);
}

}  // namespace

void set_level(LogLevel level) noexcept {
  current_level.store(level == LogLevel::unset ? kDefaultLevel : level, std::memory_order_relaxed);
}

LogLevel level() noexcept { return current_level.load(std::memory_order_relaxed); }

void error(std::string_view sentence) { say(LogLevel::error, sentence); }
void warning(std::string_view sentence) { say(LogLevel::warning, sentence); }
void info(std::string_view sentence) { say(LogLevel::info, sentence); }
void debug(std::string_view sentence) { say(LogLevel::debug, sentence); }

std::optional<LogLevel> level_of(std::string_view name) {
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

std::string_view level_name(LogLevel level) {
  const auto index = static_cast<std::size_t>(level);
  return index < kNames.size() ? kNames[index] : "unknown";
}

}  // namespace shakedown::log

// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

namespace shakedown {
namespace {

std::atomic<LogLevel>& threshold() noexcept {
  static std::atomic<LogLevel> level{LogLevel::warning};
  return level;
}

}  // namespace

void set_log_level(LogLevel level) noexcept {
  if (level != LogLevel::unset) threshold().store(level, std::memory_order_relaxed);
}

LogLevel log_level() noexcept { return threshold().load(std::memory_order_relaxed); }

void say(LogLevel level, std::string_view sentence) {
  if (level > log_level()) return;
  const std::string line = fmt::format("shakedown-dataplane: {}{}\n",
                                       level == LogLevel::warning ? "warning: " : "", sentence);
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

void complain(std::string_view sentence) { say(LogLevel::error, sentence); }

}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rules/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "export/text.h"
#include "shakedown/units.h"

namespace shakedown::diagnose {

std::string counted(double count, std::string_view noun) {
  const auto whole = static_cast<std::uint64_t>(std::max(1.0, std::ceil(count)));
  return fmt::format("{} {}{}", exporting::grouped(whole), noun, whole == 1 ? "" : "s");
}

std::string duration_text(std::int64_t nanos) {
  nanos = std::max<std::int64_t>(0, nanos);
  const std::int64_t seconds = nanos / kNanosPerSecond;
  if (nanos < kNanosPerSecond) return fmt::format("{} ms", nanos / kNanosPerMilli);
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} minutes", seconds / 60);
  if (seconds < 2 * 86'400) return fmt::format("{} hours", seconds / 3600);
  return fmt::format("{} days", seconds / 86'400);
}

}  // namespace shakedown::diagnose

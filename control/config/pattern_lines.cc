// SPDX-License-Identifier: Apache-2.0
#include "config/pattern_lines.h"

#include <algorithm>

namespace shakedown::config {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kSpace = " \t\r\f\v";

std::string_view without_comment(std::string_view line) {
  for (std::size_t hash = line.find('#'); hash != std::string_view::npos;
       hash = line.find('#', hash + 1)) {
    if (hash == 0 || kSpace.find(line[hash - 1]) != std::string_view::npos) {
      return line.substr(0, hash);
    }
  }
  return line;
}

}  // namespace

void for_each_pattern_line(std::string_view text,
                           const std::function<bool(std::string_view, Position)>& on_pattern) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::size_t size = std::min(text.find('\n'), text.size());
    const std::string_view line = without_comment(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
    const std::size_t first = line.find_first_not_of(kSpace);
    if (first == std::string_view::npos) continue;
    const std::size_t last = line.find_last_not_of(kSpace);
    const Position position{number, static_cast<unsigned>(first + 1)};
    if (!on_pattern(line.substr(first, last - first + 1), position)) return;
  }
}

}  // namespace shakedown::config

// SPDX-License-Identifier: Apache-2.0
#include "report/text_block.h"

#include <fmt/format.h>

#include <algorithm>

namespace shakedown::report {

std::string listed(const std::vector<std::string>& items, std::size_t column,
                   unsigned line_count_max) {
  constexpr std::size_t kRoomForMore = 9;  // of ", NN more"
  const std::size_t first_column = column;
  unsigned line_count = 1;
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool last = i + 1 == items.size();
    const std::size_t room =
        line_count == line_count_max && !last ? kScreenWidth - kRoomForMore : kScreenWidth - 1;
    if (column + items[i].size() > room && column > first_column) {
      if (line_count == line_count_max) return text + fmt::format("{} more", items.size() - i);
      text.back() = '\n';  // the space behind the comma
      text.append(first_column, ' ');
      column = first_column;
      ++line_count;
    }
    text += items[i];
    column += items[i].size();
    if (!last) text += ", ";
    column += 2;
  }
  return text;
}

std::string wrapped(std::string_view sentence, std::size_t indent) {
  std::string text(indent, ' ');
  std::size_t column = indent;
  while (!sentence.empty()) {
    const std::size_t end = std::min(sentence.find(' '), sentence.size());
    const std::string_view word = sentence.substr(0, end);
    const bool first = text.back() == ' ' || text.empty();
    if (!first && column + 1 + word.size() > kScreenWidth) {
      text += '\n';
      text.append(indent + 2, ' ');
      column = indent + 2;
    } else if (!first) {
      text += ' ';
      ++column;
    }
    text += word;
    column += word.size();
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
  }
  return text;
}

}  // namespace shakedown::report

// SPDX-License-Identifier: Apache-2.0
#include "config/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace shakedown::config {

void Problems::add(const std::string& file, Position position, std::string sentence) {
  if (problems_.size() == kProblemCountMax) {
    ++omitted_count_;
    return;
  }
  auto place = std::ranges::find(files_, file);
  if (place == files_.end()) place = files_.insert(files_.end(), file);
  const auto index = static_cast<std::size_t>(std::distance(files_.begin(), place));
  problems_.push_back({index, position, std::move(sentence)});
}

std::vector<std::string> Problems::lines() const {
  std::vector<Problem> sorted = problems_;
  std::ranges::stable_sort(sorted, {}, [](const Problem& problem) {
    return std::tuple(problem.file, problem.position);
  });
  std::vector<std::string> lines;
  for (const Problem& problem : sorted) {
    const auto& [line, column] = problem.position;
    const std::string& file = files_[problem.file];
    lines.push_back(line == 0 ? fmt::format("{}: {}", file, problem.sentence)
                              : fmt::format("{}:{}:{}: {}", file, line, column, problem.sentence));
  }
  if (omitted_count_ != 0) {
    lines.push_back(fmt::format("{}: and {} more", files_.front(), omitted_count_));
  }
  return lines;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    if (byte >= ' ' && byte <= '~') {
      out.push_back(byte);
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(byte));
    }
  }
  return out;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShownMax = 80;
  return fmt::format("'{}{}'", printable(text.substr(0, kShownMax)),
                     text.size() > kShownMax ? "..." : "");
}

}  // namespace shakedown::config

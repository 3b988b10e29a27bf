// SPDX-License-Identifier: Apache-2.0
#include "config/suggestion.h"

#include <algorithm>

namespace shakedown::config {

std::size_t edit_distance(std::string_view from, std::string_view to) {
  // Three rows of the optimal string alignment table: this one and the two before it.
  std::vector<std::size_t> oldest(to.size() + 1);
  std::vector<std::size_t> older(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t column = 0; column <= to.size(); ++column) older[column] = column;
  for (std::size_t line = 1; line <= from.size(); ++line) {
    row[0] = line;
    for (std::size_t column = 1; column <= to.size(); ++column) {
      const std::size_t replaced = older[column - 1] + (from[line - 1] == to[column - 1] ? 0 : 1);
      row[column] = std::min({older[column] + 1, row[column - 1] + 1, replaced});
      const bool swapped = line > 1 && column > 1 && from[line - 1] == to[column - 2] &&
                           from[line - 2] == to[column - 1];
      if (swapped) row[column] = std::min(row[column], oldest[column - 2] + 1);
    }
    std::swap(oldest, older);
    std::swap(older, row);
  }
  return older[to.size()];
}

std::optional<std::string> closest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3);
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    const bool nearer = best ? distance < best_distance : distance <= best_distance;
    if (nearer) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace shakedown::config

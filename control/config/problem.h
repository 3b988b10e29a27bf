// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What is wrong with a configuration: sentences with the place they are about, collected
//            so that one look at the file mends all of it.
// Units:     Lines and columns from 1.
// Ownership: Values; Source only refers.
// Threading: One thread.
// Limits:    kProblemCountMax are kept, the others counted.
// Failure:   none
// RFC:       none
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shakedown::config {

/// Beyond these nobody reads on.
inline constexpr std::size_t kProblemCountMax = 100;

/// Line zero: the file as a whole.
struct Position {
  unsigned line = 0;
  unsigned column = 0;

  auto operator<=>(const Position&) const = default;
};

class Problems {
 public:
  void add(const std::string& file, Position position, std::string sentence);

  [[nodiscard]] bool none() const { return problems_.empty(); }
  /// `FILE:LINE:COLUMN: SENTENCE`, in the order of the files' first problems and then of their
  /// lines.
  [[nodiscard]] std::vector<std::string> lines() const;

 private:
  struct Problem {
    std::size_t file = 0;
    Position position;
    std::string sentence;
  };
  std::vector<std::string> files_;
  std::vector<Problem> problems_;
  std::size_t omitted_count_ = 0;
};

/// The file that is being read, and where its problems go.
struct Source {
  const std::string& file;
  Problems& problems;

  void refuse(Position position, std::string sentence) const {
    problems.add(file, position, std::move(sentence));
  }
};

/// Without anything that moves a terminal's cursor: what is not printable ASCII becomes \xNN.
[[nodiscard]] std::string printable(std::string_view text);

/// `'text'` for a sentence: printable, and short.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace shakedown::config

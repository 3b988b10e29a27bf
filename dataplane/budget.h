// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The account of all memory that the process takes: what for, how many, how much. What
//            is not in it is not taken.
// Units:     Bytes.
// Ownership: Values.
// Threading: Main thread, before anything is taken.
// Limits:    The resident size of the process stays within total_bytes().
// Failure:   Sums that do not fit 64 bits saturate.
// RFC:       none
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shakedown {

class MemoryBudget {
 public:
  struct Line {
    std::string what;
    std::uint64_t count = 0;   ///< of whatever the line is about
    std::uint64_t bytes = 0;   ///< for all of them, once
    std::uint64_t copies = 1;  ///< one per worker, or one

    [[nodiscard]] std::uint64_t total_bytes() const;
  };

  void add(std::string_view what, std::uint64_t count, std::uint64_t bytes,
           std::uint64_t copies = 1);

  [[nodiscard]] std::uint64_t total_bytes() const;
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
  /// The table that start-up prints, ending in a line break.
  [[nodiscard]] std::string table() const;

 private:
  std::vector<Line> lines_;
};

}  // namespace shakedown

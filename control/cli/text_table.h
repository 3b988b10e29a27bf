// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Rows of text in columns that are as wide as they need to be.
// Units:     Columns of a terminal; one byte each, hence for printable ASCII.
// Ownership: Values.
// Threading: Values.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <string>
#include <vector>

namespace shakedown::cli {

class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns; those that are missing are empty.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Title and rows, each with `indent` spaces before and a newline behind; columns in which
  /// nothing stands are left out.
  [[nodiscard]] std::string text(std::size_t indent = 2) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
#include "budget.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <sstream>

namespace shakedown {
namespace {

TEST(MemoryBudget, OfNothingIsNothing) { EXPECT_EQ(MemoryBudget().total_bytes(), 0u); }

TEST(MemoryBudget, SumsLinesTimesTheirCopies) {
  MemoryBudget budget;
  budget.add("tables", 10, 1000, 4);
  budget.add("segment", 1, 77);
  EXPECT_EQ(budget.total_bytes(), 4077u);
}

TEST(MemoryBudget, SaturatesInsteadOfWrapping) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  MemoryBudget budget;
  budget.add("nearly all", 1, most / 2, 2);
  EXPECT_EQ(budget.total_bytes(), most - 1);
  budget.add("the last byte", 1, 1);
  EXPECT_EQ(budget.total_bytes(), most);
  budget.add("one too many", 1, 1);
  EXPECT_EQ(budget.total_bytes(), most);
  MemoryBudget copies;
  copies.add("too often", 1, most, 2);
  EXPECT_EQ(copies.total_bytes(), most);
}

TEST(MemoryBudget, TableHasALineForEachPoolAndTheTotal) {
  MemoryBudget budget;
  budget.add("packet buffers", 1024, 2 * 1024 * 1024);
  budget.add("embryos", 0, 0, 3);
  const std::string table = budget.table();
  EXPECT_NE(table.find("packet buffers"), std::string::npos);
  EXPECT_NE(table.find("2048"), std::string::npos);
  EXPECT_NE(table.find("x 3"), std::string::npos);
  EXPECT_NE(table.find("total"), std::string::npos);
  std::istringstream lines(table);
  int count = 0;
  for (std::string line; std::getline(lines, line);) ++count;
  EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace shakedown

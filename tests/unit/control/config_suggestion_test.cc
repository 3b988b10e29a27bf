// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>

#include "config/suggestion.h"

namespace shakedown::config {
namespace {

TEST(Suggestion, CountsEachKindOfSlipOnce) {
  EXPECT_EQ(edit_distance("read", "read"), 0u);
  EXPECT_EQ(edit_distance("rad", "read"), 1u);
  EXPECT_EQ(edit_distance("reead", "read"), 1u);
  EXPECT_EQ(edit_distance("rexd", "read"), 1u);
  EXPECT_EQ(edit_distance("raed", "read"), 1u);
  EXPECT_EQ(edit_distance("", "read"), 4u);
  EXPECT_EQ(edit_distance("read", ""), 4u);
}

TEST(Suggestion, TakesTheNearestCandidate) {
  EXPECT_EQ(closest("--worker", {"--watch-port", "--workers", "--top"}), "--workers");
}

TEST(Suggestion, OffersNothingThatIsFarAway) {
  EXPECT_EQ(closest("doctor", {"read", "version"}), std::nullopt);
  EXPECT_EQ(closest("x", {"read"}), std::nullopt);
  EXPECT_EQ(closest("read", {}), std::nullopt);
}

}  // namespace
}  // namespace shakedown::config

// SPDX-License-Identifier: Apache-2.0
#include "cli/health_watch.h"

#include <gtest/gtest.h>

#include <array>

namespace shakedown::cli {
namespace {

using namespace std::chrono_literals;
using Numbers = std::array<std::int64_t, 2>;

class HealthWatchTest : public testing::Test {
 protected:
  void look(Numbers numbers, HealthWatch::Clock::duration after) {
    now_ += after;
    watch_.look(numbers, now_);
  }

  HealthWatch watch_;
  HealthWatch::Clock::time_point now_{};
};

TEST_F(HealthWatchTest, FindsTheNumberThatDoesNotMove) {
  for (int second = 0; second <= 10; ++second) {
    look({second, 7}, 1s);
    EXPECT_EQ(watch_.stuck().has_value(), second == 10) << second;
  }
  EXPECT_EQ(watch_.stuck(), 1u);
}

TEST_F(HealthWatchTest, IsContentWithOneMoveInTime) {
  for (int second = 0; second <= 9; ++second) look({second, 7}, 1s);
  look({10, 8}, 1s);
  for (int second = 11; second <= 19; ++second) look({second, 8}, 1s);
  EXPECT_FALSE(watch_.stuck());
}

TEST_F(HealthWatchTest, DoesNotCountTimeInWhichNobodyLooked) {
  look({1, 1}, 1s);
  for (int turn = 0; turn < 100; ++turn) look({1, 1}, kLookingPause + 1ms);
  EXPECT_FALSE(watch_.stuck());
  for (int turn = 0; turn < 4; ++turn) look({1, 1}, kLookingPause);
  EXPECT_EQ(watch_.stuck(), 0u);
}

TEST_F(HealthWatchTest, BeginsAnewAfterForgettingAndWithOtherNumbers) {
  for (int second = 0; second <= 10; ++second) look({1, 1}, 1s);
  ASSERT_TRUE(watch_.stuck());
  watch_.forget();
  EXPECT_FALSE(watch_.stuck());
  look({1, 1}, 1s);
  EXPECT_FALSE(watch_.stuck());
  watch_.look(std::array<std::int64_t, 1>{1}, now_ + 1s);
  EXPECT_FALSE(watch_.stuck());
}

}  // namespace
}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/restart_policy.h"

#include <gtest/gtest.h>

namespace shakedown::cli {
namespace {

using namespace std::chrono_literals;

TEST(RestartPolicy, DoublesThePauseUpToTheLongest) {
  RestartPolicy policy;
  for (const auto pause :
       {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10'000ms, 10'000ms}) {
    EXPECT_EQ(policy.pause_after(0ms), pause);
  }
}

TEST(RestartPolicy, ForgivesAfterAGoodRunOnly) {
  RestartPolicy policy;
  for (int i = 0; i < 5; ++i) static_cast<void>(policy.pause_after(0ms));
  EXPECT_EQ(policy.pause_after(kGoodRun - 1ms), 3200ms);
  EXPECT_EQ(policy.pause_after(kGoodRun), 100ms);
  EXPECT_EQ(policy.pause_after(0ms), 200ms);
}

}  // namespace
}  // namespace shakedown::cli

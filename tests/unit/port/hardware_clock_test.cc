// SPDX-License-Identifier: Apache-2.0
#include "port/hardware_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace shakedown::port {
namespace {

constexpr UnixNanos kBegin{1'700'000'000'000'000'000};

UnixNanos after(std::int64_t nanos) { return UnixNanos{kBegin.value + nanos}; }

TEST(HardwareClock, KnowsNothingBeforeTwoComparisons) {
  HardwareClock clock;
  EXPECT_FALSE(clock.at(1).has_value());
  clock.update(1000, kBegin);
  EXPECT_FALSE(clock.at(1000).has_value());
  clock.update(2000, after(kNanosPerSecond));
  EXPECT_EQ(clock.at(2000), after(kNanosPerSecond));
}

TEST(HardwareClock, FollowsTheLineThroughBoth) {
  HardwareClock clock;
  constexpr std::uint64_t kHertz = 125'000'000;
  clock.update(7 * kHertz, kBegin);
  clock.update(8 * kHertz, after(kNanosPerSecond));
  EXPECT_EQ(clock.at(8 * kHertz + kHertz / 2), after(3 * kNanosPerSecond / 2));
  EXPECT_EQ(clock.at(8 * kHertz - kHertz / 4), after(3 * kNanosPerSecond / 4));
}

TEST(HardwareClock, KeepsTheRateWhenOneOfTheClocksGoesBack) {
  HardwareClock clock;
  clock.update(1000, kBegin);
  clock.update(2000, after(1'000'000));
  clock.update(3000, after(500'000));
  EXPECT_EQ(clock.at(2500), after(1'500'000));
  clock.update(100, after(600'000));
  EXPECT_EQ(clock.at(2500), after(1'500'000));
  clock.update(1100, after(1'600'000));
  EXPECT_EQ(clock.at(1100), after(1'600'000));
}

TEST(HardwareClock, GivesNoMixtureOfTwoComparisons) {
  HardwareClock clock;
  std::atomic<bool> stop{false};
  clock.update(0, kBegin);
  clock.update(1000, after(1000));
  std::thread writer([&] {
    for (std::uint64_t tick = 2000; !stop; tick += 1000) {
      clock.update(tick, after(static_cast<std::int64_t>(tick)));
    }
  });
  for (int i = 0; i < 200'000; ++i) {
    const auto time = clock.at(5000);
    if (time) {
      ASSERT_EQ(*time, after(5000));
    }
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace shakedown::port

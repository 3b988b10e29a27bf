// SPDX-License-Identifier: Apache-2.0
#include "overload/load_gauge.h"

#include <gtest/gtest.h>

#include "shakedown/limits.h"

namespace shakedown::overload {
namespace {

constexpr std::int64_t kStart = 1'768'478'400 * kNanosPerSecond;
constexpr std::int64_t kBurstNanos = 12'800;  ///< of a full one: 200 ns a packet

class LoadGaugeTest : public testing::Test {
 protected:
  /// One burst after the other for so long. Returns the gravest reading.
  LoadReading spend(std::int64_t nanos, unsigned count, std::int64_t burst_nanos) {
    auto worst = LoadReading::pending;
    for (const std::int64_t end = now_ + nanos; now_ < end; now_ += burst_nanos) {
      worst = std::max(worst, gauge_.note(count, UnixNanos{now_}));
    }
    return worst;
  }
  LoadReading spend_windows(unsigned windows, unsigned count, std::int64_t burst_nanos) {
    return spend(windows * kLoadWindowNanos, count, burst_nanos);
  }
  /// What a full burst takes is known then, and the last window was an empty one.
  void learn_full_bursts() {
    static_cast<void>(spend(100 * kBurstNanos, kBurstSize, kBurstNanos));
    static_cast<void>(spend_windows(3, 0, 1'000));
  }

  LoadGauge gauge_;
  std::int64_t now_ = kStart;
};

TEST_F(LoadGaugeTest, FindsABacklogAfterSomeWindowsOfFullBurstsAndNotBefore) {
  learn_full_bursts();
  EXPECT_LT(spend_windows(kBacklogWindowCount - 1, kBurstSize, kBurstNanos), LoadReading::backlog);
  EXPECT_EQ(spend_windows(2, kBurstSize, kBurstNanos), LoadReading::backlog);
  EXPECT_EQ(gauge_.load(), kFullLoad);
}

TEST_F(LoadGaugeTest, FindsNoBacklogWhereABurstIsNearlyFull) {
  learn_full_bursts();
  EXPECT_EQ(spend_windows(10, kBurstSize * 7 / 8, kBurstNanos), LoadReading::busy);
}

TEST_F(LoadGaugeTest, ForgetsABacklogWithTheFirstWindowThatHasNone) {
  learn_full_bursts();
  EXPECT_EQ(spend_windows(10, kBurstSize, kBurstNanos), LoadReading::backlog);
  EXPECT_LT(spend_windows(1, 1, 1'000), LoadReading::backlog);
  EXPECT_LT(spend_windows(kBacklogWindowCount - 1, kBurstSize, kBurstNanos), LoadReading::backlog);
}

// Two packets every microsecond, of which a full burst would make 0.4: the worker spins, and has
// time for more than as much again.
TEST_F(LoadGaugeTest, ReadsLightWorkOfAWorkerThatIsNeverIdle) {
  learn_full_bursts();
  EXPECT_EQ(spend_windows(5, 2, 1'000), LoadReading::light);
  EXPECT_NEAR(gauge_.load(), 0.4 * kFullLoad, 3);
}

TEST_F(LoadGaugeTest, ReadsAllDegreesBetween) {
  learn_full_bursts();
  EXPECT_EQ(spend_windows(5, 3, 1'000), LoadReading::moderate);
  EXPECT_NEAR(gauge_.load(), 0.6 * kFullLoad, 3);
  EXPECT_EQ(spend_windows(5, 18, 4'000), LoadReading::busy);
  EXPECT_NEAR(gauge_.load(), 0.9 * kFullLoad, 3);
}

// Rests of 100 us, then what has come meanwhile: full bursts, and none of them means anything.
TEST_F(LoadGaugeTest, ReadsLightWorkOfAWorkerThatSleeps) {
  learn_full_bursts();
  for (int i = 0; i < 400; ++i) {
    static_cast<void>(spend(2 * kBurstNanos, kBurstSize, kBurstNanos));
    EXPECT_LE(spend(75'000, 0, 75'000), LoadReading::light) << i;
  }
  EXPECT_NEAR(gauge_.load(), 0.25 * kFullLoad, 8);
}

TEST_F(LoadGaugeTest, CountsTheBurstsOfOneReadAsOne) {
  learn_full_bursts();
  auto worst = LoadReading::pending;
  for (const std::int64_t end = now_ + 6 * kLoadWindowNanos; now_ < end; now_ += kBurstNanos) {
    for (int part = 0; part < 8; ++part) {
      worst = std::max(worst, gauge_.note(kBurstSize / 8, UnixNanos{now_}));
    }
  }
  EXPECT_EQ(worst, LoadReading::backlog);
}

TEST_F(LoadGaugeTest, TakesAStallOrAJumpOfTheClockForOneWindowOnly) {
  learn_full_bursts();
  static_cast<void>(gauge_.note(kBurstSize, UnixNanos{now_}));
  now_ += 3'600 * kNanosPerSecond;
  EXPECT_LT(gauge_.note(kBurstSize, UnixNanos{now_}), LoadReading::backlog);
  EXPECT_LT(spend_windows(2, 1, 1'000), LoadReading::backlog);
  // What a full burst takes is known as before.
  EXPECT_EQ(spend_windows(5, 3, 1'000), LoadReading::moderate);
}

TEST_F(LoadGaugeTest, KeepsStillWhileTheClockDoes) {
  for (int i = 0; i < 1'000'000; ++i) {
    ASSERT_EQ(gauge_.note(kBurstSize, UnixNanos{kStart}), LoadReading::pending);
  }
}

}  // namespace
}  // namespace shakedown::overload

// SPDX-License-Identifier: Apache-2.0
#include "port/live_clock.h"

#include <gtest/gtest.h>

#include "port/rest.h"

namespace shakedown::port {
namespace {

constexpr std::int64_t kBegin = 1'700'000'000 * kNanosPerSecond;

TEST(LiveClock, ShowsTheWallClockInWholeMicroseconds) {
  LiveClock clock;
  EXPECT_EQ(clock.at(kBegin + 999, 5).value, kBegin);
  EXPECT_EQ(clock.at(kBegin + 1000, 1006).value, kBegin + 1000);
  EXPECT_EQ(clock.at(kBegin + 1999, 2005).value, kBegin + 1000);
}

TEST(LiveClock, FollowsAWallClockThatIsSetForwardAtOnce) {
  LiveClock clock;
  static_cast<void>(clock.at(kBegin, 0));
  EXPECT_EQ(clock.at(kBegin + 3600 * kNanosPerSecond, 1000).value, kBegin + 3600 * kNanosPerSecond);
}

TEST(LiveClock, GoesOnAtHalfSpeedUntilAWallClockThatWasSetBackHasCaughtUp) {
  LiveClock clock;
  static_cast<void>(clock.at(kBegin, 0));
  // Set back by ten seconds, one second later.
  EXPECT_EQ(clock.at(kBegin - 9 * kNanosPerSecond, kNanosPerSecond).value,
            kBegin + kNanosPerSecond / 2);
  EXPECT_EQ(clock.at(kBegin + 9 * kNanosPerSecond, 19 * kNanosPerSecond).value,
            kBegin + 19 * kNanosPerSecond / 2);
  // Here the two meet.
  EXPECT_EQ(clock.at(kBegin + 11 * kNanosPerSecond, 21 * kNanosPerSecond).value,
            kBegin + 11 * kNanosPerSecond);
}

TEST(LiveClock, NeverGoesBackEvenWhenBothClocksDo) {
  LiveClock clock;
  UnixNanos last;
  const std::int64_t walls[] = {0, 10'000, 5'000, 5'000, 4'000, 90'000, 0};
  const std::int64_t steadies[] = {0, 10'000, 11'000, 11'000, 10'000, 12'000, 13'000};
  for (std::size_t i = 0; i < 7; ++i) {
    const UnixNanos now = clock.at(kBegin + walls[i], steadies[i]);
    EXPECT_GE(now, last) << i;
    last = now;
  }
}

// In a busy loop each turn is far shorter than the microseconds that it is rounded to.
TEST(LiveClock, LosesNothingInShortTurns) {
  LiveClock clock;
  static_cast<void>(clock.at(kBegin, 0));
  UnixNanos now;
  for (std::int64_t steady = 50; steady <= 2'000'000; steady += 50) {
    now = clock.at(kBegin - kNanosPerSecond + steady, steady);
  }
  EXPECT_EQ(now.value, kBegin + 1'000'000);
}

TEST(LiveClock, ReadsTheClocksOfTheSystem) {
  LiveClock clock;
  const UnixNanos first = clock.now();
  EXPECT_GT(first.value, kBegin);
  EXPECT_GE(clock.now(), first);
}

TEST(Rest, SpinsThenYieldsThenSleeps) {
  EXPECT_EQ(rest_of_turn(0), Rest::pause);
  EXPECT_EQ(rest_of_turn(kYieldTurn - 1), Rest::pause);
  EXPECT_EQ(rest_of_turn(kYieldTurn), Rest::yield);
  EXPECT_EQ(rest_of_turn(kSleepTurn - 1), Rest::yield);
  EXPECT_EQ(rest_of_turn(kSleepTurn), Rest::sleep);
  EXPECT_EQ(rest_of_turn(~0u), Rest::sleep);
}

TEST(Rest, StaysAsleepHoweverLongItIsQuiet) {
  unsigned turn = 0;
  for (unsigned i = 0; i < 10 * kSleepTurn; ++i) turn = next_turn(turn);
  EXPECT_EQ(rest_of_turn(turn), Rest::sleep);
  EXPECT_EQ(next_turn(turn), turn);
}

}  // namespace
}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
#include "shakedown/units.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace shakedown {
namespace {

constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();
constexpr std::uint32_t kHalf = std::uint32_t{1} << 31;

TEST(UnixNanos, KnowsZeroAsNotSeen) {
  EXPECT_FALSE(UnixNanos{}.known());
  EXPECT_TRUE(UnixNanos{1}.known());
  EXPECT_TRUE(UnixNanos{-1}.known());
}

TEST(UnixNanos, OrdersByTime) {
  EXPECT_LT(UnixNanos{-1}, UnixNanos{0});
  EXPECT_LT(UnixNanos{kNanosPerMilli}, UnixNanos{kNanosPerSecond});
  EXPECT_EQ(UnixNanos{kNanosPerMicro}, UnixNanos{1000});
}

TEST(UnixNanos, AddsBelowTheEndsOfTheRange) {
  EXPECT_EQ(add_saturating(UnixNanos{5}, 7).value, 12);
  EXPECT_EQ(add_saturating(UnixNanos{5}, -7).value, -2);
  EXPECT_EQ(add_saturating(UnixNanos{kInt64Max - 1}, 1).value, kInt64Max);
  EXPECT_EQ(add_saturating(UnixNanos{kInt64Min + 1}, -1).value, kInt64Min);
}

TEST(UnixNanos, SaturatesAtTheEndsOfTheRange) {
  EXPECT_EQ(add_saturating(UnixNanos{kInt64Max}, 1), kEndOfTime);
  EXPECT_EQ(add_saturating(UnixNanos{kInt64Max}, kInt64Max), kEndOfTime);
  EXPECT_EQ(add_saturating(UnixNanos{kInt64Min}, -1).value, kInt64Min);
}

TEST(SeqNum, AddsAroundTheWrap) {
  EXPECT_EQ(SeqNum{0xffffffff}.plus(1).value, 0u);
  EXPECT_EQ(SeqNum{0xfffffff0}.plus(0x20).value, 0x10u);
  EXPECT_EQ(SeqNum{5}.plus(0).value, 5u);
}

TEST(SeqNum, MeasuresDistancesAroundTheWrap) {
  EXPECT_EQ(SeqNum{0x10}.distance_from(SeqNum{0xfffffff0}), 0x20);
  EXPECT_EQ(SeqNum{0xfffffff0}.distance_from(SeqNum{0x10}), -0x20);
  EXPECT_EQ(SeqNum{7}.distance_from(SeqNum{7}), 0);
}

TEST(SeqNum, OrdersDistancesBelowHalfTheSpace) {
  for (const std::uint32_t base : {0u, 1u, kHalf - 1, kHalf, 0xffffffffu}) {
    const SeqNum number{base};
    for (const std::uint32_t distance : {1u, 1460u, kHalf - 1}) {
      EXPECT_TRUE(number.before(number.plus(distance)));
      EXPECT_TRUE(number.plus(distance).after(number));
      EXPECT_FALSE(number.after(number.plus(distance)));
    }
    EXPECT_FALSE(number.before(number));
    EXPECT_FALSE(number.after(number));
  }
}

TEST(SeqNum, TakesMoreThanHalfTheSpaceForTheOtherDirection) {
  EXPECT_TRUE(SeqNum{0}.after(SeqNum{kHalf + 1}));
  EXPECT_FALSE(SeqNum{0}.before(SeqNum{kHalf + 1}));
}

}  // namespace
}  // namespace shakedown

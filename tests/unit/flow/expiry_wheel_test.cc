// SPDX-License-Identifier: Apache-2.0
#include "flow/expiry_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "deterministic_random.h"
#include "test_arena.h"

namespace shakedown::flow {
namespace {

using test_support::DeterministicRandom;
using test_support::TestArena;

constexpr std::int64_t kTick = std::int64_t{1} << ExpiryWheel::kTickBits;
constexpr std::int64_t kTurn = kTick * ExpiryWheel::kTickCount;
constexpr std::int64_t kStart = 1'700'000'000 * kNanosPerSecond;

class ExpiryWheelTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kCapacity = 64;

  /// Times are relative to kStart.
  void schedule(std::uint32_t slot, std::int64_t deadline) {
    wheel_.schedule(slot, UnixNanos{kStart + deadline});
  }
  std::vector<std::uint32_t> advance(std::int64_t now) {
    std::vector<std::uint32_t> due;
    wheel_.advance(UnixNanos{kStart + now}, [&](std::uint32_t slot) { due.push_back(slot); });
    return due;
  }
  using Slots = std::vector<std::uint32_t>;

  TestArena memory_{ExpiryWheel::budget_bytes(kCapacity)};
  ExpiryWheel wheel_{memory_.arena(), kCapacity};
};

TEST_F(ExpiryWheelTest, FiresAtTheDeadlineAndNotOneNanosecondBefore) {
  EXPECT_EQ(advance(0), Slots{});
  schedule(3, 5 * kTick + 7);
  EXPECT_EQ(advance(5 * kTick + 6), Slots{});
  EXPECT_TRUE(wheel_.is_scheduled(3));
  EXPECT_EQ(advance(5 * kTick + 7), Slots{3});
  EXPECT_FALSE(wheel_.is_scheduled(3));
  EXPECT_EQ(advance(9 * kTick), Slots{});
}

TEST_F(ExpiryWheelTest, FiresInOrderOfDeadlineWithinATick) {
  EXPECT_EQ(advance(0), Slots{});
  schedule(1, kTick + 30);
  schedule(2, kTick + 10);
  schedule(3, kTick + 20);
  schedule(4, kTick + 10);
  EXPECT_EQ(advance(kTick + 20), (Slots{2, 4, 3}));
  schedule(5, kTick + 25);
  EXPECT_EQ(advance(kTick + 40), (Slots{5, 1}));
}

TEST_F(ExpiryWheelTest, SchedulingAgainMovesTheDeadline) {
  EXPECT_EQ(advance(0), Slots{});
  schedule(1, 10);
  schedule(1, 3 * kTick);
  EXPECT_EQ(wheel_.scheduled_count(), 1u);
  EXPECT_EQ(advance(2 * kTick), Slots{});
  schedule(1, 2 * kTick + 1);
  EXPECT_EQ(advance(2 * kTick + 1), Slots{1});
}

TEST_F(ExpiryWheelTest, CancelledSlotsDoNotFire) {
  wheel_.cancel(9);
  schedule(1, 10);
  EXPECT_EQ(advance(0), Slots{});
  schedule(2, 10);
  schedule(3, kTick);
  wheel_.cancel(1);
  wheel_.cancel(3);
  EXPECT_EQ(advance(2 * kTick), Slots{2});
  EXPECT_EQ(wheel_.scheduled_count(), 0u);
}

TEST_F(ExpiryWheelTest, SlotsScheduledBeforeTheOriginFireInOrder) {
  schedule(1, 500);
  schedule(2, -kTurn);
  schedule(3, 3 * kTick);
  EXPECT_EQ(advance(500), (Slots{2, 1}));
  EXPECT_EQ(advance(3 * kTick), Slots{3});
}

TEST_F(ExpiryWheelTest, ADeadlineInThePastIsDueAtTheNextAdvance) {
  EXPECT_EQ(advance(100), Slots{});
  schedule(1, 100);
  schedule(2, 5);
  EXPECT_EQ(advance(100), (Slots{2, 1}));
}

TEST_F(ExpiryWheelTest, KeepsDeadlinesBeyondTheHorizon) {
  EXPECT_EQ(advance(0), Slots{});
  schedule(1, kTurn + 10 * kTick);
  schedule(2, kTurn - kTick);
  schedule(3, kTurn);
  schedule(4, 3 * kTurn + 1);
  std::vector<std::pair<std::int64_t, std::uint32_t>> fired;
  for (std::int64_t now = 0; now <= 4 * kTurn; now += 5 * kTick) {
    for (const std::uint32_t slot : advance(now)) fired.emplace_back(now, slot);
  }
  ASSERT_EQ(fired.size(), 4u);
  const std::int64_t deadlines[] = {0, kTurn + 10 * kTick, kTurn - kTick, kTurn, 3 * kTurn + 1};
  for (const auto& [now, slot] : fired) {
    EXPECT_LE(deadlines[slot], now);
    EXPECT_GT(deadlines[slot], now - 5 * kTick);
  }
}

TEST_F(ExpiryWheelTest, AJumpOfYearsFiresEverythingDueInOrderAndKeepsTheRest) {
  constexpr std::int64_t kYear = 365 * 86'400 * kNanosPerSecond;
  EXPECT_EQ(advance(0), Slots{});
  schedule(1, kYear);
  schedule(2, kTurn + 5);
  schedule(3, 20 * kTick);
  schedule(4, 3 * kYear + 10);
  schedule(5, 3 * kYear + 11);
  schedule(6, 3 * kYear + kTurn / 2);
  schedule(7, 4 * kYear);
  EXPECT_EQ(advance(3 * kYear + 10), (Slots{3, 2, 1, 4}));
  EXPECT_EQ(advance(3 * kYear + 11), Slots{5});
  EXPECT_EQ(advance(3 * kYear + kTurn / 2 - 1), Slots{});
  EXPECT_EQ(advance(3 * kYear + kTurn / 2), Slots{6});
  EXPECT_EQ(advance(5 * kYear), Slots{7});
}

TEST_F(ExpiryWheelTest, HoldsAClockThatRunsBackwards) {
  EXPECT_EQ(advance(10 * kTick), Slots{});
  schedule(1, 10 * kTick + 5);
  EXPECT_EQ(advance(-kTurn), Slots{});
  EXPECT_EQ(advance(10 * kTick + 5), Slots{1});
}

TEST_F(ExpiryWheelTest, AcceptsTheEndsOfTime) {
  EXPECT_EQ(advance(0), Slots{});
  wheel_.schedule(1, kEndOfTime);
  wheel_.schedule(2, UnixNanos{std::numeric_limits<std::int64_t>::min()});
  EXPECT_EQ(advance(kTick), Slots{2});
  std::vector<std::uint32_t> due;
  wheel_.advance(kEndOfTime, [&](std::uint32_t slot) { due.push_back(slot); });
  EXPECT_EQ(due, Slots{1});
}

TEST_F(ExpiryWheelTest, OnDueMayScheduleAndCancelAnySlot) {
  EXPECT_EQ(advance(0), Slots{});
  for (std::uint32_t slot = 1; slot <= 4; ++slot) schedule(slot, 10 + slot);
  schedule(5, 4 * kTick);
  Slots due;
  wheel_.advance(UnixNanos{kStart + 5 * kTick}, [&](std::uint32_t slot) {
    due.push_back(slot);
    if (slot == 1) {
      wheel_.cancel(2);
      schedule(3, 6 * kTick);
      wheel_.cancel(5);
      schedule(1, 7 * kTick);
      schedule(6, 1);
    }
  });
  EXPECT_EQ(due, (Slots{1, 4}));
  EXPECT_EQ(advance(8 * kTick), (Slots{6, 3, 1}));
}

TEST_F(ExpiryWheelTest, ASlotThatAlwaysSchedulesIntoThePastFiresOncePerAdvance) {
  EXPECT_EQ(advance(0), Slots{});
  schedule(1, 1);
  unsigned count = 0;
  for (int i = 1; i <= 3; ++i) {
    wheel_.advance(UnixNanos{kStart + i * 100 * kTick}, [&](std::uint32_t slot) {
      ++count;
      schedule(slot, 0);
    });
  }
  EXPECT_EQ(count, 3u);
}

TEST(ExpiryWheelStress, AgreesWithASortedSetUnderRandomOperations) {
  constexpr std::uint32_t kCapacity = 300;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    TestArena memory(ExpiryWheel::budget_bytes(kCapacity));
    ExpiryWheel wheel(memory.arena(), kCapacity);
    std::map<std::uint32_t, std::int64_t> model;
    DeterministicRandom random(seed);
    const auto below = [&](std::int64_t bound) {
      return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(bound)));
    };
    std::int64_t now = kStart;
    const auto schedule = [&](std::uint32_t slot) {
      const std::int64_t deadline =
          now + (random.chance(0.1) ? below(4 * kTurn) : below(300 * kTick)) - 2 * kTick;
      wheel.schedule(slot, UnixNanos{deadline});
      model[slot] = deadline;
    };
    for (unsigned step = 0; step < 20'000; ++step) {
      for (int i = 0; i < 5; ++i) {
        const auto slot = static_cast<std::uint32_t>(random.below(kCapacity));
        if (random.chance(0.8)) {
          schedule(slot);
        } else {
          wheel.cancel(slot);
          model.erase(slot);
        }
      }
      now += random.chance(0.002) ? below(5 * kTurn)
                                  : below(random.chance(0.5) ? kTick / 8 : 9 * kTick);
      std::int64_t latest = std::numeric_limits<std::int64_t>::min();
      std::set<std::uint32_t> late;
      wheel.advance(UnixNanos{now}, [&](std::uint32_t slot) {
        const auto known = model.find(slot);
        ASSERT_NE(known, model.end());
        ASSERT_LE(known->second, now);
        ASSERT_GE(known->second, latest);
        ASSERT_FALSE(late.contains(slot));
        latest = known->second;
        model.erase(known);
        if (random.chance(0.2)) {
          schedule(slot);
          if (model[slot] <= now) late.insert(slot);
        }
        if (random.chance(0.1)) {
          const auto other = static_cast<std::uint32_t>(random.below(kCapacity));
          wheel.cancel(other);
          model.erase(other);
          late.erase(other);
        }
      });
      for (const auto& [slot, deadline] : model) {
        ASSERT_TRUE(wheel.is_scheduled(slot));
        ASSERT_TRUE(deadline > now || late.contains(slot)) << "slot " << slot << " did not fire";
      }
      ASSERT_EQ(wheel.scheduled_count(), model.size());
    }
  }
}

}  // namespace
}  // namespace shakedown::flow

// SPDX-License-Identifier: Apache-2.0
#include "overload/controller.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace shakedown::overload {
namespace {

constexpr std::int64_t kStart = 1'768'478'400 * kNanosPerSecond;
constexpr std::int64_t kStep = kNanosPerMilli;

TEST(Shedding, GivesUpTailsBeforeClients) {
  EXPECT_EQ(shed_more({}, 0), (Shedding{OverloadLevel::tails, kAllClients}));
  EXPECT_EQ(shed_more({OverloadLevel::tails, kAllClients}, 0),
            (Shedding{OverloadLevel::clients, 192}));
}

TEST(Shedding, GoesDeeperWhereMoreIsLostButNeverMoreThanHalf) {
  const Shedding half{OverloadLevel::clients, 128};
  EXPECT_EQ(shed_more(half, 0).kept_share, 96u);
  EXPECT_EQ(shed_more(half, 32).kept_share, 96u);
  EXPECT_EQ(shed_more(half, 64).kept_share, 80u);
  EXPECT_EQ(shed_more(half, 96).kept_share, 64u);
  EXPECT_EQ(shed_more(half, 256).kept_share, 64u);
}

TEST(Shedding, AlwaysKeepsSomeone) {
  Shedding shedding;
  for (int i = 0; i < 100; ++i) shedding = shed_more(shedding, 256);
  EXPECT_EQ(shedding, (Shedding{OverloadLevel::clients, 1}));
}

TEST(Shedding, TakesAllBackInSmallSteps) {
  Shedding shedding{OverloadLevel::clients, 1};
  int steps = 0;
  while (shedding != Shedding{}) {
    const Shedding next = shed_less(shedding, false);
    EXPECT_GE(next.kept_share, shedding.kept_share);
    EXPECT_LE(next.kept_share, shedding.kept_share + std::max(shedding.kept_share / 32, 1u));
    shedding = next;
    ASSERT_LT(++steps, 200);
  }
  EXPECT_EQ(shed_less({OverloadLevel::clients, 255}, false),
            (Shedding{OverloadLevel::tails, kAllClients}));
  EXPECT_EQ(shed_less({OverloadLevel::clients, 64}, true).kept_share, 72u);
}

class ControllerTest : public testing::Test {
 protected:
  /// For so long, one reading and one turn of the main thread each millisecond.
  void pass(std::int64_t nanos, LoadReading reading) {
    for (const std::int64_t end = now_ + nanos; now_ < end; now_ += kStep) {
      controller_.report(reading, UnixNanos{now_});
      controller_.recover(UnixNanos{now_});
    }
  }

  OverloadStatus status_;
  Controller controller_{status_};
  std::int64_t now_ = kStart;
};

TEST_F(ControllerTest, LeavesNothingOutWhileThereIsNoBacklog) {
  pass(kNanosPerSecond, LoadReading::busy);
  pass(kNanosPerSecond, LoadReading::light);
  EXPECT_EQ(controller_.shedding(), Shedding{});
  EXPECT_EQ(status_.change_count.load(), 0u);
}

TEST_F(ControllerTest, WaitsForTheEffectOfEachStep) {
  pass(kStep, LoadReading::backlog);
  EXPECT_EQ(controller_.shedding().level, OverloadLevel::tails);
  pass(kTailsEffectNanos - kStep, LoadReading::backlog);
  EXPECT_EQ(controller_.shedding().level, OverloadLevel::tails);
  pass(kStep, LoadReading::backlog);
  EXPECT_EQ(controller_.shedding(), (Shedding{OverloadLevel::clients, 192}));
  pass(kCutEffectNanos - kStep, LoadReading::backlog);
  EXPECT_EQ(controller_.shedding().kept_share, 192u);
  pass(kStep, LoadReading::backlog);
  EXPECT_EQ(controller_.shedding().kept_share, 144u);
  EXPECT_EQ(status_.change_count.load(), 3u);
  EXPECT_EQ(status_.changed_at.load(), now_ - kStep);
}

TEST_F(ControllerTest, StaysWhereItIsBetweenTheWatermarks) {
  pass(200 * kNanosPerMilli, LoadReading::backlog);
  const Shedding found = controller_.shedding();
  pass(10 * kNanosPerSecond, LoadReading::busy);
  EXPECT_EQ(controller_.shedding(), found);
}

TEST_F(ControllerTest, TakesMoreOnOnlyWhenNoWorkerIsBusy) {
  pass(200 * kNanosPerMilli, LoadReading::backlog);
  const std::uint32_t share = controller_.shedding().kept_share;
  for (int i = 0; i < 1000; ++i) {
    pass(kStep, LoadReading::light);                         // of one worker
    controller_.report(LoadReading::busy, UnixNanos{now_});  // of another
  }
  EXPECT_EQ(controller_.shedding().kept_share, share);
  pass(kNanosPerSecond, LoadReading::moderate);
  EXPECT_GT(controller_.shedding().kept_share, share);
  EXPECT_LT(controller_.shedding().kept_share, 2 * share);
}

TEST_F(ControllerTest, RecoversWhollyAndSoonerWhereTheLoadIsLight) {
  pass(kNanosPerSecond, LoadReading::backlog);
  const std::int64_t begin = now_;
  while (controller_.shedding() != Shedding{}) {
    pass(kStep, LoadReading::light);
    ASSERT_LT(now_, begin + 20 * kNanosPerSecond);
  }
  const std::int64_t light = now_ - begin;
  pass(kNanosPerSecond, LoadReading::backlog);
  const std::int64_t again = now_;
  while (controller_.shedding() != Shedding{}) {
    pass(kStep, LoadReading::moderate);
    ASSERT_LT(now_, again + 60 * kNanosPerSecond);
  }
  EXPECT_LT(light, now_ - again);
}

TEST_F(ControllerTest, HoldsTailsBackForASecond) {
  pass(kStep, LoadReading::backlog);
  pass(kTailsCalmNanos - kStep, LoadReading::light);
  EXPECT_EQ(controller_.shedding().level, OverloadLevel::tails);
  pass(2 * kStep, LoadReading::light);
  EXPECT_EQ(controller_.shedding().level, OverloadLevel::none);
}

TEST_F(ControllerTest, CutsByWhatThePortsSayTheyLost) {
  std::uint64_t received = 0;
  std::uint64_t missed = 0;
  for (int i = 0; i < 100; ++i) {
    controller_.note_losses(received += 70'000, missed += 30'000);
  }
  pass(kTailsEffectNanos + kStep, LoadReading::backlog);
  // Three tenths, and an eighth beside.
  EXPECT_NEAR(controller_.shedding().kept_share, 256 * (1 - 0.3 - 0.125), 3);
  // What was lost before is forgotten.
  for (int i = 0; i < 100; ++i) controller_.note_losses(received += 100'000, missed);
  pass(kCutEffectNanos, LoadReading::backlog);
  EXPECT_NEAR(controller_.shedding().kept_share, 256 * 0.575 * 0.75, 3);
}

TEST_F(ControllerTest, IsNotMisledByCountersThatBeginAnew) {
  controller_.note_losses(1'000'000, 500'000);
  controller_.note_losses(10, 0);
  controller_.note_losses(0, 0);
  pass(kTailsEffectNanos + kStep, LoadReading::backlog);
  EXPECT_GE(controller_.shedding().kept_share, 128u);
}

TEST_F(ControllerTest, LetsOneOfManyWorkersMakeAChange) {
  pass(kTailsEffectNanos + kStep, LoadReading::backlog);
  ASSERT_EQ(controller_.shedding().kept_share, 192u);
  const UnixNanos now{now_ + kCutEffectNanos};
  std::atomic<bool> go{false};
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([this, now, &go] {
      while (!go.load()) {
      }
      for (int turn = 0; turn < 1'000; ++turn) controller_.report(LoadReading::backlog, now);
    });
  }
  go.store(true);
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(controller_.shedding().kept_share, 144u);
  EXPECT_EQ(status_.change_count.load(), 3u);
}

}  // namespace
}  // namespace shakedown::overload

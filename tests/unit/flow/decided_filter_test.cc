// SPDX-License-Identifier: Apache-2.0
#include "flow/decided_filter.h"

#include <gtest/gtest.h>

#include <set>

#include "deterministic_random.h"
#include "test_arena.h"

namespace shakedown::flow {
namespace {

using test_support::DeterministicRandom;
using test_support::TestArena;

/// Hashes that share a set: they differ only where `spread` of one set looks away.
class DecidedFilterTest : public ::testing::Test {
 protected:
  TestArena memory_{DecidedFilter::budget_bytes(1)};
  DecidedFilter one_set_{memory_.arena(), 1};
  static constexpr std::uint64_t kA = std::uint64_t{1} << 40;
  static constexpr std::uint64_t kB = std::uint64_t{2} << 40;
  static constexpr std::uint64_t kC = std::uint64_t{3} << 40;
};

TEST_F(DecidedFilterTest, ContainsWhatWasInsertedAndNothingElse) {
  EXPECT_FALSE(one_set_.contains(kA));
  one_set_.prefetch(kA);
  one_set_.insert(kA);
  EXPECT_TRUE(one_set_.contains(kA));
  EXPECT_FALSE(one_set_.contains(kB));
}

TEST_F(DecidedFilterTest, TheThirdOfASetPushesOutTheOldest) {
  one_set_.insert(kA);
  one_set_.insert(kB);
  EXPECT_TRUE(one_set_.contains(kA));
  one_set_.insert(kC);
  EXPECT_FALSE(one_set_.contains(kA));
  EXPECT_TRUE(one_set_.contains(kB));
  EXPECT_TRUE(one_set_.contains(kC));
}

TEST_F(DecidedFilterTest, InsertingAgainRenewsAndDoesNotTakeASecondPlace) {
  one_set_.insert(kA);
  one_set_.insert(kA);
  one_set_.insert(kB);
  EXPECT_TRUE(one_set_.contains(kA));
  one_set_.insert(kA);
  one_set_.insert(kC);
  EXPECT_TRUE(one_set_.contains(kA));
  EXPECT_FALSE(one_set_.contains(kB));
}

TEST_F(DecidedFilterTest, RemovesEitherWayAndLeavesTheOther) {
  one_set_.insert(kA);
  one_set_.insert(kB);
  one_set_.remove(kC);
  one_set_.remove(kB);
  EXPECT_FALSE(one_set_.contains(kB));
  EXPECT_TRUE(one_set_.contains(kA));
  one_set_.insert(kC);
  one_set_.remove(kA);
  EXPECT_FALSE(one_set_.contains(kA));
  EXPECT_TRUE(one_set_.contains(kC));
}

TEST_F(DecidedFilterTest, AHashWithoutUpperBitsIsNotMistakenForAnEmptyPlace) {
  EXPECT_FALSE(one_set_.contains(0));
  one_set_.insert(0);
  EXPECT_TRUE(one_set_.contains(0));
  one_set_.remove(0);
  EXPECT_FALSE(one_set_.contains(0));
}

TEST(DecidedFilterStress, RemembersTheRecentAndHardlyEverAStranger) {
  constexpr std::size_t kCapacity = 1 << 16;
  TestArena memory(DecidedFilter::budget_bytes(kCapacity));
  DecidedFilter filter(memory.arena(), kCapacity);
  DeterministicRandom random(3);
  std::set<std::uint64_t> inserted;
  for (std::size_t i = 0; i < kCapacity / 4; ++i) {
    // All belong to one worker of four.
    const std::uint64_t hash = random.next() & ~std::uint64_t{3};
    filter.insert(hash);
    inserted.insert(hash);
  }
  std::size_t remembered = 0;
  for (const std::uint64_t hash : inserted) remembered += filter.contains(hash) ? 1u : 0u;
  EXPECT_GT(remembered, inserted.size() * 95 / 100);
  std::size_t mistaken = 0;
  for (unsigned i = 0; i < 1'000'000; ++i) mistaken += filter.contains(random.next()) ? 1u : 0u;
  EXPECT_LE(mistaken, 2u);
}

}  // namespace
}  // namespace shakedown::flow

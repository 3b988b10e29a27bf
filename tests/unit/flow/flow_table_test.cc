// SPDX-License-Identifier: Apache-2.0
#include "flow/flow_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "deterministic_random.h"
#include "flow_test_support.h"
#include "test_arena.h"

namespace shakedown::flow {
namespace {

using test_support::DeterministicRandom;
using test_support::TestArena;
using Table = FlowTable<TestConnection>;

class FlowTableTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kCapacity = 100;

  TestConnection* insert(std::uint32_t number) {
    return table_.insert(test_hash(number), test_key(number));
  }
  TestConnection* find(std::uint32_t number) {
    return table_.find(test_hash(number), test_key(number));
  }

  TestArena memory_{Table::budget_bytes(kCapacity)};
  Table table_{memory_.arena(), kCapacity};
};

TEST_F(FlowTableTest, FindsWhatWasInserted) {
  TestConnection* connection = insert(1);
  ASSERT_NE(connection, nullptr);
  EXPECT_EQ(connection->key, test_key(1));
  EXPECT_EQ(connection->hash, test_hash(1));
  EXPECT_EQ(find(1), connection);
  EXPECT_EQ(&table_.at(table_.slot_of(connection)), connection);
  EXPECT_EQ(table_.size(), 1u);
}

TEST_F(FlowTableTest, DoesNotFindWhatIsNotThere) {
  EXPECT_EQ(find(1), nullptr);
  ASSERT_NE(insert(1), nullptr);
  EXPECT_EQ(find(2), nullptr);
}

TEST_F(FlowTableTest, TellsKeysOfTheSameHashApart) {
  TestConnection* one = table_.insert(42, test_key(1));
  TestConnection* two = table_.insert(42, test_key(2));
  EXPECT_EQ(table_.find(42, test_key(1)), one);
  EXPECT_EQ(table_.find(42, test_key(2)), two);
  EXPECT_EQ(table_.find(42, test_key(3)), nullptr);
  table_.erase(one);
  EXPECT_EQ(table_.find(42, test_key(1)), nullptr);
  EXPECT_EQ(table_.find(42, test_key(2)), two);
}

TEST_F(FlowTableTest, FindsAHashWhoseTagWouldMeanEmpty) {
  TestConnection* connection = table_.insert(0, test_key(1));
  EXPECT_EQ(table_.find(0, test_key(1)), connection);
  EXPECT_EQ(table_.find(std::uint64_t{1} << 32, test_key(1)), nullptr);
}

TEST_F(FlowTableTest, GivesAFreshConnectionForAReusedSlot) {
  TestConnection* former = insert(1);
  former->value = 99;
  table_.erase(former);
  TestConnection* connection = insert(2);
  EXPECT_EQ(connection, former);
  EXPECT_EQ(connection->value, 0u);
}

TEST_F(FlowTableTest, HoldsItsCapacityAndRefusesOneMore) {
  for (std::uint32_t i = 0; i < kCapacity; ++i) ASSERT_NE(insert(i), nullptr) << i;
  EXPECT_EQ(table_.size(), table_.capacity());
  EXPECT_EQ(insert(kCapacity), nullptr);
  EXPECT_EQ(find(kCapacity), nullptr);
  table_.erase(find(50));
  EXPECT_NE(insert(kCapacity), nullptr);
}

TEST_F(FlowTableTest, RefusesWhenBothBucketsOfAHashAreFull) {
  std::uint32_t count = 0;
  while (table_.insert(42, test_key(count)) != nullptr) ++count;
  EXPECT_TRUE(count == FlowIndex::kEntryCount || count == 2 * FlowIndex::kEntryCount);
  EXPECT_EQ(table_.size(), count);
  EXPECT_NE(insert(1000), nullptr);
}

TEST_F(FlowTableTest, WorksWithACapacityOfOneAndRefusesWithZero) {
  TestArena one_memory(Table::budget_bytes(1));
  Table one(one_memory.arena(), 1);
  EXPECT_NE(one.insert(1, test_key(1)), nullptr);
  EXPECT_EQ(one.insert(2, test_key(2)), nullptr);
  TestArena none_memory(Table::budget_bytes(0));
  Table none(none_memory.arena(), 0);
  EXPECT_EQ(none.insert(1, test_key(1)), nullptr);
  EXPECT_EQ(none.find(1, test_key(1)), nullptr);
}

TEST_F(FlowTableTest, VisitsEachConnectionInSlotOrderAndAllowsErasingIt) {
  for (std::uint32_t i = 0; i < 20; ++i) ASSERT_NE(insert(i), nullptr);
  for (std::uint32_t i = 0; i < 20; i += 3) table_.erase(find(i));
  std::vector<std::uint32_t> slots;
  table_.for_each([&](TestConnection& connection) {
    slots.push_back(table_.slot_of(&connection));
    table_.erase(&connection);
  });
  EXPECT_EQ(slots.size(), 13u);
  EXPECT_TRUE(std::is_sorted(slots.begin(), slots.end()));
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(FlowTableTest, PrefetchingChangesNothing) {
  table_.prefetch(test_hash(1));
  table_.prefetch_connection(test_hash(1));
  ASSERT_NE(insert(1), nullptr);
  table_.prefetch_connection(test_hash(1));
  EXPECT_NE(find(1), nullptr);
}

TEST(FlowTableStress, FillsToCapacityForAnySeedOfTheHash) {
  constexpr std::uint32_t kCapacity = 50'000;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    TestArena memory(Table::budget_bytes(kCapacity));
    Table table(memory.arena(), kCapacity);
    for (std::uint32_t i = 0; i < kCapacity; ++i) {
      // The worker was chosen by the low bits of the same hash: they are all alike.
      const std::uint64_t hash = hash_of(test_key(i), seed) & ~std::uint64_t{63};
      ASSERT_NE(table.insert(hash, test_key(i)), nullptr) << i;
    }
  }
}

TEST(FlowTableStress, AgreesWithAMapUnderRandomOperations) {
  constexpr std::uint32_t kCapacity = 300;
  TestArena memory(Table::budget_bytes(kCapacity));
  Table table(memory.arena(), kCapacity);
  std::map<std::uint32_t, TestConnection*> model;
  DeterministicRandom random(11);
  for (unsigned step = 0; step < 200'000; ++step) {
    const auto number = static_cast<std::uint32_t>(random.below(500));
    const std::uint64_t hash = test_hash(number);
    TestConnection* found = table.find(hash, test_key(number));
    const auto known = model.find(number);
    ASSERT_EQ(found, known == model.end() ? nullptr : known->second);
    if (found == nullptr) {
      TestConnection* made = table.insert(hash, test_key(number));
      ASSERT_EQ(made != nullptr, model.size() < kCapacity);
      if (made != nullptr) {
        made->value = number;
        model.emplace(number, made);
      }
    } else {
      ASSERT_EQ(found->value, number);
      if (random.chance(0.7)) {
        table.erase(found);
        model.erase(known);
      }
    }
    ASSERT_EQ(table.size(), model.size());
  }
  std::size_t visited = 0;
  table.for_each([&](TestConnection&) { ++visited; });
  EXPECT_EQ(visited, model.size());
}

}  // namespace
}  // namespace shakedown::flow

// SPDX-License-Identifier: Apache-2.0
#include "flow/embryo_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "deterministic_random.h"
#include "flow_test_support.h"
#include "test_arena.h"

namespace shakedown::flow {
namespace {

using test_support::DeterministicRandom;
using test_support::TestArena;

TEST(EmbryoTest, KeepsTheSynAckDelayInMicrosecondsAndSaturates) {
  Embryo embryo;
  EXPECT_EQ(embryo.syn_ack_delay_micros(), 0u);
  embryo.set_syn_ack_delay(0);
  EXPECT_EQ(embryo.syn_ack_delay_micros(), 1u);
  embryo.set_syn_ack_delay(-5);
  EXPECT_EQ(embryo.syn_ack_delay_micros(), 1u);
  embryo.set_syn_ack_delay(123'456 * kNanosPerMicro);
  EXPECT_EQ(embryo.syn_ack_delay_micros(), 123'456u);
  embryo.set_syn_ack_delay((std::int64_t{1} << 24) * kNanosPerMicro);
  EXPECT_EQ(embryo.syn_ack_delay_micros(), Embryo::kSynAckDelayMicrosMax);
}

TEST(EmbryoTest, KeepsBothWindowScalesAndTheirAbsence) {
  Embryo embryo;
  EXPECT_EQ(embryo.client_window_scale(), Embryo::kWindowScaleAbsent);
  EXPECT_EQ(embryo.server_window_scale(), Embryo::kWindowScaleAbsent);
  embryo.set_client_window_scale(0);
  embryo.set_server_window_scale(14);
  EXPECT_EQ(embryo.client_window_scale(), 0);
  EXPECT_EQ(embryo.server_window_scale(), 14);
  embryo.set_client_window_scale(15);
  EXPECT_EQ(embryo.client_window_scale(), 14);
  EXPECT_EQ(embryo.server_window_scale(), 14);
  embryo.set_client_window_scale(Embryo::kWindowScaleAbsent);
  EXPECT_EQ(embryo.client_window_scale(), Embryo::kWindowScaleAbsent);
}

TEST(EmbryoTest, CountsSynRepetitionsUpToTheEndOfTheByte) {
  Embryo embryo;
  for (int i = 0; i < 300; ++i) embryo.count_syn_repeat();
  EXPECT_EQ(embryo.syn_repeat_count, 255);
}

class EmbryoTableTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kCapacity = 4;

  Embryo* begin(std::uint32_t number, std::int64_t now) {
    return table_.begin(test_hash(number), test_key(number), UnixNanos{now},
                        [&](Embryo& embryo) { left_.push_back(embryo.key); });
  }
  Embryo* find(std::uint32_t number) { return table_.find(test_hash(number), test_key(number)); }
  void expire(std::int64_t limit) {
    table_.expire(UnixNanos{limit}, [&](Embryo& embryo) { left_.push_back(embryo.key); });
  }
  std::vector<FlowKey> take_left() { return std::exchange(left_, {}); }

  static std::vector<FlowKey> keys(std::initializer_list<std::uint32_t> numbers) {
    std::vector<FlowKey> out;
    for (const std::uint32_t number : numbers) out.push_back(test_key(number));
    return out;
  }

  TestArena memory_{EmbryoTable::budget_bytes(kCapacity)};
  EmbryoTable table_{memory_.arena(), kCapacity};
  std::vector<FlowKey> left_;
};

TEST_F(EmbryoTableTest, FindsWhatWasBegunAndForgetsWhatWasErased) {
  Embryo* embryo = begin(1, 10);
  EXPECT_EQ(find(1), embryo);
  EXPECT_EQ(embryo->key, test_key(1));
  EXPECT_EQ(table_.hash_of(embryo), test_hash(1));
  EXPECT_EQ(table_.last_touch(embryo), UnixNanos{10});
  table_.erase(embryo);
  EXPECT_EQ(find(1), nullptr);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(EmbryoTableTest, ExpiresAtTheLimitAndNotAfterIt) {
  begin(1, 10);
  begin(2, 11);
  expire(9);
  EXPECT_TRUE(take_left().empty());
  expire(10);
  EXPECT_EQ(take_left(), keys({1}));
  EXPECT_EQ(find(1), nullptr);
  EXPECT_NE(find(2), nullptr);
}

TEST_F(EmbryoTableTest, ExpiresInTheOrderOfTheLastTouch) {
  begin(1, 10);
  begin(2, 11);
  begin(3, 12);
  table_.touch(find(1), UnixNanos{13});
  table_.touch(find(3), UnixNanos{14});
  expire(12);
  EXPECT_EQ(take_left(), keys({2}));
  expire(100);
  EXPECT_EQ(take_left(), keys({1, 3}));
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(EmbryoTableTest, AFullTableGivesUpTheOneThatWasSilentForLongest) {
  for (std::uint32_t i = 0; i < kCapacity; ++i) begin(i, 10 + i);
  EXPECT_TRUE(take_left().empty());
  table_.touch(find(0), UnixNanos{20});
  EXPECT_NE(begin(9, 21), nullptr);
  EXPECT_EQ(take_left(), keys({1}));
  EXPECT_EQ(table_.size(), kCapacity);
  EXPECT_NE(find(0), nullptr);
  EXPECT_NE(find(9), nullptr);
}

TEST_F(EmbryoTableTest, FullBucketsGiveUpTheOldestOfTheirOwn) {
  constexpr std::uint32_t kLarge = 1000;
  TestArena memory(EmbryoTable::budget_bytes(kLarge));
  EmbryoTable table(memory.arena(), kLarge);
  std::vector<FlowKey> left;
  for (std::uint32_t i = 0; i < 50; ++i) {
    const Embryo* embryo = table.begin(42, test_key(i), UnixNanos{100 + i},
                                       [&](Embryo& out) { left.push_back(out.key); });
    ASSERT_NE(embryo, nullptr);
    ASSERT_EQ(table.find(42, test_key(i)), embryo);
  }
  EXPECT_EQ(left.size() + table.size(), 50u);
  EXPECT_EQ(left.front(), test_key(0));
  EXPECT_EQ(left.back(), test_key(static_cast<std::uint32_t>(left.size() - 1)));
}

TEST_F(EmbryoTableTest, HoldsAClockThatRunsBackwards) {
  begin(1, 100);
  EXPECT_EQ(table_.last_touch(begin(2, 50)), UnixNanos{100});
  expire(99);
  EXPECT_TRUE(take_left().empty());
}

TEST_F(EmbryoTableTest, GivesAFreshEmbryoForAReusedSlot) {
  Embryo* former = begin(1, 10);
  former->syn_repeat_count = 7;
  former->set(Embryo::syn_ack_seen);
  table_.erase(former);
  const Embryo* embryo = begin(2, 11);
  EXPECT_EQ(embryo, former);
  EXPECT_EQ(embryo->syn_repeat_count, 0);
  EXPECT_FALSE(embryo->has(Embryo::syn_ack_seen));
}

TEST(EmbryoTableStress, AgreesWithADequeUnderRandomOperations) {
  constexpr std::uint32_t kCapacity = 200;
  struct Known {
    std::uint32_t number;
    std::int64_t touched;
    bool operator==(const Known&) const = default;
  };
  TestArena memory(EmbryoTable::budget_bytes(kCapacity));
  EmbryoTable table(memory.arena(), kCapacity);
  std::deque<Known> model;
  DeterministicRandom random(5);
  std::int64_t now = 1000;
  const auto expect_front_left = [&](Embryo& embryo) {
    ASSERT_FALSE(model.empty());
    ASSERT_EQ(embryo.key, test_key(model.front().number));
    model.pop_front();
  };
  for (unsigned step = 0; step < 100'000; ++step) {
    now += static_cast<std::int64_t>(random.below(3));
    const auto number = static_cast<std::uint32_t>(random.below(400));
    Embryo* embryo = table.find(test_hash(number), test_key(number));
    const auto known = std::find_if(model.begin(), model.end(),
                                    [&](const Known& k) { return k.number == number; });
    ASSERT_EQ(embryo != nullptr, known != model.end());
    if (embryo == nullptr) {
      const std::size_t before = model.size();
      ASSERT_NE(table.begin(test_hash(number), test_key(number), UnixNanos{now}, expect_front_left),
                nullptr);
      ASSERT_EQ(model.size(), std::min<std::size_t>(before, kCapacity - 1));
      model.push_back({number, now});
    } else if (random.chance(0.5)) {
      model.erase(known);
      table.touch(embryo, UnixNanos{now});
      model.push_back({number, now});
    } else {
      model.erase(known);
      table.erase(embryo);
    }
    if (random.chance(0.01)) {
      const std::int64_t limit = now - static_cast<std::int64_t>(random.below(400));
      table.expire(UnixNanos{limit}, expect_front_left);
      ASSERT_TRUE(model.empty() || model.front().touched > limit);
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

}  // namespace
}  // namespace shakedown::flow

// SPDX-License-Identifier: Apache-2.0
//
// The rings alone: order, the exact limits, and rows of definitions, whole and broken.
#include "shakedown/event_ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "definition_message.h"

namespace shakedown {
namespace {

using test_support::DefinitionMessage;
using test_support::message_of;
using test_support::take_messages;

using Body = std::vector<std::uint8_t>;

class RecordRingTest : public testing::Test {
 protected:
  [[nodiscard]] bool push(std::uint64_t sequence) {
    HandshakeRecord record;
    record.sequence = sequence;
    return ring_->try_push(record);
  }
  std::unique_ptr<RecordRing> ring_ = std::make_unique_for_overwrite<RecordRing>();
};

TEST_F(RecordRingTest, AnEmptyRingGivesNothing) {
  HandshakeRecord record;
  EXPECT_EQ(ring_->pop(&record, 1), 0u);
  EXPECT_EQ(ring_->fill(), 0u);
}

TEST_F(RecordRingTest, RecordsComeOutInTheOrderPushed) {
  for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(push(i));
  EXPECT_EQ(ring_->fill(), 5u);
  std::vector<HandshakeRecord> records(3);
  ASSERT_EQ(ring_->pop(records.data(), 3), 3u);
  EXPECT_EQ(records[0].sequence, 1u);
  EXPECT_EQ(records[2].sequence, 3u);
  ASSERT_EQ(ring_->pop(records.data(), 3), 2u);
  EXPECT_EQ(records[1].sequence, 5u);
}

TEST_F(RecordRingTest, HoldsItsCapacityAndRefusesOneMore) {
  for (std::uint64_t i = 1; i <= kRecordRingCapacity; ++i) ASSERT_TRUE(push(i)) << i;
  EXPECT_FALSE(push(0));
  EXPECT_EQ(ring_->fill(), kRecordRingCapacity);
  HandshakeRecord record;
  ASSERT_EQ(ring_->pop(&record, 1), 1u);
  EXPECT_EQ(record.sequence, 1u);
  EXPECT_TRUE(push(kRecordRingCapacity + 1));
  EXPECT_FALSE(push(0));
}

TEST_F(RecordRingTest, OrderSurvivesTheEndOfTheBuffer) {
  std::uint64_t pushed = 0;
  std::uint64_t popped = 0;
  HandshakeRecord record;
  for (unsigned turn = 0; turn < 3 * kRecordRingCapacity / 5; ++turn) {
    for (unsigned i = 0; i < 5; ++i) ASSERT_TRUE(push(++pushed));
    while (ring_->pop(&record, 1) == 1) ASSERT_EQ(record.sequence, ++popped);
  }
  EXPECT_EQ(popped, pushed);
}

TEST_F(RecordRingTest, ARecordThatIsLookedAtStaysUntilItIsGivenBack) {
  for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(push(i));
  std::vector<HandshakeRecord> records(5);
  for (int turn = 0; turn < 2; ++turn) {
    ASSERT_EQ(ring_->look(0, records.data(), 5), 5u);
    EXPECT_EQ(records[4].sequence, 5u);
    EXPECT_EQ(ring_->fill(), 5u);
  }
  ring_->give_back(2);
  EXPECT_EQ(ring_->fill(), 3u);
  EXPECT_EQ(ring_->at(0).sequence, 3u);
  ASSERT_EQ(ring_->look(1, records.data(), 5), 2u);
  EXPECT_EQ(records[0].sequence, 4u);
  EXPECT_EQ(ring_->look(3, records.data(), 5), 0u);
  EXPECT_EQ(ring_->look(4, records.data(), 5), 0u);
}

TEST_F(RecordRingTest, IsFullUntilSomethingIsGivenBack) {
  for (std::uint64_t i = 1; i <= kRecordRingCapacity; ++i) ASSERT_TRUE(push(i));
  std::vector<HandshakeRecord> records(kRecordRingCapacity);
  ASSERT_EQ(ring_->look(0, records.data(), kRecordRingCapacity), kRecordRingCapacity);
  EXPECT_FALSE(push(0));
  ring_->give_back(1);
  EXPECT_TRUE(push(kRecordRingCapacity + 1));
  EXPECT_FALSE(push(0));
  ASSERT_EQ(ring_->look(0, records.data(), kRecordRingCapacity), kRecordRingCapacity);
  EXPECT_EQ(records.front().sequence, 2u);
  EXPECT_EQ(records.back().sequence, kRecordRingCapacity + 1);
}

template <class Ring>
class RingOfAnyCapacity : public testing::Test {};

using Capacities = testing::Types<BasicRecordRing<1>, BasicRecordRing<2>, BasicRecordRing<16'384>>;
TYPED_TEST_SUITE(RingOfAnyCapacity, Capacities);

TYPED_TEST(RingOfAnyCapacity, HoldsItsCapacityInOrderAndRefusesOneMore) {
  const auto ring = std::make_unique_for_overwrite<TypeParam>();
  HandshakeRecord record;
  for (std::uint64_t turn = 0; turn < 3; ++turn) {
    const std::uint64_t first = turn * TypeParam::kCapacity;
    for (std::uint64_t i = 0; i < TypeParam::kCapacity; ++i) {
      record.sequence = first + i;
      ASSERT_TRUE(ring->try_push(record));
    }
    EXPECT_FALSE(ring->try_push(record));
    EXPECT_EQ(ring->fill(), TypeParam::kCapacity);
    EXPECT_EQ(ring->at(TypeParam::kCapacity - 1).sequence, first + TypeParam::kCapacity - 1);
    for (std::uint64_t i = 0; i < TypeParam::kCapacity; ++i) {
      ASSERT_EQ(ring->pop(&record, 1), 1u);
      ASSERT_EQ(record.sequence, first + i);
    }
    EXPECT_EQ(ring->fill(), 0u);
  }
}

TYPED_TEST(RingOfAnyCapacity, RefusesUntilAPlaceIsGivenBack) {
  const auto ring = std::make_unique_for_overwrite<TypeParam>();
  HandshakeRecord record;
  while (ring->try_push(record)) {
  }
  ring->give_back(1);
  EXPECT_TRUE(ring->try_push(record));
  EXPECT_FALSE(ring->try_push(record));
}

DefinitionHeader header_of(std::uint64_t id, std::size_t body_size) {
  DefinitionHeader header;
  header.id = id;
  header.body_size = static_cast<std::uint32_t>(body_size);
  return header;
}

class DefinitionRingTest : public testing::Test {
 protected:
  [[nodiscard]] bool push(std::uint64_t id, Bytes body) {
    return ring_->try_push(message_of(header_of(id, body.size()), body));
  }
  [[nodiscard]] std::vector<DefinitionMessage> take() { return take_messages(*ring_); }

  std::unique_ptr<DefinitionRing> ring_ = std::make_unique_for_overwrite<DefinitionRing>();
};

TEST_F(DefinitionRingTest, AnEmptyRingGivesNothing) {
  Body messages{1, 2, 3};
  ring_->take_all(messages);
  EXPECT_TRUE(messages.empty());
}

TEST_F(DefinitionRingTest, HeaderAndBodyComeOutAsPushed) {
  const std::vector<Body> bodies{{1, 2, 3}, Body(1000, 7), {}, Body(kDefinitionBodyMax, 9)};
  for (std::size_t i = 0; i < bodies.size(); ++i) ASSERT_TRUE(push(11 + i, bodies[i]));
  const auto taken = take();
  ASSERT_EQ(taken.size(), bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ(taken[i].header.id, 11 + i);
    EXPECT_EQ(taken[i].body, bodies[i]);
  }
  EXPECT_TRUE(take().empty());
}

TEST_F(DefinitionRingTest, GoesInWholeOrNotAtAll) {
  ASSERT_TRUE(ring_->try_push(Body(kDefinitionRingBytes - 100)));
  const auto free = [this] { return kDefinitionRingBytes - ring_->fill(); };
  EXPECT_EQ(free(), 100u);
  EXPECT_FALSE(ring_->try_push(Body(free() + 1)));
  EXPECT_EQ(free(), 100u);
  EXPECT_TRUE(ring_->try_push(Body(free())));
  EXPECT_EQ(free(), 0u);
  EXPECT_FALSE(ring_->try_push(Body(free() + 1)));
}

TEST_F(DefinitionRingTest, BodiesSurviveTheEndOfTheBuffer) {
  std::uint64_t id = 0;
  for (std::size_t bytes = 0; bytes < 3 * kDefinitionRingBytes; bytes += 50'001) {
    ++id;
    const Body body(50'001, static_cast<std::uint8_t>(id));
    ASSERT_TRUE(push(id, body));
    const auto taken = take();
    ASSERT_EQ(taken.size(), 1u);
    ASSERT_EQ(taken[0].header.id, id);
    ASSERT_EQ(taken[0].body, body);
  }
}

std::vector<std::uint64_t> ids_of(Bytes messages, bool& intact) {
  std::vector<std::uint64_t> ids;
  intact = for_each_definition(
      messages, [&ids](const DefinitionHeader& header, Bytes) { ids.push_back(header.id); });
  return ids;
}

TEST(DefinitionMessages, ABodyThatNoWriterSendsIsAFlawAndWhatCameBeforeIsVisited) {
  Body messages = message_of(header_of(1, 1), Body{7});
  const Body second =
      message_of(header_of(2, kDefinitionBodyMax + 1), Body(kDefinitionBodyMax + 1));
  messages.insert(messages.end(), second.begin(), second.end());
  bool intact = true;
  EXPECT_EQ(ids_of(messages, intact), std::vector<std::uint64_t>{1});
  EXPECT_FALSE(intact);
}

TEST(DefinitionMessages, AMessageThatIsCutAnywhereIsAFlaw) {
  const Body message = message_of(header_of(1, 5), Body(5, 7));
  for (std::size_t size = 1; size < message.size(); ++size) {
    bool intact = true;
    EXPECT_TRUE(ids_of(Bytes(message).first(size), intact).empty()) << size;
    EXPECT_FALSE(intact) << size;
  }
}

}  // namespace
}  // namespace shakedown

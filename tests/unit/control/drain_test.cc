// SPDX-License-Identifier: Apache-2.0
//
// What stays in the rings, and for how long.
#include "ingest/drain.h"

#include <gtest/gtest.h>

#include "fake_dataplane.h"
#include "handshake_records.h"

namespace shakedown::ingest {
namespace {

using test::FakeDataplane;

class DrainTest : public testing::Test {
 protected:
  explicit DrainTest(RunMode mode = RunMode::live) { dataplane_.segment().mode = mode; }

  void push(unsigned worker, std::int64_t time) {
    HandshakeRecord record = test::a_handshake();
    record.worker_index = static_cast<std::uint8_t>(worker);
    record.sequence = ++sequences_[worker];
    record.order_time = UnixNanos{time};
    dataplane_.push(worker, record);
  }
  void take_until(std::int64_t watermark) {
    for (unsigned i = 0; i < 2; ++i) dataplane_.watermark(i, watermark);
    const Drain::Turn turn = drain_.take(order_);
    order_.release_before(turn.watermark, [this](HandshakeRecord&) { ++released_; });
  }
  std::size_t fill(unsigned worker) { return dataplane_.worker(worker).records.fill(); }

  FakeDataplane dataplane_{2};
  Drain drain_{dataplane_.segment(), [](const DefinitionHeader&, Bytes) {}};
  RecordOrder order_;
  std::uint64_t sequences_[2] = {};
  unsigned released_ = 0;
};

TEST_F(DrainTest, KeepsInTheRingWhatWaitsForItsTurnAndWhatCameAfterIt) {
  push(0, 10);
  push(0, 30);
  push(0, 20);  // a record may be decided for a time before the last one
  push(1, 40);
  take_until(25);
  EXPECT_EQ(released_, 2u);
  EXPECT_EQ(fill(0), 3u) << "nothing is written yet";
  drain_.give_back(order_);
  EXPECT_EQ(fill(0), 2u) << "the second one waits, and the third comes after it";
  EXPECT_EQ(fill(1), 1u);
  take_until(50);
  EXPECT_EQ(released_, 4u) << "nothing is taken twice";
  drain_.give_back(order_);
  EXPECT_EQ(fill(0), 0u);
  EXPECT_EQ(fill(1), 0u);
  EXPECT_EQ(drain_.unsafe_count(), 0u);
}

TEST_F(DrainTest, IsEmptyWhenAllIsTakenAlthoughItIsNotGivenBack) {
  EXPECT_TRUE(drain_.all_empty());
  push(1, 10);
  EXPECT_FALSE(drain_.all_empty());
  take_until(5);
  EXPECT_TRUE(drain_.all_empty());
  EXPECT_EQ(drain_.taken_count(1), 1u);
}

TEST_F(DrainTest, IsCrowdedFromAQuarterOfARingOn) {
  for (std::size_t i = 1; i < kCrowdedCount; ++i) push(0, 10);
  take_until(20);
  EXPECT_FALSE(drain_.crowded());
  push(0, 10);
  take_until(20);
  EXPECT_TRUE(drain_.crowded());
  drain_.give_back(order_);
  EXPECT_FALSE(drain_.crowded());
}

TEST_F(DrainTest, GivesBackWhatWaitsBeforeTheRingIsFull) {
  for (std::size_t i = 0; i + 1 < kOverfullCount; ++i) push(0, 10);
  take_until(5);
  drain_.give_back(order_);
  EXPECT_EQ(fill(0), kOverfullCount - 1);
  push(0, 10);
  take_until(5);
  drain_.give_back(order_);
  EXPECT_EQ(fill(0), 0u);
  EXPECT_EQ(drain_.unsafe_count(), kOverfullCount);
}

TEST_F(DrainTest, ASuccessorFindsWhatWasNotGivenBack) {
  push(0, 10);
  push(0, 30);
  take_until(20);
  drain_.give_back(order_);
  Drain successor(dataplane_.segment(), [](const DefinitionHeader&, Bytes) {});
  RecordOrder order;
  EXPECT_EQ(successor.take(order).record_count, 1u);
  EXPECT_EQ(order.pending()[0].order_time, UnixNanos{30});
}

class CaptureDrainTest : public DrainTest {
 protected:
  CaptureDrainTest() : DrainTest(RunMode::capture) {}
};

// A worker waits for room, and its watermark with it: what waits in order must not hold places.
TEST_F(CaptureDrainTest, GivesBackAtOnce) {
  push(0, 30);
  take_until(10);
  EXPECT_EQ(released_, 0u);
  EXPECT_EQ(fill(0), 0u);
  take_until(40);
  EXPECT_EQ(released_, 1u);
}

}  // namespace
}  // namespace shakedown::ingest

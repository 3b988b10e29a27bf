// SPDX-License-Identifier: Apache-2.0
//
// Order and wait of held records, the exact limits, and which of them are released early.
#include "hold/record_hold.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace shakedown::hold {
namespace {

using Push = RecordHold::Push;
using Numbers = std::vector<std::uint64_t>;

constexpr std::int64_t kWait = 3 * kNanosPerSecond;
constexpr std::int64_t kBegin = 1'700'000'000 * kNanosPerSecond;

/// Number 1 is decided at kBegin, each other one a second after that before it.
UnixNanos time_of(std::uint64_t number) {
  return UnixNanos{kBegin + static_cast<std::int64_t>(number - 1) * kNanosPerSecond};
}

HandshakeRecord record_at(std::uint64_t number, UnixNanos time) {
  HandshakeRecord record;
  record.sequence = number;
  record.order_time = time;
  return record;
}

Numbers from_to(std::uint64_t first, std::uint64_t last) {
  Numbers numbers;
  for (std::uint64_t i = first; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

class RecordHoldTest : public testing::Test {
 protected:
  void push(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t i = first; i <= last; ++i) {
      ASSERT_EQ(hold_.push(record_at(i, time_of(i)), early_), Push::held) << i;
    }
  }
  /// All at the same time.
  void push_at(UnixNanos time, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t i = first; i <= last; ++i) {
      ASSERT_EQ(hold_.push(record_at(i, time), early_), Push::held) << i;
    }
  }
  [[nodiscard]] Numbers released_before(UnixNanos now) {
    Numbers numbers;
    hold_.release_before(
        now, [&numbers](const HandshakeRecord& record) { numbers.push_back(record.sequence); });
    return numbers;
  }
  [[nodiscard]] Numbers waiting() const {
    Numbers numbers;
    hold_.look([&numbers](const HandshakeRecord& record) { numbers.push_back(record.sequence); });
    return numbers;
  }

  Numbers early_released_;
  RecordHold::Sink early_ = [this](const HandshakeRecord& record) {
    early_released_.push_back(record.sequence);
  };
  RecordHold hold_{nullptr, kWait};
};

TEST_F(RecordHoldTest, AnEmptyHoldReleasesNothing) {
  EXPECT_TRUE(released_before(time_of(1)).empty());
  EXPECT_TRUE(released_before(kEndOfTime).empty());
  hold_.commit();
  EXPECT_EQ(hold_.waiting(), 0u);
  EXPECT_EQ(hold_.uncommitted(), 0u);
  EXPECT_EQ(hold_.inherited(), 0u);
}

TEST_F(RecordHoldTest, ARecordIsReleasedWhenItHasWaitedAndNotANanosecondBefore) {
  push(1, 1);
  EXPECT_TRUE(released_before(time_of(1)).empty());
  EXPECT_TRUE(released_before(add_saturating(time_of(1), kWait - 1)).empty());
  EXPECT_EQ(released_before(add_saturating(time_of(1), kWait)), Numbers{1});
  EXPECT_TRUE(released_before(kEndOfTime).empty());
}

TEST_F(RecordHoldTest, RecordsAreReleasedInTheOrderPushed) {
  push(1, 10);
  EXPECT_EQ(released_before(time_of(8)), from_to(1, 5));
  EXPECT_EQ(waiting(), from_to(6, 10));
  EXPECT_EQ(released_before(time_of(11)), from_to(6, 8));
  EXPECT_EQ(hold_.waiting(), 2u);
}

TEST_F(RecordHoldTest, AtTheEndOfTimeAllAreReleased) {
  push(1, 5);
  EXPECT_EQ(released_before(kEndOfTime), from_to(1, 5));
}

TEST_F(RecordHoldTest, WhatIsReleasedIsTheRecordThatWasPushed) {
  HandshakeRecord record = record_at(7, time_of(1));
  record.client_port = 50'007;
  record.server_name.fill('n');
  ASSERT_EQ(hold_.push(record, early_), Push::held);
  unsigned count = 0;
  hold_.release_before(kEndOfTime, [&](const HandshakeRecord& released) {
    ++count;
    EXPECT_EQ(released.client_port, 50'007);
    EXPECT_EQ(released.server_name, record.server_name);
    EXPECT_EQ(released.order_time, record.order_time);
  });
  EXPECT_EQ(count, 1u);
}

TEST_F(RecordHoldTest, WithoutAWaitARecordGoesWithTheNextOne) {
  hold_.set_wait(0);
  push(1, 1);
  EXPECT_EQ(released_before(time_of(1)), Numbers{1});
}

TEST_F(RecordHoldTest, AWaitBelowNothingIsNone) {
  hold_.set_wait(-kNanosPerSecond);
  push(1, 1);
  EXPECT_TRUE(released_before(UnixNanos{time_of(1).value - 1}).size() == 1);
}

TEST_F(RecordHoldTest, ANewWaitHoldsForRecordsThatWaitAlready) {
  push(1, 3);
  hold_.set_wait(10 * kNanosPerSecond);
  EXPECT_TRUE(released_before(time_of(10)).empty());
  hold_.set_wait(kNanosPerSecond);
  EXPECT_EQ(released_before(time_of(3)), from_to(1, 2));
}

TEST_F(RecordHoldTest, AClockThatJumpsAheadReleasesAll) {
  push(1, 4);
  EXPECT_EQ(released_before(time_of(100'000)), from_to(1, 4));
}

TEST_F(RecordHoldTest, AClockThatIsSetBackHoldsNothingForEver) {
  push(1'000, 1'003);
  EXPECT_EQ(released_before(time_of(1)), from_to(1'000, 1'003));
  push(1, 1);
  EXPECT_TRUE(released_before(time_of(2)).empty());
  EXPECT_EQ(released_before(time_of(4)), Numbers{1});
}

TEST_F(RecordHoldTest, AStepBackWithinTheWaitReleasesNothingEarly) {
  push(4, 4);
  EXPECT_TRUE(released_before(time_of(1)).empty());
  EXPECT_EQ(released_before(UnixNanos{time_of(1).value - 1}), Numbers{4});
}

TEST_F(RecordHoldTest, TimesAtTheEndsOfTheRangeAreBorne) {
  push_at(UnixNanos{kEndOfTime.value - 1}, 1, 1);
  push_at(UnixNanos{INT64_MIN}, 2, 2);
  EXPECT_EQ(released_before(time_of(1)), from_to(1, 2));
  push_at(UnixNanos{INT64_MIN}, 3, 3);
  EXPECT_TRUE(released_before(UnixNanos{INT64_MIN}).empty());
  EXPECT_EQ(released_before(UnixNanos{kEndOfTime.value - 1}), Numbers{3});
}

TEST_F(RecordHoldTest, WhatIsReleasedStaysUntilItIsCommitted) {
  push(1, 5);
  EXPECT_EQ(released_before(time_of(5)), from_to(1, 2));
  EXPECT_EQ(hold_.uncommitted(), 2u);
  EXPECT_EQ(hold_.waiting(), 3u);
  hold_.commit();
  EXPECT_EQ(hold_.uncommitted(), 0u);
  EXPECT_EQ(hold_.waiting(), 3u);
  hold_.commit();
  EXPECT_EQ(waiting(), from_to(3, 5));
}

TEST_F(RecordHoldTest, HoldsAsManyAsItCanAndReleasesTheOldestForOneMore) {
  push_at(time_of(1), 1, kHeldRecordCountMax);
  EXPECT_TRUE(early_released_.empty());
  EXPECT_EQ(hold_.waiting(), kHeldRecordCountMax);

  const HandshakeRecord one_more = record_at(kHeldRecordCountMax + 1, time_of(1));
  EXPECT_EQ(hold_.push(one_more, early_), Push::must_commit);
  EXPECT_EQ(early_released_, from_to(1, kEarlyReleaseCount));
  EXPECT_EQ(hold_.released_early_count(), kEarlyReleaseCount);
  // Asked again without a commit, it says the same and releases no more.
  EXPECT_EQ(hold_.push(one_more, early_), Push::must_commit);
  EXPECT_EQ(early_released_.size(), kEarlyReleaseCount);

  hold_.commit();
  EXPECT_EQ(hold_.push(one_more, early_), Push::held);
  EXPECT_EQ(early_released_.size(), kEarlyReleaseCount);
  EXPECT_EQ(released_before(kEndOfTime), from_to(kEarlyReleaseCount + 1, kHeldRecordCountMax + 1));
}

TEST_F(RecordHoldTest, ARingFullOfReleasedRecordsAsksForACommitAndReleasesNothingEarly) {
  push_at(time_of(1), 1, kHeldRecordCountMax);
  EXPECT_EQ(released_before(kEndOfTime).size(), kHeldRecordCountMax);
  const HandshakeRecord next = record_at(kHeldRecordCountMax + 1, time_of(1));
  EXPECT_EQ(hold_.push(next, early_), Push::must_commit);
  EXPECT_EQ(hold_.released_early_count(), 0u);
  hold_.commit();
  EXPECT_EQ(hold_.push(next, early_), Push::held);
  EXPECT_EQ(waiting(), Numbers{kHeldRecordCountMax + 1});
}

/// What is released, and when, for a row of records with a burst that is more than fits; with
/// commits every so many records, as whoever writes thinks fit.
Numbers releases_with_commits_every(unsigned period) {
  RecordHold hold(nullptr, kWait);
  Numbers log;
  const RecordHold::Sink sink = [&log](const HandshakeRecord& record) {
    log.push_back(record.sequence);
  };
  const std::uint64_t count = 2 * kHeldRecordCountMax + 1'000;
  for (std::uint64_t i = 1; i <= count; ++i) {
    // The middle comes all at once; then one in each tenth of a second.
    const std::uint64_t slow = i <= count / 2 ? 0 : i - count / 2;
    const UnixNanos time{kBegin + static_cast<std::int64_t>(slow) * kNanosPerSecond / 10};
    hold.release_before(time, sink);
    log.push_back(0);  // where the record itself comes
    while (hold.push(record_at(i, time), sink) == Push::must_commit) hold.commit();
    if (i % period == 0) hold.commit();
  }
  return log;
}

TEST(RecordHold, WhatIsReleasedWhenDoesNotDependOnCommits) {
  const Numbers log = releases_with_commits_every(1);
  EXPECT_EQ(releases_with_commits_every(997), log);
  EXPECT_EQ(releases_with_commits_every(100'000'000), log);
}

TEST(RecordHold, ManyRoundsLeaveTheOrderAndLoseNothing) {
  RecordHold hold(nullptr, kWait);
  std::uint64_t released = 0;
  const RecordHold::Sink sink = [&released](const HandshakeRecord& record) {
    ASSERT_EQ(record.sequence, ++released);
  };
  const std::uint64_t count = 3 * kHeldRecordCountMax + 5;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const UnixNanos time{kBegin + static_cast<std::int64_t>(i) * kNanosPerMilli};
    hold.release_before(time, sink);
    while (hold.push(record_at(i, time), sink) == Push::must_commit) hold.commit();
    if (i % 100 == 0) hold.commit();
  }
  hold.release_before(kEndOfTime, sink);
  EXPECT_EQ(released, count);
  EXPECT_EQ(hold.released_early_count(), 0u);
}

}  // namespace
}  // namespace shakedown::hold

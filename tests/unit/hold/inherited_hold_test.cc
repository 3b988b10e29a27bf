// SPDX-License-Identifier: Apache-2.0
//
// A hold outlives the control that filled it: killed at every point of its work, and by a signal at
// any moment, it leaves every record that was not committed, in order.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "hold/record_hold.h"

namespace shakedown::hold {
namespace {

using Push = RecordHold::Push;
using Numbers = std::vector<std::uint64_t>;

constexpr std::int64_t kWait = 3 * kNanosPerSecond;

HandshakeRecord record_of(std::uint64_t number) {
  HandshakeRecord record;
  record.sequence = number;
  record.order_time = UnixNanos{static_cast<std::int64_t>(number) * kNanosPerSecond};
  record.first_seen = record.order_time;
  record.client_port = static_cast<std::uint16_t>(number);
  return record;
}

Numbers waiting_in(const RecordHold& hold) {
  Numbers numbers;
  hold.look([&numbers](const HandshakeRecord& record) { numbers.push_back(record.sequence); });
  return numbers;
}

class InheritedHoldTest : public testing::Test {
 protected:
  /// The one before is gone without a word.
  RecordHold& attach() { return hold_.emplace(ring_.get(), kWait); }

  static void push(RecordHold& hold, std::uint64_t first, std::uint64_t last) {
    const auto none = [](const HandshakeRecord&) { FAIL(); };
    for (std::uint64_t i = first; i <= last; ++i) {
      ASSERT_EQ(hold.push(record_of(i), none), Push::held);
    }
  }
  static Numbers released_before(RecordHold& hold, UnixNanos now) {
    Numbers numbers;
    hold.release_before(
        now, [&numbers](const HandshakeRecord& record) { numbers.push_back(record.sequence); });
    return numbers;
  }

  std::unique_ptr<HeldRing> ring_ = std::make_unique_for_overwrite<HeldRing>();
  std::optional<RecordHold> hold_;
};

TEST_F(InheritedHoldTest, AFreshRingHasNothingToInherit) {
  EXPECT_EQ(attach().inherited(), 0u);
  EXPECT_FALSE(hold_->was_inherited(record_of(1)));
}

TEST_F(InheritedHoldTest, WhatWaitedWaitsOnAndIsReleasedFirst) {
  push(attach(), 1, 4);
  EXPECT_EQ(attach().inherited(), 4u);
  push(*hold_, 5, 6);
  EXPECT_EQ(hold_->waiting(), 6u);
  EXPECT_EQ(hold_->inherited(), 4u);
  EXPECT_EQ(released_before(*hold_, record_of(8).order_time), (Numbers{1, 2, 3, 4, 5}));
  EXPECT_EQ(hold_->inherited(), 0u);
}

TEST_F(InheritedHoldTest, WhatWasReleasedAndNotCommittedComesAgain) {
  push(attach(), 1, 4);
  EXPECT_EQ(released_before(*hold_, record_of(5).order_time), (Numbers{1, 2}));
  EXPECT_EQ(attach().inherited(), 4u);
  EXPECT_EQ(released_before(*hold_, record_of(5).order_time), (Numbers{1, 2}));
}

TEST_F(InheritedHoldTest, WhatWasCommittedIsGone) {
  push(attach(), 1, 4);
  EXPECT_EQ(released_before(*hold_, record_of(5).order_time), (Numbers{1, 2}));
  hold_->commit();
  EXPECT_EQ(waiting_in(attach()), (Numbers{3, 4}));
  EXPECT_EQ(hold_->inherited(), 2u);
}

TEST_F(InheritedHoldTest, TellsARecordThatIsHereAlready) {
  push(attach(), 1, 3);
  attach();
  for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_TRUE(hold_->was_inherited(record_of(i)));
  EXPECT_FALSE(hold_->was_inherited(record_of(4)));
  HandshakeRecord other = record_of(2);
  other.worker_index = 1;
  EXPECT_FALSE(hold_->was_inherited(other));
  other = record_of(2);
  other.first_seen = UnixNanos{1};
  EXPECT_FALSE(hold_->was_inherited(other));
  // Also when it was released meanwhile, and not when it was pushed by this control.
  EXPECT_EQ(released_before(*hold_, kEndOfTime).size(), 3u);
  EXPECT_TRUE(hold_->was_inherited(record_of(3)));
  push(*hold_, 4, 4);
  EXPECT_FALSE(hold_->was_inherited(record_of(4)));
}

TEST_F(InheritedHoldTest, AFullRingIsInheritedWhole) {
  RecordHold& first = attach();
  const auto none = [](const HandshakeRecord&) { FAIL(); };
  for (std::uint64_t i = 1; i <= kHeldRecordCountMax; ++i) {
    ASSERT_EQ(first.push(record_of(i), none), Push::held);
  }
  RecordHold& second = attach();
  EXPECT_EQ(second.inherited(), kHeldRecordCountMax);
  Numbers early;
  const auto sink = [&early](const HandshakeRecord& record) { early.push_back(record.sequence); };
  EXPECT_EQ(second.push(record_of(kHeldRecordCountMax + 1), sink), Push::must_commit);
  EXPECT_EQ(early.front(), 1u);
  EXPECT_EQ(second.inherited(), kHeldRecordCountMax - kEarlyReleaseCount);
  second.commit();
  EXPECT_EQ(second.push(record_of(kHeldRecordCountMax + 1), sink), Push::held);
}

/// Control's work in steps, of which any may be the last.
class Work {
 public:
  explicit Work(HeldRing* ring) : ring_(ring) { restart(); }

  /// Goes on where its predecessor was; what that had released and not committed is forgotten.
  void restart() {
    hold_.emplace(ring_, kWait);
    released_ = committed_;
  }
  void step(unsigned kind) {
    const auto sink = [this](const HandshakeRecord& record) {
      ASSERT_EQ(record.sequence, ++released_);
      ASSERT_EQ(record.client_port, static_cast<std::uint16_t>(record.sequence));
    };
    switch (kind) {
      case 0:
      case 1: {
        const HandshakeRecord next = record_of(pushed_ + 1);
        hold_->release_before(next.order_time, sink);
        ASSERT_EQ(hold_->push(next, sink), Push::held);
        ++pushed_;
        break;
      }
      case 2:
        hold_->release_before(record_of(pushed_ + 2).order_time, sink);
        break;
      default:
        hold_->commit();
        committed_ = released_;
        break;
    }
  }
  void check() const {
    Numbers expected;
    for (std::uint64_t i = released_ + 1; i <= pushed_; ++i) expected.push_back(i);
    EXPECT_EQ(waiting_in(*hold_), expected);
  }

 private:
  HeldRing* ring_;
  std::optional<RecordHold> hold_;
  std::uint64_t pushed_ = 0;
  std::uint64_t released_ = 0;
  std::uint64_t committed_ = 0;
};

TEST_F(InheritedHoldTest, NothingIsLostWhereverItIsKilled) {
  constexpr unsigned kStepCount = 48;
  for (unsigned killed_before = 0; killed_before <= kStepCount; ++killed_before) {
    ring_ = std::make_unique_for_overwrite<HeldRing>();
    Work work(ring_.get());
    for (unsigned i = 0; i < kStepCount; ++i) {
      if (i == killed_before) work.restart();
      work.step((i * 7 + i / 5) % 4);
      work.check();
    }
  }
}

TEST_F(InheritedHoldTest, NothingIsLostThoughItIsKilledAgainAndAgain) {
  Work work(ring_.get());
  for (unsigned i = 0; i < 500; ++i) {
    work.step((i * 13 + i / 7) % 4);
    if (i % 3 == 0) work.restart();
    work.check();
  }
}

/// What the processes of the next test share. `written` stands for the file of events.
struct Shared {
  HeldRing ring;
  std::atomic<std::uint64_t> pushed{0};
  std::atomic<std::uint64_t> written{0};
  std::atomic<std::uint64_t> errors{0};
};

void work_until_killed(Shared& shared) {
  RecordHold hold(&shared.ring, 100 * kNanosPerSecond);
  std::uint64_t released = shared.written.load();
  // One that died between writing and committing has left what is written already.
  bool first = true;
  const auto sink = [&](const HandshakeRecord& record) {
    if (first ? record.sequence > released + 1 : record.sequence != released + 1) ++shared.errors;
    if (record.client_port != static_cast<std::uint16_t>(record.sequence)) ++shared.errors;
    released = record.sequence;
    first = false;
  };
  // It may have pushed one more than it could say.
  std::uint64_t next = shared.pushed.load() + 1;
  if (hold.was_inherited(record_of(next))) ++next;
  for (;; ++next) {
    const HandshakeRecord record = record_of(next);
    hold.release_before(record.order_time, sink);
    while (hold.push(record, sink) == Push::must_commit) {
      shared.written = released;
      hold.commit();
    }
    shared.pushed = next;
    if (next % 64 == 0) {
      shared.written = released;
      hold.commit();
    }
  }
}

TEST(InheritedHold, ASignalAtAnyMomentLosesNothing) {
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const shared = new (memory) Shared;
  for (unsigned life = 0; life < 30; ++life) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) work_until_killed(*shared);
    const std::uint64_t before = shared->pushed.load();
    while (shared->pushed.load() < before + 500 + 37 * life) usleep(100);
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);

    const RecordHold hold(&shared->ring, kWait);
    const Numbers left = waiting_in(hold);
    ASSERT_FALSE(left.empty());
    EXPECT_LE(left.front(), shared->written.load() + 1);
    EXPECT_GE(left.back(), shared->pushed.load());
    for (std::size_t i = 1; i < left.size(); ++i) ASSERT_EQ(left[i], left[i - 1] + 1);
  }
  EXPECT_EQ(shared->errors.load(), 0u);
  munmap(memory, sizeof(Shared));
}

}  // namespace
}  // namespace shakedown::hold

// SPDX-License-Identifier: Apache-2.0
//
// The broker between data planes and controls that the test plays.
#include "cli/segment_broker.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "fake_dataplane.h"
#include "handoff/passed_descriptor.h"
#include "handshake_records.h"
#include "ingest/segment_feed.h"

namespace shakedown::cli {
namespace {

using handoff::FileDescriptor;
using ingest::SegmentFeed;
using News = SegmentFeed::News;
using Received = SegmentBroker::Received;
using test::FakeDataplane;
using namespace std::chrono_literals;

constexpr pid_t kControl = 4711;
constexpr pid_t kSuccessor = 4712;

class SegmentBrokerTest : public testing::Test {
 protected:
  /// A data plane that has handed over its segment.
  void begin(FakeDataplane& dataplane, std::int64_t time) {
    dataplane.segment().mode = RunMode::live;
    FileDescriptor end;
    ASSERT_EQ(broker_.open_to_dataplane(end), "");
    ASSERT_TRUE(handoff::send_with_descriptor(end.get(), "S", 1, dataplane.memfd()));
    ASSERT_EQ(broker_.receive(UnixNanos{time}), Received::segment);
    EXPECT_EQ(broker_.receive(UnixNanos{time}), Received::nothing);
  }
  void start_control() {
    FileDescriptor end;
    ASSERT_EQ(broker_.open_to_control(end), "");
    feed_.emplace(std::move(end));
  }
  News news() { return feed_->next(0ms); }
  /// What control does when it has a segment.
  static void attach(FakeDataplane& dataplane, pid_t control) {
    dataplane.segment().control.pid.store(static_cast<std::uint32_t>(control));
  }
  static void push(FakeDataplane& dataplane) { dataplane.push(0, test::a_handshake()); }
  static void drain(FakeDataplane& dataplane) {
    RecordRing& ring = dataplane.worker(0).records;
    ring.give_back(ring.fill());
  }

  SegmentBroker broker_;
  std::optional<SegmentFeed> feed_;
};

TEST_F(SegmentBrokerTest, HandsOnEachSegmentAndItsEnd) {
  FakeDataplane first(1);
  FakeDataplane second(2);
  start_control();
  EXPECT_EQ(news(), News::none);
  begin(first, 100);
  ASSERT_EQ(news(), News::began);
  EXPECT_EQ(feed_->began_at(), UnixNanos{100});
  EXPECT_TRUE(feed_->take_segment().valid());
  broker_.dataplane_ended(UnixNanos{200}, "the data plane was killed");
  ASSERT_EQ(news(), News::ended);
  EXPECT_EQ(feed_->ended_at(), UnixNanos{200});
  EXPECT_EQ(feed_->reason(), "the data plane was killed");
  begin(second, 300);
  EXPECT_EQ(news(), News::began);
  EXPECT_EQ(news(), News::none);
  broker_.close_to_control();
  EXPECT_EQ(news(), News::over);
  EXPECT_EQ(news(), News::over);
  EXPECT_EQ(feed_->error(), "");
}

TEST_F(SegmentBrokerTest, GivesANewControlTheSegmentThatTheOldOneHad) {
  FakeDataplane dataplane(1);
  start_control();
  begin(dataplane, 100);
  broker_.control_ended();
  start_control();
  ASSERT_EQ(news(), News::began);
  EXPECT_EQ(feed_->began_at(), UnixNanos{100});
  EXPECT_EQ(news(), News::none);
}

TEST_F(SegmentBrokerTest, KeepsWhatADeadDataplaneLeftUntilAControlHasWrittenIt) {
  FakeDataplane first(1);
  FakeDataplane second(1);
  begin(first, 100);
  push(first);
  broker_.dataplane_ended(UnixNanos{200}, "why");
  begin(second, 300);
  broker_.tidy(-1);
  EXPECT_TRUE(broker_.holds_records());
  for (const pid_t control : {kControl, kSuccessor}) {
    start_control();
    EXPECT_EQ(news(), News::began);
    EXPECT_EQ(news(), News::ended);
    EXPECT_EQ(news(), News::began);
    EXPECT_EQ(feed_->began_at(), UnixNanos{300});
    if (control == kControl) broker_.control_ended();  // killed before it had written anything
  }
  drain(first);
  attach(second, kSuccessor);
  broker_.tidy(kSuccessor);
  EXPECT_FALSE(broker_.holds_records());
  EXPECT_EQ(broker_.held_count(), 1u);
}

TEST_F(SegmentBrokerTest, TellsANewControlOfABlindnessThatTheOldOneDidNotSeeTheEndOf) {
  FakeDataplane first(1);
  FakeDataplane second(1);
  start_control();
  begin(first, 100);
  attach(first, kControl);
  broker_.dataplane_ended(UnixNanos{200}, "why");
  broker_.tidy(kControl);
  broker_.control_ended();
  start_control();
  // Nothing is left in the segment, but its end is news.
  ASSERT_EQ(news(), News::ended);
  EXPECT_EQ(feed_->ended_at(), UnixNanos{200});
  EXPECT_EQ(news(), News::none);
  begin(second, 300);
  EXPECT_EQ(news(), News::began);
  broker_.tidy(kSuccessor);
  EXPECT_EQ(broker_.held_count(), 2u) << "nobody has attached yet";
  attach(second, kSuccessor);
  broker_.tidy(kSuccessor);
  EXPECT_EQ(broker_.held_count(), 1u);
}

TEST_F(SegmentBrokerTest, KnowsWhoIsAttached) {
  FakeDataplane dataplane(1);
  EXPECT_EQ(broker_.current(), nullptr);
  EXPECT_FALSE(broker_.attached(kControl));
  begin(dataplane, 100);
  ASSERT_NE(broker_.current(), nullptr);
  EXPECT_FALSE(broker_.attached(kControl));
  attach(dataplane, kControl);
  EXPECT_TRUE(broker_.attached(kControl));
  EXPECT_FALSE(broker_.attached(kSuccessor));
  broker_.dataplane_ended(UnixNanos{200}, "");
  EXPECT_EQ(broker_.current(), nullptr);
  EXPECT_FALSE(broker_.attached(kControl));
}

TEST_F(SegmentBrokerTest, DropsTheOldestSegmentWhenNobodyTakesThem) {
  for (std::size_t i = 0; i < kHeldSegmentCountMax + 2; ++i) {
    FakeDataplane dataplane(1);
    begin(dataplane, 100);
    push(dataplane);
    EXPECT_EQ(broker_.take_dropped_record_count(), i < kHeldSegmentCountMax ? 0u : 1u);
    EXPECT_LE(broker_.held_count(), kHeldSegmentCountMax);
    broker_.dataplane_ended(UnixNanos{200}, "");
  }
}

TEST_F(SegmentBrokerTest, RefusesWhatIsNoSegmentOfThisBuild) {
  const auto send = [this](char letter, int descriptor) {
    FileDescriptor end;
    EXPECT_EQ(broker_.open_to_dataplane(end), "");
    EXPECT_TRUE(handoff::send_with_descriptor(end.get(), &letter, 1, descriptor));
    return broker_.receive(UnixNanos{100});
  };
  FakeDataplane dataplane(1);
  EXPECT_EQ(send('X', dataplane.memfd()), Received::unusable);
  EXPECT_EQ(send('S', -1), Received::unusable);
  dataplane.segment().layout_hash ^= 1;
  EXPECT_EQ(send('S', dataplane.memfd()), Received::unusable);
  dataplane.segment().layout_hash ^= 1;
  EXPECT_EQ(send('S', dataplane.memfd()), Received::segment);
  EXPECT_EQ(broker_.held_count(), 1u);
}

TEST_F(SegmentBrokerTest, SaysNothingOfADataplaneThatNeverBegan) {
  start_control();
  FileDescriptor end;
  ASSERT_EQ(broker_.open_to_dataplane(end), "");
  end.reset();
  EXPECT_EQ(broker_.receive(UnixNanos{100}), Received::nothing);
  EXPECT_EQ(broker_.dataplane_socket(), -1);
  broker_.dataplane_ended(UnixNanos{200}, "why");
  EXPECT_EQ(news(), News::none);
}

TEST_F(SegmentBrokerTest, NoticesAControlThatTakesNothing) {
  start_control();
  for (int turn = 0; turn < 10'000 && !broker_.control_deaf(); ++turn) {
    FakeDataplane dataplane(1);
    begin(dataplane, 100);
    broker_.dataplane_ended(UnixNanos{200}, "");
  }
  EXPECT_TRUE(broker_.control_deaf());
  broker_.control_ended();
  start_control();
  EXPECT_FALSE(broker_.control_deaf());
}

TEST(SegmentFeed, RefusesWhatNoSupervisorOfThisBuildSays) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  SegmentFeed feed{FileDescriptor(ends[0])};
  ASSERT_EQ(send(ends[1], "S", 1, 0), 1);
  EXPECT_EQ(feed.next(0ms), News::over);
  EXPECT_NE(feed.error().find("another language"), std::string::npos);
  close(ends[1]);
}

}  // namespace
}  // namespace shakedown::cli

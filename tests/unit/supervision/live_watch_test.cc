// SPDX-License-Identifier: Apache-2.0
#include "cli/live_watch.h"

#include <gtest/gtest.h>

#include "fake_dataplane.h"

namespace shakedown::cli {
namespace {

using test::FakeDataplane;

class LiveWatchTest : public testing::Test {
 protected:
  LiveWatchTest() { EXPECT_EQ(view_.open(dataplane_.memfd()), SegmentCheck::ok); }

  FakeDataplane dataplane_{2};
  SegmentView view_;
};

TEST_F(LiveWatchTest, SawWhatTheSlowestWorkerSaw) {
  dataplane_.segment().heartbeat.store(50);
  EXPECT_EQ(seen_until_by(view_), UnixNanos{50}) << "no worker has begun";
  dataplane_.watermark(0, 300);
  EXPECT_EQ(seen_until_by(view_), UnixNanos{300});
  dataplane_.watermark(1, 200);
  EXPECT_EQ(seen_until_by(view_), UnixNanos{200});
  dataplane_.watermark(1, kEndOfTime.value);
  EXPECT_EQ(seen_until_by(view_), UnixNanos{300});
}

TEST_F(LiveWatchTest, ExpectsNothingBeforeThereIsASegmentAndAtFirstSight) {
  HealthWatch watch;
  EXPECT_EQ(watch_dataplane(watch, nullptr), "");
  EXPECT_EQ(watch_dataplane(watch, &view_), "");
  ControlPulse pulse;
  EXPECT_EQ(watch_control(watch, pulse), "") << "it has not begun";
  pulse.heartbeat.store(1);
  pulse.writing.store(1);
  EXPECT_EQ(watch_control(watch, pulse), "") << "it waits for its reader";
}

TEST_F(LiveWatchTest, LooksOnlyAndNeverWrites) {
  EXPECT_TRUE(view_.all_rings_empty());
  EXPECT_TRUE(dataplane_.worker(1).records.try_push(HandshakeRecord{}));
  EXPECT_FALSE(view_.all_rings_empty());
  EXPECT_EXIT(
      {
        const_cast<SegmentHeader&>(view_.header()).heartbeat.store(1);
        _exit(0);
      },
      testing::KilledBySignal(SIGSEGV), "");
}

}  // namespace
}  // namespace shakedown::cli

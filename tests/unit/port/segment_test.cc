// SPDX-License-Identifier: Apache-2.0
#include "segment.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace shakedown {
namespace {

SegmentConfig two_workers() { return {.worker_count = 2, .memory_budget_bytes = 4711}; }

TEST(Segment, IsRefusedByTheCheckUntilItRuns) {
  Segment segment;
  ASSERT_EQ(segment.create(two_workers()), "");
  EXPECT_EQ(check_segment(&segment.header(), segment.size()), SegmentCheck::not_ready);
  segment.publish_running();
  EXPECT_EQ(check_segment(&segment.header(), segment.size()), SegmentCheck::ok);
}

TEST(Segment, HasTheSizeThatItClaims) {
  Segment segment;
  ASSERT_EQ(segment.create(two_workers()), "");
  segment.publish_running();
  struct stat status {};
  ASSERT_EQ(fstat(segment.descriptor(), &status), 0);
  EXPECT_EQ(static_cast<std::size_t>(status.st_size), segment_size(2));
  EXPECT_EQ(check_segment(&segment.header(), segment.size() - 1), SegmentCheck::wrong_size);
  EXPECT_EQ(check_segment(&segment.header(), sizeof(SegmentHeader) - 1), SegmentCheck::too_small);
}

TEST(Segment, RefusesToShrinkAndToGrow) {
  Segment segment;
  ASSERT_EQ(segment.create(two_workers()), "");
  const auto size = static_cast<off_t>(segment.size());
  EXPECT_NE(ftruncate(segment.descriptor(), size - 1), 0);
  EXPECT_NE(ftruncate(segment.descriptor(), size + 1), 0);
}

TEST(Segment, DiffersBetweenStarts) {
  Segment first;
  Segment second;
  ASSERT_EQ(first.create(two_workers()), "");
  ASSERT_EQ(second.create(two_workers()), "");
  EXPECT_NE(first.header().boot_generation, second.header().boot_generation);
}

TEST(Segment, TellsAnotherMappingWhatItTellsItself) {
  Segment segment;
  ASSERT_EQ(segment.create(two_workers()), "");
  segment.describe_port("a capture", 1234, 1);
  segment.publish_running();
  segment.worker(1).counters.add(Counter::packets_received, 5);
  void* const memory =
      mmap(nullptr, segment.size(), PROT_READ | PROT_WRITE, MAP_SHARED, segment.descriptor(), 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const header = static_cast<SegmentHeader*>(memory);
  EXPECT_EQ(check_segment(header, segment.size()), SegmentCheck::ok);
  EXPECT_EQ(header->memory_budget_bytes, 4711u);
  EXPECT_EQ(header->port_count, 1u);
  EXPECT_STREQ(header->ports[0].name.data(), "a capture");
  EXPECT_EQ(header->ports[0].size_bytes, 1234u);
  EXPECT_EQ(worker_area(header, 1)->counters.get(Counter::packets_received), 5u);
  EXPECT_EQ(worker_area(header, 0)->counters.get(Counter::packets_received), 0u);
  munmap(memory, segment.size());
}

TEST(Segment, CutsTheNameOfAPortToItsField) {
  Segment segment;
  ASSERT_EQ(segment.create(two_workers()), "");
  segment.describe_port(std::string(255, 'a'), 0, 0);
  segment.describe_port(std::string(256, 'b'), 0, 0);
  EXPECT_EQ(std::string(segment.header().ports[0].name.data()), std::string(255, 'a'));
  EXPECT_EQ(std::string(segment.header().ports[1].name.data()), std::string(255, 'b'));
}

TEST(Segment, KeepsTheFirstEnd) {
  Segment segment;
  ASSERT_EQ(segment.create(two_workers()), "");
  segment.publish_running();
  segment.publish_end(DataplaneState::failed, "no more room");
  segment.publish_end(DataplaneState::ended);
  EXPECT_EQ(segment.header().state.load(), DataplaneState::failed);
  EXPECT_STREQ(segment.header().error.data(), "no more room");
}

TEST(Segment, HeartbeatMovesForward) {
  Segment segment;
  ASSERT_EQ(segment.create(two_workers()), "");
  const std::int64_t before = segment.header().heartbeat.load();
  EXPECT_GT(before, 0);
  segment.beat();
  EXPECT_GE(segment.header().heartbeat.load(), before);
}

}  // namespace
}  // namespace shakedown

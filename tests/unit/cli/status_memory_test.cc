// SPDX-License-Identifier: Apache-2.0
//
// The memory that supervisor and control share: made of the right size without taking it, seen
// alike by both, and refused where it is not what it should be.
#include "cli/status_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

#include "hold/record_hold.h"

namespace shakedown::cli {
namespace {

constexpr auto kSize = static_cast<off_t>(sizeof(SupervisorStatus));

class StatusMemoryTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(memory_.create(), ""); }

  [[nodiscard]] std::int64_t taken_bytes() const {
    struct stat status {};
    EXPECT_EQ(fstat(memory_.descriptor(), &status), 0);
    EXPECT_EQ(status.st_size, kSize);
    return status.st_blocks * 512;
  }

  StatusMemory memory_;
};

TEST_F(StatusMemoryTest, TakesNoMemoryForRecordsBeforeThereAreAny) {
  EXPECT_LE(taken_bytes(), 4 * getpagesize());
  hold::RecordHold hold(&memory_.get().held, kNanosPerSecond);
  EXPECT_EQ(hold.inherited(), 0u);
  EXPECT_LE(taken_bytes(), 4 * getpagesize());
  ASSERT_EQ(hold.push(HandshakeRecord{}, [](const HandshakeRecord&) {}),
            hold::RecordHold::Push::held);
  EXPECT_LE(taken_bytes(), 5 * getpagesize());
}

TEST_F(StatusMemoryTest, WhatOneMappingHoldsTheOtherFinds) {
  SupervisorStatus* const other = map_supervisor_status(memory_.descriptor());
  ASSERT_NE(other, nullptr);
  {
    hold::RecordHold hold(&other->held, kNanosPerSecond);
    HandshakeRecord record;
    record.sequence = 7;
    ASSERT_EQ(hold.push(record, [](const HandshakeRecord&) {}), hold::RecordHold::Push::held);
  }
  unmap_supervisor_status(other);
  EXPECT_EQ(hold::RecordHold(&memory_.get().held, kNanosPerSecond).inherited(), 1u);
}

TEST_F(StatusMemoryTest, RecordsOfAnotherReleaseAreRefused) {
  memory_.get().abi_version = kSegmentAbiVersion + 1;
  EXPECT_EQ(map_supervisor_status(memory_.descriptor()), nullptr);
  memory_.get().abi_version = kSegmentAbiVersion;
  SupervisorStatus* const mapped = map_supervisor_status(memory_.descriptor());
  EXPECT_NE(mapped, nullptr);
  unmap_supervisor_status(mapped);
}

TEST_F(StatusMemoryTest, AnotherSizeOrMagicIsRefused) {
  memory_.get().size = sizeof(SupervisorStatus) - 1;
  EXPECT_EQ(map_supervisor_status(memory_.descriptor()), nullptr);
  memory_.get().size = sizeof(SupervisorStatus);
  memory_.get().magic = kSupervisorStatusMagic + 1;
  EXPECT_EQ(map_supervisor_status(memory_.descriptor()), nullptr);
}

TEST(StatusMemory, ADescriptorThatIsTooSmallIsRefused) {
  const int memfd = memfd_create("small", MFD_CLOEXEC);
  ASSERT_GE(memfd, 0);
  ASSERT_EQ(ftruncate(memfd, kSize - 1), 0);
  EXPECT_EQ(map_supervisor_status(memfd), nullptr);
  close(memfd);
}

}  // namespace
}  // namespace shakedown::cli

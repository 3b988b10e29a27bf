// SPDX-License-Identifier: Apache-2.0
#include "ingest/attachment.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "fake_dataplane.h"

namespace shakedown::ingest {
namespace {

using test::FakeDataplane;
using namespace std::chrono_literals;

Attachment peer_of(FakeDataplane& dataplane) {
  return Attachment(FileDescriptor(dataplane.take_peer()));
}

AttachStatus attach(Attachment& attachment, std::string& sentence) {
  return attachment.attach(50ms, sentence);
}

TEST(Attachment, MapsWhatIsHandedOverAndRaisesTheGeneration) {
  FakeDataplane dataplane(2);
  dataplane.hand_over();
  Attachment attachment = peer_of(dataplane);
  std::string sentence;
  ASSERT_EQ(attach(attachment, sentence), AttachStatus::attached) << sentence;
  EXPECT_EQ(attachment.segment().worker_count, 2u);
  EXPECT_FALSE(attachment.attached_before());
  EXPECT_EQ(dataplane.segment().control.generation.load(), 1u);
  EXPECT_EQ(dataplane.segment().control.pid.load(), static_cast<std::uint32_t>(getpid()));
}

TEST(Attachment, KnowsThatAnotherControlWasThereBefore) {
  FakeDataplane dataplane(1);
  dataplane.segment().control.generation.store(7);
  dataplane.hand_over();
  Attachment attachment = peer_of(dataplane);
  std::string sentence;
  ASSERT_EQ(attach(attachment, sentence), AttachStatus::attached);
  EXPECT_TRUE(attachment.attached_before());
  EXPECT_EQ(dataplane.segment().control.generation.load(), 8u);
}

TEST(Attachment, WaitsForAMessageAndForAStart) {
  FakeDataplane dataplane(1);
  dataplane.segment().state.store(DataplaneState::starting);
  Attachment attachment = peer_of(dataplane);
  std::string sentence;
  EXPECT_EQ(attach(attachment, sentence), AttachStatus::not_yet);
  dataplane.hand_over();
  EXPECT_EQ(attach(attachment, sentence), AttachStatus::not_yet);
  dataplane.segment().state.store(DataplaneState::running);
  EXPECT_EQ(attach(attachment, sentence), AttachStatus::attached);
}

TEST(Attachment, SaysThatThePeerIsGone) {
  FakeDataplane dataplane(1);
  dataplane.close_socket();
  Attachment attachment = peer_of(dataplane);
  std::string sentence;
  EXPECT_EQ(attach(attachment, sentence), AttachStatus::peer_gone);
}

TEST(Attachment, RefusesAMessageThatIsNotAHandOver) {
  std::string sentence;
  FakeDataplane wrong_byte(1);
  wrong_byte.hand_over('X');
  Attachment first = peer_of(wrong_byte);
  EXPECT_EQ(attach(first, sentence), AttachStatus::refused);
  FakeDataplane no_descriptor(1);
  no_descriptor.hand_over('S', false);
  Attachment second = peer_of(no_descriptor);
  EXPECT_EQ(attach(second, sentence), AttachStatus::refused);
}

TEST(Attachment, RefusesAFileShorterThanTheHeader) {
  FakeDataplane dataplane(1);
  FileDescriptor small(memfd_create("small", MFD_CLOEXEC));
  ASSERT_EQ(ftruncate(small.get(), sizeof(SegmentHeader) - 1), 0);
  dataplane.hand_over('S', true, small.get());
  Attachment attachment = peer_of(dataplane);
  std::string sentence;
  EXPECT_EQ(attach(attachment, sentence), AttachStatus::refused);
  EXPECT_EQ(sentence, describe(SegmentCheck::too_small));
}

TEST(Attachment, SaysWhatIsWrongWithASegment) {
  const auto refusal = [](auto spoil) {
    FakeDataplane dataplane(1);
    spoil(dataplane.segment());
    dataplane.hand_over();
    Attachment attachment = peer_of(dataplane);
    std::string sentence;
    EXPECT_EQ(attach(attachment, sentence), AttachStatus::refused);
    EXPECT_EQ(dataplane.segment().control.generation.load(), 0u);
    dataplane.segment().worker_count = 1;
    return sentence;
  };
  EXPECT_EQ(refusal([](SegmentHeader& s) { s.magic = 1; }), describe(SegmentCheck::wrong_magic));
  EXPECT_EQ(refusal([](SegmentHeader& s) { s.abi_version += 1; }),
            describe(SegmentCheck::wrong_abi_version));
  EXPECT_EQ(refusal([](SegmentHeader& s) { s.layout_hash += 1; }),
            describe(SegmentCheck::wrong_layout));
  EXPECT_EQ(refusal([](SegmentHeader& s) { s.worker_count = 2; }),
            describe(SegmentCheck::wrong_size));
  EXPECT_EQ(refusal([](SegmentHeader& s) { s.worker_count = 0; }),
            describe(SegmentCheck::wrong_size));
  EXPECT_EQ(refusal([](SegmentHeader& s) { s.port_count = kPortCountMax + 1; }),
            describe(SegmentCheck::wrong_size));
}

TEST(Attachment, NoticesADataplaneThatDiedEvenBeforeItIsWaitedFor) {
  FakeDataplane dataplane(1);
  int gate[2];
  ASSERT_EQ(pipe(gate), 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    _exit(read(gate[0], &byte, 1) == 1 ? 0 : 1);
  }
  dataplane.segment().dataplane_pid = static_cast<std::uint32_t>(child);
  dataplane.hand_over();
  Attachment attachment = peer_of(dataplane);
  std::string sentence;
  ASSERT_EQ(attach(attachment, sentence), AttachStatus::attached);
  EXPECT_FALSE(attachment.dataplane_gone());
  ASSERT_EQ(write(gate[1], "x", 1), 1);
  for (int i = 0; i < 500 && !attachment.dataplane_gone(); ++i) usleep(1000);
  EXPECT_TRUE(attachment.dataplane_gone());
  waitpid(child, nullptr, 0);
  close(gate[0]);
  close(gate[1]);
}

}  // namespace
}  // namespace shakedown::ingest

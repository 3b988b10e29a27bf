// SPDX-License-Identifier: Apache-2.0
#include "stream/reassembler.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "shakedown/counters.h"
#include "stream_recorder.h"
#include "test_arena.h"

namespace shakedown::stream {
namespace {

using test_support::StreamRecorder;
using test_support::TestArena;

constexpr std::uint32_t kBlockCount = 80;
/// "abcd" ends exactly at the wrap.
constexpr SeqNum kFirst{0xffff'fffc};

class ReassemblerTest : public ::testing::Test {
 protected:
  ReassemblerTest() { reassembler_.start(direction_, kFirst); }
  ~ReassemblerTest() override {
    reassembler_.release(direction_);
    EXPECT_EQ(reassembler_.free_block_count(), kBlockCount);
  }

  SegmentFate at(std::uint32_t offset, std::string_view text, std::uint32_t missing = 0) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(text.data());
    return reassembler_.deliver(direction_, kFirst.plus(offset), Bytes(data, text.size()), missing,
                                recorder_);
  }
  SegmentFate filled(std::uint32_t offset, std::size_t size) {
    return at(offset, std::string(size, 'x'));
  }
  void give_up() { reassembler_.give_up_hole(direction_, recorder_); }
  [[nodiscard]] std::uint64_t count(Counter counter) const { return counters_.get(counter); }

  TestArena memory_{Reassembler::budget_bytes(kBlockCount)};
  CounterBlock counters_;
  Reassembler reassembler_{memory_.arena(), kBlockCount, counters_};
  StreamDirection direction_;
  StreamRecorder recorder_;
};

TEST_F(ReassemblerTest, DeliversInOrderSegmentsWithoutCopy) {
  const std::string text = "abcdef";
  struct Sink {
    bool on_bytes(Bytes bytes) {
      seen = bytes.data();
      return true;
    }
    bool on_gap(GapReason, std::uint32_t) { return true; }
    const std::uint8_t* seen = nullptr;
  } sink;
  const auto* data = reinterpret_cast<const std::uint8_t*>(text.data());
  EXPECT_EQ(reassembler_.deliver(direction_, kFirst, Bytes(data, 6), 0, sink),
            SegmentFate::in_order);
  EXPECT_EQ(sink.seen, data);
  EXPECT_EQ(reassembler_.free_block_count(), kBlockCount);
  EXPECT_EQ(direction_.next, SeqNum{2});
  EXPECT_EQ(direction_.delivered_bytes, 6u);
  EXPECT_EQ(count(Counter::segments_in_order), 1u);
}

TEST_F(ReassemblerTest, BeginsMidstreamWithTheFirstSegmentWhenNotStarted) {
  StreamDirection fresh;
  const std::uint8_t byte = 'z';
  EXPECT_EQ(reassembler_.deliver(fresh, SeqNum{99}, Bytes(&byte, 1), 0, recorder_),
            SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "z");
  EXPECT_EQ(fresh.next, SeqNum{100});
}

TEST_F(ReassemblerTest, HoldsASegmentUntilTheEarlierOneComes) {
  EXPECT_EQ(at(3, "def"), SegmentFate::held);
  EXPECT_TRUE(Reassembler::has_hole(direction_));
  EXPECT_EQ(reassembler_.hole_bytes(direction_), 3u);
  EXPECT_EQ(recorder_.text(), "");
  EXPECT_EQ(at(0, "abc"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "abcdef");
  EXPECT_FALSE(Reassembler::has_hole(direction_));
  EXPECT_EQ(count(Counter::segments_out_of_order), 1u);
  EXPECT_EQ(count(Counter::stream_gaps), 0u);
}

TEST_F(ReassemblerTest, SortsHeldSegmentsThatComeBackwards) {
  EXPECT_EQ(at(6, "gh"), SegmentFate::held);
  EXPECT_EQ(at(4, "ef"), SegmentFate::held);
  EXPECT_EQ(at(2, "cd"), SegmentFate::held);
  EXPECT_EQ(at(0, "ab"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "abcdefgh");
}

TEST_F(ReassemblerTest, IgnoresSegmentsWithoutPayload) {
  EXPECT_EQ(at(0, ""), SegmentFate::in_order);
  EXPECT_EQ(at(7, ""), SegmentFate::in_order);
  EXPECT_FALSE(Reassembler::has_hole(direction_));
  EXPECT_EQ(count(Counter::segments_in_order), 0u);
}

TEST_F(ReassemblerTest, CallsARepetitionARetransmission) {
  EXPECT_EQ(at(0, "abcd"), SegmentFate::in_order);
  EXPECT_EQ(at(0, "abcd"), SegmentFate::retransmission);
  EXPECT_EQ(at(1, "b"), SegmentFate::retransmission);
  EXPECT_EQ(at(6, "gh"), SegmentFate::held);
  EXPECT_EQ(at(6, "gh"), SegmentFate::retransmission);
  EXPECT_EQ(at(7, "h"), SegmentFate::retransmission);
  EXPECT_EQ(recorder_.text(), "abcd");
  EXPECT_EQ(count(Counter::segments_retransmitted), 4u);
}

TEST_F(ReassemblerTest, CallsAKeepAliveProbeARetransmission) {
  // Before any data, its byte has the number of the SYN.
  EXPECT_EQ(at(0u - 1, "?"), SegmentFate::retransmission);
  EXPECT_EQ(at(0, "abcd"), SegmentFate::in_order);
  EXPECT_EQ(at(3, "?"), SegmentFate::retransmission);
  EXPECT_EQ(recorder_.text(), "abcd");
}

TEST_F(ReassemblerTest, DeliversOnlyWhatIsNewOfAPartlyOldSegment) {
  EXPECT_EQ(at(0, "abcd"), SegmentFate::in_order);
  EXPECT_EQ(at(2, "CDef"), SegmentFate::partly_new);
  EXPECT_EQ(recorder_.text(), "abcdef");
}

TEST_F(ReassemblerTest, KeepsHeldBytesAgainstAConflictingFill) {
  EXPECT_EQ(at(2, "cd"), SegmentFate::held);
  EXPECT_EQ(at(0, "ABCDEF"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "ABcdEF");
}

TEST_F(ReassemblerTest, HoldsOnlyTheNewPartsOfAConflictingSegment) {
  EXPECT_EQ(at(4, "ef"), SegmentFate::held);
  EXPECT_EQ(at(8, "ij"), SegmentFate::held);
  EXPECT_EQ(at(2, "CDEFGHIJKL"), SegmentFate::held);
  EXPECT_EQ(direction_.held_segment_count, 3);
  EXPECT_EQ(at(0, "ab"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "abCDefGHijKL");
  EXPECT_EQ(direction_.held_segment_count, 0);
}

TEST_F(ReassemblerTest, LetsARetransmissionFillAHolePartly) {
  EXPECT_EQ(at(6, "gh"), SegmentFate::held);
  EXPECT_EQ(at(0, "abc"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "abc");
  EXPECT_EQ(reassembler_.hole_bytes(direction_), 3u);
  EXPECT_EQ(at(1, "bcd"), SegmentFate::partly_new);
  EXPECT_EQ(reassembler_.hole_bytes(direction_), 2u);
  give_up();
  EXPECT_EQ(recorder_.text(), "abcd[lost 2]gh");
}

TEST_F(ReassemblerTest, GivesUpOneHoleAtATime) {
  EXPECT_EQ(at(2, "cd"), SegmentFate::held);
  EXPECT_EQ(at(6, "gh"), SegmentFate::held);
  give_up();
  EXPECT_EQ(recorder_.text(), "[lost 2]cd");
  EXPECT_TRUE(Reassembler::has_hole(direction_));
  give_up();
  EXPECT_EQ(recorder_.text(), "[lost 2]cd[lost 2]gh");
  give_up();
  EXPECT_EQ(recorder_.text(), "[lost 2]cd[lost 2]gh");
  EXPECT_EQ(count(Counter::stream_gaps), 2u);
  EXPECT_EQ(count(Counter::stream_gap_bytes), 4u);
}

TEST_F(ReassemblerTest, KnowsWhetherAnAcknowledgmentPassesTheHole) {
  EXPECT_FALSE(reassembler_.hole_before(direction_, kFirst.plus(9)));
  EXPECT_EQ(at(4, "ef"), SegmentFate::held);
  EXPECT_FALSE(reassembler_.hole_before(direction_, kFirst.plus(3)));
  EXPECT_TRUE(reassembler_.hole_before(direction_, kFirst.plus(4)));
  EXPECT_EQ(reassembler_.hole_end(direction_), kFirst.plus(4));
}

TEST_F(ReassemblerTest, ReportsBytesCutOffRightAfterThePayload) {
  EXPECT_EQ(at(0, "ab", 3), SegmentFate::in_order);
  EXPECT_EQ(at(5, "fg"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "ab[cut 3]fg");
}

TEST_F(ReassemblerTest, RemembersBytesCutOffOfAHeldSegment) {
  EXPECT_EQ(at(2, "cd", 3), SegmentFate::held);
  EXPECT_EQ(at(7, "hi"), SegmentFate::held);
  EXPECT_EQ(at(0, "ab"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "abcd[cut 3]hi");
}

TEST_F(ReassemblerTest, FillsBytesCutOffFromHeldSegments) {
  EXPECT_EQ(at(4, "ef"), SegmentFate::held);
  EXPECT_EQ(at(0, "ab", 6), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "ab[cut 2]ef[cut 2]");
}

TEST_F(ReassemblerTest, HoldsASegmentOfWhichNothingWasCaptured) {
  EXPECT_EQ(at(2, "", 4), SegmentFate::held);
  EXPECT_EQ(at(0, "ab"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "ab[cut 4]");
}

TEST_F(ReassemblerTest, AcceptsTheLastByteOfTheWindowAndRefusesTheNext) {
  EXPECT_EQ(at(kSequenceWindowMax + 1, "x"), SegmentFate::out_of_window);
  EXPECT_FALSE(Reassembler::has_hole(direction_));
  EXPECT_EQ(at(kSequenceWindowMax, "x"), SegmentFate::held);
  EXPECT_EQ(at(0u - kSequenceWindowMax, "x"), SegmentFate::retransmission);
  EXPECT_EQ(at(0u - kSequenceWindowMax - 1, "x"), SegmentFate::out_of_window);
  EXPECT_EQ(at(0x8000'0000u, "x"), SegmentFate::out_of_window);
  EXPECT_EQ(count(Counter::segments_out_of_window), 3u);
}

TEST_F(ReassemblerTest, RefusesALengthThatNoPacketHas) {
  EXPECT_EQ(at(0, "ab", 0xffff'ffff), SegmentFate::out_of_window);
  EXPECT_EQ(at(0, "ab", kSequenceWindowMax - 1), SegmentFate::out_of_window);
  EXPECT_EQ(at(0, "ab", kSequenceWindowMax - 2), SegmentFate::in_order);
}

TEST_F(ReassemblerTest, HoldsTheLastSegmentOfTheLimitAndClosesTheHoleAtTheNext) {
  for (unsigned i = 0; i < kHeldSegmentCountMax; ++i)
    EXPECT_EQ(at(10 + 2 * i, "h"), SegmentFate::held);
  EXPECT_EQ(recorder_.text(), "");
  EXPECT_EQ(at(10 + 2 * kHeldSegmentCountMax, "h"), SegmentFate::held);
  EXPECT_EQ(recorder_.text(), "[lost 10]h");
  EXPECT_EQ(direction_.held_segment_count, kHeldSegmentCountMax);
}

TEST_F(ReassemblerTest, DeliversASegmentFromInsideTheHoleThatTheLimitCloses) {
  for (unsigned i = 0; i < kHeldSegmentCountMax; ++i)
    EXPECT_EQ(at(10 + 2 * i, "h"), SegmentFate::held);
  EXPECT_EQ(at(5, "f"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "[lost 5]f");
  EXPECT_EQ(reassembler_.hole_bytes(direction_), 4u);
}

TEST_F(ReassemblerTest, ARepetitionAtTheLimitClosesNoHole) {
  for (unsigned i = 0; i < kHeldSegmentCountMax; ++i)
    EXPECT_EQ(at(10 + 2 * i, "h"), SegmentFate::held);
  EXPECT_EQ(at(10, "h"), SegmentFate::retransmission);
  EXPECT_EQ(recorder_.text(), "");
}

TEST_F(ReassemblerTest, HoldsAllBytesOfTheLimitAndClosesTheHoleAtOneMore) {
  EXPECT_EQ(filled(1, kHeldBytesMax - 1), SegmentFate::held);
  EXPECT_EQ(filled(kHeldBytesMax, 1), SegmentFate::held);
  EXPECT_EQ(recorder_.end(), 0u);
  EXPECT_EQ(direction_.held_bytes, kHeldBytesMax);
  EXPECT_EQ(filled(kHeldBytesMax + 1, 1), SegmentFate::in_order);
  EXPECT_EQ(recorder_.end(), kHeldBytesMax + 2);
  EXPECT_EQ(count(Counter::stream_gap_bytes), 1u);
}

TEST_F(ReassemblerTest, DeliversASegmentThatIsLongerThanAllThatMayBeHeld) {
  EXPECT_EQ(filled(5, kHeldBytesMax + 1), SegmentFate::in_order);
  EXPECT_EQ(recorder_.pieces().front().size, 5u);
  EXPECT_TRUE(recorder_.pieces().front().is_gap);
  EXPECT_EQ(recorder_.end(), kHeldBytesMax + 6);
}

TEST_F(ReassemblerTest, CutsALongSegmentIntoBlocksAndCountsItOnce) {
  EXPECT_EQ(filled(1, SegmentBlock::kBytesMax), SegmentFate::held);
  EXPECT_EQ(reassembler_.free_block_count(), kBlockCount - 1);
  EXPECT_EQ(filled(1 + SegmentBlock::kBytesMax, SegmentBlock::kBytesMax + 1), SegmentFate::held);
  EXPECT_EQ(reassembler_.free_block_count(), kBlockCount - 3);
  EXPECT_EQ(direction_.held_segment_count, 2);
  EXPECT_EQ(at(0, "x"), SegmentFate::in_order);
  EXPECT_EQ(direction_.held_segment_count, 0);
  EXPECT_EQ(recorder_.end(), 2 * SegmentBlock::kBytesMax + 2);
}

TEST_F(ReassemblerTest, ForgetsTheDirectionWhenTheSinkWantsNoMore) {
  recorder_.stop_at_call(2);
  EXPECT_EQ(at(1, "b"), SegmentFate::held);
  EXPECT_EQ(at(2, "c"), SegmentFate::held);
  EXPECT_EQ(at(5, "f"), SegmentFate::held);
  EXPECT_EQ(at(0, "a"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "ab");
  EXPECT_TRUE(direction_.given_up());
  EXPECT_FALSE(Reassembler::has_hole(direction_));
  EXPECT_EQ(reassembler_.free_block_count(), kBlockCount);
  EXPECT_EQ(at(1, "b"), SegmentFate::given_up);
}

TEST_F(ReassemblerTest, ADirectionGivenUpReturnsItsBlocksAtTheNextSegment) {
  EXPECT_EQ(at(1, "b"), SegmentFate::held);
  direction_.give_up();
  EXPECT_EQ(at(0, "a"), SegmentFate::given_up);
  EXPECT_EQ(reassembler_.free_block_count(), kBlockCount);
  EXPECT_EQ(recorder_.text(), "");
}

TEST_F(ReassemblerTest, StartingAgainForgetsTheFormerStream) {
  EXPECT_EQ(at(1, "b"), SegmentFate::held);
  reassembler_.start(direction_, kFirst.plus(1000));
  EXPECT_EQ(reassembler_.free_block_count(), kBlockCount);
  EXPECT_EQ(at(1000, "new"), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "new");
}

TEST_F(ReassemblerTest, AnEmptyPoolLeavesAHoleThatARetransmissionCanFill) {
  const std::vector<std::uint8_t> byte(1);
  StreamDirection hogs[3];
  std::uint32_t taken = 0;
  for (StreamDirection& direction : hogs) {
    reassembler_.start(direction, SeqNum{0});
    for (std::uint32_t i = 0; i < kHeldSegmentCountMax && taken < kBlockCount; ++i, ++taken) {
      EXPECT_EQ(reassembler_.deliver(direction, SeqNum{2 + 2 * i}, byte, 0, recorder_),
                SegmentFate::held);
    }
  }
  ASSERT_EQ(reassembler_.free_block_count(), 0u);
  EXPECT_EQ(at(2, "cd"), SegmentFate::dropped);
  EXPECT_EQ(count(Counter::segment_pool_empty), 1u);
  EXPECT_TRUE(Reassembler::has_hole(direction_));
  EXPECT_EQ(at(0, "ab"), SegmentFate::in_order);
  EXPECT_EQ(reassembler_.hole_bytes(direction_), 2u);
  EXPECT_EQ(at(2, "cd"), SegmentFate::in_order);
  EXPECT_FALSE(Reassembler::has_hole(direction_));
  EXPECT_EQ(recorder_.text(), "abcd");
  for (StreamDirection& direction : hogs) reassembler_.release(direction);
}

TEST_F(ReassemblerTest, DroppedBytesCountTowardsTheLimitSoThatTheStreamGoesOn) {
  TestArena none(Reassembler::budget_bytes(0));
  Reassembler starved(none.arena(), 0, counters_);
  StreamDirection direction;
  starved.start(direction, SeqNum{0});
  const std::vector<std::uint8_t> bytes(1024);
  std::uint32_t seq = 1;
  for (; seq < kHeldBytesMax; seq += 1024) {
    EXPECT_EQ(starved.deliver(direction, SeqNum{seq}, bytes, 0, recorder_), SegmentFate::dropped);
  }
  EXPECT_EQ(starved.deliver(direction, SeqNum{seq}, bytes, 0, recorder_), SegmentFate::in_order);
  EXPECT_EQ(recorder_.pieces().front().size, seq);
  EXPECT_FALSE(Reassembler::has_hole(direction));
}

// --- the other direction ---

class AnswerTest : public ReassemblerTest {
 protected:
  static constexpr SeqNum kPeer{1000};

  AnswerTest() { direction_.await_peer(kPeer); }

  SegmentFate answer(std::uint32_t offset, std::string_view text, std::uint32_t peer_bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(text.data());
    return reassembler_.deliver_answer(direction_, kFirst.plus(offset), Bytes(data, text.size()), 0,
                                       kPeer.plus(peer_bytes), recorder_);
  }
  void peer_was_read(std::uint32_t bytes) {
    direction_.await_peer(kPeer.plus(bytes));
    reassembler_.resume(direction_, recorder_);
  }
};

TEST_F(AnswerTest, IsHeldUntilWhatItAnswersWasRead) {
  EXPECT_EQ(answer(0, "ab", 0), SegmentFate::in_order);
  EXPECT_EQ(answer(2, "cd", 10), SegmentFate::held);
  EXPECT_TRUE(reassembler_.is_held_back(direction_));
  EXPECT_EQ(reassembler_.awaited(direction_), kPeer.plus(10));
  peer_was_read(9);
  EXPECT_EQ(recorder_.text(), "ab");
  peer_was_read(10);
  EXPECT_EQ(recorder_.text(), "abcd");
  EXPECT_FALSE(Reassembler::has_hole(direction_));
}

TEST_F(AnswerTest, WaitsBehindAnEarlierOneToo) {
  EXPECT_EQ(answer(2, "cd", 10), SegmentFate::held);
  EXPECT_FALSE(reassembler_.is_held_back(direction_)) << "a hole comes first";
  EXPECT_EQ(answer(0, "ab", 0), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "ab");
  peer_was_read(10);
  EXPECT_EQ(recorder_.text(), "abcd");
}

TEST_F(AnswerTest, IsNotHeldWhereThePeerIsNotAwaited) {
  direction_.ignore_peer();
  EXPECT_EQ(answer(0, "ab", 10), SegmentFate::in_order);
}

TEST_F(AnswerTest, DoesNotWaitForAnAcknowledgmentFromOutsideTheWindow) {
  EXPECT_EQ(answer(0, "ab", kSequenceWindowMax), SegmentFate::held);
  give_up();
  EXPECT_EQ(answer(2, "cd", kSequenceWindowMax + 1), SegmentFate::in_order);
  EXPECT_EQ(recorder_.text(), "abcd");
}

TEST_F(AnswerTest, IsDeliveredWhenItIsWaitedForNoLonger) {
  EXPECT_EQ(answer(0, "ab", 10), SegmentFate::held);
  EXPECT_EQ(answer(2, "cd", 20), SegmentFate::held);
  give_up();
  EXPECT_EQ(recorder_.text(), "ab") << "one at a time";
  give_up();
  EXPECT_EQ(recorder_.text(), "abcd");
}

TEST_F(AnswerTest, RepetitionOfAHeldAnswerIsARetransmission) {
  EXPECT_EQ(answer(0, "ab", 10), SegmentFate::held);
  EXPECT_EQ(answer(0, "ab", 10), SegmentFate::retransmission);
  EXPECT_EQ(answer(0, "ab", 0), SegmentFate::retransmission);
}

TEST_F(AnswerTest, LimitsDeliverWhatWaits) {
  for (std::uint32_t i = 0; i < kHeldSegmentCountMax; ++i) {
    ASSERT_EQ(answer(2 * i, "ab", 10), SegmentFate::held) << i;
  }
  EXPECT_NE(answer(2 * kHeldSegmentCountMax, "ab", 10), SegmentFate::dropped);
  EXPECT_EQ(recorder_.text(), "ab");
}

TEST_F(AnswerTest, HoleThatIsGivenUpEndsBeforeTheFirstHeldByte) {
  EXPECT_EQ(at(4, "ef"), SegmentFate::held);
  reassembler_.give_up_until(direction_, kFirst.plus(2), recorder_);
  EXPECT_EQ(direction_.next, kFirst.plus(2));
  reassembler_.give_up_until(direction_, kFirst.plus(8), recorder_);
  EXPECT_EQ(direction_.next, kFirst.plus(6)) << "what was held is delivered";
}

TEST_F(ReassemblerTest, PacketWithoutPayloadShowsAHole) {
  EXPECT_EQ(at(0, "ab"), SegmentFate::in_order);
  Reassembler::note_sent_until(direction_, kFirst.plus(2));
  EXPECT_FALSE(Reassembler::has_hole(direction_));
  Reassembler::note_sent_until(direction_, kFirst.plus(5));
  EXPECT_TRUE(Reassembler::has_hole(direction_));
  EXPECT_EQ(reassembler_.hole_bytes(direction_), 3u);
  EXPECT_EQ(at(2, "cde"), SegmentFate::in_order);
  EXPECT_FALSE(Reassembler::has_hole(direction_));
}

TEST_F(ReassemblerTest, NumberOfAFinIsNoHole) {
  EXPECT_EQ(at(0, "ab"), SegmentFate::in_order);
  Reassembler::note_sent_until(direction_, kFirst.plus(3));
  Reassembler::note_fin(direction_, kFirst.plus(2));
  EXPECT_FALSE(Reassembler::has_hole(direction_));
}

}  // namespace
}  // namespace shakedown::stream

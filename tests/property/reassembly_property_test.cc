// SPDX-License-Identifier: Apache-2.0
//
// However a stream is cut, reordered, repeated and overlapped, its bytes come out as they were
// sent; whatever is lost comes out as a gap of exactly the lost bytes. Every stream begins near the
// wrap of the sequence space.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "deterministic_random.h"
#include "shakedown/counters.h"
#include "stream/reassembler.h"
#include "stream_recorder.h"
#include "test_arena.h"

namespace shakedown {
namespace {

using stream::GapReason;
using stream::Reassembler;
using stream::SegmentFate;
using test_support::DeterministicRandom;
using test_support::ReassemblyModel;
using test_support::StreamPiece;
using test_support::StreamRecorder;
using test_support::TestArena;

constexpr std::uint32_t kBlockCount = 256;

struct Piece {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
  std::uint32_t missing = 0;
};

class Reassembly : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  Reassembly() : first_(static_cast<std::uint32_t>(0) - random_.below(60'000)) {}

  std::vector<Piece> cut(std::uint32_t total, std::uint32_t piece_max) {
    std::vector<Piece> pieces;
    for (std::uint32_t at = 0; at < total;) {
      const auto size = static_cast<std::uint32_t>(random_.between(1, piece_max));
      pieces.push_back({at, std::min(size, total - at), 0});
      at += pieces.back().size;
    }
    return pieces;
  }

  /// Moves each piece by at most `distance` places.
  void reorder(std::vector<Piece>& pieces, std::size_t distance) {
    for (std::size_t i = 0; i + distance < pieces.size(); i += distance) {
      for (std::size_t k = distance - 1; k > 0; --k) {
        std::swap(pieces[i + k], pieces[i + random_.below(k + 1)]);
      }
    }
  }

  void send(const std::vector<Piece>& pieces) {
    for (const Piece& piece : pieces) {
      static_cast<void>(reassembler_.deliver(direction_, first_seq().plus(piece.begin),
                                             Bytes(sent_).subspan(piece.begin, piece.size),
                                             piece.missing, recorder_));
    }
  }

  void finish() {
    while (Reassembler::has_hole(direction_)) reassembler_.give_up_hole(direction_, recorder_);
    EXPECT_EQ(direction_.held_segment_count, 0);
    EXPECT_EQ(direction_.held_bytes, 0u);
    EXPECT_EQ(reassembler_.free_block_count(), kBlockCount);
  }

  /// Every byte that was delivered is the byte that was sent there; `absent[i]` says which must be
  /// gaps.
  void expect_gaps_exactly(const std::vector<bool>& absent, GapReason reason) {
    std::uint64_t gap_count = 0;
    std::uint64_t gap_bytes = 0;
    for (const StreamPiece& piece : recorder_.pieces()) {
      for (std::uint64_t i = 0; i < piece.size; ++i) {
        ASSERT_EQ(absent[piece.begin + i], piece.is_gap) << "byte " << piece.begin + i;
        if (!piece.is_gap) {
          ASSERT_EQ(piece.bytes[i], sent_[piece.begin + i]);
        }
      }
      if (!piece.is_gap) continue;
      EXPECT_EQ(piece.reason, reason);
      ++gap_count;
      gap_bytes += piece.size;
    }
    EXPECT_EQ(counters_.get(Counter::stream_gaps), gap_count);
    EXPECT_EQ(counters_.get(Counter::stream_gap_bytes), gap_bytes);
  }

  [[nodiscard]] SeqNum first_seq() const { return SeqNum{static_cast<std::uint32_t>(first_)}; }

  DeterministicRandom random_{GetParam()};
  std::uint64_t first_;
  std::vector<std::uint8_t> sent_ = random_.bytes(static_cast<std::size_t>(120'000));
  TestArena memory_{Reassembler::budget_bytes(kBlockCount)};
  CounterBlock counters_;
  Reassembler reassembler_{memory_.arena(), kBlockCount, counters_};
  stream::StreamDirection direction_;
  StreamRecorder recorder_;
};

TEST_P(Reassembly, AnyCutReorderingAndRepetitionYieldsTheBytesThatWereSent) {
  const auto total = static_cast<std::uint32_t>(sent_.size());
  std::vector<Piece> pieces = cut(total, random_.chance(0.3) ? 5000 : 1460);
  // Overlaps: some pieces reach back or run on; repetitions: some come again a little later.
  for (Piece& piece : pieces) {
    if (random_.chance(0.2)) {
      const auto back = static_cast<std::uint32_t>(random_.below(std::min(piece.begin, 700u) + 1));
      piece.begin -= back;
      piece.size += back;
    }
    if (random_.chance(0.2)) {
      const std::uint32_t room = total - piece.begin - piece.size;
      piece.size += static_cast<std::uint32_t>(random_.below(std::min(room, 700u) + 1));
    }
  }
  for (std::size_t i = pieces.size(); i-- > 0;) {
    if (random_.chance(0.1)) {
      pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(i), pieces[i]);
    }
  }
  reorder(pieces, 8);
  reassembler_.start(direction_, first_seq());
  send(pieces);
  EXPECT_FALSE(Reassembler::has_hole(direction_));
  finish();
  EXPECT_EQ(recorder_.end(), sent_.size());
  expect_gaps_exactly(std::vector<bool>(sent_.size(), false), GapReason::lost);
  EXPECT_EQ(counters_.get(Counter::segments_in_order) +
                counters_.get(Counter::segments_out_of_order) +
                counters_.get(Counter::segments_retransmitted),
            pieces.size());
}

TEST_P(Reassembly, LossBecomesAGapOfExactlyTheLostBytes) {
  std::vector<Piece> pieces = cut(static_cast<std::uint32_t>(sent_.size()), 1460);
  reorder(pieces, 6);
  std::vector<bool> absent(sent_.size(), false);
  std::vector<Piece> kept;
  for (const Piece& piece : pieces) {
    // The last byte stays, so that every hole is seen to be one.
    if (random_.chance(0.05) && piece.begin + piece.size < sent_.size()) {
      std::fill_n(absent.begin() + piece.begin, piece.size, true);
    } else {
      kept.push_back(piece);
    }
  }
  reassembler_.start(direction_, first_seq());
  send(kept);
  finish();
  EXPECT_EQ(recorder_.end(), sent_.size());
  expect_gaps_exactly(absent, GapReason::lost);
}

TEST_P(Reassembly, TruncationBecomesAGapOfExactlyTheBytesCutOff) {
  std::vector<Piece> pieces = cut(static_cast<std::uint32_t>(sent_.size()), 1460);
  std::vector<bool> absent(sent_.size(), false);
  for (Piece& piece : pieces) {
    const auto kept = static_cast<std::uint32_t>(random_.below(piece.size + 1));
    if (!random_.chance(0.3)) continue;
    piece.missing = piece.size - kept;
    piece.size = kept;
    std::fill_n(absent.begin() + piece.begin + piece.size, piece.missing, true);
  }
  reorder(pieces, 6);
  reassembler_.start(direction_, first_seq());
  send(pieces);
  EXPECT_FALSE(Reassembler::has_hole(direction_));
  finish();
  EXPECT_EQ(recorder_.end(), sent_.size());
  expect_gaps_exactly(absent, GapReason::truncated);
}

TEST_P(Reassembly, OfContradictingSegmentsTheFirstBytesWin) {
  ReassemblyModel model(reassembler_);
  model.start(first_seq());
  for (unsigned step = 0; step < 600; ++step) {
    const std::uint32_t ahead = random_.chance(0.5) ? 300 : 9000;
    const SeqNum seq =
        model.direction().next.plus(static_cast<std::uint32_t>(random_.below(ahead)) - ahead / 4);
    const auto payload = random_.bytes(random_.below(random_.chance(0.1) ? 4200 : 400));
    const auto missing = static_cast<std::uint32_t>(random_.chance(0.1) ? random_.below(300) : 0);
    static_cast<void>(model.deliver(seq, payload, missing));
    if (random_.chance(0.03)) model.give_up_hole();
    ASSERT_EQ(model.contradiction(), "") << "step " << step;
    ASSERT_LE(model.direction().held_segment_count, kHeldSegmentCountMax);
    ASSERT_LE(model.direction().held_bytes, kHeldBytesMax);
  }
  while (model.has_hole()) model.give_up_hole();
  ASSERT_EQ(model.contradiction(), "");
  finish();
}

TEST_P(Reassembly, AnEmptyPoolLosesBytesButInventsNone) {
  TestArena small(Reassembler::budget_bytes(3));
  Reassembler starved(small.arena(), 3, counters_);
  StreamRecorder recorder;
  stream::StreamDirection direction;
  starved.start(direction, first_seq());
  std::vector<Piece> pieces = cut(static_cast<std::uint32_t>(sent_.size()), 1460);
  reorder(pieces, 12);
  for (const Piece& piece : pieces) {
    static_cast<void>(starved.deliver(direction, first_seq().plus(piece.begin),
                                      Bytes(sent_).subspan(piece.begin, piece.size), 0, recorder));
  }
  while (Reassembler::has_hole(direction)) starved.give_up_hole(direction, recorder);
  EXPECT_EQ(recorder.end(), sent_.size());
  for (const StreamPiece& piece : recorder.pieces()) {
    if (piece.is_gap) continue;
    ASSERT_TRUE(std::equal(piece.bytes.begin(), piece.bytes.end(),
                           sent_.begin() + static_cast<std::ptrdiff_t>(piece.begin)));
  }
  EXPECT_GT(counters_.get(Counter::segment_pool_empty), 0u);
  EXPECT_EQ(starved.free_block_count(), 3u);
}

TEST_P(Reassembly, ASinkThatStopsHearsNoMoreAndNothingLeaks) {
  std::vector<Piece> pieces = cut(static_cast<std::uint32_t>(sent_.size()), 1460);
  reorder(pieces, 8);
  const std::size_t stop = random_.between(1, 60);
  recorder_.stop_at_call(stop);
  reassembler_.start(direction_, first_seq());
  send(pieces);
  EXPECT_EQ(recorder_.pieces().size(), stop);
  EXPECT_TRUE(direction_.given_up());
  EXPECT_EQ(reassembler_.free_block_count(), kBlockCount);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Reassembly, ::testing::Range<std::uint64_t>(1, 25));

}  // namespace
}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   TCP segments in, the bytes of the stream in order out, with every missing byte named
//            as a gap. A segment may also wait for the other direction: an answer is not read before
//            what it answers, whatever order the mirror shows them in.
// Units:     Sizes are bytes; positions are sequence numbers.
// Ownership: Out-of-order payload is copied into the segment pool. The bytes given to a sink are
//            valid until it returns.
// Threading: One worker.
// Limits:    kHeldSegmentCountMax, kHeldBytesMax, kSequenceWindowMax. A segment that would exceed
//            what may be held closes the hole before it as a gap; a segment outside the window is
//            not looked at.
// Failure:   An empty pool drops the segment, counts it, and leaves a hole where it would have
//            been.
// RFC:       RFC 9293 §3.4, §3.10.7.4. Where segments contradict each other, the bytes that came
//            first win. Urgent data is left in the stream.
//
// A sink has two functions. `bool on_bytes(Bytes)` gets the stream's bytes, `bool on_gap(GapReason,
// std::uint32_t)` the number of bytes that are missing at this point. False from either: nothing
// more is wanted; the direction is given up and its blocks are returned. A sink must not use the
// reassembler itself.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "arena.h"
#include "shakedown/bytes.h"
#include "shakedown/counters.h"
#include "shakedown/limits.h"
#include "shakedown/units.h"
#include "stream/segment_pool.h"
#include "stream/stream_direction.h"

namespace shakedown::stream {

/// Why bytes are missing.
enum class GapReason : std::uint8_t {
  lost,      ///< no segment brought them: lost before the capture, or not held for lack of room
  truncated  ///< they were on the wire; the snap length cut them off
};

/// What became of a segment.
enum class [[nodiscard]] SegmentFate : std::uint8_t{
    in_order,        ///< delivered, perhaps after a gap; also a segment without payload
    held,            ///< waits for an earlier one, or for what it answers
    retransmission,  ///< nothing new: delivered or held before
    partly_new,      ///< began with bytes that were delivered before; the rest was delivered
    out_of_window,   ///< too far from the stream to belong to it
    given_up,        ///< nothing is wanted from this direction
    dropped          ///< had to be held, but the pool was empty
};

class Reassembler {
 public:
  Reassembler(Arena& arena, std::uint32_t block_count, CounterBlock& counters) noexcept
      : pool_(arena, block_count), counters_(&counters) {}

  [[nodiscard]] static constexpr std::size_t budget_bytes(std::uint32_t block_count) noexcept {
    return SegmentPool::budget_bytes(block_count);
  }

  /// The stream begins with this byte (the ISN plus one, or the first byte seen midstream). Forgets
  /// what the direction was before.
  void start(StreamDirection& direction, SeqNum first_byte) noexcept;

  /// Takes one segment, of which the last `missing` bytes were cut off. A direction that was not
  /// started begins with it.
  template <class Sink>
  SegmentFate deliver(StreamDirection& direction, SeqNum seq, Bytes payload, std::uint32_t missing,
                      Sink&& sink) noexcept {
    return take(direction, {seq, payload, missing, SeqNum{}, false}, sink);
  }
  /// The same for a segment whose sender had received the other direction up to `ack`. Where the
  /// direction awaits its peer, the segment is held until that was read.
  template <class Sink>
  SegmentFate deliver_answer(StreamDirection& direction, SeqNum seq, Bytes payload,
                             std::uint32_t missing, SeqNum ack, Sink&& sink) noexcept {
    return take(direction, {seq, payload, missing, ack, true}, sink);
  }
  /// Delivers what no longer waits, after await_peer() or ignore_peer().
  template <class Sink>
  void resume(StreamDirection& direction, Sink&& sink) noexcept {
    if (!direction.given_up()) static_cast<void>(drain(direction, sink));
  }

  /// Its sender has sent everything before `seq`, seen or not: without payload it shows a hole
  /// behind which nothing is held yet.
  static void note_sent_until(StreamDirection& direction, SeqNum seq) noexcept {
    const std::int32_t ahead = seq.distance_from(direction.highest_end);
    if (direction.started() && ahead > 0 && ahead <= std::int32_t{kSequenceWindowMax}) {
      direction.highest_end = seq;
    }
  }

  /// A FIN stands at `end` and takes one number, which is no missing byte.
  static void note_fin(StreamDirection& direction, SeqNum end) noexcept {
    if (direction.highest_end == end.plus(1) && !direction.holds_segments()) {
      direction.highest_end = end;
    }
  }

  /// The first hole will never be filled: reports it as a gap, and what was held behind it, up to
  /// the next hole. Where the next bytes wait for the other direction, they wait no longer. No
  /// effect without a hole.
  template <class Sink>
  void give_up_hole(StreamDirection& direction, Sink&& sink) noexcept;

  /// The bytes up to `end` will never come: reports those before the first held byte as a gap.
  template <class Sink>
  void give_up_until(StreamDirection& direction, SeqNum end, Sink&& sink) noexcept;

  /// Something is held, or known to be missing.
  [[nodiscard]] static bool has_hole(const StreamDirection& direction) noexcept {
    return !direction.given_up() && direction.has_hole();
  }
  /// The next bytes are there, and wait for the other direction to be read up to awaited().
  [[nodiscard]] bool is_held_back(const StreamDirection& direction) const noexcept {
    return !direction.given_up() && direction.holds_segments() &&
           pool_[direction.held_head].seq == direction.next;
  }
  [[nodiscard]] SeqNum awaited(const StreamDirection& direction) const noexcept {
    return pool_[direction.held_head].answers;
  }
  /// Behind the last byte of the first hole; `next` without a hole.
  [[nodiscard]] SeqNum hole_end(const StreamDirection& direction) const noexcept {
    return direction.holds_segments() ? pool_[direction.held_head].seq : direction.highest_end;
  }
  [[nodiscard]] std::uint32_t hole_bytes(const StreamDirection& direction) const noexcept {
    return hole_end(direction).value - direction.next.value;
  }
  /// There is a hole, and it ends at or before `ack`: the receiver has these bytes, so they will
  /// not be sent again.
  [[nodiscard]] bool hole_before(const StreamDirection& direction, SeqNum ack) const noexcept {
    return has_hole(direction) && !is_held_back(direction) && !hole_end(direction).after(ack);
  }

  /// Returns all blocks of the direction. To be called before it is forgotten.
  void release(StreamDirection& direction) noexcept;

  [[nodiscard]] std::uint32_t free_block_count() const noexcept { return pool_.free_count(); }
  [[nodiscard]] std::uint32_t block_count() const noexcept { return pool_.block_count(); }

 private:
  /// The part of a segment that has not been used yet.
  struct Segment {
    SeqNum seq;
    Bytes payload;
    std::uint32_t missing = 0;
    SeqNum answers;
    bool is_answer = false;

    [[nodiscard]] std::uint32_t size() const noexcept {
      return static_cast<std::uint32_t>(payload.size()) + missing;
    }
    /// Cuts off what lies before `begin`, which is not before `seq`.
    void drop_before(SeqNum begin) noexcept {
      const std::uint32_t cut = std::min(begin.value - seq.value, size());
      const auto of_payload = std::min(payload.size(), std::size_t{cut});
      payload = payload.subspan(of_payload);
      missing -= cut - static_cast<std::uint32_t>(of_payload);
      seq = seq.plus(cut);
    }
  };

  template <class Sink>
  SegmentFate take(StreamDirection& direction, const Segment& segment, Sink& sink) noexcept;
  template <class Sink>
  SegmentFate take_slow(StreamDirection& direction, Segment segment, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool make_room(StreamDirection& direction, SeqNum seq, std::uint32_t fresh,
                               Sink& sink) noexcept;
  template <class Sink>
  void deliver_run(StreamDirection& direction, Segment segment, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool drain(StreamDirection& direction, Sink& sink, bool forced = false) noexcept;
  template <class Sink>
  [[nodiscard]] bool close_hole(StreamDirection& direction, SeqNum end, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool emit_bytes(StreamDirection& direction, Bytes bytes, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool emit_gap(StreamDirection& direction, GapReason reason, std::uint32_t size,
                              Sink& sink) noexcept;

  /// Gives up the direction when the sink wants no more.
  [[nodiscard]] bool go_on(StreamDirection& direction, bool wanted) noexcept {
    if (wanted) return true;
    direction.give_up();
    release(direction);
    return false;
  }

  /// Its sender had received more of the other direction than was read. An acknowledgment from
  /// outside the window proves nothing.
  [[nodiscard]] static bool waits(const StreamDirection& direction, SeqNum answers,
                                  bool is_answer) noexcept {
    return is_answer && direction.awaits_peer() && answers.after(direction.peer_read) &&
           answers.distance_from(direction.peer_read) <= std::int32_t{kSequenceWindowMax};
  }
  /// There is room to hold this segment although it could be delivered.
  [[nodiscard]] bool can_hold_back(const StreamDirection& direction,
                                   std::uint32_t size) const noexcept {
    return direction.held_segment_count < kHeldSegmentCountMax &&
           std::uint64_t{direction.held_bytes} + direction.dropped_bytes + size <= kHeldBytesMax &&
           pool_.free_count() > size / SegmentBlock::kBytesMax + 1;
  }

  void move_next(StreamDirection& direction, std::uint32_t size) noexcept;
  /// Bytes of [seq, seq + size) that are not held. `seq` is after `next`.
  [[nodiscard]] std::uint32_t fresh_bytes(const StreamDirection& direction, SeqNum seq,
                                          std::uint32_t size) const noexcept;
  /// Holds what is new of a segment; false when the pool ran out before the end.
  [[nodiscard]] bool hold(StreamDirection& direction, const Segment& segment) noexcept;
  [[nodiscard]] bool hold_run(StreamDirection& direction, const Segment& segment,
                              std::uint32_t& last_block) noexcept;
  [[nodiscard]] std::uint32_t insert_block(StreamDirection& direction, std::uint32_t previous,
                                           const Segment& segment, std::uint32_t room) noexcept;
  /// Unlinks the first held block, which stays taken.
  [[nodiscard]] std::uint32_t pop_block(StreamDirection& direction) noexcept;

  SegmentPool pool_;
  CounterBlock* counters_;
};

template <class Sink>
SegmentFate Reassembler::take(StreamDirection& direction, const Segment& segment,
                              Sink& sink) noexcept {
  if (direction.given_up()) {
    if (direction.holds_segments()) release(direction);
    return SegmentFate::given_up;
  }
  const std::size_t captured = segment.payload.size();
  if (captured > kSequenceWindowMax || segment.missing > kSequenceWindowMax - captured) {
    counters_->add(Counter::segments_out_of_window);
    return SegmentFate::out_of_window;
  }
  if (segment.size() == 0) return SegmentFate::in_order;
  if (!direction.started()) start(direction, segment.seq);
  if (segment.seq == direction.next && !direction.has_hole() && segment.missing == 0 &&
      !waits(direction, segment.answers, segment.is_answer)) {
    counters_->add(Counter::segments_in_order);
    static_cast<void>(emit_bytes(direction, segment.payload, sink));
    return SegmentFate::in_order;
  }
  return take_slow(direction, segment, sink);
}

template <class Sink>
SegmentFate Reassembler::take_slow(StreamDirection& direction, Segment segment,
                                   Sink& sink) noexcept {
  const std::int64_t ahead = segment.seq.distance_from(direction.next);
  if (ahead > std::int64_t{kSequenceWindowMax} || -ahead > std::int64_t{kSequenceWindowMax}) {
    counters_->add(Counter::segments_out_of_window);
    return SegmentFate::out_of_window;
  }
  if (-ahead >= segment.size()) {
    counters_->add(Counter::segments_retransmitted);
    return SegmentFate::retransmission;
  }
  if (ahead < 0) segment.drop_before(direction.next);
  const bool waiting = waits(direction, segment.answers, segment.is_answer);
  const bool may_be_held = ahead > 0 || waiting || is_held_back(direction);
  const std::uint32_t fresh =
      may_be_held ? fresh_bytes(direction, segment.seq, segment.size()) : segment.size();
  if (fresh == 0) {
    counters_->add(Counter::segments_retransmitted);
    return SegmentFate::retransmission;
  }
  if (ahead > 0 && !make_room(direction, segment.seq, fresh, sink)) return SegmentFate::given_up;
  if (!segment.seq.after(direction.next) && !(waiting && can_hold_back(direction, fresh))) {
    counters_->add(Counter::segments_in_order);
    deliver_run(direction, segment, sink);
    return ahead < 0 ? SegmentFate::partly_new : SegmentFate::in_order;
  }
  if (!hold(direction, segment)) {
    counters_->add(Counter::segment_pool_empty);
    return SegmentFate::dropped;
  }
  counters_->add(Counter::segments_out_of_order);
  return SegmentFate::held;
}

/// Closes holes until a segment at `seq` with `fresh` new bytes may be held or delivered. False:
/// the sink wants no more.
template <class Sink>
bool Reassembler::make_room(StreamDirection& direction, SeqNum seq, std::uint32_t fresh,
                            Sink& sink) noexcept {
  while (seq.after(direction.next) &&
         (direction.held_segment_count >= kHeldSegmentCountMax ||
          std::uint64_t{direction.held_bytes} + direction.dropped_bytes + fresh > kHeldBytesMax)) {
    if (is_held_back(direction)) {
      if (!drain(direction, sink, true)) return false;
      continue;
    }
    const bool hold_first =
        direction.holds_segments() && pool_[direction.held_head].seq.before(seq);
    if (!close_hole(direction, hold_first ? pool_[direction.held_head].seq : seq, sink)) {
      return false;
    }
  }
  return true;
}

/// Delivers a segment that begins at or before `next`, in turns with what is held.
template <class Sink>
void Reassembler::deliver_run(StreamDirection& direction, Segment segment, Sink& sink) noexcept {
  for (;;) {
    segment.drop_before(direction.next);
    if (segment.size() == 0) break;
    const std::uint32_t room = direction.holds_segments()
                                   ? pool_[direction.held_head].seq.value - direction.next.value
                                   : std::numeric_limits<std::uint32_t>::max();
    if (room == 0) {  // these bytes are held, and wait for the other direction
      static_cast<void>(hold(direction, segment));
      return;
    }
    bool wanted = false;
    if (!segment.payload.empty()) {
      const auto size = std::min(segment.payload.size(), std::size_t{room});
      wanted = emit_bytes(direction, segment.payload.first(size), sink);
    } else {
      wanted = emit_gap(direction, GapReason::truncated, std::min(segment.missing, room), sink);
    }
    if (!wanted || !drain(direction, sink)) return;
  }
}

/// Delivers the held blocks that continue the stream; the first also if it waits, when `forced`.
template <class Sink>
bool Reassembler::drain(StreamDirection& direction, Sink& sink, bool forced) noexcept {
  while (direction.holds_segments() && pool_[direction.held_head].seq == direction.next) {
    const SegmentBlock& first = pool_[direction.held_head];
    if (!forced && waits(direction, first.answers, first.is_answer)) break;
    forced = false;
    const std::uint32_t index = pop_block(direction);
    const SegmentBlock& block = pool_[index];
    const bool wanted = block.is_missing
                            ? emit_gap(direction, GapReason::truncated, block.size, sink)
                            : emit_bytes(direction, Bytes(block.bytes).first(block.size), sink);
    pool_.give_back(index);
    if (!wanted) return false;
  }
  return true;
}

template <class Sink>
bool Reassembler::close_hole(StreamDirection& direction, SeqNum end, Sink& sink) noexcept {
  direction.dropped_bytes = 0;
  return emit_gap(direction, GapReason::lost, end.value - direction.next.value, sink) &&
         drain(direction, sink);
}

template <class Sink>
void Reassembler::give_up_hole(StreamDirection& direction, Sink&& sink) noexcept {
  if (!has_hole(direction)) return;
  if (is_held_back(direction)) {
    static_cast<void>(drain(direction, sink, true));
  } else {
    static_cast<void>(close_hole(direction, hole_end(direction), sink));
  }
}

template <class Sink>
void Reassembler::give_up_until(StreamDirection& direction, SeqNum end, Sink&& sink) noexcept {
  if (direction.given_up() || !direction.started() || is_held_back(direction)) return;
  const SeqNum held = direction.holds_segments() ? pool_[direction.held_head].seq : end;
  const SeqNum until = held.before(end) ? held : end;
  if (until.after(direction.next)) static_cast<void>(close_hole(direction, until, sink));
}

template <class Sink>
bool Reassembler::emit_bytes(StreamDirection& direction, Bytes bytes, Sink& sink) noexcept {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  move_next(direction, size);
  if (__builtin_add_overflow(direction.delivered_bytes, size, &direction.delivered_bytes)) {
    direction.delivered_bytes = std::numeric_limits<std::uint32_t>::max();
  }
  return go_on(direction, sink.on_bytes(bytes));
}

template <class Sink>
bool Reassembler::emit_gap(StreamDirection& direction, GapReason reason, std::uint32_t size,
                           Sink& sink) noexcept {
  move_next(direction, size);
  counters_->add(Counter::stream_gaps);
  counters_->add(Counter::stream_gap_bytes, size);
  return go_on(direction, sink.on_gap(reason, size));
}

}  // namespace shakedown::stream

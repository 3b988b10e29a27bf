// SPDX-License-Identifier: Apache-2.0
#include "stream/reassembler.h"

#include <cstring>

namespace shakedown::stream {

void Reassembler::start(StreamDirection& direction, SeqNum first_byte) noexcept {
  release(direction);
  direction = StreamDirection{};
  direction.mark_started();
  direction.next = first_byte;
  direction.highest_end = first_byte;
}

void Reassembler::release(StreamDirection& direction) noexcept {
  while (direction.holds_segments()) pool_.give_back(pop_block(direction));
  direction.dropped_bytes = 0;
}

void Reassembler::move_next(StreamDirection& direction, std::uint32_t size) noexcept {
  direction.next = direction.next.plus(size);
  if (direction.next.after(direction.highest_end)) direction.highest_end = direction.next;
  if (direction.next == direction.highest_end) direction.dropped_bytes = 0;
}

std::uint32_t Reassembler::fresh_bytes(const StreamDirection& direction, SeqNum seq,
                                       std::uint32_t size) const noexcept {
  if (!direction.holds_segments() || !seq.before(pool_[direction.held_tail].end())) return size;
  const SeqNum end = seq.plus(size);
  std::uint32_t fresh = size;
  for (std::uint32_t i = direction.held_head; i != kNoBlock; i = pool_[i].next) {
    const SegmentBlock& block = pool_[i];
    if (!block.seq.before(end)) break;
    const SeqNum first = block.seq.after(seq) ? block.seq : seq;
    const SeqNum last = block.end().before(end) ? block.end() : end;
    if (last.after(first)) fresh -= last.value - first.value;
  }
  return fresh;
}

bool Reassembler::hold(StreamDirection& direction, const Segment& segment) noexcept {
  const auto payload_size = static_cast<std::uint32_t>(segment.payload.size());
  const Segment cut_off{
      segment.seq.plus(payload_size), {}, segment.missing, segment.answers, segment.is_answer};
  const SeqNum end = cut_off.seq.plus(cut_off.missing);
  if (end.after(direction.highest_end)) direction.highest_end = end;

  const std::uint32_t held_before = direction.held_bytes;
  const std::uint32_t fresh = fresh_bytes(direction, segment.seq, segment.size());
  std::uint32_t last_block = kNoBlock;
  const bool complete =
      hold_run(direction, {segment.seq, segment.payload, 0, segment.answers, segment.is_answer},
               last_block) &&
      hold_run(direction, cut_off, last_block);
  if (last_block != kNoBlock) {
    pool_[last_block].ends_segment = true;
    ++direction.held_segment_count;
  }
  direction.dropped_bytes += fresh - (direction.held_bytes - held_before);
  return complete;
}

/// Fills the space between the held blocks with what is new of a run of bytes, or of missing bytes.
bool Reassembler::hold_run(StreamDirection& direction, const Segment& segment,
                           std::uint32_t& last_block) noexcept {
  Segment rest = segment;
  std::uint32_t previous = kNoBlock;
  std::uint32_t current = direction.held_head;
  if (direction.holds_segments() && !rest.seq.before(pool_[direction.held_tail].end())) {
    previous = direction.held_tail;
    current = kNoBlock;
  }
  while (rest.size() > 0) {
    std::uint32_t room = rest.size();
    if (current != kNoBlock) {
      const SegmentBlock& block = pool_[current];
      if (!block.seq.after(rest.seq)) {
        if (block.end().after(rest.seq)) rest.drop_before(block.end());
        previous = current;
        current = block.next;
        continue;
      }
      room = std::min(room, block.seq.value - rest.seq.value);
    }
    const std::uint32_t index = insert_block(direction, previous, rest, room);
    if (index == kNoBlock) return false;
    rest.drop_before(pool_[index].end());
    previous = index;
    last_block = index;
  }
  return true;
}

std::uint32_t Reassembler::insert_block(StreamDirection& direction, std::uint32_t previous,
                                        const Segment& segment, std::uint32_t room) noexcept {
  const std::uint32_t index = pool_.take();
  if (index == kNoBlock) return kNoBlock;
  SegmentBlock& block = pool_[index];
  block.seq = segment.seq;
  block.is_missing = segment.payload.empty();
  block.ends_segment = false;
  block.answers = segment.answers;
  block.is_answer = segment.is_answer;
  block.size = block.is_missing ? room : std::min(room, SegmentBlock::kBytesMax);
  if (!block.is_missing) std::memcpy(block.bytes.data(), segment.payload.data(), block.size);

  std::uint32_t& link = previous == kNoBlock ? direction.held_head : pool_[previous].next;
  block.next = link;
  link = index;
  if (block.next == kNoBlock) direction.held_tail = index;
  direction.held_bytes += block.size;
  return index;
}

std::uint32_t Reassembler::pop_block(StreamDirection& direction) noexcept {
  const std::uint32_t index = direction.held_head;
  const SegmentBlock& block = pool_[index];
  direction.held_head = block.next;
  if (block.next == kNoBlock) direction.held_tail = kNoBlock;
  direction.held_bytes -= block.size;
  if (block.ends_segment) --direction.held_segment_count;
  return index;
}

}  // namespace shakedown::stream

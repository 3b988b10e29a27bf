// SPDX-License-Identifier: Apache-2.0
#include "path/segment_stall.h"

#include <algorithm>

#include "path/side.h"

namespace shakedown::path {

namespace {

using Side = SideTrace;

std::uint16_t saturated(std::uint32_t bytes) noexcept {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(bytes, 0xffff));
}

void watch(Side& sender, SeqNum begin, std::uint32_t bytes, std::uint8_t count,
           Micros now) noexcept {
  sender.set(Side::stall_watched);
  sender.clear(Side::stall_heard);
  sender.clear(Side::stall_unseen);
  sender.clear(Side::stall_asked);
  sender.stalled_begin = begin;
  sender.stalled_bytes = saturated(bytes);
  sender.stalled_count = count;
  sender.stalled_since = now;
}

bool large(std::uint16_t bytes, std::uint16_t peer_mss) noexcept {
  return bytes >= kLargeSegmentBytes ||
         (peer_mss != 0 && bytes * 100u > peer_mss * kLargeSegmentPercentOfMss);
}

}  // namespace

void watch_segment(Side& sender, const Side& peer, SeqNum begin, std::uint32_t size,
                   Micros now) noexcept {
  const bool watched = sender.has(Side::stall_watched);
  if (watched && begin == sender.stalled_begin) {
    if (size == 0) return;
    if (sender.has(Side::stall_unseen)) {
      watch(sender, begin, size, 1, now);
      return;
    }
    sender.stalled_bytes = std::max(sender.stalled_bytes, saturated(size));
    count_up(sender.stalled_count);
    return;
  }
  if (sender.has(Side::numbers_known) && plausibly_after(begin, sender.newest_end)) {
    // Not while there is something better to watch: a segment that was already sent twice.
    if (watched && sender.stalled_count > 1) return;
    const auto hole = static_cast<std::uint32_t>(begin.distance_from(sender.newest_end));
    watch(sender, sender.newest_end, hole, 0, now);
    sender.set(Side::stall_unseen);
    return;
  }
  if (size == 0) return;
  const bool first_missing = peer.has(Side::acks_known) && begin == peer.newest_ack;
  if (watched && !first_missing) return;
  const bool again = sender.has(Side::numbers_known) && begin.before(sender.newest_end);
  watch(sender, begin, size, again ? 2 : 1, now);
}

void watch_acknowledgment(Side& sender, SeqNum ack, bool with_data, Micros now) noexcept {
  if (!sender.has(Side::stall_watched)) return;
  if (plausibly_after(ack, sender.stalled_begin)) {
    sender.clear(Side::stall_watched);
    // What is under way behind it was sent once, with a length that the next copy tells.
    if (sender.newest_end.after(ack)) watch(sender, ack, 0, 1, now);
    return;
  }
  if (ack != sender.stalled_begin) return;
  // Data may have crossed the segment on its way. An acknowledgment that says nothing new is made for
  // something that came behind a hole (RFC 5681 §4.2).
  if (!with_data || sender.stalled_count != 1) sender.set(Side::stall_heard);
  if (sender.has(Side::stall_unseen) && now.since(sender.stalled_since) >= kHoleMicrosMin) {
    sender.set(Side::stall_asked);
  }
}

Stall stall_of(const Side& sender, const Side& peer, std::uint16_t peer_mss,
               bool told_too_big) noexcept {
  const bool unacknowledged = sender.has(Side::stall_watched) && peer.has(Side::acks_known) &&
                              peer.newest_ack == sender.stalled_begin;
  if (!unacknowledged || !large(sender.stalled_bytes, peer_mss)) return {};
  const bool unseen = sender.has(Side::stall_unseen);
  if (unseen ? !sender.has(Side::stall_asked) : sender.stalled_count < kStalledCountMin) return {};
  Stall stall{.bytes = sender.stalled_bytes, .count = sender.stalled_count};
  // A hole may be several segments wide.
  if (unseen && peer_mss != 0) stall.bytes = std::min(stall.bytes, peer_mss);
  stall.proven = sender.has(Side::stall_heard) || told_too_big;
  stall.told = stall.proven && told_too_big;
  return stall;
}

}  // namespace shakedown::path

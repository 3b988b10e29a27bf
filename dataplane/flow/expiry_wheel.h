// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Tells which slots' deadlines have passed, exactly and in order.
// Units:     UnixNanos of the worker's clock; slots below the capacity.
// Ownership: Its links and deadlines lie in the arena. It knows slots only by number.
// Threading: One worker.
// Limits:    kTickCount ticks of 2^kTickBits ns: about nine minutes. A deadline farther away waits
//            in the last tick and is filed again from there. One advance walks each tick at most
//            once, however far the clock jumps.
// Failure:   None. A clock that runs backwards is held at its latest value.
// RFC:       none
//
// The lists are circular, with a head of their own in the same array of links, so a slot can be
// taken out of whatever list it is in without knowing which:
//
//   buckets  one per tick, unordered: everything that is due in a later tick
//   due      the current tick, in order of deadline
//   late     deadlines that had passed when they were scheduled; the next advance takes them up
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arena.h"
#include "shakedown/units.h"

namespace shakedown::flow {

class ExpiryWheel {
 public:
  static constexpr unsigned kTickBits = 26;
  static constexpr std::uint32_t kTickCount = 8192;

  ExpiryWheel(Arena& arena, std::uint32_t capacity)
      : links_(arena.take<Link>(std::size_t{capacity} + kHeadCount)),
        deadlines_(arena.take<UnixNanos>(capacity)),
        capacity_(capacity) {
    for (std::uint32_t i = 0; i < links_.size(); ++i) make_lone(i);
  }

  [[nodiscard]] static constexpr std::size_t budget_bytes(std::uint32_t capacity) noexcept {
    return Arena::cost<Link>(std::size_t{capacity} + kHeadCount) + Arena::cost<UnixNanos>(capacity);
  }

  /// Sets the slot's deadline, or moves it. A deadline that has passed is due at the next advance,
  /// so that an `on_due` that always schedules into the past cannot keep one advance busy forever.
  void schedule(std::uint32_t slot, UnixNanos deadline) noexcept {
    assert(slot < capacity_);
    cancel(slot);
    deadlines_[slot] = deadline;
    ++scheduled_count_;
    if (deadline <= now_) {
      append(late_head(), slot);
    } else {
      file(slot);
    }
  }

  /// No effect when the slot is not scheduled.
  void cancel(std::uint32_t slot) noexcept {
    if (!is_scheduled(slot)) return;
    unlink(slot);
    --scheduled_count_;
  }

  [[nodiscard]] bool is_scheduled(std::uint32_t slot) const noexcept {
    assert(slot < capacity_);
    return links_[slot].next != slot;
  }
  [[nodiscard]] UnixNanos deadline_of(std::uint32_t slot) const noexcept {
    return deadlines_[slot];
  }
  [[nodiscard]] std::uint32_t scheduled_count() const noexcept { return scheduled_count_; }

  /// Calls `on_due(slot)` for every slot whose deadline is at or before `now`, in order of
  /// deadline. The slot is no longer scheduled then; `on_due` may schedule and cancel any slot. The
  /// first call sets the origin.
  template <class OnDue>
  void advance(UnixNanos now, OnDue&& on_due) noexcept {
    begin_advance(now);
    for (;;) {
      fire_due(on_due);
      if (tick_ == now_tick_) return;
      tick_ = tick_ < turn_end_ ? tick_ + 1 : now_tick_;
      take_up_bucket();
    }
  }

 private:
  struct Link {
    std::uint32_t next = 0;
    std::uint32_t previous = 0;
  };
  static constexpr std::uint32_t kHeadCount = kTickCount + 2;

  [[nodiscard]] static std::int64_t tick_of(UnixNanos time) noexcept {
    return time.value >> kTickBits;
  }
  [[nodiscard]] std::uint32_t bucket_head(std::int64_t tick) const noexcept {
    return capacity_ + static_cast<std::uint32_t>(tick & (kTickCount - 1));
  }
  [[nodiscard]] std::uint32_t due_head() const noexcept { return capacity_ + kTickCount; }
  [[nodiscard]] std::uint32_t late_head() const noexcept { return capacity_ + kTickCount + 1; }
  [[nodiscard]] bool is_empty(std::uint32_t head) const noexcept {
    return links_[head].next == head;
  }

  void make_lone(std::uint32_t i) noexcept { links_[i] = {i, i}; }

  void insert_after(std::uint32_t place, std::uint32_t slot) noexcept {
    const std::uint32_t next = links_[place].next;
    links_[slot] = {next, place};
    links_[place].next = slot;
    links_[next].previous = slot;
  }
  void append(std::uint32_t head, std::uint32_t slot) noexcept {
    insert_after(links_[head].previous, slot);
  }
  void unlink(std::uint32_t slot) noexcept {
    const Link link = links_[slot];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
    make_lone(slot);
  }

  /// Takes all slots out of a list and returns the first; they hang together by `next` and end at
  /// `head`.
  [[nodiscard]] std::uint32_t detach_all(std::uint32_t head) noexcept {
    const std::uint32_t first = links_[head].next;
    make_lone(head);
    return first;
  }

  /// Puts a slot into the list of its deadline.
  void file(std::uint32_t slot) noexcept {
    const UnixNanos deadline = deadlines_[slot];
    const std::int64_t tick = tick_of(deadline);
    if (tick <= tick_) {
      insert_by_deadline(slot);
      return;
    }
    // During an advance, what is due waits for its own tick of the walk. A walk that jumps from the
    // end of a turn to the present takes up there what lies between.
    const bool jumped_over = deadline <= now_ && tick > turn_end_;
    append(bucket_head(jumped_over ? now_tick_ : std::min(tick, now_tick_ + kTickCount - 1)), slot);
  }

  /// Searches from the end: the newest deadline is most often the latest.
  void insert_by_deadline(std::uint32_t slot) noexcept {
    std::uint32_t place = links_[due_head()].previous;
    while (place != due_head() && deadlines_[place] > deadlines_[slot]) {
      place = links_[place].previous;
    }
    insert_after(place, slot);
  }

  /// Moves the clock, then files what was late.
  void begin_advance(UnixNanos now) noexcept {
    const bool is_origin = !has_origin_;
    has_origin_ = true;
    now_ = is_origin ? now : std::max(now, now_);
    now_tick_ = tick_of(now_);
    if (is_origin) tick_ = now_tick_;
    turn_end_ = std::min(now_tick_, tick_ + kTickCount - 1);
    if (!is_empty(late_head())) {
      file_all(detach_all(late_head()), late_head());
      sort_due();
    }
  }

  /// Makes the bucket of the new current tick the due list. Slots of later turns are filed again.
  void take_up_bucket() noexcept {
    const std::uint32_t head = bucket_head(tick_);
    if (is_empty(head)) return;
    file_all(detach_all(head), head);
    sort_due();
  }

  void file_all(std::uint32_t first, std::uint32_t end) noexcept {
    for (std::uint32_t slot = first; slot != end;) {
      const std::uint32_t next = links_[slot].next;
      if (tick_of(deadlines_[slot]) <= tick_) {
        append(due_head(), slot);
      } else {
        file(slot);
      }
      slot = next;
    }
  }

  template <class OnDue>
  void fire_due(OnDue& on_due) noexcept {
    while (!is_empty(due_head())) {
      const std::uint32_t slot = links_[due_head()].next;
      if (deadlines_[slot] > now_) return;
      unlink(slot);
      --scheduled_count_;
      on_due(slot);
    }
  }

  /// Stable merge of two chains that end with kNone.
  [[nodiscard]] std::uint32_t merge(std::uint32_t earlier, std::uint32_t later) noexcept {
    std::uint32_t first = kNone;
    std::uint32_t* tail = &first;
    while (earlier != kNone && later != kNone) {
      std::uint32_t& taken = deadlines_[later] < deadlines_[earlier] ? later : earlier;
      *tail = taken;
      tail = &links_[taken].next;
      taken = *tail;
    }
    *tail = earlier != kNone ? earlier : later;
    return first;
  }

  /// Bottom-up merge sort of the due list: run i holds 2^i slots or none.
  void sort_due() noexcept {
    const std::uint32_t head = due_head();
    if (links_[head].next == links_[head].previous) return;
    std::array<std::uint32_t, 33> runs;
    runs.fill(kNone);
    for (std::uint32_t slot = detach_all(head); slot != head;) {
      std::uint32_t carry = slot;
      slot = links_[slot].next;
      links_[carry].next = kNone;
      std::size_t i = 0;
      for (; runs[i] != kNone; ++i) {
        carry = merge(runs[i], carry);
        runs[i] = kNone;
      }
      runs[i] = carry;
    }
    std::uint32_t sorted = kNone;
    for (const std::uint32_t run : runs) sorted = merge(run, sorted);
    for (std::uint32_t slot = sorted; slot != kNone;) {
      const std::uint32_t next = links_[slot].next;
      append(head, slot);
      slot = next;
    }
  }

  static constexpr std::uint32_t kNone = 0xffff'ffff;

  std::span<Link> links_;
  std::span<UnixNanos> deadlines_;
  std::uint32_t capacity_;
  std::uint32_t scheduled_count_ = 0;
  bool has_origin_ = false;
  /// Of the latest advance. Until there is one, every deadline counts as late and waits in that
  /// list.
  UnixNanos now_ = kEndOfTime;
  std::int64_t now_tick_ = 0;
  /// The tick whose slots are in the due list; behind `now_tick_` only while an advance walks.
  std::int64_t tick_ = 0;
  /// Where the walk of the latest advance leaves the single steps: at `now_tick_`, or after a whole
  /// turn.
  std::int64_t turn_end_ = 0;
};

}  // namespace shakedown::flow

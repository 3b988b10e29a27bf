// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Profiles by key, in a table that never grows beyond its bound and forgets what was not
//            used for longest. What has never succeeded gives way first: a scan of many ports, or a
//            flood of invented names, does not wash out what is known of servers that work.
// Units:     Slots: the place of a profile for as long as it lives. Bytes.
// Ownership: Owns its profiles; a reference is valid until the profile is evicted.
// Threading: One thread.
// Limits:    `count_max` profiles and `heap_max` bytes behind them; memory_max() is all of it.
// Failure:   none; insertion into a full pool evicts. The order of eviction does not depend on
//            hashing, and which chain of the table a key meets depends on a random seed: strangers,
//            who choose the keys, cannot choose collisions.
// RFC:       none
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "diagnose/profile/large_array.h"

namespace shakedown::diagnose {

/// What the pool notes of a profile; beside it in memory.
struct PoolNote {
  std::uint32_t tag = 0;
  std::uint32_t heap_bytes = 0;
  std::uint8_t list = 2;
  bool marked = false;
};

/// `Profile` has `PoolNote pool`, `Key key`, and `std::size_t heap_bytes() const`; a new one is made by `Profile{}`.
template <class Profile>
class ProfilePool {
 public:
  using Key = decltype(Profile::key);
  static constexpr std::uint32_t kNone = UINT32_MAX;

  ProfilePool(std::size_t count_max, std::size_t heap_max)
      : count_max_(count_max),
        heap_max_(heap_max),
        shift_(shift_for(count_max)),
        table_(std::size_t{1} << (32 - shift_)) {
    std::random_device random;
    multiplier_ = (std::uint64_t{random()} << 32 | random()) | 1u;
    salt_ = std::uint64_t{random()} << 32 | random();
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t heap_bytes() const { return heap_bytes_; }
  [[nodiscard]] std::uint64_t evicted_count() const { return evicted_count_; }
  [[nodiscard]] Profile& operator[](std::uint32_t slot) {
    return chunks_[slot / kChunk][slot % kChunk];
  }
  /// One past the highest slot ever used; some below it may be free.
  [[nodiscard]] std::uint32_t slot_end() const {
    return static_cast<std::uint32_t>(links_.size() - kRoots);
  }
  [[nodiscard]] bool used(std::uint32_t slot) const { return note_of(slot).list != kFree; }

  void prefetch(std::uint64_t hash) const {
    __builtin_prefetch(&table_[static_cast<std::size_t>(tag_of(hash)) >> shift_]);
  }
  /// The profile that probably has this hash, without a look at it; kNone: surely none.
  [[nodiscard]] std::uint32_t guess(std::uint64_t hash) const {
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t i = tag >> shift_;; i = (i + 1) & (table_.size() - 1)) {
      if (table_[i].slot == kNone || table_[i].tag == tag) return table_[i].slot;
    }
  }
  [[nodiscard]] std::uint32_t find(const Key& key, std::uint64_t hash) {
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t i = tag >> shift_;; i = (i + 1) & (table_.size() - 1)) {
      const Place& place = table_[i];
      if (place.slot == kNone) return kNone;
      if (place.tag == tag && (*this)[place.slot].key == key) return place.slot;
    }
  }

  /// A new profile for a key that is not there, the most recently used of those without a success.
  std::uint32_t insert(const Key& key, std::uint64_t hash) {
    assert(count_max_ > 0);
    if (size_ == count_max_) evict(victim());
    const std::uint32_t slot = take_slot();
    Profile& profile = (*this)[slot];
    profile.key = key;
    const std::uint32_t tag = tag_of(hash);
    std::size_t i = tag >> shift_;
    while (table_[i].slot != kNone) i = (i + 1) & (table_.size() - 1);
    table_[i] = {tag, slot};
    PoolNote& note = profile.pool;
    note.tag = tag;
    note.heap_bytes = 0;
    note.list = kUnproven;
    push_front(slot);
    ++size_;
    return slot;
  }

  /// It was used, and has succeeded at least once when `proven`.
  void touch(std::uint32_t slot, bool proven) {
    const List list = proven ? kProven : kUnproven;
    if (root(list).next == slot) return;
    unlink(slot);
    note_of(slot).list = list;
    push_front(slot);
  }
  [[nodiscard]] bool proven(std::uint32_t slot) const { return note_of(slot).list == kProven; }
  /// The least recently used one of those that have succeeded or not; kNone: there is none.
  [[nodiscard]] std::uint32_t oldest(bool proven) const {
    return root(proven ? kProven : kUnproven).previous;
  }

  /// Accounts for what the profile has taken or given back; evicts others when that is too much.
  void settle(std::uint32_t slot) {
    const auto bytes = static_cast<std::uint32_t>((*this)[slot].heap_bytes());
    heap_bytes_ += bytes;
    heap_bytes_ -= note_of(slot).heap_bytes;
    note_of(slot).heap_bytes = bytes;
    while (heap_bytes_ > heap_max_ && size_ > 1) {
      // The least recently used one that is not the one at hand.
      std::uint32_t other = victim();
      if (other == slot) other = oldest(!proven(slot));
      if (other == kNone) other = link(slot).previous;
      evict(other);
    }
  }

  void evict(std::uint32_t slot) {
    ++evicted_count_;
    remove(slot);
  }
  /// Likewise, but it is not counted as given up for lack of room.
  void remove(std::uint32_t slot) {
    erase_place(slot);
    unlink(slot);
    heap_bytes_ -= note_of(slot).heap_bytes;
    const bool marked = note_of(slot).marked;
    (*this)[slot] = Profile{};
    note_of(slot).marked = marked;
    free_.push_back(slot);
    --size_;
  }

  /// Slots whose profiles have changed since they were taken from here, in the order of change;
  /// some may be free by now.
  void mark(std::uint32_t slot) {
    if (note_of(slot).marked) return;
    note_of(slot).marked = true;
    marked_.push_back(slot);
  }
  [[nodiscard]] std::size_t marked_count() const { return marked_.size() - marked_taken_; }
  [[nodiscard]] std::uint32_t take_marked() {
    const std::uint32_t slot = marked_[marked_taken_++];
    note_of(slot).marked = false;
    if (marked_taken_ * 2 > marked_.size()) {
      marked_.erase(marked_.begin(), marked_.begin() + static_cast<std::ptrdiff_t>(marked_taken_));
      marked_taken_ = 0;
    }
    return slot;
  }

  [[nodiscard]] static std::size_t memory_max(std::size_t count_max, std::size_t heap_max) {
    const std::size_t chunk = chunk_for(count_max);
    const std::size_t chunks = (count_max + chunk - 1) / chunk;
    const std::size_t table = std::size_t{1} << (32 - shift_for(count_max));
    // Vectors may hold twice what is in them, and marks twice as many as there are slots.
    return chunks * LargeArray<Profile>::memory(chunk) + LargeArray<Place>::memory(table) +
           2 * (count_max + kRoots) * sizeof(Link) + 2 * count_max * sizeof(std::uint32_t) +
           4 * count_max * sizeof(std::uint32_t) + 2 * chunks * sizeof(LargeArray<Profile>) +
           heap_max;
  }

 private:
  /// Profiles are made by so many at a time, so that a table that stays small takes little.
  static constexpr std::size_t kChunk = 8192;
  static std::size_t chunk_for(std::size_t count_max) { return std::min(count_max, kChunk); }
  static constexpr std::uint32_t kRoots = 2;
  enum List : std::uint8_t { kUnproven = 0, kProven = 1, kFree = 2 };

  struct Place {
    std::uint32_t tag = 0;
    std::uint32_t slot = kNone;
  };
  /// Beside the profiles, so that moving one to the front touches none of its neighbours.
  struct Link {
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
  };

  /// At most half of the table is taken.
  static unsigned shift_for(std::size_t count_max) {
    unsigned bits = 1;
    while (bits < 32 && (std::size_t{1} << bits) < count_max * 2) ++bits;
    return 32 - bits;
  }
  [[nodiscard]] std::uint32_t tag_of(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(((hash ^ salt_) * multiplier_) >> 32);
  }

  // The roots of both lists stand before the links of the slots; list ends name kNone.
  [[nodiscard]] Link& link(std::uint32_t slot) { return links_[slot + kRoots]; }
  [[nodiscard]] const Link& link(std::uint32_t slot) const { return links_[slot + kRoots]; }
  /// `next`: the most, `previous`: the least recently used.
  [[nodiscard]] Link& root(std::uint8_t list) { return links_[list]; }
  [[nodiscard]] const Link& root(std::uint8_t list) const { return links_[list]; }

  [[nodiscard]] PoolNote& note_of(std::uint32_t slot) { return (*this)[slot].pool; }
  [[nodiscard]] const PoolNote& note_of(std::uint32_t slot) const {
    return chunks_[slot / kChunk][slot % kChunk].pool;
  }

  void push_front(std::uint32_t slot) {
    Link& at = link(slot);
    const std::uint8_t list = note_of(slot).list;
    Link& ends = root(list);
    at.previous = kNone;
    at.next = ends.next;
    (at.next == kNone ? ends.previous : link(at.next).previous) = slot;
    ends.next = slot;
    ++list_size_[list];
  }
  void unlink(std::uint32_t slot) {
    Link& at = link(slot);
    const std::uint8_t list = note_of(slot).list;
    Link& ends = root(list);
    (at.previous == kNone ? ends.next : link(at.previous).next) = at.next;
    (at.next == kNone ? ends.previous : link(at.next).previous) = at.previous;
    --list_size_[list];
  }
  /// Those without a success keep a quarter of the places, no more.
  [[nodiscard]] std::uint32_t victim() const {
    const bool unproven = list_size_[kUnproven] * 4 >= count_max_ || list_size_[kProven] == 0;
    return oldest(!unproven);
  }

  std::uint32_t take_slot() {
    if (!free_.empty()) {
      const std::uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    const std::uint32_t slot = slot_end();
    if (slot % kChunk == 0) chunks_.emplace_back(chunk_for(count_max_));
    links_.emplace_back();
    return slot;
  }

  /// Closes the gap in the chain, so that no entry of it becomes unreachable.
  void erase_place(std::uint32_t slot) {
    const std::size_t mask = table_.size() - 1;
    std::size_t hole = note_of(slot).tag >> shift_;
    while (table_[hole].slot != slot) hole = (hole + 1) & mask;
    for (std::size_t i = (hole + 1) & mask; table_[i].slot != kNone; i = (i + 1) & mask) {
      const std::size_t home = table_[i].tag >> shift_;
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        table_[hole] = table_[i];
        hole = i;
      }
    }
    table_[hole] = Place{};
  }

  std::size_t count_max_;
  std::size_t heap_max_;
  unsigned shift_;
  std::uint64_t multiplier_ = 1;
  std::uint64_t salt_ = 0;
  std::size_t size_ = 0;
  std::size_t heap_bytes_ = 0;
  std::uint64_t evicted_count_ = 0;
  std::size_t list_size_[3] = {};
  LargeArray<Place> table_;
  std::vector<Link> links_ = std::vector<Link>(kRoots);
  std::vector<LargeArray<Profile>> chunks_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> marked_;
  std::size_t marked_taken_ = 0;
};

}  // namespace shakedown::diagnose

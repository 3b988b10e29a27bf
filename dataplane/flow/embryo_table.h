// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The embryos, found by hash and key, and ordered by when they were last heard of. All
//            share one timeout, so the head of that order is both the next to expire and the one to
//            give up when full.
// Units:     UnixNanos of the worker's clock.
// Ownership: The table owns the embryos; they lie in the arena. A pointer is valid until the embryo
//            leaves.
// Threading: One worker.
// Limits:    A fixed capacity of at least one; a flood pushes out the oldest and nothing else.
// Failure:   begin() always succeeds; what had to go for it is handed to the caller's `on_evict`.
// RFC:       none
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "arena.h"
#include "flow/embryo.h"
#include "flow/flow_index.h"

namespace shakedown::flow {

class EmbryoTable {
 public:
  EmbryoTable(Arena& arena, std::uint32_t capacity)
      : index_(arena, capacity),
        embryos_(arena.take_room<Embryo>(capacity)),
        nodes_(arena.take<Node>(capacity)),
        links_(arena.take_room<MirrorLink>(capacity)),
        icmp_notes_(arena.take_room<IcmpNote>(capacity)) {
    assert(capacity > 0 && capacity < kNoSlot);
    for (std::uint32_t slot = 0; slot < capacity; ++slot) {
      nodes_[slot].newer = slot + 1 < capacity ? slot + 1 : kNoSlot;
    }
    first_free_ = 0;
  }

  [[nodiscard]] static constexpr std::size_t budget_bytes(std::uint32_t capacity) noexcept {
    return FlowIndex::budget_bytes(capacity) + Arena::cost<Embryo>(capacity) +
           Arena::cost<Node>(capacity) + Arena::cost<MirrorLink>(capacity) +
           Arena::cost<IcmpNote>(capacity);
  }

  void prefetch(std::uint64_t hash) const noexcept { index_.prefetch(hash); }
  /// For a packet that will begin an embryo.
  void prefetch_for_begin(std::uint64_t hash) const noexcept { index_.prefetch_both(hash); }

  /// Asks for the embryo that this hash probably means.
  void prefetch_embryo(std::uint64_t hash) const noexcept {
    const std::uint32_t slot = index_.guess(hash);
    if (slot != kNoSlot) __builtin_prefetch(&embryos_[slot]);
  }

  [[nodiscard]] Embryo* find(std::uint64_t hash, const FlowKey& key) noexcept {
    const std::uint32_t slot =
        index_.find(hash, [&](std::uint32_t candidate) { return embryos_[candidate].key == key; });
    return slot == kNoSlot ? nullptr : &embryos_[slot];
  }

  /// A fresh embryo with this key, which must not be in the table. When there is no room, the one
  /// that was silent for longest is first handed to `on_evict(Embryo&)`, which must not touch the
  /// table.
  template <class OnEvict>
  [[nodiscard]] Embryo* begin(std::uint64_t hash, const FlowKey& key, UnixNanos now,
                              OnEvict&& on_evict) noexcept {
    if (first_free_ == kNoSlot) evict(oldest_, on_evict);
    if (!index_.insert(hash, first_free_)) {
      // Both buckets are full, although slots are free: the oldest of these two goes.
      evict(oldest_neighbour(hash), on_evict);
      const bool inserted = index_.insert(hash, first_free_);
      assert(inserted);
      static_cast<void>(inserted);
    }
    const std::uint32_t slot = first_free_;
    first_free_ = nodes_[slot].newer;
    nodes_[slot].hash = hash;
    append(slot, now);
    ++size_;
    Embryo* embryo = std::construct_at(&embryos_[slot]);
    embryo->key = key;
    links_[slot] = {};
    return embryo;
  }

  /// The embryo was heard of. A clock that ran backwards is held at the time of the last touch.
  void touch(Embryo* embryo, UnixNanos now) noexcept {
    const std::uint32_t slot = slot_of(embryo);
    unlink(slot);
    append(slot, now);
  }

  void erase(Embryo* embryo) noexcept { remove(slot_of(embryo)); }

  /// Hands every embryo that was last heard of at or before `limit` to `on_expire(Embryo&)`, oldest
  /// first, and forgets it. `on_expire` must not touch the table.
  template <class OnExpire>
  void expire(UnixNanos limit, OnExpire&& on_expire) noexcept {
    while (oldest_ != kNoSlot && nodes_[oldest_].touched <= limit) evict(oldest_, on_expire);
  }

  [[nodiscard]] UnixNanos last_touch(const Embryo* embryo) const noexcept {
    return nodes_[slot_of(embryo)].touched;
  }
  [[nodiscard]] std::uint64_t hash_of(const Embryo* embryo) const noexcept {
    return nodes_[slot_of(embryo)].hash;
  }
  [[nodiscard]] MirrorLink& link_of(const Embryo* embryo) noexcept {
    return links_[slot_of(embryo)];
  }
  [[nodiscard]] IcmpNote& icmp_of(const Embryo* embryo) noexcept {
    return icmp_notes_[slot_of(embryo)];
  }
  [[nodiscard]] std::uint32_t slot_of(const Embryo* embryo) const noexcept {
    const std::ptrdiff_t slot = embryo - embryos_.data();
    assert(slot >= 0 && static_cast<std::size_t>(slot) < embryos_.size());
    return static_cast<std::uint32_t>(slot);
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept {
    return static_cast<std::uint32_t>(embryos_.size());
  }

 private:
  /// Beside the embryos, so that these keep to one line. A free slot uses only `newer`, as its free
  /// list.
  struct Node {
    std::uint64_t hash = 0;
    UnixNanos touched;
    std::uint32_t older = kNoSlot;
    std::uint32_t newer = kNoSlot;
  };
  static_assert(sizeof(Node) == 24);

  template <class OnLeave>
  void evict(std::uint32_t slot, OnLeave& on_leave) noexcept {
    on_leave(embryos_[slot]);
    remove(slot);
  }

  void remove(std::uint32_t slot) noexcept {
    index_.erase(nodes_[slot].hash, slot);
    unlink(slot);
    nodes_[slot].newer = first_free_;
    first_free_ = slot;
    --size_;
  }

  void append(std::uint32_t slot, UnixNanos now) noexcept {
    Node& node = nodes_[slot];
    node.touched = now;
    node.older = newest_;
    node.newer = kNoSlot;
    if (newest_ != kNoSlot) {
      node.touched = std::max(now, nodes_[newest_].touched);
      nodes_[newest_].newer = slot;
    } else {
      oldest_ = slot;
    }
    newest_ = slot;
  }

  void unlink(std::uint32_t slot) noexcept {
    const Node& node = nodes_[slot];
    (node.older != kNoSlot ? nodes_[node.older].newer : oldest_) = node.newer;
    (node.newer != kNoSlot ? nodes_[node.newer].older : newest_) = node.older;
  }

  [[nodiscard]] std::uint32_t oldest_neighbour(std::uint64_t hash) const noexcept {
    std::uint32_t oldest = kNoSlot;
    index_.for_each_neighbour(hash, [&](std::uint32_t slot) {
      if (oldest == kNoSlot || nodes_[slot].touched < nodes_[oldest].touched) oldest = slot;
    });
    return oldest;
  }

  FlowIndex index_;
  std::span<Embryo> embryos_;
  std::span<Node> nodes_;
  // By slot, and apart from the embryos: rarely looked at.
  std::span<MirrorLink> links_;
  std::span<IcmpNote> icmp_notes_;
  std::uint32_t oldest_ = kNoSlot;
  std::uint32_t newest_ = kNoSlot;
  std::uint32_t first_free_ = kNoSlot;
  std::uint32_t size_ = 0;
};

}  // namespace shakedown::flow

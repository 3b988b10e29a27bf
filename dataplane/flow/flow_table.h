// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The connections that are being followed, found by hash and key.
// Units:     Slots are indices below capacity(); a connection keeps its slot for life.
// Ownership: The table owns the connections; they lie in the arena. A pointer is valid until
//            erase().
// Threading: One worker.
// Limits:    A fixed capacity; the table never grows.
// Failure:   insert() returns nullptr when no slot is free or both buckets of the hash are full;
//            nothing changed.
// RFC:       none
#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

#include "arena.h"
#include "flow/flow_index.h"
#include "flow/flow_key.h"

namespace shakedown::flow {

/// What the table needs to know of a connection: nothing but who it is.
template <class T>
concept KeyedConnection = std::is_trivially_destructible_v<T> &&
    std::is_nothrow_default_constructible_v<T> && requires(T connection) {
  { connection.key } -> std::same_as<FlowKey&>;
  { connection.hash } -> std::same_as<std::uint64_t&>;
};

template <KeyedConnection Connection>
class FlowTable {
 public:
  FlowTable(Arena& arena, std::uint32_t capacity)
      : index_(arena, capacity),
        connections_(arena.take_room<Connection>(capacity)),
        next_free_(arena.take<std::uint32_t>(capacity)),
        first_free_(capacity == 0 ? kNoSlot : 0) {
    assert(capacity < kLive);
    for (std::uint32_t slot = 0; slot < capacity; ++slot) {
      next_free_[slot] = slot + 1 < capacity ? slot + 1 : kNoSlot;
    }
  }

  [[nodiscard]] static constexpr std::size_t budget_bytes(std::uint32_t capacity) noexcept {
    return FlowIndex::budget_bytes(capacity) + Arena::cost<Connection>(capacity) +
           Arena::cost<std::uint32_t>(capacity);
  }

  /// First pass over a burst: asks for the primary bucket.
  void prefetch(std::uint64_t hash) const noexcept { index_.prefetch(hash); }

  /// Second pass: asks for the lines of the connection that this hash probably means. Returns its
  /// slot, so that the caller can ask for what lies in parallel arrays, or kNoSlot.
  std::uint32_t prefetch_connection(std::uint64_t hash) const noexcept {
    const std::uint32_t slot = index_.guess(hash);
    if (slot == kNoSlot) return kNoSlot;
    const auto* lines = reinterpret_cast<const std::byte*>(&connections_[slot]);
    for (std::size_t offset = 0; offset < sizeof(Connection); offset += Arena::kCacheLine) {
      __builtin_prefetch(lines + offset);
    }
    return slot;
  }

  [[nodiscard]] Connection* find(std::uint64_t hash, const FlowKey& key) noexcept {
    const std::uint32_t slot = index_.find(hash, [&](std::uint32_t candidate) {
      const Connection& connection = connections_[candidate];
      return connection.hash == hash && connection.key == key;
    });
    return slot == kNoSlot ? nullptr : &connections_[slot];
  }

  /// A value-initialised connection with this key. The key must not be in the table yet.
  [[nodiscard]] Connection* insert(std::uint64_t hash, const FlowKey& key) noexcept {
    const std::uint32_t slot = first_free_;
    if (slot == kNoSlot || !index_.insert(hash, slot)) return nullptr;
    first_free_ = next_free_[slot];
    next_free_[slot] = kLive;
    ++size_;
    Connection* connection = std::construct_at(&connections_[slot]);
    connection->key = key;
    connection->hash = hash;
    return connection;
  }

  /// Its key and hash must still be those of insert(). The slot is the next one to be used again.
  void erase(Connection* connection) noexcept {
    const std::uint32_t slot = slot_of(connection);
    assert(next_free_[slot] == kLive);
    index_.erase(connection->hash, slot);
    next_free_[slot] = first_free_;
    first_free_ = slot;
    --size_;
  }

  [[nodiscard]] std::uint32_t slot_of(const Connection* connection) const noexcept {
    const std::ptrdiff_t slot = connection - connections_.data();
    assert(slot >= 0 && static_cast<std::size_t>(slot) < connections_.size());
    return static_cast<std::uint32_t>(slot);
  }

  /// The connection in a slot that is in use.
  [[nodiscard]] Connection& at(std::uint32_t slot) noexcept {
    assert(slot < capacity() && next_free_[slot] == kLive);
    return connections_[slot];
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept {
    return static_cast<std::uint32_t>(connections_.size());
  }

  /// Calls `visit(Connection&)` for each, in slot order; it may erase the connection it was given.
  template <class Visit>
  void for_each(Visit&& visit) noexcept {
    for (std::uint32_t slot = 0; slot < capacity(); ++slot) {
      if (next_free_[slot] == kLive) visit(connections_[slot]);
    }
  }

 private:
  /// Stands in `next_free_` for a slot that is in use.
  static constexpr std::uint32_t kLive = kNoSlot - 1;

  FlowIndex index_;
  std::span<Connection> connections_;
  std::span<std::uint32_t> next_free_;
  std::uint32_t first_free_;
  std::uint32_t size_ = 0;
};

}  // namespace shakedown::flow

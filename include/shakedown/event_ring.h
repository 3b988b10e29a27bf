// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The two one-way channels from a worker to control: records of fixed size, and
//            definitions as a stream of header and body. Control gives records back only when what
//            it made of them is written, so that a successor finds those that were not.
// Units:     Records; bytes.
// Ownership: The rings live in the shared segment; what is pushed, looked at and popped is copied.
// Threading: One worker pushes, one control thread takes. A push is visible once try_push returns;
//            whatever was pushed to the definition ring before is then visible too (release on
//            push, acquire on taking).
//
//            | call                          | worker | control | others |
//            |-------------------------------|--------|---------|--------|
//            | try_push                      | yes    | never   | never  |
//            | look, give_back, pop, take_all| never  | yes     | never  |
//            | fill                          | yes    | yes     | yes (may be older than the truth) |
//
// Limits:    The capacity of a record ring, a power of two, and kRecordRingCapacity of a worker's;
//            kDefinitionRingBytes bytes.
// Failure:   A full ring refuses and changes nothing; the caller counts it. Each push and each
//            taking is published by one store, so that either side may die at any moment and leaves
//            whole records and definitions behind.
// RFC:       none
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "shakedown/definition.h"
#include "shakedown/handshake_record.h"
#include "shakedown/limits.h"

namespace shakedown {

/// Boost's queue cannot be read without giving the places back at once; hence two counters of our
/// own around an array. They only grow, and `given_back <= pushed <= given_back + capacity`. A ring
/// that is made takes no memory for its places before they are used.
template <std::size_t capacity>
class BasicRecordRing {
 public:
  static constexpr std::size_t kCapacity = capacity;

  [[nodiscard]] bool try_push(const HandshakeRecord& record) noexcept {
    const std::uint64_t pushed = pushed_.load(std::memory_order_relaxed);
    if (pushed - given_back_seen_ == kCapacity) {
      given_back_seen_ = given_back_.load(std::memory_order_acquire);
      if (pushed - given_back_seen_ == kCapacity) return false;
    }
    std::construct_at(&slots_[pushed % kCapacity].record, record);
    pushed_.store(pushed + 1, std::memory_order_release);
    return true;
  }

  /// Copies up to `count` records in the order pushed, after leaving out the oldest `skip`; all of
  /// them stay in the ring. Returns how many were copied.
  [[nodiscard]] std::size_t look(std::size_t skip, HandshakeRecord* records,
                                 std::size_t count) const noexcept {
    const std::size_t there = fill();
    count = skip < there ? std::min(count, there - skip) : 0;
    for (std::size_t i = 0; i < count; ++i) records[i] = at(skip + i);
    return count;
  }
  /// The record that is given back after `index` others. `index` < fill().
  [[nodiscard]] const HandshakeRecord& at(std::size_t index) const noexcept {
    const std::uint64_t first = given_back_.load(std::memory_order_relaxed);
    return slots_[(first + index) % kCapacity].record;
  }
  /// The oldest `count` records go, and their places are free. `count` <= fill().
  void give_back(std::size_t count) noexcept {
    given_back_.store(given_back_.load(std::memory_order_relaxed) + count,
                      std::memory_order_release);
  }

  /// Takes up to `count` records in the order pushed. Returns how many were taken.
  [[nodiscard]] std::size_t pop(HandshakeRecord* records, std::size_t count) noexcept {
    const std::size_t taken = look(0, records, count);
    give_back(taken);
    return taken;
  }

  [[nodiscard]] std::size_t fill() const noexcept {
    // In this order: the other way round more could have been given back than was seen pushed.
    const std::uint64_t given_back = given_back_.load(std::memory_order_acquire);
    const std::uint64_t pushed = pushed_.load(std::memory_order_acquire);
    return std::min<std::uint64_t>(pushed - given_back, kCapacity);
  }

 private:
  static_assert(kCapacity > 0 && (kCapacity & (kCapacity - 1)) == 0,
                "places follow from counters by masking");
  /// Nothing is written to a place before a record is.
  union Slot {
    Slot() noexcept {}
    HandshakeRecord record;
  };

  // One line for each writer, so that neither waits for the other's cache.
  alignas(64) std::atomic<std::uint64_t> pushed_{0};
  std::uint64_t given_back_seen_ = 0;  ///< the worker's: no more is free than this tells
  alignas(64) std::atomic<std::uint64_t> given_back_{0};
  alignas(64) std::array<Slot, kCapacity> slots_;
};

/// The ring of a worker.
using RecordRing = BasicRecordRing<kRecordRingCapacity>;

/// Boost.Lockfree inside, nothing of it outside.
class DefinitionRing {
 public:
  /// `message`: a DefinitionHeader and its body, in one piece. It becomes visible as a whole or not
  /// at all.
  [[nodiscard]] bool try_push(Bytes message) noexcept {
    if (queue_.write_available() < message.size()) return false;
    queue_.push(message.data(), message.size());
    return true;
  }

  /// Replaces `messages` by everything that is there: whole messages, one after the other. A reader
  /// that dies in here has taken all or nothing, so its successor finds the beginning of a message.
  void take_all(std::vector<std::uint8_t>& messages) {
    messages.resize(queue_.read_available());
    queue_.pop(messages.data(), messages.size());
  }

  [[nodiscard]] std::size_t fill() const noexcept { return queue_.read_available(); }

 private:
  boost::lockfree::spsc_queue<std::uint8_t, boost::lockfree::capacity<kDefinitionRingBytes>> queue_;
};

}  // namespace shakedown

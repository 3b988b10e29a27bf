// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The two one-way channels from a worker to control: records of fixed size, and
//            definitions as a stream of header and body. Boost.Lockfree inside, nothing of it
//            outside.
// Units:     Records; bytes.
// Ownership: The rings live in the shared segment; what is pushed and popped is copied.
// Threading: One worker pushes, one control thread pops. A push is visible once try_push returns;
//            whatever was pushed to the definition ring before is then visible too (release on
//            push, acquire on pop).
//
//            | call                          | worker | control |
//            |-------------------------------|--------|---------|
//            | try_push                      | yes    | never   |
//            | pop, take_all                 | never  | yes     |
//            | fill                          | yes    | yes (may be older than the truth) |
//
// Limits:    kRecordRingCapacity records, kDefinitionRingBytes bytes.
// Failure:   A full ring refuses and changes nothing; the caller counts it. Each push and each pop
//            is published by one store, so that either side may die at any moment and leaves whole
//            records and definitions behind.
// RFC:       none
#pragma once

#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "shakedown/definition.h"
#include "shakedown/handshake_record.h"
#include "shakedown/limits.h"

namespace shakedown {

class RecordRing {
 public:
  [[nodiscard]] bool try_push(const HandshakeRecord& record) noexcept {
    return queue_.push(record);
  }

  /// Takes up to `count` records in the order pushed. Returns how many were taken.
  [[nodiscard]] std::size_t pop(HandshakeRecord* records, std::size_t count) noexcept {
    return queue_.pop(records, count);
  }

  [[nodiscard]] std::size_t fill() const noexcept { return queue_.read_available(); }

 private:
  boost::lockfree::spsc_queue<HandshakeRecord, boost::lockfree::capacity<kRecordRingCapacity>>
      queue_;
};

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

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Interleaves flows in time: keeps the frames of those that are open and writes the
//            frames of all of them in one order.
// Units:     times are nanoseconds.
// Ownership: owns the flows that it was given until their last frame was written.
// Threading: none.
// Limits:    holds the open flows only, about as many as the rate of new flows asks for.
// Failure:   none.
// RFC:       none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

#include "tcp_conversation.h"

namespace shakedown::generator {

class Mixer {
 public:
  void add(test_support::Frames frames) {
    if (frames.empty()) {
      return;
    }
    for (const auto& frame : frames) {
      held_bytes_ += frame.bytes.size();
    }
    size_t slot = open_.size();
    if (free_.empty()) {
      open_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    const uint64_t time_ns = frames.front().time_ns;
    open_[slot] = {std::move(frames), 0};
    due_.push({time_ns, sequence_++, slot});
  }

  [[nodiscard]] bool empty() const { return due_.empty(); }
  [[nodiscard]] uint64_t next_time_ns() const { return due_.top().time_ns; }
  [[nodiscard]] size_t open_count() const { return due_.size(); }
  [[nodiscard]] uint64_t held_bytes() const { return held_bytes_; }

  /// Hands the next frame in time to `write(frame)`.
  template <typename Write>
  void pop(Write&& write) {
    const Due due = due_.top();
    due_.pop();
    Open& flow = open_[due.slot];
    const auto& frame = flow.frames[flow.next++];
    write(frame);
    held_bytes_ -= frame.bytes.size();
    if (flow.next == flow.frames.size()) {
      flow = {};
      free_.push_back(due.slot);
    } else {
      due_.push({flow.frames[flow.next].time_ns, due.sequence, due.slot});
    }
  }

 private:
  struct Open {
    test_support::Frames frames{};
    size_t next = 0;
  };
  struct Due {
    uint64_t time_ns;
    uint64_t sequence;  // equal times: the flow that began first goes first
    size_t slot;
    bool operator<(const Due& other) const {
      return std::pair(time_ns, sequence) > std::pair(other.time_ns, other.sequence);
    }
  };

  std::vector<Open> open_;
  std::vector<size_t> free_;
  std::priority_queue<Due> due_;
  uint64_t sequence_ = 0;
  uint64_t held_bytes_ = 0;
};

}  // namespace shakedown::generator

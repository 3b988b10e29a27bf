// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Asks all workers about one connection, and collects what they say: control's side of
//            shakedown/inspection.h.
// Units:     UnixNanos for deadlines; bytes.
// Ownership: Findings are copies.
// Threading: One thread.
// Limits:    One question at a time; workers have kAnswerPatience.
// Failure:   A worker that has not answered by then is named in `silent`.
// RFC:       none
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "serve/endpoint.h"
#include "shakedown/shm_layout.h"

namespace shakedown::serve {

/// A worker looks for questions between bursts; one that does not within this time does not run.
inline constexpr std::chrono::milliseconds kAnswerPatience{1000};

/// What one worker knows.
struct Finding {
  unsigned worker = 0;
  Followed followed = Followed::unknown;
  bool client_certain = false;
  UnixNanos deadline;
  std::uint64_t held_bytes = 0;
  HandshakeRecord record;
};

struct Findings {
  std::vector<Finding> found;    ///< the one that follows it first; empty: nobody knows it
  std::vector<unsigned> silent;  ///< workers that did not answer
};

class Inspection {
 public:
  using Clock = std::chrono::steady_clock;

  /// Only when no question is open.
  void ask(SegmentHeader& segment, const Endpoint& first, const Endpoint& second,
           Clock::time_point now);
  [[nodiscard]] bool open() const { return open_; }
  /// The findings, once; nothing while they are incomplete and there is time.
  [[nodiscard]] std::optional<Findings> poll(SegmentHeader& segment, Clock::time_point now);
  /// The data plane that was asked has gone.
  void forget() { open_ = false; }

 private:
  bool open_ = false;
  std::uint32_t sequence_ = 0;
  Clock::time_point deadline_;
};

}  // namespace shakedown::serve

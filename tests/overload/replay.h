// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The packets of a population in the order of time: connections begin at random at a
//            given rate, and each goes on as its script says.
// Units:     Nanoseconds since the start of the replay; connections a second.
// Ownership: Uses the population. A frame is valid until the next call.
// Threading: One thread.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "population.h"

namespace shakedown::overload_test {

/// One connection that was begun, for the judge.
struct Offered {
  ConnectionId id;
  std::int64_t time = 0;
  std::uint8_t script = 0;
  std::uint32_t kept_share = 0;  ///< that the sensor reported when this began
};

class Replay {
 public:
  /// `on_begin` is told of each connection with its first packet.
  Replay(const Population& population, double rate, std::uint64_t seed,
         std::function<void(Offered)> on_begin);

  struct Next {
    std::int64_t time = 0;
    const test_support::TimedFrame* frame = nullptr;
    ConnectionId id;
  };
  /// When the next packet comes; after stop_beginning() the end of time when none will.
  [[nodiscard]] std::int64_t next_time() const;
  [[nodiscard]] Next take();

  void set_rate(double rate) { rate_ = rate; }
  void stop_beginning() { begin_time_ = kNever; }

 private:
  static constexpr std::int64_t kNever = INT64_MAX;

  struct Active {
    std::int64_t time = 0;  ///< of its next packet
    std::int64_t begin = 0;
    ConnectionId id;
    std::uint32_t frame = 0;
    std::uint8_t script = 0;

    bool operator>(const Active& other) const { return time > other.time; }
  };

  void schedule_begin();
  [[nodiscard]] Next begin_one();

  const Population& population_;
  double rate_;
  test_support::DeterministicRandom random_;
  std::function<void(Offered)> on_begin_;
  std::int64_t begin_time_ = 0;
  std::vector<std::uint16_t> numbers_;  ///< connections so far, by client
  std::priority_queue<Active, std::vector<Active>, std::greater<>> active_;
};

}  // namespace shakedown::overload_test

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A source as a card is one: packets come when they come, wait in a queue of fixed size,
//            and are lost when that is full. Time is what the worker spends on them: as its processor
//            counts it, so that on a machine that others use as well it is nearly as fast as it would
//            be alone, and making the packets costs it nothing; or as a model has it.
// Units:     Nanoseconds of simulated time, which begins at kEpoch.
// Ownership: Uses the replay. Owns the packets.
// Threading: One thread, which is the worker's.
// Limits:    The size of the queue; kFrameBytesMax bytes a frame.
// Failure:   A packet that finds no room is counted in missed_count().
// RFC:       none
#pragma once

#include <cstdint>
#include <vector>

#include "port/source.h"
#include "replay.h"

namespace shakedown::overload_test {

inline constexpr std::size_t kFrameBytesMax = 1536;
/// 2026-01-15 12:00:00 UTC.
inline constexpr std::int64_t kEpoch = 1'768'478'400 * kNanosPerSecond;

class QueueSource final : public port::Source {
 public:
  /// `slowness`: simulated nanoseconds that pass in one of the processor's. Zero: the replay's time
  /// passes as the worker gets through it, and there is always a full burst for it.
  QueueSource(Replay& replay, std::size_t queue_size, double slowness);

  void receive(port::Burst& burst) noexcept override;
  void release(port::Burst& burst) noexcept override;

  /// Of the processor, since receive(); nothing for a turn without packets.
  [[nodiscard]] std::int64_t turn_nanos() const;
  /// After each turn of the worker: the time that it took has passed.
  void turn_is_over(std::int64_t spent);

  [[nodiscard]] std::int64_t elapsed() const { return now_; }
  [[nodiscard]] UnixNanos clock() const { return UnixNanos{kEpoch + now_}; }
  [[nodiscard]] std::uint64_t received_count() const { return received_; }
  [[nodiscard]] std::uint64_t missed_count() const { return missed_; }
  /// Of the processor, on packets.
  [[nodiscard]] std::int64_t busy_nanos() const { return busy_nanos_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

 private:
  struct Slot {
    std::uint8_t bytes[kFrameBytesMax];
    std::size_t size;
  };

  void let_packets_come();

  Replay& replay_;
  double slowness_;
  std::vector<Slot> slots_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::int64_t now_ = 0;
  std::int64_t turn_began_ = 0;  ///< by the processor's time
  unsigned taken_ = 0;           ///< in the turn at hand
  std::uint64_t received_ = 0;
  std::uint64_t missed_ = 0;
  std::int64_t busy_nanos_ = 0;
};

}  // namespace shakedown::overload_test

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the main thread does for the workers of a live run every few milliseconds, so that
//            they need not: writes the flows that they have decided to the filters below the ports,
//            lets more clients in when there is time for them again, and adopts what control asks for.
// Units:     none
// Ownership: Uses what it is given, which outlives it.
// Threading: Main thread.
// Limits:    kShuntsPerTurnMax flows a turn, so that the heartbeat is never late.
// Failure:   none; what the filters refuse is counted by the ports.
// RFC:       none
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>

#include "input.h"
#include "overload/controller.h"
#include "shakedown/shm_layout.h"
#include "shunt.h"

namespace shakedown {

/// Between two turns: a flow of a gigabit brings a few hundred packets in this time.
inline constexpr std::chrono::milliseconds kUpkeepPeriod{5};
inline constexpr std::size_t kShuntsPerTurnMax = 4096;

class Upkeep {
 public:
  /// `overload` may be null: nobody is left out.
  Upkeep(Input& input, std::span<const std::unique_ptr<ShuntRing>> shunts, SegmentHeader& segment,
         overload::Controller* overload)
      : input_(input), shunts_(shunts), segment_(segment), overload_(overload) {}

  void turn() noexcept;
  /// To be told when the ports have been asked what they lost.
  void note_losses() noexcept;

 private:
  void pass_shunts_on() noexcept;
  void pass_on(std::span<const ShuntRequest> requests) noexcept;
  void adopt_log_level() noexcept;

  Input& input_;
  std::span<const std::unique_ptr<ShuntRing>> shunts_;
  SegmentHeader& segment_;
  overload::Controller* overload_;
  LogLevel adopted_ = LogLevel::unset;
  std::array<ShuntRequest, 256> requests_;
};

}  // namespace shakedown

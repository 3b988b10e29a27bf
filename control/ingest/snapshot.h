// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the segment says of itself at one moment: counters, ports, state; and whether its
//            sums add up.
// Units:     As in counters.def; bytes and packets for ports; UnixNanos of the wall clock.
// Ownership: Values, copied out of the segment, so that they outlive it.
// Threading: One thread; exact once the data plane is at rest.
// Limits:    kPortCountMax ports per segment.
// Failure:   A law that does not hold is a sentence in broken_laws().
// RFC:       none
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shakedown/shm_layout.h"

namespace shakedown::ingest {

/// `running`, ...
[[nodiscard]] std::string_view name_of(DataplaneState state);

struct PortSnapshot {
  std::string name;   ///< as the data plane gives it
  std::string label;  ///< of a capture its name without folders, of a live port the interface
  std::uint64_t size_bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool cut = false;
  std::array<std::uint64_t, kPortCounterCount> counters{};

  [[nodiscard]] std::uint64_t get(PortCounter counter) const {
    return counters[static_cast<std::size_t>(counter)];
  }
};

struct Snapshot {
  std::array<std::uint64_t, kCounterCount> counters{};
  std::vector<PortSnapshot> ports;
  std::vector<std::uint64_t> worker_packets;  ///< received by each worker
  std::uint32_t worker_count = 0;
  RunMode mode = RunMode::capture;
  DataplaneState state = DataplaneState::starting;
  std::string error;  ///< of a data plane that failed
  UnixNanos begin;    ///< when the data plane started
  UnixNanos end;      ///< when it was last known to be alive

  [[nodiscard]] std::uint64_t get(Counter counter) const {
    return counters[static_cast<std::size_t>(counter)];
  }
  [[nodiscard]] std::uint64_t fates() const;
  /// Puts the time and the counters of an earlier data plane before these. Its ports are found by
  /// their names, its workers by their numbers.
  void continue_from(const Snapshot& earlier);
};

[[nodiscard]] Snapshot take_snapshot(SegmentHeader& segment);

/// The conservation laws of design.md section 3 that do not hold, one sentence each. `ingested` is
/// what control took from the rings.
[[nodiscard]] std::vector<std::string> broken_laws(const Snapshot& snapshot,
                                                   std::uint64_t ingested);

}  // namespace shakedown::ingest

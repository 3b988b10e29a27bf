// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What was lost at the sensor itself, before or behind the workers, hence of no link in
//            particular; and what it means.
// Units:     Packets and records, as counters.def and port_counters.def count them; seconds.
// Ownership: Values.
// Threading: One thread.
// Limits:    kPortCountMax ports, kWorkerCountMax workers.
// Failure:   A data plane that was started anew counts anew: what it says is then all that came.
// RFC:       none; design.md section 4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aggregate/lost_times.h"
#include "aggregate/threshold.h"

namespace shakedown::aggregate {

/// Of one live port.
struct PortLoss {
  std::string label;          ///< `eth1`
  std::uint64_t packets = 0;  ///< that workers took
  std::uint64_t missed = 0;   ///< nobody took them in time
  std::uint64_t no_buffer = 0;
  std::uint64_t errors = 0;
  std::uint64_t link_changes = 0;
  std::uint64_t filter_passed = 0;   ///< by the XDP program
  std::uint64_t filter_dropped = 0;  ///< by it, on purpose
  std::uint64_t no_socket = 0;       ///< came to a queue that the sensor does not read

  [[nodiscard]] std::uint64_t lost() const { return missed + no_buffer + errors + no_socket; }
};

struct SensorLoss {
  std::uint64_t packets_received = 0;
  std::uint64_t port_missed = 0;
  std::uint64_t port_no_mbuf = 0;
  std::uint64_t records_pushed = 0;
  std::uint64_t records_refused = 0;
  std::uint64_t embryos_begun = 0;
  std::uint64_t packets_wrong_worker = 0;
  std::uint64_t connections_shed = 0;
  std::vector<PortLoss> ports = {};  ///< of a live run
  std::vector<std::uint64_t> worker_packets = {};
  OverloadSpan overload = {};
  BlindSpan blind = {};

  /// The counts since `earlier`; overload and blindness are of their own intervals already.
  [[nodiscard]] SensorLoss since(const SensorLoss& earlier) const;
  /// How many times the mean of all workers the busiest one took; 1: even, or nothing to compare.
  [[nodiscard]] double imbalance() const;
};

/// Fewer packets than these say nothing about how they are spread.
inline constexpr std::uint64_t kImbalancePacketsMin = 100'000;
/// From this many times the mean on, the busiest worker is worth a remark.
inline constexpr double kImbalanceMin = 2.0;

/// What is wrong or worth knowing, with its verdict: `healthy` where nothing is missing for it.
[[nodiscard]] Found judge_sensor(const SensorLoss& loss);

}  // namespace shakedown::aggregate

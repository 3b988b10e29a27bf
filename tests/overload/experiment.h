// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A worker under a load that it cannot bear, and an account of what it made of it: who was
//            kept, whether what it says of them is true, and whether what it says of itself is.
// Units:     Connections a second; shares as fractions of one.
// Ownership: Values.
// Threading: run() makes a thread of its own that only reads counters.
// Limits:    none
// Failure:   `broken` names the first sum of counters that did not agree.
// RFC:       none
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "population.h"

namespace shakedown::overload_test {

struct Load {
  double rate = 0;        ///< connections a second
  double seconds = 1;     ///< simulated
  double ramp = 0;        ///< seconds in which the rate rises from nothing
  double over_after = 0;  ///< seconds until it falls to a quarter; zero: never
  double settling = 0;    ///< seconds at the beginning that are not judged
  double slowness = 1;    ///< of the worker; see QueueSource
  std::size_t queue_size = 4096;
  /// Time by a model instead of the processor's: the same on every machine and in every run.
  bool modelled = false;
  bool sheds = true;
  bool ports_tell_losses = true;
  std::uint64_t seed = 1;
};

/// Of the connections that began after the settling.
struct Account {
  std::uint64_t offered = 0;
  std::uint64_t recorded = 0;      ///< of them
  std::uint64_t right = 0;         ///< recorded, and the outcome is the true one
  std::uint64_t kept_offered = 0;  ///< of clients that were kept all the time
  std::uint64_t kept_right = 0;
  double reported_share = 0;    ///< mean over the connections offered
  double offered_failures = 0;  ///< share of failures, the truth
  double estimated = 0;         ///< connections, by the weights of the records
  double estimated_failures = 0;
  /// Kept share of the classes of clients against what was reported, in standard deviations of a
  /// fair choice of clients: four rates, then IPv4 and IPv6.
  double class_deviations[kRateClassCount + 2] = {};
  /// Of clients that were kept all the time: the mean of (failure rate seen - true one), and the
  /// part of them whose counts are exact.
  double client_bias = 0;
  double clients_exact = 0;
  std::uint64_t kept_clients = 0;

  [[nodiscard]] double recorded_share() const;
  [[nodiscard]] double kept_right_share() const;
};

struct Result {
  Account account;
  std::uint64_t packets = 0;  ///< offered, the whole time
  std::uint64_t missed = 0;
  std::uint64_t missed_late = 0;  ///< after the settling
  std::uint64_t connections_shed = 0;
  std::uint64_t tails_shed = 0;
  std::uint64_t changes = 0;
  std::uint64_t snapshots = 0;
  double busy = 0;                    ///< part of the time that the worker spent on packets
  std::vector<std::uint32_t> shares;  ///< every tenth of a second, in 256ths
  std::string broken;
};

[[nodiscard]] Result run(const Population& population, const Load& load);

/// The rate that keeps the worker busy all the time and no more.
[[nodiscard]] double sustainable_rate(const Population& population, double slowness, bool modelled);

/// What the packets of a connection cost the worker, each.
struct PacketCost {
  std::uint64_t packets = 0;
  double followed_nanos = 0;
  double shed_nanos = 0;  ///< of a client that is not kept
};
[[nodiscard]] PacketCost measure_cost(const Population& population, std::uint64_t connection_count);

}  // namespace shakedown::overload_test

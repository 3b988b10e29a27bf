// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How packets come to workers: who reads which queue, and on which processor he runs.
// Units:     Numbers of queues, workers and processors.
// Ownership: Values.
// Threading: Main thread.
// Limits:    kQueueDescriptionCountMax queues of all ports.
// Failure:   A sentence when what the user wants cannot be.
// RFC:       none
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "port/interface_probe.h"
#include "port/rss.h"
#include "shakedown/shm_layout.h"

namespace shakedown::port {

/// What decides about one port.
struct PortQueues {
  std::string name;  ///< as the user wrote it
  unsigned count = 1;
  /// Whether both directions of a connection come to one queue; RssStatus::symmetric of a card
  /// means that this was checked.
  RssStatus rss = RssStatus::not_asked;
};

/// Before a card was asked it is taken at its word. Kernel interfaces hash as their cards like, and
/// nobody can tell how; the kernel's TAPs treat both directions alike.
[[nodiscard]] RssStatus expected_rss(const Interface& interface);

struct DistributionChoice {
  Distribution distribution = Distribution::single;
  std::string reason;   ///< why not `queues`, when several workers could have wanted them
  std::string refusal;  ///< why what the user wants cannot be
};

/// With several workers, each reads queues of its own when that keeps connections together and gives
/// each as much to do; else one thread hands out. `wanted`: the user knows better.
[[nodiscard]] DistributionChoice choose_distribution(std::span<const PortQueues> ports,
                                                     unsigned worker_count,
                                                     std::optional<Distribution> wanted);

/// The worker that reads this queue of any port: the same hash leads to the same worker everywhere.
[[nodiscard]] constexpr unsigned worker_of_queue(unsigned queue, unsigned worker_count) {
  return queue % worker_count;
}

struct ProcessorChoice {
  std::vector<unsigned> processors;  ///< of the workers, in their order; empty: any
  std::string refusal;
};

/// What the ports' cpus= say; `named` (--worker-cpus) goes before them.
[[nodiscard]] ProcessorChoice choose_processors(std::span<const Interface> interfaces,
                                                const std::vector<unsigned>& named,
                                                unsigned worker_count);

}  // namespace shakedown::port

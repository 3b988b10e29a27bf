// SPDX-License-Identifier: Apache-2.0
#include "port/queue_plan.h"

#include <algorithm>

namespace shakedown::port {
namespace {

/// Why workers cannot have queues of their own at all; empty when they can.
std::string why_impossible(std::span<const PortQueues> ports, unsigned worker_count) {
  const PortQueues& first = ports.front();
  for (const PortQueues& port : ports) {
    if (port.count < worker_count) {
      return port.name + " has " + std::to_string(port.count) + " of the " +
             std::to_string(worker_count) + " queues that the workers need";
    }
    // The directions of a link may come from two ports, and must meet at the same worker.
    if (port.count != first.count) {
      return first.name + " and " + port.name + " have different numbers of queues";
    }
  }
  return {};
}

/// Why they should not have them; empty when they should.
std::string why_unwise(std::span<const PortQueues> ports, unsigned worker_count) {
  for (const PortQueues& port : ports) {
    if (port.rss != RssStatus::symmetric) {
      return port.name + " " + std::string(rss_sentence(port.rss));
    }
    if (port.count % worker_count != 0) {
      return port.name + " has " + std::to_string(port.count) + " queues, which " +
             std::to_string(worker_count) + " workers cannot share evenly";
    }
  }
  return {};
}

}  // namespace

RssStatus expected_rss(const Interface& interface) {
  switch (interface.spec.name.driver) {
    case PortDriver::af_packet:
      return RssStatus::no_rss;
    case PortDriver::af_xdp:
      return RssStatus::no_table;
    case PortDriver::tap:
    case PortDriver::nic:
    case PortDriver::pci:
      return interface.spec.rss == RssLevel::off ? RssStatus::not_asked : RssStatus::symmetric;
  }
  return RssStatus::not_asked;
}

DistributionChoice choose_distribution(std::span<const PortQueues> ports, unsigned worker_count,
                                       std::optional<Distribution> wanted) {
  if (worker_count == 1) return {};
  const std::string impossible = why_impossible(ports, worker_count);
  if (wanted == Distribution::queues) {
    if (impossible.empty()) return {Distribution::queues, {}, {}};
    return {Distribution::distributor, {}, "--distribution queues is not possible: " + impossible};
  }
  if (wanted == Distribution::distributor) return {Distribution::distributor, "as asked for", {}};
  std::string reason = impossible.empty() ? why_unwise(ports, worker_count) : impossible;
  const auto choice = reason.empty() ? Distribution::queues : Distribution::distributor;
  return {choice, std::move(reason), {}};
}

ProcessorChoice choose_processors(std::span<const Interface> interfaces,
                                  const std::vector<unsigned>& named, unsigned worker_count) {
  if (!named.empty()) return {named, {}};
  const Interface* chosen = nullptr;
  for (const Interface& interface : interfaces) {
    const std::vector<unsigned>& own = interface.spec.cpus;
    if (own.empty()) continue;
    const std::string name = interface.spec.name.text();
    if (own.size() < worker_count) {
      return {{},
              name + ": cpus names " + std::to_string(own.size()) + " processors for " +
                  std::to_string(worker_count) + " workers; it takes one for each"};
    }
    if (chosen != nullptr && chosen->spec.cpus != own) {
      return {{},
              chosen->spec.name.text() + " and " + name +
                  " name different processors, but each worker reads a queue of both; name the "
                  "same ones"};
    }
    chosen = &interface;
  }
  return chosen == nullptr ? ProcessorChoice{} : ProcessorChoice{chosen->spec.cpus, {}};
}

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
#include "config/contradictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "config/values.h"
#include "shakedown/limits.h"

namespace shakedown::config {
namespace {

class Finder {
 public:
  explicit Finder(const Configuration& configuration) : configuration_(configuration) {}

  std::vector<Contradiction> find() {
    for (std::size_t i = 0; i < configuration_.ports.size(); ++i) check_port(i);
    check_workers();
    check_distribution();
    check_memory();
    if (configuration_.control.socket == "off" && configuration_.control.socket_group) {
      found_.push_back({"control", "socket_group", {}, "a socket that is off has no group"});
    }
    const DiagnosisSettings& diagnosis = configuration_.diagnosis;
    if (diagnosis.system_roots == false && diagnosis.roots.empty()) {
      found_.push_back({"diagnosis",
                        "system_roots",
                        {},
                        "without the system's roots and 'roots' nobody is trusted"});
    }
    return std::move(found_);
  }

 private:
  void check_port(std::size_t index) {
    const PortSettings& port = configuration_.ports[index];
    if (port.name.empty()) return;  // it was refused, and its driver may not be what was meant
    for (auto& [key, sentence] : find_contradictions(port)) {
      found_.push_back({"ports", key, index, std::move(sentence)});
    }
    if (!devices_.insert(port.name).second) {
      found_.push_back(
          {"ports", name_of(port.driver), index,
           fmt::format("the {} {} is given twice; each packet would count twice",
                       port.driver == PortDriver::pci ? "device" : "interface", port.name)});
    }
    if (contains(port.cpus, configuration_.workers.main_cpu)) {
      found_.push_back({"ports", "cpus", index, taken_twice()});
    }
    if (!port.cpus.empty() && configuration_.workers.distribution == "distributor") {
      found_.push_back({"ports", "cpus", index,
                        "a port has processors of its own with 'distribution: queues' only; the "
                        "distributor reads all of them"});
    }
  }

  void check_workers() {
    const WorkerSettings& workers = configuration_.workers;
    if (workers.cpus.size() > kWorkerCountMax) {
      found_.push_back({"workers",
                        "cpus",
                        {},
                        fmt::format("{} processors for at most {} workers", workers.cpus.size(),
                                    kWorkerCountMax)});
    } else if (!workers.cpus.empty() && workers.count && workers.cpus.size() < *workers.count) {
      found_.push_back(
          {"workers",
           "cpus",
           {},
           fmt::format("{} workers need {} processors, and there are {}: {}", *workers.count,
                       *workers.count, workers.cpus.size(), processors_text(workers.cpus, ','))});
    }
    if (contains(workers.cpus, workers.main_cpu)) {
      found_.push_back({"workers", "main_cpu", {}, taken_twice()});
    }
  }

  void check_distribution() {
    if (configuration_.workers.distribution != "queues") return;
    for (const PortSettings& port : configuration_.ports) {
      if (port.driver != PortDriver::af_packet) continue;
      found_.push_back({"workers",
                        "distribution",
                        {},
                        fmt::format("'distribution: queues' is not for af_packet:{}, which has "
                                    "no queues that hash both directions alike",
                                    port.name)});
      return;
    }
  }

  void check_memory() {
    if (configuration_.memory.hugepages != "off") return;
    const auto& ports = configuration_.ports;
    const auto port = std::ranges::find_if(ports, needs_hugepages);
    if (port == ports.end()) return;
    found_.push_back({"memory",
                      "hugepages",
                      {},
                      fmt::format("{}:{} cannot be read without huge pages", name_of(port->driver),
                                  port->name)});
  }

  [[nodiscard]] std::string taken_twice() const {
    return fmt::format(
        "processor {} is for the main thread and for a worker; one of them would "
        "wait for the other",
        *configuration_.workers.main_cpu);
  }

  static bool contains(const std::vector<unsigned>& processors, std::optional<unsigned> processor) {
    return processor && std::ranges::find(processors, *processor) != processors.end();
  }

  const Configuration& configuration_;
  std::set<std::string> devices_;
  std::vector<Contradiction> found_;
};

}  // namespace

std::vector<Contradiction> find_contradictions(const Configuration& configuration) {
  return Finder(configuration).find();
}

std::optional<unsigned> worker_count(const WorkerSettings& workers) {
  if (workers.count || workers.cpus.empty()) return workers.count;
  return static_cast<unsigned>(workers.cpus.size());
}

}  // namespace shakedown::config

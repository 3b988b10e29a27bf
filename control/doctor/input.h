// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The run that doctor is asked about, in its own words: what of the configuration and of
//            the command line the checks depend on.
// Units:     Processors as the kernel numbers them.
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace shakedown::doctor {

enum class Driver { af_packet, af_xdp, nic, pci, tap };

struct Port {
  Driver driver = Driver::af_packet;
  std::string name;    ///< of the interface; of `pci` the address
  std::vector<unsigned> cpus = {};
};

struct Input {
  std::vector<Port> ports = {};  ///< empty: nothing is required, all is looked at
  unsigned worker_count = 1;
  std::vector<unsigned> worker_cpus = {};
  std::optional<unsigned> main_cpu = {};
  std::string hugepages = "auto";  ///< auto, on, off
  std::vector<std::string> output_files = {};
  std::string user = {};   ///< of control; empty: the default
  std::string group = {};  ///< of the control socket; empty: the default
  std::string dataplane_program = {};
  std::string control_program = {};
  std::string programs_error = {};  ///< why they were not found

  [[nodiscard]] bool has(Driver driver) const {
    return std::ranges::any_of(ports, [driver](const Port& port) { return port.driver == driver; });
  }
  /// Whether DPDK drives a device of its own.
  [[nodiscard]] bool has_nic() const { return has(Driver::nic) || has(Driver::pci); }
  /// Processors that the user gave to threads of ours.
  [[nodiscard]] std::vector<unsigned> named_cpus() const {
    std::vector<unsigned> all = worker_cpus;
    if (main_cpu) all.push_back(*main_cpu);
    for (const Port& port : ports) all.insert(all.end(), port.cpus.begin(), port.cpus.end());
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }
};

}  // namespace shakedown::doctor

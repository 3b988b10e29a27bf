// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Looks at an interface before a port is made of it: is it there, up, Ethernet, and may
//            this process read it; how many queues it is to have. Everything that can be known before
//            is told here in one sentence that says what to do.
// Units:     Queues.
// Ownership: Values.
// Threading: Main thread.
// Limits:    kQueueCountMax.
// Failure:   InterfaceStatus names the kind; `sentence` is what to print, without the program's
//            name. What the kernel refuses for reasons of its own shows when the port is opened.
// RFC:       none
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "port/port_spec.h"

namespace shakedown::port {

enum class [[nodiscard]] InterfaceStatus : std::uint8_t{
    ok, missing, not_ethernet, down, no_rights, bad_queues, wrong_driver, exists, unreadable};

struct Interface {
  PortSpec spec;
  unsigned index = 0;        ///< the kernel's number of it; 0: the kernel does not have it (yet)
  unsigned queue_count = 1;  ///< that receive
  bool promiscuous = false;  ///< made so by the user, to be left so
  int memory_node = -1;      ///< that the card is connected to; -1: none, or not known
  std::string card;          ///< its address, of ports that DPDK drives
  /// Sentences about what will work less well than it could.
  std::vector<std::string> warnings;
  /// The same about what is of no consequence.
  std::vector<std::string> remarks;
};

struct InterfaceResult {
  InterfaceStatus status = InterfaceStatus::ok;
  Interface interface;
  std::string sentence;
};

/// Where the number of queues is ours to choose, there is one for each worker.
[[nodiscard]] InterfaceResult probe_interface(const PortSpec& spec, unsigned worker_count);

/// Whether the interface that had this number is still there. True of what never had one.
[[nodiscard]] bool interface_exists(const Interface& interface);

}  // namespace shakedown::port

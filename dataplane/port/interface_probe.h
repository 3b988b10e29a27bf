// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Looks at an interface before a port is made of it: is it there, up, Ethernet, and may
//            this process read it. Everything that can be known before is told here in one sentence
//            that says what to do.
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

#include "port/port_name.h"

namespace shakedown::port {

/// Queues that af_xdp reads of one interface: each takes a share of the packet buffers.
inline constexpr unsigned kQueueCountMax = 16;

enum class [[nodiscard]] InterfaceStatus : std::uint8_t{
    ok, missing, not_ethernet, down, no_rights, too_many_queues, unreadable};

struct Interface {
  PortName name;
  unsigned index = 0;        ///< the kernel's number of it
  unsigned queue_count = 1;  ///< that receive
  bool promiscuous = false;  ///< made so by the user, to be left so
  /// Sentences about what will work less well than it could.
  std::vector<std::string> warnings;
};

struct InterfaceResult {
  InterfaceStatus status = InterfaceStatus::ok;
  Interface interface;
  std::string sentence;
};

[[nodiscard]] InterfaceResult probe_interface(const PortName& name);

/// Whether the interface that had this number is still there.
[[nodiscard]] bool interface_exists(const Interface& interface);

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the kernel tells about one interface.
// Units:     Places in receive rings; bytes.
// Ownership: Values.
// Threading: One thread.
// Limits:    none
// Failure:   No interface: no value. What a driver does not tell is zero or false.
// RFC:       none
#pragma once

#include <optional>
#include <string>

namespace shakedown::doctor {

struct InterfaceFacts {
  unsigned index = 0;
  bool up = false;
  bool running = false;  ///< it has a carrier
  bool ethernet = false;
  unsigned mtu = 0;
  bool gro = false;
  bool lro = false;
  unsigned ring = 0;
  unsigned ring_max = 0;
  unsigned queues = 1;
  std::string driver = {};       ///< of the kernel
  std::string xdp_program = {};  ///< its name, or its number where that is not told; empty: none
};

[[nodiscard]] std::optional<InterfaceFacts> look_at_interface(const std::string& name);

/// The names of all interfaces but the loopback, ", " between them.
[[nodiscard]] std::string names_of_interfaces();

}  // namespace shakedown::doctor

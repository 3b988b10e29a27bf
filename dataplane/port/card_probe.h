// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Looks at a card before DPDK takes it: is it there, and does a driver hold it that lets
//            DPDK use it.
// Units:     Queues.
// Ownership: Values.
// Threading: Main thread.
// Limits:    What /sys tells.
// Failure:   As InterfaceResult: one sentence, with the command that repairs it where there is one.
// RFC:       none
#pragma once

#include <string>

#include "port/interface_probe.h"

namespace shakedown::port {

[[nodiscard]] InterfaceResult probe_card(const PortSpec& spec, unsigned worker_count);

/// The memory node of a device in /sys; -1: none, or not known.
[[nodiscard]] int node_of_device(const std::string& folder);

}  // namespace shakedown::port

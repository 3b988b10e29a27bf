// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a changed configuration can do without a restart, and what not.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <string>
#include <vector>

#include "config/configuration.h"

namespace shakedown::config {

/// The settings that differ and that only a restart brings into effect, in the order of the
/// documentation: "ports", "workers.count", ... The others are watchlists, `sensor.name`, `output`,
/// `control.log_level`, and of `diagnosis` the wait, whom to trust and `expires_soon`.
[[nodiscard]] std::vector<std::string> needs_restart(const Configuration& running,
                                                     const Configuration& now);

}  // namespace shakedown::config

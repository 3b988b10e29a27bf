// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   `[DRIVER:]NAME[,key=value]...`, the way a user names a port to read in one word.
// Units:     As in config/port_settings.h.
// Ownership: Values.
// Threading: parse_live_port() is pure; the rest asks the kernel.
// Limits:    Those of config/port_settings.h.
// Failure:   `error` is a sentence without its beginning; nothing else is set then.
// RFC:       none
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/port_settings.h"

namespace shakedown::cli {

struct LivePort {
  config::PortSettings settings;
  std::string error = {};
};

/// Without a driver it is af_packet, which any interface can. What keys contradict the driver is
/// find_conflict()'s to say (settings.h).
[[nodiscard]] LivePort parse_live_port(std::string_view text);

/// A sentence about the first port whose interface is none of `interfaces`; empty when all are
/// there. TAP interfaces are made later, and addresses of cards are no interfaces.
[[nodiscard]] std::string find_missing(const std::vector<std::string>& ports,
                                       const std::vector<std::string>& interfaces);

/// The interfaces of this machine; empty when the kernel does not say.
[[nodiscard]] std::vector<std::string> interface_names();

}  // namespace shakedown::cli

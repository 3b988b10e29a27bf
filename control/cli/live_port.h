// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   `DRIVER:IFACE`, the way a user names an interface to read.
// Units:     none
// Ownership: Values.
// Threading: parse_live_port() is pure; the rest asks the kernel.
// Limits:    The kernel's for names of interfaces: 15 bytes, none of them a space, '/' or ':'.
// Failure:   `error` is a sentence; nothing else is set then.
// RFC:       none
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shakedown::cli {

struct LivePort {
  std::string driver;
  std::string interface;
  std::string error = {};

  /// As the data plane wants it.
  [[nodiscard]] std::string text() const { return driver + ':' + interface; }
};

/// Without a driver it is af_packet, which any interface can.
[[nodiscard]] LivePort parse_live_port(std::string_view text);

/// A sentence about the first two ports that are one interface; empty when there are none.
[[nodiscard]] std::string find_repeated(const std::vector<std::string>& ports);

/// A sentence about the first port whose interface is none of `interfaces`; empty when all are
/// there.
[[nodiscard]] std::string find_missing(const std::vector<std::string>& ports,
                                       const std::vector<std::string>& interfaces);

/// The interfaces of this machine; empty when the kernel does not say.
[[nodiscard]] std::vector<std::string> interface_names();

}  // namespace shakedown::cli

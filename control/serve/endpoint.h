// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One end of a connection, as people write it: `192.0.2.7:50123`, `[2001:db8::1]:443`.
// Units:     Ports in host order.
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   Nothing for any other text; a host name is none, because nothing is resolved.
// RFC:       RFC 3986 §3.2.2 (brackets around IPv6)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shakedown/handshake_record.h"

namespace shakedown::serve {

struct Endpoint {
  IpFamily family = IpFamily::none;
  std::uint16_t port = 0;
  IpAddress address;

  bool operator==(const Endpoint&) const = default;
};

[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace shakedown::serve

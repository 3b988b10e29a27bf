// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Times, addresses and names as text.
// Units:     UnixNanos in, ISO 8601 in UTC with microseconds out.
// Ownership: Values.
// Threading: Values.
// Limits:    none
// Failure:   none
// RFC:       RFC 5952 (IPv6 text), RFC 3339 (times)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shakedown/handshake_record.h"
#include "shakedown/units.h"

namespace shakedown::exporting {

/// `2026-11-20T14:05:01.123456Z`
[[nodiscard]] std::string time_text(UnixNanos time);
[[nodiscard]] std::string address_text(const IpAddress& address, IpFamily family);
/// `192.0.2.7:443`, `[2001:db8::1]:443`
[[nodiscard]] std::string endpoint_text(const IpAddress& address, IpFamily family,
                                        std::uint16_t port);
[[nodiscard]] std::string hex_text(const std::uint8_t* bytes, std::size_t size);

/// `vxlan:42`; empty when there is no tunnel.
[[nodiscard]] std::string tunnel_text(TunnelKind kind, std::uint32_t id);

/// For terminals: what strangers chose must not move the cursor. Anything but printable ASCII
/// becomes \xNN, and what is longer than `length_max` ends in "~".
[[nodiscard]] std::string terminal_text(std::string_view text, std::size_t length_max);

/// `12,345`
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace shakedown::exporting

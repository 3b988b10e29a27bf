// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A name for each event, so that people and programs can speak of it: `event.id`.
// Units:     none
// Ownership: Values.
// Threading: Values.
// Limits:    64 bits: among a billion events two share a name with a chance of one in 37.
// Failure:   none
// RFC:       none
#pragma once

#include <string>

#include "shakedown/handshake_record.h"

namespace shakedown::exporting {

inline constexpr std::size_t kEventIdSize = 16;

/// 16 hex digits: the first 64 bits of a SHA-256 over address family, transport, both endpoints, the
/// time of the first packet and the number of connections that used these endpoints before. The
/// same for the same traffic, whoever reads it, however often.
[[nodiscard]] std::string event_id(const HandshakeRecord& record);

}  // namespace shakedown::exporting

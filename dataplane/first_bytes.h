// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What may these first bytes of a connection, or of one of its sides, be?
// Units:     Bytes.
// Ownership: Views only.
// Threading: Pure functions.
// Limits:    Six bytes are looked at, and the record headers of plausible_record_start().
// Failure:   False. One byte may be all there is; the record reader decides when more have come.
// RFC:       RFC 8446 §5.1; RFC 5246 §E.2 (the SSLv2 header has its high bit set, and then msg-type 1).
#pragma once

#include "shakedown/bytes.h"
#include "shakedown/tls_types.h"
#include "tls/record_probe.h"

namespace shakedown {

/// Could a ClientHello begin with these bytes?
[[nodiscard]] inline bool may_begin_tls(Bytes payload) noexcept {
  if (payload.empty()) return false;
  if (payload[0] == static_cast<std::uint8_t>(ContentType::handshake)) {
    return (payload.size() < 2 || payload[1] == 3) &&
           (payload.size() < 6 ||
            payload[5] == static_cast<std::uint8_t>(HandshakeType::client_hello));
  }
  return (payload[0] & 0x80) != 0 && (payload.size() < 3 || payload[2] == 1) &&
         (payload.size() < 4 || payload[3] == 0 || payload[3] == 3);
}

/// Could a server's flight?
[[nodiscard]] inline bool may_be_server_flight(Bytes payload) noexcept {
  return !payload.empty() && payload[0] == static_cast<std::uint8_t>(ContentType::handshake) &&
         tls::plausible_record_start(payload);
}

}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Which way bytes flow, as seen from the TLS roles.
// Units:     none
// Ownership: Values.
// Threading: Values.
// Limits:    none
// Failure:   none
// RFC:       RFC 8446 §1.1 (client: the endpoint initiating the TLS connection).
#pragma once

#include <cstddef>
#include <cstdint>

#include "shakedown/outcome.h"

namespace shakedown::handshake {

enum class Direction : std::uint8_t { client_to_server = 0, server_to_client = 1 };

[[nodiscard]] constexpr std::size_t index_of(Direction direction) {
  return static_cast<std::size_t>(direction);
}
[[nodiscard]] constexpr Direction opposite(Direction direction) {
  return direction == Direction::client_to_server ? Direction::server_to_client
                                                  : Direction::client_to_server;
}
[[nodiscard]] constexpr Party sender_of(Direction direction) {
  return direction == Direction::client_to_server ? Party::client : Party::server;
}

}  // namespace shakedown::handshake

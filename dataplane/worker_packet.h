// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A packet between the steps of Worker: what was decoded, and who it belongs to.
// Units:     UnixNanos.
// Ownership: Lives for one burst.
// Threading: One worker.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include "flow/flow_key.h"
#include "packet/packet_view.h"
#include "worker.h"

namespace shakedown {

struct Worker::PacketContext {
  packet::PacketView view;
  flow::KeyedPacket keyed;
  std::uint64_t hash = 0;
  UnixNanos
      clock;  ///< newest stamp of the stream up to this packet; what expires is measured by it
  bool is_icmp = false;  ///< an ICMP error; the view is about the packet that it quotes
};

/// Who sent it, when the client's place in the key is known.
[[nodiscard]] inline handshake::Direction direction_of(bool source_is_low, bool client_is_low) {
  return source_is_low == client_is_low ? handshake::Direction::client_to_server
                                        : handshake::Direction::server_to_client;
}

}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a worker keeps of one followed connection: the parts of stream/, tls/ and
//            handshake/ side by side.
// Units:     UnixNanos.
// Ownership: Lives in the flow table; its HandshakeRecord in progress lies in a parallel array
//            under the same slot.
// Threading: One worker.
// Limits:    256 bytes; with its record and its table entries about 800.
// Failure:   none
// RFC:       none
#pragma once

#include <array>
#include <cstdint>

#include "flow/flow_key.h"
#include "handshake/direction.h"
#include "handshake/state.h"
#include "packet/packet_view.h"
#include "stream/stream_direction.h"
#include "tls/record_state.h"

namespace shakedown {

struct Connection {
  // Found by these.
  flow::FlowKey key;
  SeqNum client_isn;  ///< meaningful when the record knows the time of the SYN
  std::uint64_t hash = 0;
  UnixNanos deadline;  ///< exact: a packet at or after it finds the connection expired

  handshake::State state;
  std::array<stream::StreamDirection, 2> streams{};  ///< by handshake::index_of
  std::array<tls::RecordState, 2> records{tls::RecordState{}, tls::RecordState::for_server()};

  [[nodiscard]] stream::StreamDirection& stream_of(handshake::Direction direction) {
    return streams[handshake::index_of(direction)];
  }
  [[nodiscard]] tls::RecordState& records_of(handshake::Direction direction) {
    return records[handshake::index_of(direction)];
  }
};

}  // namespace shakedown

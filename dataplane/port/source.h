// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Where a worker's packets come from, whatever the port is: bursts of packets in the
//            order of the stream, and the packet clock. Knows nothing of DPDK.
// Units:     UnixNanos; lengths in bytes as captured, but of packets that were put together.
// Ownership: The bytes of a burst belong to the source and are valid until release(); every
//            receive() is followed by one release() of the same burst.
// Threading: One worker calls receive() and release(); sources of different workers are
//            independent.
// Limits:    kBurstSize packets a burst, kPacketBytesMax bytes a packet.
// Failure:   A source that can go no further says `ended`; what went wrong is told by the process,
//            not here. A packet that is longer than kPacketBytesMax is cut to it and counted in
//            oversized_packets.
// RFC:       none
#pragma once

#include <array>
#include <cstdint>

#include "packet/link_type.h"
#include "shakedown/bytes.h"
#include "shakedown/limits.h"
#include "shakedown/units.h"

namespace shakedown::port {

struct CapturedPacket {
  Bytes bytes;
  UnixNanos time;   ///< its own stamp
  UnixNanos clock;  ///< newest stamp of the whole stream up to and including this packet
  packet::LinkType link_type{};
  std::uint8_t port_index = 0;
  /// Of LinkType::reassembled: by how much `bytes` is longer than the captured piece that completed
  /// it. Less than zero: shorter.
  std::int32_t bytes_beyond_capture = 0;
};

struct Burst {
  unsigned count = 0;
  std::array<CapturedPacket, kBurstSize> packets;
  /// The source's own handles of the packets, for release().
  std::array<void*, kBurstSize> buffers{};
  /// Newest stamp of the whole stream, over all workers: every packet that comes after this burst
  /// was read after the one that carried it. It never goes back, and it moves in empty bursts too.
  UnixNanos clock;
  /// Nothing will come after this burst.
  bool ended = false;
};

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Fills `burst` with what is there, possibly nothing; does not wait for packets, though it may
  /// give its processor away for a moment when none came for a while. Sets every field but the
  /// unused ends of the arrays.
  virtual void receive(Burst& burst) noexcept = 0;
  /// Gives the bytes of the last receive() back.
  virtual void release(Burst& burst) noexcept = 0;
};

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Takes packets that came to one worker and belong to another. Where each worker reads
//            queues of its own, the card sorts pieces of IP packets, and ICMP errors, by addresses
//            alone, so that they may come to another worker than the rest of their connection.
// Units:     Bytes, UnixNanos.
// Ownership: What is handed over is copied.
// Threading: Any worker hands over to any other at any time.
// Limits:    Those of the rings behind it.
// Failure:   False: no room, nothing happened; the caller counts it.
// RFC:       none
#pragma once

#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/units.h"

namespace shakedown::packet {

struct Stray {
  Bytes bytes;
  /// `bytes` were put together (LinkType::reassembled); else they are a packet as its port gave it.
  bool reassembled = false;
  std::uint32_t captured_bytes = 0;  ///< of the packet, or of the piece that completed it
  UnixNanos time;
  UnixNanos clock;
  std::uint8_t port_index = 0;
};

class StraySink {
 public:
  StraySink() = default;
  StraySink(const StraySink&) = delete;
  StraySink& operator=(const StraySink&) = delete;
  virtual ~StraySink() = default;

  [[nodiscard]] virtual bool hand_over(const Stray& stray, unsigned worker) noexcept = 0;
};

}  // namespace shakedown::packet

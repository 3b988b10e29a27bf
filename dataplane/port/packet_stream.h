// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   All ports as one stream of packets with a running clock: what the sources of the
//            workers read from.
// Units:     Packets; UnixNanos.
// Ownership: Buffers that read() gives belong to the caller.
// Threading: One thread.
// Limits:    kBurstSize packets a read.
// Failure:   None; a stream that can go no further has ended.
// RFC:       none
#pragma once

#include <span>

#include "shakedown/units.h"

struct rte_mbuf;

namespace shakedown::port {

class PacketStream {
 public:
  PacketStream() = default;
  PacketStream(const PacketStream&) = delete;
  PacketStream& operator=(const PacketStream&) = delete;
  virtual ~PacketStream() = default;

  /// Up to out.size() packets, at most kBurstSize, each with its time and its clock set. May give
  /// the processor away for a moment when there are none.
  [[nodiscard]] virtual unsigned read(std::span<rte_mbuf*> out) noexcept = 0;
  /// Whether a read that gave nothing was the last one.
  [[nodiscard]] virtual bool ended() const noexcept = 0;
  /// Newest time so far. It never goes back, and no packet read later was seen before the packet
  /// that carried it.
  [[nodiscard]] UnixNanos clock() const noexcept { return clock_; }

 protected:
  UnixNanos clock_;
};

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The source of a single worker: it polls the ports itself.
// Units:     Packets.
// Ownership: Uses the stream of the ports, which nobody else may read.
// Threading: The worker's; `stop` may be set by any thread.
// Limits:    kBurstSize.
// Failure:   None beyond Source's.
// RFC:       none
#pragma once

#include <array>
#include <atomic>

#include "port/burst_builder.h"
#include "port/packet_stream.h"
#include "port/source.h"

namespace shakedown::port {

class DirectSource final : public Source {
 public:
  /// Once `stop` is set no more packets are read, and the source ends.
  DirectSource(PacketStream& ports, const PacketBuffers& buffers, const LinkTypes& link_types,
               CounterBlock& counters, const std::atomic<bool>& stop)
      : ports_(ports), builder_(buffers, link_types, counters), stop_(stop) {}
  ~DirectSource() override;

  void receive(Burst& burst) noexcept override;
  void release(Burst& burst) noexcept override;

 private:
  PacketStream& ports_;
  BurstBuilder builder_;
  const std::atomic<bool>& stop_;
  /// Read, but not yet given to the worker.
  std::array<rte_mbuf*, kBurstSize> pending_{};
  unsigned next_ = 0;
  unsigned end_ = 0;
};

}  // namespace shakedown::port

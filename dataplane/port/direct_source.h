// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The source of a worker that polls ports itself: the only one, or one that has queues of
//            its own. Such a one also takes what others have for it (see StrayRings).
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
#include "port/stray_rings.h"

namespace shakedown::port {

class DirectSource final : public Source {
 public:
  /// Once `stop` is set no more packets are read, and the source ends.
  DirectSource(PacketStream& ports, const PacketBuffers& buffers, const LinkTypes& link_types,
               CounterBlock& counters, const std::atomic<bool>& stop)
      : ports_(ports),
        buffers_(buffers),
        builder_(buffers, link_types, counters),
        counters_(counters),
        stop_(stop) {}
  ~DirectSource() override;

  /// From now on this is the source of `worker`. Before the first receive().
  void share(StrayRings& strays, unsigned worker) {
    strays_ = &strays;
    worker_ = worker;
  }

  void receive(Burst& burst) noexcept override;
  void release(Burst& burst) noexcept override;

 private:
  [[nodiscard]] unsigned take_strays() noexcept;

  PacketStream& ports_;
  const PacketBuffers& buffers_;
  BurstBuilder builder_;
  CounterBlock& counters_;
  const std::atomic<bool>& stop_;
  /// Read, but not yet given to the worker.
  std::array<rte_mbuf*, kBurstSize> pending_{};
  unsigned next_ = 0;
  unsigned end_ = 0;
  StrayRings* strays_ = nullptr;
  unsigned worker_ = 0;
  bool took_strays_ = false;  ///< the ports come next, however many strays there are
};

}  // namespace shakedown::port

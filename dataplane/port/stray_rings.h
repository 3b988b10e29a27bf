// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Rings through which workers that read queues of their own hand each other the packets
//            that came to the wrong one: see packet/stray_sink.h. There are few of them, so that a
//            copy each is cheap; what counts is that an empty ring costs its worker nothing.
// Units:     Packets, buffers.
// Ownership: Owns the rings. A buffer in a ring belongs to it until take() gives it away.
// Threading: hand_over() on any worker's thread at any time; take() and close() of one ring on its
//            worker's thread. take() of an empty ring reads two words that change only when packets
//            are handed over.
// Limits:    kStrayRingSize packets and kStrayBuffersMax buffers wait for one worker.
// Failure:   hand_over() refuses when there is no room, or when that worker has ended.
// RFC:       none
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "packet/stray_sink.h"
#include "port/packet_buffers.h"

struct rte_ring;

namespace shakedown::port {

class StrayRings final : public packet::StraySink {
 public:
  explicit StrayRings(const PacketBuffers& buffers) : buffers_(buffers) {}
  ~StrayRings() override;

  /// Empty on success, else one sentence.
  [[nodiscard]] std::string create(unsigned worker_count);

  [[nodiscard]] bool hand_over(const packet::Stray& stray, unsigned worker) noexcept override;

  /// What waits for `worker`, up to kStrayBurstSize packets. Returns how many.
  [[nodiscard]] unsigned take(unsigned worker, std::span<rte_mbuf*> out) noexcept;
  /// No more is taken: what comes from now on is refused.
  void close(unsigned worker) noexcept { inboxes_[worker]->closed.store(true); }

  /// Memory of DPDK for the rings.
  [[nodiscard]] static std::size_t ring_bytes(unsigned worker_count);

 private:
  struct Inbox {
    rte_ring* ring = nullptr;
    alignas(64) std::atomic<unsigned> buffers{0};  ///< that wait in the ring
    std::atomic<bool> closed{false};
  };

  const PacketBuffers& buffers_;
  std::vector<std::unique_ptr<Inbox>> inboxes_;
};

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Hands the packets of all ports to several workers, so that both directions of a
//            connection, in whatever tunnel, meet at the same worker: a keyed hash over the
//            innermost addresses and ports, or those that an ICMP error quotes. What else is not TCP
//            goes to worker 0. Which worker gets a packet depends on the packet alone. Pieces of IP
//            packets must meet before that can be known: the piece that completes a packet is
//            replaced by the whole (LinkType::reassembled), all others go to worker 0 only to be
//            counted (LinkType::absorbed_fragment).
// Units:     Packets; UnixNanos.
// Ownership: Owns the rings. A buffer in a ring belongs to the worker that takes it, who frees it.
// Threading: run() on a thread of its own; each WorkerSource on its worker's thread. The clock is
//            published after everything up to it has been put into the rings, and a worker loads it
//            before it looks into its ring: so a worker that finds nothing has seen all of its
//            packets up to that clock.
// Limits:    kWorkerRingSize packets a ring, handed_out_max() buffers in all rings and workers
//            together.
// Failure:   A full ring, or too many buffers out, is waited for, so nothing is ever dropped here.
//            Workers must go on taking packets until their source ends. Live, the port goes unread
//            meanwhile: its own ring, much larger than ours, takes what comes, and what does not
//            fit there was never received and is counted by the kernel in port_missed. Dropping
//            here instead would lose packets while there is room for them below, and would take
//            them out of the middle of connections that are being followed.
// RFC:       none
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "packet/decode.h"
#include "packet/defragmenter.h"
#include "port/burst_builder.h"
#include "port/packet_stream.h"
#include "port/source.h"

struct rte_ring;

namespace shakedown::port {

/// What distributor and workers tell each other besides the packets.
struct DistributorState {
  alignas(64) std::atomic<std::int64_t> clock{0};
  std::atomic<bool> ended{false};
};

class WorkerSource final : public Source {
 public:
  WorkerSource(rte_ring* ring, const DistributorState& state, const PacketBuffers& buffers,
               const LinkTypes& link_types, CounterBlock& counters)
      : ring_(ring), state_(state), builder_(buffers, link_types, counters) {}
  ~WorkerSource() override;

  void receive(Burst& burst) noexcept override;
  void release(Burst& burst) noexcept override;

  /// Buffers given back since the start, chained ones counted one by one.
  [[nodiscard]] std::uint64_t released_count() const noexcept {
    return released_count_.load(std::memory_order_acquire);
  }

 private:
  rte_ring* ring_;
  const DistributorState& state_;
  BurstBuilder builder_;
  std::array<rte_mbuf*, kBurstSize> pending_{};
  unsigned next_ = 0;
  unsigned end_ = 0;
  unsigned idle_turns_ = 0;
  UnixNanos clock_;
  alignas(64) std::atomic<std::uint64_t> released_count_{0};
};

class Distributor {
 public:
  /// Reads no more once `stop` is set, and still hands out what it has read. `defragmenter` is used
  /// by run() alone; none: pieces go to worker 0 as they are.
  Distributor(PacketStream& ports, const PacketBuffers& buffers, const LinkTypes& link_types,
              const std::atomic<bool>& stop, packet::Defragmenter* defragmenter = nullptr);
  ~Distributor();
  Distributor(const Distributor&) = delete;
  Distributor& operator=(const Distributor&) = delete;

  /// One ring and source per worker; `counters[i]` is that of worker i. Empty on success, else one
  /// sentence.
  [[nodiscard]] std::string create(std::span<CounterBlock* const> counters);
  [[nodiscard]] Source& source(unsigned worker) { return *sources_[worker]; }

  /// Until the ports end or it is stopped.
  void run() noexcept;

  /// Memory of DPDK for the rings.
  [[nodiscard]] static std::size_t ring_bytes(unsigned worker_count);
  /// Memory in which a long piece is put in one piece, to be looked at.
  [[nodiscard]] static constexpr std::size_t scratch_bytes() { return kPacketBytesMax; }

 private:
  /// Packets of one burst that go to one worker.
  struct Batch {
    unsigned count = 0;
    std::array<rte_mbuf*, kBurstSize> packets{};
  };

  [[nodiscard]] unsigned choose_worker(rte_mbuf*& packet) noexcept;
  [[nodiscard]] packet::DecodeStatus put_together(rte_mbuf*& piece,
                                                  packet::PacketView& view) noexcept;
  void wait_for_room() noexcept;
  void hand_out(unsigned worker) noexcept;

  PacketStream& ports_;
  const PacketBuffers& buffers_;
  LinkTypes link_types_;
  const std::atomic<bool>& stop_;
  packet::Defragmenter* defragmenter_;
  std::unique_ptr<std::uint8_t[]> scratch_;
  DistributorState state_;
  std::uint64_t handed_out_count_ = 0;
  std::vector<rte_ring*> rings_;
  std::vector<std::unique_ptr<WorkerSource>> sources_;
  std::vector<Batch> batches_;
};

}  // namespace shakedown::port

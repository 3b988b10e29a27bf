// SPDX-License-Identifier: Apache-2.0
#include "port/distributor.h"

#include <rte_errno.h>
#include <rte_memory.h>
#include <rte_prefetch.h>
#include <rte_ring.h>

#include <algorithm>

#include "flow/flow_key.h"
#include "packet/follow_fragment.h"
#include "port/rest.h"

namespace shakedown::port {
namespace {

/// The choice of a worker need not be secret: whoever floods one worker floods it no worse than
/// with one worker. A fixed seed keeps the choice the same on every run.
constexpr std::uint64_t kWorkerSeed = 0x5348414b'45444f57;

}  // namespace

WorkerSource::~WorkerSource() { rte_pktmbuf_free_bulk(pending_.data() + next_, end_ - next_); }

void WorkerSource::receive(Burst& burst) noexcept {
  if (next_ == end_) {
    // In this order: what is in the ring now includes everything up to this clock.
    burst.ended = state_.ended.load(std::memory_order_acquire);
    const UnixNanos published{state_.clock.load(std::memory_order_acquire)};
    // Packets may come before the clock that they carry is published.
    clock_ = std::max(clock_, published);
    next_ = 0;
    end_ = rte_ring_sc_dequeue_burst(ring_, reinterpret_cast<void**>(pending_.data()), kBurstSize,
                                     nullptr);
    if (end_ != 0) {
      burst.ended = false;
      idle_turns_ = 0;
    } else if (!burst.ended) {
      take_rest(rest_of_turn(idle_turns_));
      idle_turns_ = next_turn(idle_turns_);
    }
  } else {
    burst.ended = false;
  }
  burst.clock = clock_;
  next_ += builder_.build(std::span(pending_).subspan(next_, end_ - next_), burst);
  clock_ = burst.clock;
}

void WorkerSource::release(Burst& burst) noexcept {
  auto* const packets = reinterpret_cast<rte_mbuf**>(burst.buffers.data());
  std::uint64_t released = 0;
  for (unsigned i = 0; i < burst.count; ++i) released += packets[i]->nb_segs;
  rte_pktmbuf_free_bulk(packets, burst.count);
  released_count_.store(released_count_.load(std::memory_order_relaxed) + released,
                        std::memory_order_release);
  burst.count = 0;
}

Distributor::Distributor(PacketStream& ports, const PacketBuffers& buffers,
                         const LinkTypes& link_types, const std::atomic<bool>& stop,
                         packet::Defragmenter* defragmenter)
    : ports_(ports),
      buffers_(buffers),
      link_types_(link_types),
      stop_(stop),
      defragmenter_(defragmenter),
      scratch_(std::make_unique<std::uint8_t[]>(scratch_bytes())) {}

Distributor::~Distributor() {
  sources_.clear();
  for (rte_ring* const ring : rings_) {
    void* packet = nullptr;
    while (rte_ring_dequeue(ring, &packet) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
    rte_ring_free(ring);
  }
}

std::string Distributor::create(std::span<CounterBlock* const> counters) {
  batches_.resize(counters.size());
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const std::string name = "worker" + std::to_string(i);
    rte_ring* const ring = rte_ring_create(name.c_str(), kWorkerRingSize, SOCKET_ID_ANY,
                                           RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
    if (ring == nullptr) {
      return std::string("the rings between the workers cannot be made: ") +
             rte_strerror(rte_errno);
    }
    rings_.push_back(ring);
    sources_.push_back(
        std::make_unique<WorkerSource>(ring, state_, buffers_, link_types_, *counters[i]));
  }
  return {};
}

std::size_t Distributor::ring_bytes(unsigned worker_count) {
  // RING_F_EXACT_SZ doubles a power of two, as one place is always free.
  return worker_count * static_cast<std::size_t>(rte_ring_get_memsize(2 * kWorkerRingSize));
}

void Distributor::run() noexcept {
  std::array<rte_mbuf*, kBurstSize> packets;
  while (!stop_.load(std::memory_order_relaxed)) {
    wait_for_room();
    const unsigned count = ports_.read(packets);
    if (count == 0 && ports_.ended()) break;
    for (unsigned i = 0; i < count; ++i) rte_prefetch0(rte_pktmbuf_mtod(packets[i], void*));
    for (unsigned i = 0; i < count; ++i) {
      Batch& batch = batches_[choose_worker(packets[i])];
      batch.packets[batch.count++] = packets[i];
      handed_out_count_ += packets[i]->nb_segs;
    }
    for (unsigned worker = 0; worker < batches_.size(); ++worker) hand_out(worker);
    state_.clock.store(ports_.clock().value, std::memory_order_release);
  }
  state_.ended.store(true, std::memory_order_release);
}

unsigned Distributor::choose_worker(rte_mbuf*& packet) noexcept {
  using packet::DecodeStatus;
  packet::PacketView view;
  // All headers are in the first buffer of a chain.
  const Bytes bytes{rte_pktmbuf_mtod(packet, const std::uint8_t*), packet->data_len};
  auto status = packet::decode(link_types_[packet->port], bytes, view);
  if (status == DecodeStatus::ip_fragment && defragmenter_ != nullptr) {
    status = put_together(packet, view);
  }
  if (status != DecodeStatus::tcp && status != DecodeStatus::icmp_error) return 0;
  const std::uint64_t hash = flow::hash_of(flow::key_of(view).key, kWorkerSeed);
  // The upper bits, as a fraction of the number of workers: no division, no bias that matters.
  return static_cast<unsigned>(((hash >> 32) * batches_.size()) >> 32);
}

/// The piece is marked, or replaced by what it completed.
packet::DecodeStatus Distributor::put_together(rte_mbuf*& piece,
                                               packet::PacketView& view) noexcept {
  using packet::DecodeStatus;
  if (piece->nb_segs > 1) {
    const Bytes bytes{scratch_.get(), copy_in_one_piece(piece, scratch_.get())};
    const auto status = packet::decode(link_types_[piece->port], bytes, view);
    if (status != DecodeStatus::ip_fragment) return status;
  }
  Bytes whole;
  const auto status =
      packet::follow_fragment(*defragmenter_, buffers_.clock_of(piece), view, whole);
  if (status == DecodeStatus::ip_fragment) {
    buffers_.set_absorbed(piece);
  } else {
    rte_mbuf* const packet = buffers_.reassembled(whole, piece);
    rte_pktmbuf_free(piece);
    piece = packet;
  }
  defragmenter_->forget_whole_packets();
  return status;
}

void Distributor::wait_for_room() noexcept {
  const std::uint64_t limit =
      handed_out_max(static_cast<unsigned>(sources_.size())) - kBurstSize * kChainLengthMax;
  for (unsigned turn = 0;; ++turn) {
    std::uint64_t released = 0;
    for (const auto& source : sources_) released += source->released_count();
    if (handed_out_count_ - released <= limit) return;
    take_rest(rest_of_turn(turn));
  }
}

void Distributor::hand_out(unsigned worker) noexcept {
  Batch& batch = batches_[worker];
  unsigned done = 0;
  for (unsigned turn = 0; done < batch.count; ++turn) {
    if (turn != 0) take_rest(rest_of_turn(turn));
    done += rte_ring_sp_enqueue_burst(rings_[worker],
                                      reinterpret_cast<void* const*>(batch.packets.data() + done),
                                      batch.count - done, nullptr);
  }
  batch.count = 0;
}

}  // namespace shakedown::port

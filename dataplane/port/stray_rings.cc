// SPDX-License-Identifier: Apache-2.0
#include "port/stray_rings.h"

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_memory.h>
#include <rte_ring.h>

#include <algorithm>

namespace shakedown::port {

StrayRings::~StrayRings() {
  for (const auto& inbox : inboxes_) {
    void* packet = nullptr;
    while (rte_ring_dequeue(inbox->ring, &packet) == 0) {
      rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
    }
    rte_ring_free(inbox->ring);
  }
}

std::string StrayRings::create(unsigned worker_count) {
  for (unsigned i = 0; i < worker_count; ++i) {
    const std::string name = "stray" + std::to_string(i);
    rte_ring* const ring = rte_ring_create(name.c_str(), kStrayRingSize, SOCKET_ID_ANY,
                                           RING_F_MP_RTS_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
    if (ring == nullptr) {
      return std::string("the rings between the workers cannot be made: ") +
             rte_strerror(rte_errno);
    }
    inboxes_.push_back(std::make_unique<Inbox>());
    inboxes_.back()->ring = ring;
  }
  return {};
}

std::size_t StrayRings::ring_bytes(unsigned worker_count) {
  // RING_F_EXACT_SZ doubles a power of two, as one place is always free.
  return worker_count * static_cast<std::size_t>(rte_ring_get_memsize(2 * kStrayRingSize));
}

bool StrayRings::hand_over(const packet::Stray& stray, unsigned worker) noexcept {
  if (worker >= inboxes_.size()) return false;
  Inbox& inbox = *inboxes_[worker];
  if (inbox.closed.load(std::memory_order_relaxed)) return false;
  // The room is taken before the buffers are: ports must never lack some for our sake.
  const auto count =
      static_cast<unsigned>((stray.bytes.size() + kBufferRoomBytes - 1) / kBufferRoomBytes);
  const unsigned before = inbox.buffers.fetch_add(count, std::memory_order_relaxed);
  rte_mbuf* const packet = before + count <= kStrayBuffersMax ? buffers_.copy_of(stray) : nullptr;
  if (packet != nullptr && rte_ring_enqueue(inbox.ring, packet) == 0) return true;
  inbox.buffers.fetch_sub(count, std::memory_order_relaxed);
  rte_pktmbuf_free(packet);
  return false;
}

unsigned StrayRings::take(unsigned worker, std::span<rte_mbuf*> out) noexcept {
  Inbox& inbox = *inboxes_[worker];
  if (rte_ring_empty(inbox.ring) != 0) return 0;
  const auto most = std::min<unsigned>(kStrayBurstSize, static_cast<unsigned>(out.size()));
  const unsigned count =
      rte_ring_dequeue_burst(inbox.ring, reinterpret_cast<void**>(out.data()), most, nullptr);
  unsigned buffers = 0;
  for (rte_mbuf* const packet : out.first(count)) buffers += packet->nb_segs;
  inbox.buffers.fetch_sub(buffers, std::memory_order_relaxed);
  return count;
}

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
#include "port/packet_buffers.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

namespace shakedown::port {
namespace {

constexpr unsigned kBufferBytes = sizeof(rte_mbuf) + kBufferDataBytes;

std::string cannot_make(int error) {
  return std::string("the packet buffers cannot be made: ") + rte_strerror(error);
}

}  // namespace

PacketBuffers::~PacketBuffers() { rte_mempool_free(pool_); }

std::string PacketBuffers::create(unsigned count) {
  std::uint64_t receive_flag = 0;
  int time_offset = 0;
  if (rte_mbuf_dyn_rx_timestamp_register(&time_offset, &receive_flag) != 0) {
    return "DPDK has no room for the time of a packet";
  }
  static const rte_mbuf_dynfield clock_field = {.name = "shakedown_dynfield_clock",
                                                .size = sizeof(UnixNanos),
                                                .align = alignof(UnixNanos),
                                                .flags = 0};
  const int clock_offset = rte_mbuf_dynfield_register(&clock_field);
  if (clock_offset < 0) return "DPDK has no room for the clock of a packet";
  time_offset_ = static_cast<std::size_t>(time_offset);
  clock_offset_ = static_cast<std::size_t>(clock_offset);

  // rte_pktmbuf_pool_create would let no buffer cross a page, which is half of all memory with
  // pages of 4 KB. Only devices that read memory by physical address need that.
  pool_ = rte_mempool_create_empty("packets", count, kBufferBytes, kBufferCacheSize,
                                   sizeof(rte_pktmbuf_pool_private),
                                   static_cast<int>(rte_socket_id()), RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool_ == nullptr) return cannot_make(rte_errno);
  rte_pktmbuf_pool_private room{};
  room.mbuf_data_room_size = kBufferDataBytes;
  rte_pktmbuf_pool_init(pool_, &room);
  if (const int made = rte_mempool_populate_default(pool_); made < 0) return cannot_make(-made);
  rte_mempool_obj_iter(pool_, rte_pktmbuf_init, nullptr);
  return {};
}

std::size_t PacketBuffers::bytes_needed(unsigned count) {
  rte_mempool_objsz size{};
  const std::size_t each =
      rte_mempool_calc_obj_size(kBufferBytes, RTE_MEMPOOL_F_NO_IOVA_CONTIG, &size);
  // The pool's own ring of free buffers has a power of two of places; its head holds a cache per
  // possible thread.
  std::size_t places = 1;
  while (places <= count) places *= 2;
  return count * each + places * sizeof(void*) + sizeof(rte_mempool) +
         RTE_MAX_LCORE * sizeof(rte_mempool_cache);
}

}  // namespace shakedown::port

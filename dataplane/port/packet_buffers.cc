// SPDX-License-Identifier: Apache-2.0
#include "port/packet_buffers.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <unistd.h>

namespace shakedown::port {
namespace {

constexpr unsigned kBufferBytes = sizeof(rte_mbuf) + kBufferDataBytes;

/// rte_pktmbuf_pool_create would let no buffer cross a page, which is half of all memory with pages
/// of 4 KB.
unsigned flags_of(BufferLayout layout) {
  return layout == BufferLayout::packed ? RTE_MEMPOOL_F_NO_IOVA_CONTIG : 0;
}

struct ElementSize {
  unsigned bytes = kBufferBytes;  ///< of an mbuf and its data
  std::size_t taken = 0;          ///< with what the pool adds
};

/// Where buffers stay within pages, the rest of the page is theirs: af_xdp drops what is too long.
ElementSize element_size(BufferLayout layout) {
  const auto taken = [layout](unsigned bytes) {
    rte_mempool_objsz size{};
    return std::size_t{rte_mempool_calc_obj_size(bytes, flags_of(layout), &size)};
  };
  ElementSize element{kBufferBytes, taken(kBufferBytes)};
  if (layout == BufferLayout::packed) return element;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t share = page / (page / element.taken);
  while (taken(element.bytes + RTE_CACHE_LINE_SIZE) <= share) element.bytes += RTE_CACHE_LINE_SIZE;
  element.taken = share;
  return element;
}

std::string cannot_make(int error) {
  return std::string("the packet buffers cannot be made: ") + rte_strerror(error);
}

}  // namespace

PacketBuffers::~PacketBuffers() { rte_mempool_free(pool_); }

std::string PacketBuffers::create(unsigned count, BufferLayout layout) {
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

  const unsigned bytes = element_size(layout).bytes;
  pool_ = rte_mempool_create_empty("packets", count, bytes, kBufferCacheSize,
                                   sizeof(rte_pktmbuf_pool_private),
                                   static_cast<int>(rte_socket_id()), flags_of(layout));
  if (pool_ == nullptr) return cannot_make(rte_errno);
  rte_pktmbuf_pool_private room{};
  room.mbuf_data_room_size = static_cast<std::uint16_t>(bytes - sizeof(rte_mbuf));
  rte_pktmbuf_pool_init(pool_, &room);
  if (const int made = rte_mempool_populate_default(pool_); made < 0) return cannot_make(-made);
  rte_mempool_obj_iter(pool_, rte_pktmbuf_init, nullptr);
  return {};
}

std::size_t PacketBuffers::bytes_needed(unsigned count, BufferLayout layout) {
  // The pool's own ring of free buffers has a power of two of places; its head holds a cache per
  // possible thread.
  std::size_t places = 1;
  while (places <= count) places *= 2;
  return count * element_size(layout).taken + places * sizeof(void*) + sizeof(rte_mempool) +
         RTE_MAX_LCORE * sizeof(rte_mempool_cache);
}

}  // namespace shakedown::port

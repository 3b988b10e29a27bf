// SPDX-License-Identifier: Apache-2.0
#include "port/packet_buffers.h"

#include <rte_errno.h>
#include <rte_memory.h>
#include <rte_mempool.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

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
  if (layout != BufferLayout::within_pages) return element;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t share = page / (page / element.taken);
  while (taken(element.bytes + RTE_CACHE_LINE_SIZE) <= share) element.bytes += RTE_CACHE_LINE_SIZE;
  element.taken = share;
  return element;
}

/// A name that is registered already keeps its bit.
bool register_flag(const char* name, std::uint64_t& out) {
  rte_mbuf_dynflag flag{};
  std::strncpy(flag.name, name, sizeof flag.name - 1);
  const int bit = rte_mbuf_dynflag_register(&flag);
  if (bit < 0) return false;
  out = std::uint64_t{1} << static_cast<unsigned>(bit);
  return true;
}

std::uint32_t captured_size(const rte_mbuf* packet) noexcept {
  std::uint32_t sum = 0;
  for (; packet != nullptr; packet = packet->next) sum += packet->data_len;
  return sum;
}

std::string cannot_make(int error) {
  return std::string("the packet buffers cannot be made: ") + rte_strerror(error);
}

}  // namespace

PacketBuffers::~PacketBuffers() { rte_mempool_free(pool_); }

static_assert(SOCKET_ID_ANY == -1);

std::string PacketBuffers::create(unsigned count, BufferLayout layout, int node) {
  int time_offset = 0;
  if (rte_mbuf_dyn_rx_timestamp_register(&time_offset, &raw_stamp_flag_) != 0) {
    return "DPDK has no room for the time of a packet";
  }
  static const rte_mbuf_dynfield clock_field = {.name = "shakedown_dynfield_clock",
                                                .size = sizeof(UnixNanos),
                                                .align = alignof(UnixNanos),
                                                .flags = 0};
  const int clock_offset = rte_mbuf_dynfield_register(&clock_field);
  if (clock_offset < 0) return "DPDK has no room for the clock of a packet";
  if (!register_flag("shakedown_dynflag_absorbed", absorbed_flag_) ||
      !register_flag("shakedown_dynflag_reassembled", reassembled_flag_) ||
      !register_flag("shakedown_dynflag_stamped", stamped_flag_)) {
    return "DPDK has no room for the flags of a packet";
  }
  time_offset_ = static_cast<std::size_t>(time_offset);
  clock_offset_ = static_cast<std::size_t>(clock_offset);

  const unsigned bytes = element_size(layout).bytes;
  pool_ = rte_mempool_create_empty("packets", count, bytes, kBufferCacheSize,
                                   sizeof(rte_pktmbuf_pool_private), node, flags_of(layout));
  if (pool_ == nullptr) return cannot_make(rte_errno);
  rte_pktmbuf_pool_private room{};
  room.mbuf_data_room_size = static_cast<std::uint16_t>(bytes - sizeof(rte_mbuf));
  rte_pktmbuf_pool_init(pool_, &room);
  if (const int made = rte_mempool_populate_default(pool_); made < 0) return cannot_make(-made);
  rte_mempool_obj_iter(pool_, rte_pktmbuf_init, nullptr);
  return {};
}

rte_mbuf* PacketBuffers::chain_of(Bytes bytes) const noexcept {
  std::array<rte_mbuf*, kChainLengthMax> buffers;
  const std::size_t count = (bytes.size() + kBufferRoomBytes - 1) / kBufferRoomBytes;
  assert(count != 0 && count <= buffers.size());
  if (rte_pktmbuf_alloc_bulk(pool_, buffers.data(), static_cast<unsigned>(count)) != 0) {
    return nullptr;
  }
  rte_mbuf* const head = buffers[0];
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), kBufferRoomBytes);
    std::memcpy(rte_pktmbuf_mtod(buffers[i], std::uint8_t*), bytes.data(), size);
    bytes = bytes.subspan(size);
    buffers[i]->data_len = static_cast<std::uint16_t>(size);
    buffers[i]->next = i + 1 < count ? buffers[i + 1] : nullptr;
    head->pkt_len += static_cast<std::uint32_t>(size);
  }
  head->nb_segs = static_cast<std::uint16_t>(count);
  return head;
}

rte_mbuf* PacketBuffers::reassembled(Bytes whole, const rte_mbuf* last_piece) const noexcept {
  rte_mbuf* const head = chain_of(whole);
  // buffers_needed() counts them: without this there would be a defect in it.
  assert(head != nullptr);
  head->port = last_piece->port;
  head->ol_flags |= reassembled_flag_;
  head->hash.usr = std::min<std::uint32_t>(captured_size(last_piece), kPacketBytesMax);
  *RTE_MBUF_DYNFIELD(head, time_offset_, rte_mbuf_timestamp_t*) =
      *RTE_MBUF_DYNFIELD(last_piece, time_offset_, const rte_mbuf_timestamp_t*);
  set_clock(head, clock_of(last_piece));
  return head;
}

rte_mbuf* PacketBuffers::copy_of(const packet::Stray& stray) const noexcept {
  if (stray.bytes.empty() || stray.bytes.size() > kPacketBytesMax) return nullptr;
  rte_mbuf* const head = chain_of(stray.bytes);
  if (head == nullptr) return nullptr;
  head->port = stray.port_index;
  if (stray.reassembled) {
    head->ol_flags |= reassembled_flag_;
    head->hash.usr = stray.captured_bytes;
  }
  set_time(head, stray.time);
  set_clock(head, stray.clock);
  return head;
}

std::size_t copy_in_one_piece(const rte_mbuf* packet, std::uint8_t* out) noexcept {
  std::size_t used = 0;
  // The sum of the pieces counts, not pkt_len: of a packet beyond 64 KB net_pcap may have kept only
  // the beginning.
  for (const rte_mbuf* piece = packet; piece != nullptr && used < kPacketBytesMax;
       piece = piece->next) {
    const std::size_t size = std::min<std::size_t>(piece->data_len, kPacketBytesMax - used);
    std::memcpy(out + used, rte_pktmbuf_mtod(piece, const std::uint8_t*), size);
    used += size;
  }
  return used;
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

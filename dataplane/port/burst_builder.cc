// SPDX-License-Identifier: Apache-2.0
#include "port/burst_builder.h"

#include <rte_prefetch.h>

#include <algorithm>
#include <cstring>

namespace shakedown::port {

BurstBuilder::BurstBuilder(const PacketBuffers& buffers, const LinkTypes& link_types,
                           CounterBlock& counters)
    : buffers_(buffers),
      link_types_(link_types),
      counters_(counters),
      scratch_(std::make_unique<std::uint8_t[]>(scratch_bytes())) {}

unsigned BurstBuilder::build(std::span<rte_mbuf* const> packets, Burst& burst) noexcept {
  unsigned long_count = 0;
  unsigned count = 0;
  for (rte_mbuf* const buffer : packets.first(std::min<std::size_t>(packets.size(), kBurstSize))) {
    CapturedPacket& packet = burst.packets[count];
    if (buffer->nb_segs == 1) {
      packet.bytes = {rte_pktmbuf_mtod(buffer, const std::uint8_t*), buffer->data_len};
      rte_prefetch0(packet.bytes.data());
    } else {
      if (long_count == kLongPacketCount) break;
      packet.bytes = in_one_piece(buffer, long_count++);
    }
    packet.time = buffers_.time_of(buffer);
    packet.clock = buffers_.clock_of(buffer);
    packet.link_type = link_types_[buffer->port];
    packet.port_index = static_cast<std::uint8_t>(buffer->port);
    burst.buffers[count++] = buffer;
  }
  burst.count = count;
  if (count != 0) burst.clock = burst.packets[count - 1].clock;
  return count;
}

Bytes BurstBuilder::in_one_piece(const rte_mbuf* packet, unsigned slot) noexcept {
  if (packet->pkt_len > kPacketBytesMax) counters_.add(Counter::oversized_packets);
  std::uint8_t* const begin = scratch_.get() + slot * kPacketBytesMax;
  std::size_t used = 0;
  // The sum of the pieces counts, not pkt_len: of a packet beyond 64 KB net_pcap may have kept only
  // the beginning.
  for (const rte_mbuf* piece = packet; piece != nullptr && used < kPacketBytesMax;
       piece = piece->next) {
    const std::size_t size = std::min<std::size_t>(piece->data_len, kPacketBytesMax - used);
    std::memcpy(begin + used, rte_pktmbuf_mtod(piece, const std::uint8_t*), size);
    used += size;
  }
  return {begin, used};
}

}  // namespace shakedown::port

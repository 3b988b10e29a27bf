// SPDX-License-Identifier: Apache-2.0
#include "port/burst_builder.h"

#include <rte_prefetch.h>

#include <algorithm>

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
    packet.bytes_beyond_capture = 0;
    if (!buffers_.is_plain(buffer)) name_form(buffer, packet);
    burst.buffers[count++] = buffer;
  }
  burst.count = count;
  if (count != 0) burst.clock = burst.packets[count - 1].clock;
  return count;
}

Bytes BurstBuilder::in_one_piece(const rte_mbuf* packet, unsigned slot) noexcept {
  if (packet->pkt_len > kPacketBytesMax) counters_.add(Counter::oversized_packets);
  std::uint8_t* const begin = scratch_.get() + slot * kPacketBytesMax;
  return {begin, copy_in_one_piece(packet, begin)};
}

/// What the distributor made of pieces of IP packets.
void BurstBuilder::name_form(const rte_mbuf* buffer, CapturedPacket& packet) const noexcept {
  if (buffers_.is_absorbed(buffer)) {
    packet.link_type = packet::LinkType::absorbed_fragment;
    return;
  }
  packet.link_type = packet::LinkType::reassembled;
  packet.bytes_beyond_capture = static_cast<std::int32_t>(packet.bytes.size()) -
                                static_cast<std::int32_t>(PacketBuffers::captured_bytes_of(buffer));
}

}  // namespace shakedown::port

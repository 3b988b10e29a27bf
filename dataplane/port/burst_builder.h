// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Makes a Burst of packet buffers: bytes in one piece, stamps, link types.
// Units:     Bytes.
// Ownership: Owns the memory in which chained packets are put in one piece; it is used anew for
//            each burst.
// Threading: One worker.
// Limits:    kLongPacketCount chained packets a burst; kPacketBytesMax bytes each.
// Failure:   A longer packet is cut and counted in oversized_packets.
// RFC:       none
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "port/packet_buffers.h"
#include "port/pcap_port.h"
#include "port/source.h"
#include "shakedown/counters.h"

namespace shakedown::port {

/// Chained packets that one burst takes. When there are more the burst ends early; a copy of up to
/// 64 KB outweighs what a fuller burst would save.
inline constexpr unsigned kLongPacketCount = 8;

using LinkTypes = std::array<packet::LinkType, kCaptureFileCountMax>;

class BurstBuilder {
 public:
  BurstBuilder(const PacketBuffers& buffers, const LinkTypes& link_types, CounterBlock& counters);

  /// Takes packets from the front of `packets`, at least one if there is any, and returns how many.
  /// Sets count, packets and buffers of `burst`, and its clock to that of the last packet.
  [[nodiscard]] unsigned build(std::span<rte_mbuf* const> packets, Burst& burst) noexcept;

  [[nodiscard]] static constexpr std::size_t scratch_bytes() {
    return kLongPacketCount * kPacketBytesMax;
  }

 private:
  [[nodiscard]] Bytes in_one_piece(const rte_mbuf* packet, unsigned slot) noexcept;
  void name_form(const rte_mbuf* buffer, CapturedPacket& packet) const noexcept;

  const PacketBuffers& buffers_;
  LinkTypes link_types_;
  CounterBlock& counters_;
  std::unique_ptr<std::uint8_t[]> scratch_;
};

}  // namespace shakedown::port

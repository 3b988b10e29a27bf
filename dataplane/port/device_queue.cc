// SPDX-License-Identifier: Apache-2.0
#include "port/device_queue.h"

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

namespace shakedown::port {
namespace {

/// A packet's share of a capture file besides its bytes, which QueueDescription counts.
constexpr std::uint64_t kPacketHeaderBytes = 16;

/// The tag that the device took out, where it was: the decoder looks for it there.
void restore_tag(rte_mbuf* packet) noexcept {
  if ((packet->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) == 0) return;
  // Fails only for a packet that is shared or too short to have a header: none of a device's.
  static_cast<void>(rte_vlan_insert(&packet));
}

void add_to(std::atomic<std::uint64_t>& sum, std::uint64_t amount) noexcept {
  sum.store(sum.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

void DeviceQueue::set_up(const Setting& setting, const PacketBuffers& buffers,
                         QueueDescription& description) {
  setting_ = setting;
  buffers_ = &buffers;
  description_ = &description;
}

unsigned DeviceQueue::poll(std::span<rte_mbuf*> out) noexcept {
  const unsigned count = rte_eth_rx_burst(setting_.device, setting_.queue, out.data(),
                                          static_cast<std::uint16_t>(out.size()));
  if (count == 0) return 0;
  if (setting_.restores_tags || setting_.clock != nullptr) adapt(out.first(count));
  std::uint64_t bytes = 0;
  for (rte_mbuf* const packet : out.first(count)) {
    packet->port = setting_.port_index;
    bytes += packet->pkt_len + kPacketHeaderBytes;
  }
  add_to(description_->packets, count);
  add_to(description_->bytes, bytes);
  return count;
}

void DeviceQueue::adapt(std::span<rte_mbuf* const> packets) const noexcept {
  for (rte_mbuf* const packet : packets) {
    if (setting_.restores_tags) restore_tag(packet);
    if (setting_.clock != nullptr) keep_stamp(packet);
  }
}

void DeviceQueue::keep_stamp(rte_mbuf* packet) const noexcept {
  if ((packet->ol_flags & setting_.stamp_flag) == 0) return;
  const auto time = setting_.clock->at(buffers_->raw_stamp_of(packet));
  if (!time) return;
  buffers_->set_time(packet, *time);
  buffers_->set_stamped(packet);
}

}  // namespace shakedown::port

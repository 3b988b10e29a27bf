// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One receiving queue of a DPDK device as a port to read from. Queues of one device are
//            independent, so each may have a thread of its own.
// Units:     Packets, bytes, UnixNanos.
// Ownership: Uses a device that is started, and stopped after the last poll(). The buffers that
//            poll() gives belong to the caller.
// Threading: set_up() on the main thread; poll() on one thread, which alone writes the counts of the
//            queue's description.
// Limits:    out.size() packets a poll.
// Failure:   A device that stopped receiving just gives nothing.
// RFC:       none
#pragma once

#include <cstdint>
#include <span>

#include "port/hardware_clock.h"
#include "port/input_port.h"
#include "port/packet_buffers.h"
#include "shakedown/shm_layout.h"

namespace shakedown::port {

class DeviceQueue final : public InputPort {
 public:
  struct Setting {
    std::uint16_t device = 0;              ///< DPDK's number of it
    std::uint16_t queue = 0;               ///< of the device
    std::uint16_t port_index = 0;          ///< that packets carry from here on
    bool restores_tags = false;            ///< the device takes VLAN tags out of packets
    const HardwareClock* clock = nullptr;  ///< of the stamps that the device gives; null: none
    std::uint64_t stamp_flag = 0;          ///< of packets that have such a stamp
  };

  void set_up(const Setting& setting, const PacketBuffers& buffers, QueueDescription& description);

  [[nodiscard]] unsigned poll(std::span<rte_mbuf*> out) noexcept override;
  [[nodiscard]] bool at_end() const noexcept override { return false; }
  /// What is lost is known of devices only: see LivePort::account().
  [[nodiscard]] std::uint64_t no_buffer_count() noexcept override { return 0; }
  [[nodiscard]] std::uint64_t missed_count() noexcept override { return 0; }

  [[nodiscard]] const QueueDescription& description() const { return *description_; }

 private:
  void adapt(std::span<rte_mbuf* const> packets) const noexcept;
  void keep_stamp(rte_mbuf* packet) const noexcept;

  Setting setting_;
  const PacketBuffers* buffers_ = nullptr;
  QueueDescription* description_ = nullptr;
};

}  // namespace shakedown::port

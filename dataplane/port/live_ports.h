// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Interfaces as one stream: takes what each port has, in turn, and stamps it with the
//            wall clock. Never ends by itself.
// Units:     Packets; UnixNanos.
// Ownership: Uses ports and buffers of others.
// Threading: One thread.
// Limits:    The order between ports, or between the queues of one port, is known only to within
//            one turn: the packets of one are handed on before those of the next. A link whose
//            directions come from two ports is better mirrored to one.
// Failure:   none
// RFC:       none
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "port/input_port.h"
#include "port/live_clock.h"
#include "port/packet_buffers.h"
#include "port/packet_stream.h"
#include "port/pcap_port.h"

namespace shakedown::port {

class LivePorts final : public PacketStream {
 public:
  /// `packet_clock` receives the clock after each read, for those who watch. `busy`: spins when
  /// there are no packets, instead of resting.
  LivePorts(std::span<InputPort* const> ports, const PacketBuffers& buffers,
            std::atomic<std::int64_t>& packet_clock, bool busy);

  [[nodiscard]] unsigned read(std::span<rte_mbuf*> out) noexcept override;
  [[nodiscard]] bool ended() const noexcept override { return false; }

 private:
  [[nodiscard]] unsigned poll_in_turn(std::span<rte_mbuf*> out) noexcept;

  const PacketBuffers& buffers_;
  std::atomic<std::int64_t>& packet_clock_;
  LiveClock wall_;
  bool busy_;
  unsigned idle_turns_ = 0;
  unsigned port_count_ = 0;
  unsigned first_ = 0;  ///< the port whose turn it is
  std::array<InputPort*, kCaptureFileCountMax> ports_{};
};

}  // namespace shakedown::port

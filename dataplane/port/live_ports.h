// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Queues of interfaces as one stream: takes what each has, in turn, and stamps it with the
//            wall clock where the device has not done so. Never ends by itself.
// Units:     Packets; UnixNanos.
// Ownership: Uses ports and buffers of others.
// Threading: One thread. Several streams over different queues may share one packet clock.
// Limits:    kLivePortCountMax. The order between ports, or between the queues of one port, is known only to within
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
#include "shakedown/shm_layout.h"

namespace shakedown::port {

/// Queues of all ports.
inline constexpr unsigned kLivePortCountMax = kQueueDescriptionCountMax;
/// Several streams that share a packet clock publish in steps of this, so that they do not wait for
/// each other's cache line at each turn.
inline constexpr std::int64_t kSharedClockStep = kNanosPerMilli;
/// How far a card's stamps may be from the wall clock; and how long a packet that it stamped may
/// take until it is read, by which the clock of a quiet link stays behind.
inline constexpr std::int64_t kStampErrorMax = kNanosPerSecond;
inline constexpr std::int64_t kStampDelay = kNanosPerMilli;

class LivePorts final : public PacketStream {
 public:
  /// `packet_clock` receives the clock after each read, for those who watch; `shared`: others write
  /// it too. `busy`: spins when there are no packets, instead of resting.
  LivePorts(std::span<InputPort* const> ports, const PacketBuffers& buffers,
            std::atomic<std::int64_t>& packet_clock, bool busy, bool shared = false);

  [[nodiscard]] unsigned read(std::span<rte_mbuf*> out) noexcept override;
  [[nodiscard]] bool ended() const noexcept override { return false; }

 private:
  [[nodiscard]] unsigned poll_in_turn(std::span<rte_mbuf*> out) noexcept;
  void stamp(std::span<rte_mbuf* const> packets, UnixNanos now) noexcept;
  void publish_clock() noexcept;

  const PacketBuffers& buffers_;
  std::atomic<std::int64_t>& packet_clock_;
  LiveClock wall_;
  bool busy_;
  bool shared_;
  bool has_stamps_ = false;  ///< a device has stamped a packet
  unsigned idle_turns_ = 0;
  unsigned port_count_ = 0;
  unsigned first_ = 0;  ///< the port whose turn it is
  std::array<InputPort*, kLivePortCountMax> ports_{};
};

}  // namespace shakedown::port

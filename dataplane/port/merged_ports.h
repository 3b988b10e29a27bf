// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Capture files as one stream in order of time, with the running packet clock. Within one
//            port the order of the file is kept, even where its stamps go back; between ports the
//            earlier stamp goes first, and of equal ones that of the lower port index. So the
//            stream depends on the files alone.
// Units:     Packets; UnixNanos.
// Ownership: Uses ports and buffers of others. Buffers that read() gives belong to the caller;
//            those still held back are freed with the stream.
// Threading: One thread.
// Limits:    Holds back up to port_burst_size() packets of each port when there are several.
// Failure:   None; a port that ends early just ends.
// RFC:       none
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "port/input_port.h"
#include "port/packet_buffers.h"
#include "port/packet_stream.h"
#include "port/pcap_port.h"
#include "shakedown/limits.h"
#include "shakedown/units.h"

namespace shakedown::port {

class MergedPorts final : public PacketStream {
 public:
  /// `packet_clock` receives the clock after each read, for those who watch.
  MergedPorts(std::span<InputPort* const> ports, const PacketBuffers& buffers,
              std::atomic<std::int64_t>& packet_clock);
  ~MergedPorts() override;

  /// None: all ports are at their end.
  [[nodiscard]] unsigned read(std::span<rte_mbuf*> out) noexcept override;
  [[nodiscard]] bool ended() const noexcept override { return ended_; }

 private:
  /// What one port has ready.
  struct Queue {
    InputPort* port = nullptr;
    unsigned next = 0;
    unsigned end = 0;
    UnixNanos next_time = kEndOfTime;  ///< of the packet at `next`; kEndOfTime: none will come
    std::array<rte_mbuf*, kBurstSize> packets{};
  };

  void refill(Queue& queue) noexcept;
  [[nodiscard]] unsigned read_by_time(std::span<rte_mbuf*> out) noexcept;

  const PacketBuffers& buffers_;
  std::atomic<std::int64_t>& packet_clock_;
  unsigned queue_count_ = 0;
  unsigned port_burst_ = kBurstSize;
  bool ended_ = false;
  std::array<Queue, kCaptureFileCountMax> queues_;
};

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One capture file as a DPDK port: a net_pcap virtual device with one receive queue.
// Units:     Packets, bytes as captured.
// Ownership: Owns the device. The buffers that poll() gives belong to the caller.
// Threading: open() and close() on the main thread; poll() on one thread at a time; the numbers are
//            for both, exact when poll() is not running.
// Limits:    One device per file; DPDK allows RTE_MAX_ETHPORTS (32) of them.
// Failure:   open() returns a sentence. A file that ends inside a packet, or is damaged there, ends
//            the port at that point; is_cut() tells. Nothing behind the damage is believed, because
//            pcap has no marks to find the next packet by.
// RFC:       none
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "packet/link_type.h"
#include "port/capture_probe.h"
#include "port/input_port.h"
#include "shakedown/shm_layout.h"

struct rte_mempool;

namespace shakedown::port {

/// As many files as DPDK has ports.
inline constexpr unsigned kCaptureFileCountMax = 32;
static_assert(kCaptureFileCountMax <= kPortCountMax);

class PcapPort final : public InputPort {
 public:
  PcapPort() = default;
  ~PcapPort() override { close(); }

  /// `description` receives the running counts. Buffers come from `pool` and carry the port's
  /// `index`.
  [[nodiscard]] std::string open(const CaptureFile& file, unsigned index, rte_mempool* pool,
                                 PortDescription& description);
  void close() noexcept;

  /// In the order of the file. None: at the end.
  [[nodiscard]] unsigned poll(std::span<rte_mbuf*> out) noexcept override;

  [[nodiscard]] bool at_end() const noexcept override { return at_end_; }
  [[nodiscard]] bool is_cut() const { return is_cut_; }
  [[nodiscard]] std::uint64_t packet_count() const { return packet_count_; }
  /// Anything but zero is a defect.
  [[nodiscard]] std::uint64_t no_buffer_count() noexcept override { return no_buffer_count_; }
  /// A capture file misses none.
  [[nodiscard]] std::uint64_t missed_count() noexcept override { return missed_count_; }
  [[nodiscard]] packet::LinkType link_type() const { return link_type_; }

 private:
  void finish() noexcept;

  std::string device_name_;
  PortDescription* description_ = nullptr;
  std::uint64_t packet_count_ = 0;
  std::uint64_t no_buffer_count_ = 0;
  std::uint64_t missed_count_ = 0;
  std::uint16_t port_id_ = 0;
  std::uint16_t index_ = 0;
  packet::LinkType link_type_{};
  bool is_open_ = false;
  bool at_end_ = true;
  bool is_cut_ = false;
};

}  // namespace shakedown::port

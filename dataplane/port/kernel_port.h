// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One interface of the kernel as a DPDK port, through net_af_packet or net_af_xdp.
// Units:     Packets, bytes.
// Ownership: Owns the device, the interface's promiscuous mode as far as it is ours, and the hold
//            on it (see XdpGuard). The kernel takes all of it back when the process dies, but for
//            af_xdp's program, which the next start replaces. The buffers that poll() gives belong
//            to the caller.
// Threading: open(), close() and the numbers of what was lost on the main thread; poll() on one
//            thread at a time.
// Limits:    kPacketFrames packets wait in af_packet's ring, kXdpLentBuffers in each queue of
//            af_xdp. af_packet keeps kPacketFrameRoom bytes of a packet and cuts the rest off;
//            af_xdp drops packets longer than about 3500 bytes, which port_missed counts.
// Failure:   open() returns a sentence, with the driver's own last words in it. An interface that
//            goes down just gives nothing; the watcher asks interface_exists().
// RFC:       none
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "port/input_port.h"
#include "port/interface_probe.h"
#include "port/kernel_drops.h"
#include "port/packet_buffers.h"
#include "port/xdp_guard.h"
#include "shakedown/shm_layout.h"

namespace shakedown::port {

/// Packets that wait for us in the kernel: 8 ms of a link with a million packets a second, in which
/// the scheduler may give our processor to somebody else.
inline constexpr unsigned kPacketFrames = 8192;
inline constexpr unsigned kPacketFrameBytes = 2048;
/// What the kernel's header in each frame leaves for the packet.
inline constexpr unsigned kPacketFrameRoom = 1982;
static_assert(kPacketFrameRoom <= kBufferRoomBytes);
inline constexpr unsigned kPacketBlockBytes = 64 * 1024;
static_assert(kPacketBlockBytes % kPacketFrameBytes == 0, "the driver takes frames for adjacent");
/// Places of af_xdp's receiving ring. Not all can be in use: see kXdpLentBuffers.
inline constexpr unsigned kXdpRingSize = 2048;

class KernelPort final : public InputPort {
 public:
  KernelPort() = default;
  ~KernelPort() override { close(); }

  /// `description` receives the running counts. `busy`: the thread that polls never rests. Adds to
  /// the interface's warnings. Empty on success, else one sentence.
  [[nodiscard]] std::string open(Interface& interface, unsigned index, const PacketBuffers& buffers,
                                 PortDescription& description, bool busy);
  void close() noexcept;

  [[nodiscard]] unsigned poll(std::span<rte_mbuf*> out) noexcept override;
  [[nodiscard]] bool at_end() const noexcept override { return false; }
  [[nodiscard]] std::uint64_t no_buffer_count() noexcept override;
  [[nodiscard]] std::uint64_t missed_count() noexcept override { return drops_.count(); }

  /// Memory of the kernel that counts as ours, for one port.
  [[nodiscard]] static std::size_t ring_bytes(const Interface& interface);
  /// Memory of DPDK for the driver's tables, for one port.
  [[nodiscard]] static std::size_t dpdk_bytes(const Interface& interface);

 private:
  [[nodiscard]] std::string make_promiscuous(const Interface& interface);
  [[nodiscard]] int start_device(const Interface& interface, const PacketBuffers& buffers);

  std::string device_name_;
  PortDescription* description_ = nullptr;
  KernelDrops drops_;
  XdpGuard guard_;
  FileDescriptor promiscuous_;  ///< the interface is promiscuous as long as this is open
  std::uint16_t port_id_ = 0;
  std::uint16_t index_ = 0;
  std::uint16_t queue_count_ = 1;
  std::uint16_t first_queue_ = 0;
  bool is_open_ = false;
};

}  // namespace shakedown::port

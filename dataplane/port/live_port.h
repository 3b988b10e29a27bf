// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One live port, whatever its driver: makes or takes its device, sets it up by what the
//            device says of itself, and keeps account of it in the shared segment. Its queues are
//            read elsewhere, each by itself.
// Units:     Packets, bytes.
// Ownership: Owns the device, the interface's promiscuous mode as far as it is ours, the hold on it
//            (see XdpGuard), and the filters below it. The kernel takes all of it back when the
//            process dies, but for af_xdp's program, which the next start replaces.
// Threading: Main thread. Each queue() may be polled by a thread of its own between open() and
//            close().
// Limits:    kPacketFrames packets wait in af_packet's ring, kXdpLentBuffers in each queue of
//            af_xdp, kTapQueueLength in each of a TAP, kCardRingSize in each of a card. af_packet
//            keeps kPacketFrameRoom bytes of a packet and cuts the rest off; af_xdp drops packets
//            longer than about 3500 bytes, which `missed` counts.
// Failure:   open() returns a sentence, with the driver's own last words in it. An interface that
//            goes down just gives nothing until it is up again; whether it is there at all, the
//            watcher asks interface_exists().
// RFC:       none
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "port/device.h"
#include "port/device_queue.h"
#include "port/flow_rules.h"
#include "port/hardware_clock.h"
#include "port/interface_probe.h"
#include "port/kernel_drops.h"
#include "port/kernel_link.h"
#include "port/packet_buffers.h"
#include "port/rss.h"
#include "port/xdp_filter.h"
#include "port/xdp_guard.h"
#include "shakedown/shm_layout.h"
#include "shunt.h"

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
inline constexpr std::uint16_t kXdpRingSize = 2048;
/// What a TAP takes when nothing is said: more than any link that is mirrored into it carries.
inline constexpr unsigned kTapMtu = 9000;
inline constexpr unsigned kTapQueueLength = 8192;

/// What the specification of an af_xdp port asks of its filter.
[[nodiscard]] XdpFilterOptions filter_options(const PortSpec& spec);

class LivePort {
 public:
  LivePort() = default;
  ~LivePort() { close(); }
  LivePort(const LivePort&) = delete;
  LivePort& operator=(const LivePort&) = delete;

  /// `description` and `queues`, one for each queue, receive the running counts. `busy`: the threads
  /// that poll never rest. Adds to the interface's warnings. Empty on success, else one sentence.
  [[nodiscard]] std::string open(Interface& interface, unsigned index, const PacketBuffers& buffers,
                                 PortDescription& description, std::span<QueueDescription> queues,
                                 bool busy);
  void close() noexcept;

  [[nodiscard]] DeviceQueue& queue(unsigned index) { return queues_[index]; }
  /// Whether both directions of a connection come to one queue, and, of a card, how that is known.
  [[nodiscard]] RssStatus rss() const { return rss_; }

  /// About once a second: what was lost, the link, the filter's counts.
  void account() noexcept;
  [[nodiscard]] std::uint64_t missed_count() const;
  [[nodiscard]] std::uint64_t no_buffer_count() const;

  /// Whether shunt() can do anything.
  [[nodiscard]] bool can_shunt() const { return filter_.is_active() || rules_.is_usable(); }
  void shunt(std::span<const ShuntRequest> flows) noexcept;
  void forget(std::span<const ShuntRequest> flows) noexcept;

  /// Memory of the kernel that counts as ours, for one port.
  [[nodiscard]] static std::size_t kernel_bytes(const Interface& interface);
  /// Memory of DPDK for the driver's tables, for one port.
  [[nodiscard]] static std::size_t dpdk_bytes(const Interface& interface);
  /// Packet buffers that it holds.
  [[nodiscard]] static unsigned buffer_count(const Interface& interface);
  [[nodiscard]] static bool may_shunt(const Interface& interface);

 private:
  [[nodiscard]] std::string open_interface(Interface& interface, unsigned index, bool busy,
                                           const PacketBuffers& buffers);
  [[nodiscard]] int start_interface(const Interface& interface, unsigned index, bool busy,
                                    const PacketBuffers& buffers);
  [[nodiscard]] std::string make_promiscuous(const Interface& interface);
  void adopt_filter(Interface& interface);
  [[nodiscard]] std::string open_tap(Interface& interface, unsigned index,
                                     const PacketBuffers& buffers);
  [[nodiscard]] std::string open_card(Interface& interface, const PacketBuffers& buffers);
  void finish_card(Interface& interface, const rte_eth_dev_info& info, const DevicePlan& plan);
  void describe(const Interface& interface);
  void account_link() noexcept;
  void read_clock() noexcept;

  Device device_;
  PortDescription* description_ = nullptr;
  std::vector<DeviceQueue> queues_;
  KernelDrops drops_;
  KernelLink link_;
  XdpGuard guard_;
  XdpFilter filter_;
  std::unique_ptr<DeviceRules> rule_maker_;
  FlowRules rules_;
  FileDescriptor promiscuous_;            ///< the interface is promiscuous as long as this is open
  std::unique_ptr<HardwareClock> clock_;  ///< of a card that stamps packets
  RssStatus rss_ = RssStatus::not_asked;
  bool is_kernels_ = false;  ///< the kernel has the interface
  bool is_tap_ = false;
  bool is_card_ = false;
  bool wants_filter_ = false;
  bool restores_tags_ = false;
  std::uint64_t link_changes_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace shakedown::port

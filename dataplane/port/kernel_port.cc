// SPDX-License-Identifier: Apache-2.0
#include "port/kernel_port.h"

#include <linux/if_packet.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <sys/socket.h>

#include <cassert>
#include <cerrno>
#include <cstring>

#include "port/eal.h"

namespace shakedown::port {
namespace {

constexpr const char* kBus = "vdev";
/// A packet's share of a capture file besides its bytes, which PortDescription counts.
constexpr std::uint64_t kPacketHeaderBytes = 16;

bool is_xdp(const Interface& interface) { return interface.name.driver == KernelDriver::af_xdp; }

std::string arguments_of(const Interface& interface, bool busy) {
  std::string text = "iface=" + interface.name.interface;
  if (is_xdp(interface)) {
    // Busy polling moves the kernel's work into our thread, which must not sleep then.
    return text + ",start_queue=0,queue_count=" + std::to_string(interface.queue_count) +
           (busy ? ",busy_budget=64" : ",busy_budget=0");
  }
  return text + ",blocksz=" + std::to_string(kPacketBlockBytes) +
         ",framesz=" + std::to_string(kPacketFrameBytes) +
         ",framecnt=" + std::to_string(kPacketFrames) + ",qdisc_bypass=0";
}

std::string refusal(const Interface& interface, int error) {
  std::string text = "cannot read " + interface.name.text() + ": ";
  const std::string word =
      is_xdp(interface) && !last_xdp_warning().empty() ? last_xdp_warning() : Eal::last_words();
  return text + (word.empty() ? std::strerror(error < 0 ? -error : error) : word);
}

}  // namespace

std::string KernelPort::open(Interface& interface, unsigned index, const PacketBuffers& buffers,
                             PortDescription& description, bool busy) {
  assert(!is_open_);
  if (is_xdp(interface)) {
    if (std::string error = guard_.take(interface); !error.empty()) return error;
  }
  if (std::string error = make_promiscuous(interface); !error.empty()) return error;
  drops_.begin(is_xdp(interface) ? AF_XDP : AF_PACKET);

  const std::string name =
      "net_" + std::string(name_of(interface.name.driver)) + std::to_string(index);
  const std::string arguments = arguments_of(interface, busy);
  if (const int error = rte_eal_hotplug_add(kBus, name.c_str(), arguments.c_str()); error != 0) {
    return refusal(interface, error);
  }
  device_name_ = name;
  is_open_ = true;
  queue_count_ = static_cast<std::uint16_t>(interface.queue_count);
  if (const int error = start_device(interface, buffers); error != 0) {
    std::string text = refusal(interface, error);
    close();
    return text;
  }
  drops_.end();
  description_ = &description;
  index_ = static_cast<std::uint16_t>(index);
  return {};
}

// Promiscuous by membership, not by the interface's flag: it ends with the process, however that
// ends, and it does not meddle with what the user has set.
std::string KernelPort::make_promiscuous(const Interface& interface) {
  // Protocol 0: no packet is ever delivered to this socket.
  FileDescriptor holder(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(interface.index);
  request.mr_type = PACKET_MR_PROMISC;
  if (setsockopt(holder.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) != 0) {
    return "cannot make " + interface.name.interface +
           " give us packets for others: " + std::strerror(errno);
  }
  promiscuous_ = std::move(holder);
  return {};
}

int KernelPort::start_device(const Interface& interface, const PacketBuffers& buffers) {
  if (const int error = rte_eth_dev_get_port_by_name(device_name_.c_str(), &port_id_); error != 0) {
    return error;
  }
  const rte_eth_conf configuration{};
  const unsigned socket = rte_socket_id();
  int error = rte_eth_dev_configure(port_id_, queue_count_, queue_count_, &configuration);
  for (std::uint16_t queue = 0; queue < queue_count_ && error == 0; ++queue) {
    // DPDK wants as many sending queues; nothing is ever sent. af_xdp completes a pair when its
    // receiving half is set up.
    error = rte_eth_rx_queue_setup(port_id_, queue, kXdpRingSize, socket, nullptr, buffers.pool());
    if (error == 0) error = rte_eth_tx_queue_setup(port_id_, queue, kXdpRingSize, socket, nullptr);
  }
  // Starting sets the interface's flag to what DPDK believes it to be.
  if (error == 0 && interface.promiscuous) error = rte_eth_promiscuous_enable(port_id_);
  if (error == 0) error = rte_eth_dev_start(port_id_);
  return error;
}

void KernelPort::close() noexcept {
  promiscuous_ = FileDescriptor();
  if (!is_open_) return;
  is_open_ = false;
  drops_.forget();
  rte_eth_dev_stop(port_id_);
  rte_eal_hotplug_remove(kBus, device_name_.c_str());
}

// Whichever queue fills the burst comes last in the next one.
unsigned KernelPort::poll(std::span<rte_mbuf*> out) noexcept {
  unsigned count = 0;
  for (unsigned i = 0; i < queue_count_ && count < out.size(); ++i) {
    const auto queue = static_cast<std::uint16_t>((first_queue_ + i) % queue_count_);
    count += rte_eth_rx_burst(port_id_, queue, out.data() + count,
                              static_cast<std::uint16_t>(out.size() - count));
    if (count == out.size()) {
      first_queue_ = static_cast<std::uint16_t>((queue + 1u) % queue_count_);
    }
  }
  if (count == 0) return 0;
  std::uint64_t bytes = 0;
  for (rte_mbuf* const packet : out.first(count)) {
    packet->port = index_;
    bytes += packet->pkt_len + kPacketHeaderBytes;
  }
  auto& packets = description_->packets;
  auto& total = description_->bytes;
  packets.store(packets.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  total.store(total.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  return count;
}

std::uint64_t KernelPort::no_buffer_count() noexcept {
  rte_eth_stats statistics{};
  if (!is_open_ || rte_eth_stats_get(port_id_, &statistics) != 0) return 0;
  return statistics.rx_nombuf;
}

std::size_t KernelPort::ring_bytes(const Interface& interface) {
  // Ring by ring one for sending, which the driver insists on. af_xdp's rings hold descriptors of
  // 8 and 16 bytes.
  if (!is_xdp(interface)) return std::size_t{2} * kPacketFrames * kPacketFrameBytes;
  return std::size_t{interface.queue_count} * 3 * 2 * kXdpRingSize * 16;
}

std::size_t KernelPort::dpdk_bytes(const Interface& interface) {
  // af_packet keeps the address and length of each frame.
  return is_xdp(interface) ? interface.queue_count * std::size_t{64 * 1024}
                           : std::size_t{2} * kPacketFrames * 16;
}

}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
#include "port/pcap_port.h"

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <cassert>
#include <cstring>

namespace shakedown::port {
namespace {

static_assert(kCaptureFileCountMax <= RTE_MAX_ETHPORTS);

/// Virtual devices hang on this bus, which EAL loads together with net_pcap.
constexpr const char* kBus = "vdev";

/// A packet's share of a capture file besides its bytes.
constexpr std::uint64_t kPacketHeaderBytes = 16;

std::string sentence(const CaptureFile& file, int error) {
  return "cannot make a port of " + file.name + ": " + std::strerror(error < 0 ? -error : error);
}

}  // namespace

std::string PcapPort::open(const CaptureFile& file, unsigned index, rte_mempool* pool,
                           PortDescription& description) {
  assert(!is_open_);
  const std::string name = "net_pcap" + std::to_string(index);
  const std::string arguments = "rx_pcap=" + file.path_to_reopen();
  if (const int error = rte_eal_hotplug_add(kBus, name.c_str(), arguments.c_str()); error != 0) {
    return sentence(file, error);
  }
  device_name_ = name;
  is_open_ = true;
  if (const int error = rte_eth_dev_get_port_by_name(name.c_str(), &port_id_); error != 0) {
    return sentence(file, error);
  }
  // net_pcap drops what is sent to it, but DPDK wants its sending queue set up before it starts.
  const rte_eth_conf configuration{};
  const unsigned socket = rte_socket_id();
  int error = rte_eth_dev_configure(port_id_, 1, 1, &configuration);
  if (error == 0) error = rte_eth_rx_queue_setup(port_id_, 0, 512, socket, nullptr, pool);
  if (error == 0) error = rte_eth_tx_queue_setup(port_id_, 0, 512, socket, nullptr);
  if (error == 0) error = rte_eth_dev_start(port_id_);
  if (error != 0) return sentence(file, error);

  description_ = &description;
  index_ = static_cast<std::uint16_t>(index);
  link_type_ = file.link_type;
  at_end_ = false;
  return {};
}

void PcapPort::close() noexcept {
  if (!is_open_) return;
  is_open_ = false;
  at_end_ = true;
  rte_eth_dev_stop(port_id_);
  rte_eal_hotplug_remove(kBus, device_name_.c_str());
}

unsigned PcapPort::poll(std::span<rte_mbuf*> out) noexcept {
  if (at_end_) return 0;
  const auto asked = static_cast<std::uint16_t>(out.size());
  const unsigned count = rte_eth_rx_burst(port_id_, 0, out.data(), asked);
  std::uint64_t bytes = 0;
  for (unsigned i = 0; i < count; ++i) {
    out[i]->port = index_;
    bytes += out[i]->pkt_len + kPacketHeaderBytes;
  }
  packet_count_ += count;
  auto& total = description_->bytes;
  total.store(total.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  description_->packets.store(packet_count_, std::memory_order_relaxed);
  // A short burst is the end of the file or an error in it; net_pcap tells the two apart only by
  // its statistics, and would read on behind an error if it were asked again.
  if (count < asked) finish();
  return count;
}

void PcapPort::finish() noexcept {
  at_end_ = true;
  rte_eth_stats statistics{};
  if (rte_eth_stats_get(port_id_, &statistics) != 0) return;
  no_buffer_count_ = statistics.rx_nombuf;
  missed_count_ = statistics.imissed;
  is_cut_ = statistics.ierrors != 0;
  if (is_cut_) description_->cut.store(1, std::memory_order_relaxed);
}

}  // namespace shakedown::port

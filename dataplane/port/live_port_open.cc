// SPDX-License-Identifier: Apache-2.0
//
// How each kind of port comes to its device.
#include <linux/if_packet.h>
#include <rte_errno.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "port/device_plan.h"
#include "port/eal.h"
#include "port/live_port.h"
#include "port/queue_plan.h"

namespace shakedown::port {
namespace {

bool is_xdp(const Interface& interface) { return interface.spec.name.driver == PortDriver::af_xdp; }

std::string arguments_of(const Interface& interface, bool busy, const std::string& program) {
  std::string text = "iface=" + interface.spec.name.interface;
  if (!is_xdp(interface)) {
    return text + ",blocksz=" + std::to_string(kPacketBlockBytes) +
           ",framesz=" + std::to_string(kPacketFrameBytes) +
           ",framecnt=" + std::to_string(kPacketFrames) + ",qdisc_bypass=0";
  }
  text += ",start_queue=0,queue_count=" + std::to_string(interface.queue_count);
  // Busy polling moves the kernel's work into our thread, which must not sleep then.
  text += busy ? ",busy_budget=64" : ",busy_budget=0";
  return program.empty() ? text : text + ",xdp_prog=" + program;
}

std::string device_name(const Interface& interface, unsigned index) {
  return "net_" + std::string(name_of(interface.spec.name.driver)) + std::to_string(index);
}

std::string refusal(const Interface& interface, int error) {
  const std::string text = "cannot read " + interface.spec.name.text() + ": ";
  const std::string word =
      is_xdp(interface) && !last_xdp_warning().empty() ? last_xdp_warning() : Eal::last_words();
  return text + (word.empty() ? std::strerror(error < 0 ? -error : error) : word);
}

std::string without_filter(const Interface& interface, const std::string& reason) {
  return interface.spec.name.text() + " is read without its filter: " + reason;
}

}  // namespace

std::string LivePort::open_interface(Interface& interface, unsigned index, bool busy,
                                     const PacketBuffers& buffers) {
  if (is_xdp(interface)) {
    if (std::string error = guard_.take(interface); !error.empty()) return error;
  }
  if (std::string error = make_promiscuous(interface); !error.empty()) return error;
  if (is_xdp(interface) && interface.spec.filter) {
    std::string error = filter_.prepare();
    wants_filter_ = error.empty();
    if (!error.empty()) interface.warnings.push_back(without_filter(interface, error));
  }
  int error = start_interface(interface, index, busy, buffers);
  if (error != 0 && wants_filter_) {
    // It is the program that the kernel may not like; the port is worth more than the filter.
    const std::string reason = refusal(interface, error);
    wants_filter_ = false;
    filter_.close();
    device_.close();
    error = start_interface(interface, index, busy, buffers);
    if (error == 0) interface.warnings.push_back(without_filter(interface, reason));
  }
  if (error != 0) return refusal(interface, error);
  rss_ = is_xdp(interface) ? RssStatus::no_table : RssStatus::no_rss;
  if (wants_filter_) adopt_filter(interface);
  return {};
}

int LivePort::start_interface(const Interface& interface, unsigned index, bool busy,
                              const PacketBuffers& buffers) {
  drops_.begin(is_xdp(interface) ? AF_XDP : AF_PACKET);
  const std::string program = wants_filter_ ? filter_.program_path() : std::string();
  int error = device_.make(device_name(interface, index), arguments_of(interface, busy, program));
  if (error != 0) return error;
  DevicePlan plan;
  plan_virtual(static_cast<std::uint16_t>(interface.queue_count), kXdpRingSize, false, plan);
  error = device_.set_up(plan, buffers.pool());
  // Starting sets the interface's flag to what DPDK believes it to be.
  if (error == 0 && interface.promiscuous) error = rte_eth_promiscuous_enable(device_.id());
  if (error == 0) error = device_.start();
  drops_.end();
  return error;
}

void LivePort::adopt_filter(Interface& interface) {
  const std::string error = filter_.adopt(interface.index, interface.spec.name.interface,
                                          filter_options(interface.spec));
  if (!error.empty()) interface.warnings.push_back(without_filter(interface, error));
  if (!filter_.remark().empty()) interface.remarks.push_back(filter_.remark());
}

// Promiscuous by membership, not by the interface's flag: it ends with the process, however that
// ends, and it does not meddle with what the user has set.
std::string LivePort::make_promiscuous(const Interface& interface) {
  // Protocol 0: no packet is ever delivered to this socket.
  FileDescriptor holder(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(interface.index);
  request.mr_type = PACKET_MR_PROMISC;
  if (setsockopt(holder.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) != 0) {
    return "cannot make " + interface.spec.name.interface +
           " give us packets for others: " + std::strerror(errno);
  }
  promiscuous_ = std::move(holder);
  return {};
}

std::string LivePort::open_tap(Interface& interface, unsigned index, const PacketBuffers& buffers) {
  const std::string& name = interface.spec.name.interface;
  int error = device_.make(device_name(interface, index), "iface=" + name);
  if (error != 0) return refusal(interface, error);
  KernelLink link;
  link.open(name);
  const unsigned mtu = interface.spec.mtu.value_or(kTapMtu);
  if (!link.set_mtu(mtu)) {
    return "cannot give " + name + " an MTU of " + std::to_string(mtu) + ": " +
           std::strerror(errno);
  }
  if (!link.set_queue_length(kTapQueueLength)) {
    interface.warnings.push_back(name + " keeps its short queues: " + std::strerror(errno));
  }
  DevicePlan plan;
  plan_virtual(static_cast<std::uint16_t>(interface.queue_count),
               static_cast<std::uint16_t>(kTapChainLength), true, plan);
  error = device_.set_up(plan, buffers.pool());
  if (error == 0) error = device_.start();
  if (error != 0) return refusal(interface, error);
  // The kernel chooses the queue by a hash that is the same in both directions (tun.c,
  // __skb_get_hash_symmetric()), as long as nothing is sent from here.
  rss_ = expected_rss(interface);
  return {};
}

std::string LivePort::open_card(Interface& interface, const PacketBuffers& buffers) {
  is_card_ = true;
  int error = device_.find(interface.card, interface.index);
  rte_eth_dev_info info{};
  if (error == 0) error = device_.describe(info);
  if (error != 0) return refusal(interface, error);
  DeviceWishes wishes{.queue_count = static_cast<std::uint16_t>(interface.queue_count),
                      .mtu = interface.spec.mtu,
                      .rss = interface.spec.rss,
                      .vlan_strip = interface.spec.vlan_strip};
  std::uint16_t mtu = 0;
  // A card that the kernel has too keeps its MTU unless the user says otherwise.
  if (is_kernels_ && !wishes.mtu && rte_eth_dev_get_mtu(device_.id(), &mtu) == 0) wishes.mtu = mtu;
  DevicePlan plan;
  plan_card(info, wishes, kBufferRoomBytes, plan);
  if (!plan.refusal.empty()) return interface.spec.name.text() + " " + plan.refusal;
  for (const std::string& remark : plan.remarks) {
    interface.warnings.push_back(interface.spec.name.text() + " " + remark);
  }
  error = device_.set_up(plan, buffers.pool());
  if (error == 0) error = device_.start();
  if (error == 0) error = rte_eth_promiscuous_enable(device_.id());
  if (error != 0) return refusal(interface, error);
  finish_card(interface, info, plan);
  return {};
}

void LivePort::finish_card(Interface& interface, const rte_eth_dev_info& info,
                           const DevicePlan& plan) {
  if (plan.queue_count == 1) {
    rss_ = RssStatus::symmetric;
  } else if (plan.rss == RssLevel::off) {
    rss_ = interface.spec.rss == RssLevel::off ? RssStatus::not_asked : RssStatus::no_rss;
  } else {
    RssView view;
    rss_ = set_and_check_rss(device_.id(), info, plan.queue_count, view);
    if (rss_ == RssStatus::symmetric && plan.rss != interface.spec.rss) {
      rss_ = RssStatus::no_inner;
    }
  }
  // Some cards strip tags whether they are asked or not.
  const int offloads = rte_eth_dev_get_vlan_offload(device_.id());
  restores_tags_ = offloads > 0 && (offloads & RTE_ETH_VLAN_STRIP_OFFLOAD) != 0;
  std::uint64_t ticks = 0;
  if (plan.wants_timestamps && device_.read_clock(ticks)) {
    clock_ = std::make_unique<HardwareClock>();
  }
  rule_maker_ = std::make_unique<DeviceRules>(device_.id());
  rules_.begin(*rule_maker_);
  static_cast<void>(drop_unwatched(device_.id()));
}

}  // namespace shakedown::port

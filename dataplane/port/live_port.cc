// SPDX-License-Identifier: Apache-2.0
#include "port/live_port.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>

#include "port/device_plan.h"
#include "port/live_clock.h"

namespace shakedown::port {
namespace {

std::string_view driver_of(const Device& device) {
  rte_eth_dev_info info{};
  return device.describe(info) == 0 && info.driver_name != nullptr ? info.driver_name : "";
}

template <std::size_t size>
void copy_text(std::array<char, size>& out, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), size - 1), out.begin());
}

bool is_xdp(const Interface& interface) { return interface.spec.name.driver == PortDriver::af_xdp; }

std::uint16_t ring_size_of(const Interface& interface) {
  switch (interface.spec.name.driver) {
    case PortDriver::af_packet:
      return static_cast<std::uint16_t>(kPacketFrames);
    case PortDriver::af_xdp:
      return kXdpRingSize;
    case PortDriver::tap:
      return static_cast<std::uint16_t>(kTapQueueLength);
    case PortDriver::nic:
    case PortDriver::pci:
      return kCardRingSize;
  }
  return 0;
}

}  // namespace

std::string LivePort::open(Interface& interface, unsigned index, const PacketBuffers& buffers,
                           PortDescription& description, std::span<QueueDescription> queues,
                           bool busy) {
  assert(!device_.is_open() && queues.size() == interface.queue_count);
  description_ = &description;
  is_tap_ = interface.spec.name.driver == PortDriver::tap;
  is_kernels_ = interface.index != 0 || is_tap_;
  std::string error = is_tap_                  ? open_tap(interface, index, buffers)
                      : interface.card.empty() ? open_interface(interface, index, busy, buffers)
                                               : open_card(interface, buffers);
  if (!error.empty()) {
    close();
    return error;
  }
  if (is_kernels_) link_.open(interface.spec.name.interface);
  queues_ = std::vector<DeviceQueue>(queues.size());
  for (std::size_t i = 0; i < queues.size(); ++i) {
    queues[i].port_index = static_cast<std::uint16_t>(index);
    queues[i].queue = static_cast<std::uint16_t>(i);
    queues[i].size = ring_size_of(interface);
    queues_[i].set_up({.device = device_.id(),
                       .queue = static_cast<std::uint16_t>(i),
                       .port_index = static_cast<std::uint16_t>(index),
                       .restores_tags = restores_tags_,
                       .clock = clock_.get(),
                       .stamp_flag = buffers.raw_stamp_flag()},
                      buffers, queues[i]);
  }
  describe(interface);
  return {};
}

void LivePort::describe(const Interface& interface) {
  description_->queue_count = static_cast<std::uint16_t>(interface.queue_count);
  description_->numa_node = static_cast<std::int16_t>(interface.memory_node);
  copy_text(description_->driver, driver_of(device_));
  copy_text(description_->group, interface.spec.link);
  description_->filter_active.store(filter_.is_active() ? 1 : 0, std::memory_order_relaxed);
  account_link();
  read_clock();
}

void LivePort::close() noexcept {
  promiscuous_ = FileDescriptor();
  rules_.end();
  filter_.close();
  drops_.forget();
  link_.close();
  device_.close();
}

std::uint64_t LivePort::missed_count() const {
  return description_->counters.get(PortCounter::missed);
}

std::uint64_t LivePort::no_buffer_count() const {
  return description_->counters.get(PortCounter::no_buffer);
}

void LivePort::account() noexcept {
  if (!device_.is_open()) return;
  PortCounterBlock& counters = description_->counters;
  const rte_eth_stats statistics = device_.statistics();
  // The drivers of kernel interfaces tell a part at most of what the kernel dropped.
  const std::uint64_t missed = is_tap_                    ? link_.sent_dropped()
                               : is_kernels_ && !is_card_ ? drops_.count()
                                                          : statistics.imissed;
  counters.set(PortCounter::missed, missed);
  counters.set(PortCounter::no_buffer, statistics.rx_nombuf);
  counters.set(PortCounter::errors, statistics.ierrors);
  if (filter_.is_active()) {
    const XdpCounts counts = filter_.counts();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      counters.set(static_cast<PortCounter>(i), counts[i]);
    }
  }
  counters.set(PortCounter::filter_flows_written, written_);
  counters.set(PortCounter::filter_flows_failed, failed_);
  counters.set(PortCounter::hardware_flows, rules_.count());
  counters.set(PortCounter::hardware_flows_refused, rules_.refused_count());
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  for (const DeviceQueue& queue : queues_) {
    packets += queue.description().packets.load(std::memory_order_relaxed);
    bytes += queue.description().bytes.load(std::memory_order_relaxed);
  }
  description_->packets.store(packets, std::memory_order_relaxed);
  description_->bytes.store(bytes, std::memory_order_relaxed);
  account_link();
  read_clock();
}

void LivePort::account_link() noexcept {
  LinkState state = LinkState::unknown;
  std::uint64_t speed = 0;
  if (is_kernels_) {
    state = link_.state();
    speed = link_.speed_mbps();
  } else {
    rte_eth_link link{};
    if (rte_eth_link_get_nowait(device_.id(), &link) == 0) {
      state = link.link_status == RTE_ETH_LINK_UP ? LinkState::up : LinkState::down;
      speed = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
    }
  }
  const LinkState before = description_->link_state.load(std::memory_order_relaxed);
  if (before != LinkState::unknown && state != before) ++link_changes_;
  description_->link_state.store(state, std::memory_order_relaxed);
  description_->link_speed_mbps.store(speed, std::memory_order_relaxed);
  description_->counters.set(PortCounter::link_changes, link_changes_);
}

void LivePort::read_clock() noexcept {
  if (!clock_) return;
  std::uint64_t ticks = 0;
  if (device_.read_clock(ticks)) clock_->update(ticks, LiveClock().now());
}

void LivePort::shunt(std::span<const ShuntRequest> flows) noexcept {
  if (filter_.is_active()) {
    const unsigned written = filter_.shunt(flows);
    written_ += written;
    failed_ += flows.size() - written;
  }
  rules_.shunt(flows);
}

void LivePort::forget(std::span<const ShuntRequest> flows) noexcept {
  if (filter_.is_active()) filter_.forget(flows);
  rules_.forget(flows);
}

bool LivePort::may_shunt(const Interface& interface) {
  return (is_xdp(interface) && interface.spec.filter) || is_card(interface.spec.name.driver);
}

XdpFilterOptions filter_options(const PortSpec& spec) {
  constexpr std::array kTreatments{bpf::SHAKEDOWN_XDP_OPEN, bpf::SHAKEDOWN_XDP_PASS,
                                   bpf::SHAKEDOWN_XDP_DROP};
  XdpFilterOptions options;
  if (spec.filter_flows) options.flow_capacity = *spec.filter_flows;
  options.tunnels = kTreatments[static_cast<std::size_t>(spec.filter_tunnels)];
  options.fragments_pass = spec.filter_fragments == Treatment::pass;
  return options;
}

std::size_t LivePort::kernel_bytes(const Interface& interface) {
  // Ring by ring one for sending, which the drivers insist on.
  switch (interface.spec.name.driver) {
    case PortDriver::af_packet:
      return std::size_t{2} * kPacketFrames * kPacketFrameBytes;
    case PortDriver::af_xdp:
      // Descriptors of 8 and 16 bytes.
      return std::size_t{interface.queue_count} * 3 * 2 * kXdpRingSize * 16 +
             (interface.spec.filter ? XdpFilter::budget_bytes(filter_options(interface.spec)) : 0);
    case PortDriver::tap:
      // Of what waits in it the kernel's packets are not ours.
      return std::size_t{interface.queue_count} * kTapQueueLength * sizeof(void*);
    case PortDriver::nic:
    case PortDriver::pci:
      return 0;
  }
  return 0;
}

std::size_t LivePort::dpdk_bytes(const Interface& interface) {
  constexpr std::size_t kKiB = 1024;
  switch (interface.spec.name.driver) {
    case PortDriver::af_packet:
      // The address and length of each frame.
      return std::size_t{2} * kPacketFrames * 16;
    case PortDriver::af_xdp:
      return interface.queue_count * 64 * kKiB;
    case PortDriver::tap:
      return interface.queue_count * 16 * kKiB;
    case PortDriver::nic:
    case PortDriver::pci:
      // Descriptors of up to 64 bytes, the driver's own list of buffers, and its structures.
      return interface.queue_count * (kCardRingSize * 128 + 256 * kKiB) + 16 * kKiB * kKiB;
  }
  return 0;
}

unsigned LivePort::buffer_count(const Interface& interface) {
  const unsigned queues = interface.queue_count;
  switch (interface.spec.name.driver) {
    case PortDriver::af_packet:
      return queue_buffers_needed(0, 1);
    case PortDriver::af_xdp:
      return queues * queue_buffers_needed(kXdpLentBuffers, 1);
    case PortDriver::tap:
      return queues * queue_buffers_needed(kTapChainLength, kTapChainLength);
    case PortDriver::nic:
    case PortDriver::pci: {
      const unsigned mtu = interface.spec.mtu.value_or(kTapMtu);
      return queues * queue_buffers_needed(kCardRingSize, buffers_of_mtu(mtu, kBufferRoomBytes));
    }
  }
  return 0;
}

}  // namespace shakedown::port

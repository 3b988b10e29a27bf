// SPDX-License-Identifier: Apache-2.0
#include <pcap/dlt.h>

#include <array>
#include <vector>

#include "input.h"
#include "port/interface_probe.h"
#include "port/kernel_port.h"
#include "port/live_ports.h"
#include "process.h"

namespace shakedown {
namespace {

class LiveInput final : public Input {
 public:
  explicit LiveInput(const Options& options) : options_(options) {}

  [[nodiscard]] RunMode mode() const override { return RunMode::live; }
  [[nodiscard]] std::string probe() override;
  [[nodiscard]] unsigned buffer_count(unsigned worker_count) const override {
    return port::live_buffers_needed(xdp_queue_count(), worker_count);
  }
  [[nodiscard]] port::BufferLayout buffer_layout() const override {
    return xdp_queue_count() == 0 ? port::BufferLayout::packed : port::BufferLayout::within_pages;
  }
  [[nodiscard]] std::size_t dpdk_bytes() const override;
  void add_to(MemoryBudget& budget) const override;
  [[nodiscard]] std::string open(const port::PacketBuffers& buffers, Segment& segment) override;
  [[nodiscard]] port::PacketStream& stream() override { return *live_; }
  [[nodiscard]] std::string account(CounterBlock& counters) override;
  void warn_at_end() const override {}

 private:
  [[nodiscard]] unsigned xdp_queue_count() const;

  const Options& options_;
  std::vector<port::Interface> interfaces_;
  std::array<port::KernelPort, port::kCaptureFileCountMax> ports_;
  std::unique_ptr<port::LivePorts> live_;
};

std::string LiveInput::probe() {
  for (const port::PortName& name : options_.ports) {
    port::InterfaceResult probed = port::probe_interface(name);
    if (probed.status != port::InterfaceStatus::ok) return probed.sentence;
    for (const port::Interface& other : interfaces_) {
      if (other.index == probed.interface.index) {
        return "interface " + name.interface + " is named twice";
      }
    }
    interfaces_.push_back(std::move(probed.interface));
  }
  return {};
}

unsigned LiveInput::xdp_queue_count() const {
  unsigned sum = 0;
  for (const port::Interface& interface : interfaces_) {
    if (interface.name.driver == port::KernelDriver::af_xdp) sum += interface.queue_count;
  }
  return sum;
}

std::size_t LiveInput::dpdk_bytes() const {
  std::size_t sum = 0;
  for (const port::Interface& interface : interfaces_) {
    sum += kDpdkPortBytes + port::KernelPort::dpdk_bytes(interface);
  }
  return sum;
}

void LiveInput::add_to(MemoryBudget& budget) const {
  std::size_t rings = 0;
  for (const port::Interface& interface : interfaces_) {
    rings += port::KernelPort::ring_bytes(interface);
  }
  budget.add("DPDK's ports", interfaces_.size(), dpdk_bytes());
  budget.add("rings shared with the kernel", interfaces_.size(), rings);
}

std::string LiveInput::open(const port::PacketBuffers& buffers, Segment& segment) {
  port::quiet_xdp_libraries(options_.verbose || !options_.eal_log_level.empty());
  std::vector<port::InputPort*> opened;
  for (unsigned i = 0; i < interfaces_.size(); ++i) {
    port::Interface& interface = interfaces_[i];
    segment.describe_port(interface.name.text(), 0, DLT_EN10MB);
    std::string error =
        ports_[i].open(interface, i, buffers, segment.header().ports[i], options_.busy_poll);
    if (!error.empty()) return error;
    for (const std::string& warning : interface.warnings) {
      if (!options_.quiet) complain("warning: " + warning);
    }
    link_types_[i] = packet::LinkType::ethernet;
    opened.push_back(&ports_[i]);
  }
  live_ = std::make_unique<port::LivePorts>(opened, buffers, segment.header().packet_clock,
                                            options_.busy_poll);
  return {};
}

std::string LiveInput::account(CounterBlock& counters) {
  std::uint64_t no_buffer = 0;
  std::uint64_t missed = 0;
  for (unsigned i = 0; i < interfaces_.size(); ++i) {
    no_buffer += ports_[i].no_buffer_count();
    missed += ports_[i].missed_count();
  }
  counters.set(Counter::port_no_mbuf, no_buffer);
  counters.set(Counter::port_missed, missed);
  for (const port::Interface& interface : interfaces_) {
    if (port::interface_exists(interface)) continue;
    return "interface " + interface.name.interface + " has gone; start again when it is back";
  }
  return {};
}

}  // namespace

std::unique_ptr<Input> make_live_input(const Options& options) {
  return std::make_unique<LiveInput>(options);
}

}  // namespace shakedown

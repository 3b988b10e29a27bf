// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <vector>

#include "input.h"
#include "port/capture_probe.h"
#include "port/merged_ports.h"
#include "port/pcap_port.h"
#include "process.h"

namespace shakedown {
namespace {

/// libpcap's buffer for a packet, and that of the file below it.
constexpr std::size_t kPcapBytes = 384 * 1024;

class CaptureInput final : public Input {
 public:
  explicit CaptureInput(const Options& options) : options_(options) {}

  [[nodiscard]] RunMode mode() const override { return RunMode::capture; }
  [[nodiscard]] std::string probe() override;
  [[nodiscard]] unsigned buffer_count(unsigned worker_count) const override {
    return port::buffers_needed(port_count(), worker_count);
  }
  [[nodiscard]] port::BufferLayout buffer_layout() const override {
    return port::BufferLayout::packed;
  }
  [[nodiscard]] std::size_t dpdk_bytes() const override { return port_count() * kDpdkPortBytes; }
  void add_to(MemoryBudget& budget) const override;
  [[nodiscard]] Ways ways() const override { return {false, options_.worker_count > 1}; }
  [[nodiscard]] Distribution distribution() const override {
    return options_.worker_count > 1 ? Distribution::distributor : Distribution::single;
  }
  [[nodiscard]] std::string open(const port::PacketBuffers& buffers, Segment& segment) override;
  [[nodiscard]] port::PacketStream& stream() override { return *merged_; }
  [[nodiscard]] std::string account(CounterBlock& counters) override;
  void warn_at_end() const override;

 private:
  [[nodiscard]] unsigned port_count() const { return static_cast<unsigned>(files_.size()); }

  const Options& options_;
  std::vector<port::CaptureFile> files_;
  std::array<port::PcapPort, port::kCaptureFileCountMax> ports_;
  std::unique_ptr<port::MergedPorts> merged_;
};

std::string CaptureInput::probe() {
  for (const std::string& name : options_.files) {
    port::ProbeResult probed = port::probe_capture(name);
    if (probed.status != port::ProbeStatus::ok) return probed.sentence;
    files_.push_back(std::move(probed.file));
  }
  return {};
}

void CaptureInput::add_to(MemoryBudget& budget) const {
  budget.add("DPDK's ports", port_count(), dpdk_bytes());
  budget.add("libpcap's buffers", port_count(), port_count() * kPcapBytes);
}

std::string CaptureInput::open(const port::PacketBuffers& buffers, Segment& segment) {
  std::vector<port::InputPort*> opened;
  for (unsigned i = 0; i < port_count(); ++i) {
    const port::CaptureFile& file = files_[i];
    segment.describe_port(file.name, file.size_bytes, file.dlt);
    std::string error = ports_[i].open(file, i, buffers.pool(), segment.header().ports[i]);
    if (!error.empty()) return error;
    link_types_[i] = file.link_type;
    opened.push_back(&ports_[i]);
  }
  merged_ = std::make_unique<port::MergedPorts>(opened, buffers, segment.header().packet_clock);
  return {};
}

std::string CaptureInput::account(CounterBlock& counters) {
  std::uint64_t no_buffer = 0;
  std::uint64_t missed = 0;
  for (unsigned i = 0; i < port_count(); ++i) {
    no_buffer += ports_[i].no_buffer_count();
    missed += ports_[i].missed_count();
  }
  counters.set(Counter::port_no_mbuf, no_buffer);
  counters.set(Counter::port_missed, missed);
  return {};
}

void CaptureInput::warn_at_end() const {
  for (unsigned i = 0; i < port_count(); ++i) {
    if (!ports_[i].is_cut()) continue;
    complain(fmt::format(
        "warning: {} is cut or damaged after {} packet{}; what came before is used", files_[i].name,
        ports_[i].packet_count(), ports_[i].packet_count() == 1 ? "" : "s"));
  }
}

}  // namespace

std::unique_ptr<Input> make_capture_input(const Options& options) {
  return std::make_unique<CaptureInput>(options);
}

}  // namespace shakedown

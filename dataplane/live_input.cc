// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <pcap/dlt.h>

#include <algorithm>
#include <array>
#include <vector>

#include "input.h"
#include "log.h"
#include "port/interface_probe.h"
#include "port/live_port.h"
#include "port/live_ports.h"
#include "port/processors.h"
#include "port/queue_plan.h"

namespace shakedown {
namespace {

class LiveInput final : public Input {
 public:
  explicit LiveInput(const Options& options) : options_(options) {}

  [[nodiscard]] RunMode mode() const override { return RunMode::live; }
  [[nodiscard]] std::string probe() override;
  [[nodiscard]] unsigned buffer_count(unsigned worker_count) const override;
  [[nodiscard]] port::BufferLayout buffer_layout() const override;
  [[nodiscard]] std::size_t dpdk_bytes() const override;
  void add_to(MemoryBudget& budget) const override;
  [[nodiscard]] Ways ways() const override { return ways_; }
  [[nodiscard]] bool may_shunt() const override;
  void configure(port::EalConfig& config) const override;
  [[nodiscard]] std::string open(const port::PacketBuffers& buffers, Segment& segment) override;
  [[nodiscard]] Distribution distribution() const override { return distribution_; }
  [[nodiscard]] port::PacketStream& stream() override { return *streams_.front(); }
  [[nodiscard]] port::PacketStream& worker_stream(unsigned worker) override {
    return *streams_[worker];
  }
  [[nodiscard]] std::string account(CounterBlock& counters) override;
  void shunt(std::span<const ShuntRequest> flows) noexcept override;
  void forget(std::span<const ShuntRequest> flows) noexcept override;
  void warn_at_end() const override {}

 private:
  [[nodiscard]] std::string check_names() const;
  [[nodiscard]] std::string plan_ways();
  [[nodiscard]] std::vector<port::PortQueues> expected_queues() const;
  [[nodiscard]] std::string open_ports(const port::PacketBuffers& buffers, SegmentHeader& header);
  [[nodiscard]] std::string choose_distribution(SegmentHeader& header);
  void make_streams(const port::PacketBuffers& buffers, SegmentHeader& header);
  /// Those that may come through this port.
  [[nodiscard]] std::span<const ShuntRequest> of_link(unsigned port,
                                                      std::span<const ShuntRequest> flows) noexcept;
  [[nodiscard]] bool has_cards() const;
  [[nodiscard]] bool uses_huge_pages() const;
  [[nodiscard]] int memory_node() const;
  void warn_of_far_processors() const;

  const Options& options_;
  std::vector<port::Interface> interfaces_;
  std::vector<unsigned> processors_;  ///< of the workers; empty: any
  Ways ways_;
  Distribution distribution_ = Distribution::single;
  std::array<port::LivePort, port::kCaptureFileCountMax> ports_;
  std::vector<std::unique_ptr<port::LivePorts>> streams_;
  std::vector<ShuntRequest> link_flows_;  ///< of one link, on their way to its ports
};

std::string LiveInput::probe() {
  for (const port::PortSpec& spec : options_.ports) {
    port::InterfaceResult probed = port::probe_interface(spec, options_.worker_count);
    if (probed.status != port::InterfaceStatus::ok) return probed.sentence;
    interfaces_.push_back(std::move(probed.interface));
  }
  if (std::string error = check_names(); !error.empty()) return error;
  port::ProcessorChoice choice =
      port::choose_processors(interfaces_, options_.worker_processors, options_.worker_count);
  if (!choice.refusal.empty()) return choice.refusal;
  processors_ = std::move(choice.processors);
  return plan_ways();
}

/// Two ports at one interface would see everything twice.
std::string LiveInput::check_names() const {
  for (auto one = interfaces_.begin(); one != interfaces_.end(); ++one) {
    for (auto other = interfaces_.begin(); other != one; ++other) {
      const bool is_same = one->index != 0 || other->index != 0
                               ? one->index == other->index
                               : one->spec.name.interface == other->spec.name.interface;
      if (is_same) return "interface " + one->spec.name.interface + " is named twice";
    }
  }
  return {};
}

std::vector<port::PortQueues> LiveInput::expected_queues() const {
  std::vector<port::PortQueues> ports;
  for (const port::Interface& interface : interfaces_) {
    ports.push_back(
        {interface.spec.name.text(), interface.queue_count, port::expected_rss(interface)});
  }
  return ports;
}

std::string LiveInput::plan_ways() {
  const port::DistributionChoice choice =
      port::choose_distribution(expected_queues(), options_.worker_count, options_.distribution);
  if (!choice.refusal.empty()) return choice.refusal;
  unsigned queue_count = 0;
  for (const port::Interface& interface : interfaces_) queue_count += interface.queue_count;
  if (queue_count > kQueueDescriptionCountMax) {
    return fmt::format("the ports have {} queues together, and {} can be read", queue_count,
                       kQueueDescriptionCountMax);
  }
  distribution_ = choice.distribution;
  ways_.queues = distribution_ == Distribution::queues;
  ways_.distributor = distribution_ == Distribution::distributor ||
                      (ways_.queues && has_cards() && !options_.distribution);
  return {};
}

bool LiveInput::has_cards() const {
  return std::any_of(interfaces_.begin(), interfaces_.end(),
                     [](const port::Interface& interface) { return !interface.card.empty(); });
}

bool LiveInput::uses_huge_pages() const {
  return options_.huge_pages == Choice::on ||
         (options_.huge_pages == Choice::automatic && has_cards());
}

unsigned LiveInput::buffer_count(unsigned worker_count) const {
  unsigned sum = port::live_buffers_needed(0, worker_count);
  for (const port::Interface& interface : interfaces_) {
    sum += port::LivePort::buffer_count(interface);
  }
  if (ways_.queues) sum += worker_count * port::stray_buffers_needed();
  return sum;
}

port::BufferLayout LiveInput::buffer_layout() const {
  if (uses_huge_pages()) return port::BufferLayout::huge_pages;
  const bool has_xdp =
      std::any_of(interfaces_.begin(), interfaces_.end(), [](const port::Interface& interface) {
        return interface.spec.name.driver == port::PortDriver::af_xdp;
      });
  return has_xdp ? port::BufferLayout::within_pages : port::BufferLayout::packed;
}

std::size_t LiveInput::dpdk_bytes() const {
  std::size_t sum = 0;
  for (const port::Interface& interface : interfaces_) {
    sum += kDpdkPortBytes + port::LivePort::dpdk_bytes(interface);
  }
  return sum;
}

void LiveInput::add_to(MemoryBudget& budget) const {
  std::size_t kernel = 0;
  for (const port::Interface& interface : interfaces_) {
    kernel += port::LivePort::kernel_bytes(interface);
  }
  budget.add("DPDK's ports", interfaces_.size(), dpdk_bytes());
  budget.add("rings shared with the kernel", interfaces_.size(), kernel);
}

bool LiveInput::may_shunt() const {
  return std::any_of(interfaces_.begin(), interfaces_.end(), port::LivePort::may_shunt);
}

int LiveInput::memory_node() const {
  for (const port::Interface& interface : interfaces_) {
    if (!interface.card.empty() && interface.memory_node >= 0) return interface.memory_node;
  }
  return -1;
}

void LiveInput::configure(port::EalConfig& config) const {
  config.huge_pages = uses_huge_pages();
  config.memory_node = memory_node();
  for (const port::Interface& interface : interfaces_) {
    if (!interface.card.empty()) config.cards.push_back(interface.card);
  }
  config.processors = processors_;
}

void LiveInput::warn_of_far_processors() const {
  for (const port::Interface& interface : interfaces_) {
    if (interface.memory_node < 0) continue;
    const auto far = std::find_if(processors_.begin(), processors_.end(), [&](unsigned processor) {
      const int node = port::node_of_processor(processor);
      return node >= 0 && node != interface.memory_node;
    });
    if (far == processors_.end()) continue;
    say(LogLevel::warning,
        fmt::format("{} is at memory node {}, and processor {} is not; packets take the long way",
                    interface.spec.name.text(), interface.memory_node, *far));
  }
}

std::string LiveInput::open(const port::PacketBuffers& buffers, Segment& segment) {
  port::quiet_xdp_libraries(options_.verbose || !options_.eal_log_level.empty());
  SegmentHeader& header = segment.header();
  for (const port::Interface& interface : interfaces_) {
    segment.describe_port(interface.spec.name.text(), 0, DLT_EN10MB);
  }
  if (std::string error = open_ports(buffers, header); !error.empty()) return error;
  if (std::string error = choose_distribution(header); !error.empty()) return error;
  make_streams(buffers, header);
  warn_of_far_processors();
  link_flows_.reserve(kShuntRingCapacity);
  return {};
}

std::string LiveInput::open_ports(const port::PacketBuffers& buffers, SegmentHeader& header) {
  for (unsigned i = 0; i < interfaces_.size(); ++i) {
    port::Interface& interface = interfaces_[i];
    const auto queues = std::span(header.queues).subspan(header.queue_count, interface.queue_count);
    std::string error =
        ports_[i].open(interface, i, buffers, header.ports[i], queues, options_.busy_poll);
    if (!error.empty()) return error;
    header.queue_count += interface.queue_count;
    for (const std::string& warning : interface.warnings) say(LogLevel::warning, warning);
    for (const std::string& remark : interface.remarks) say(LogLevel::info, remark);
    link_types_[i] = packet::LinkType::ethernet;
  }
  return {};
}

/// Now the cards have shown what they do.
std::string LiveInput::choose_distribution(SegmentHeader& header) {
  std::vector<port::PortQueues> queues = expected_queues();
  for (unsigned i = 0; i < queues.size(); ++i) queues[i].rss = ports_[i].rss();
  const port::DistributionChoice choice =
      port::choose_distribution(queues, options_.worker_count, options_.distribution);
  if (!choice.refusal.empty()) return choice.refusal;
  distribution_ = choice.distribution;
  header.distribution = distribution_;
  if (distribution_ == Distribution::queues) {
    say(LogLevel::info, "each worker reads queues of its own");
  } else if (distribution_ == Distribution::distributor) {
    // A surprise when the cards have promised something else.
    say(ways_.queues ? LogLevel::warning : LogLevel::info,
        "one thread hands packets out to the workers: " + choice.reason);
  }
  return {};
}

void LiveInput::make_streams(const port::PacketBuffers& buffers, SegmentHeader& header) {
  const bool is_queues = distribution_ == Distribution::queues;
  const unsigned stream_count = is_queues ? options_.worker_count : 1;
  std::vector<std::vector<port::InputPort*>> read_by(stream_count);
  for (QueueDescription& queue : std::span(header.queues).first(header.queue_count)) {
    const unsigned stream = port::worker_of_queue(queue.queue, stream_count);
    read_by[stream].push_back(&ports_[queue.port_index].queue(queue.queue));
    const bool is_handed_out = distribution_ == Distribution::distributor;
    queue.worker = is_handed_out ? kDistributorReads : static_cast<std::uint16_t>(stream);
    // The distributor's comes after those of the workers.
    const unsigned thread = is_handed_out ? options_.worker_count : stream;
    if (thread < processors_.size()) {
      queue.processor = static_cast<std::int32_t>(processors_[thread]);
    }
  }
  for (const auto& ports : read_by) {
    streams_.push_back(std::make_unique<port::LivePorts>(ports, buffers, header.packet_clock,
                                                         options_.busy_poll, is_queues));
  }
}

std::string LiveInput::account(CounterBlock& counters) {
  std::uint64_t no_buffer = 0;
  std::uint64_t missed = 0;
  for (unsigned i = 0; i < interfaces_.size(); ++i) {
    ports_[i].account();
    no_buffer += ports_[i].no_buffer_count();
    missed += ports_[i].missed_count();
  }
  counters.set(Counter::port_no_mbuf, no_buffer);
  counters.set(Counter::port_missed, missed);
  for (const port::Interface& interface : interfaces_) {
    if (port::interface_exists(interface)) continue;
    return "interface " + interface.spec.name.interface + " has gone; start again when it is back";
  }
  return {};
}

// The other direction of a flow may come through another port of the same link.
std::span<const ShuntRequest> LiveInput::of_link(unsigned port,
                                                 std::span<const ShuntRequest> flows) noexcept {
  link_flows_.clear();
  for (const ShuntRequest& flow : flows) {
    const bool is_of_link = flow.port_index < interfaces_.size() &&
                            interfaces_[flow.port_index].spec.link == interfaces_[port].spec.link;
    if (is_of_link && link_flows_.size() < link_flows_.capacity()) link_flows_.push_back(flow);
  }
  return link_flows_;
}

void LiveInput::shunt(std::span<const ShuntRequest> flows) noexcept {
  for (unsigned i = 0; i < interfaces_.size(); ++i) {
    if (ports_[i].can_shunt()) ports_[i].shunt(of_link(i, flows));
  }
}

void LiveInput::forget(std::span<const ShuntRequest> flows) noexcept {
  for (unsigned i = 0; i < interfaces_.size(); ++i) {
    if (ports_[i].can_shunt()) ports_[i].forget(of_link(i, flows));
  }
}

}  // namespace

std::unique_ptr<Input> make_live_input(const Options& options) {
  return std::make_unique<LiveInput>(options);
}

}  // namespace shakedown

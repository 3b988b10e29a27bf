// SPDX-License-Identifier: Apache-2.0
//
// What is counted: by worker, by port, by queue.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "export/json_writer.h"
#include "serve/answers.h"

namespace shakedown::serve {

namespace {

using exporting::JsonWriter;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

template <std::size_t size>
std::string_view text_of(const std::array<char, size>& field) {
  const auto end = std::find(field.begin(), field.end(), '\0');
  return {field.data(), static_cast<std::size_t>(end - field.begin())};
}

unsigned port_count(const SegmentHeader& segment) {
  return std::min<unsigned>(segment.port_count, kPortCountMax);
}

std::string_view severity_name(CounterSeverity severity) {
  switch (severity) {
    case CounterSeverity::info:
      return "info";
    case CounterSeverity::notice:
      return "notice";
    case CounterSeverity::loss:
      return "loss";
    case CounterSeverity::error:
      return "error";
  }
  return "unknown";
}

void begin_answer(JsonWriter& json, std::string_view command) {
  json.begin_object();
  json.member("ok", true);
  json.member("command", command);
}

void write_counter(JsonWriter& json, SegmentHeader& segment, std::size_t index) {
  const CounterDescription& description = kCounterDescriptions[index];
  const auto value_at = [&segment, index](unsigned worker) {
    return worker_area(&segment, worker)->counters.get(static_cast<Counter>(index));
  };
  std::uint64_t total = 0;
  for (unsigned i = 0; i < segment.worker_count; ++i) total += value_at(i);
  json.begin_object();
  json.member("name", description.name);
  json.member("unit", description.unit);
  json.member("severity", severity_name(description.severity));
  json.member("packet_fate", description.packet_fate);
  json.member("sentence", description.sentence);
  json.member("total", total);
  json.begin_array("workers");
  for (unsigned i = 0; i < segment.worker_count; ++i) json.value(value_at(i));
  json.end_array();
  json.end_object();
}

void write_port_counters(JsonWriter& json, const PortDescription& port) {
  json.begin_object();
  json.member("port", text_of(port.name));
  json.begin_array("counters");
  for (std::size_t i = 0; i < kPortCounterCount; ++i) {
    const PortCounterDescription& description = kPortCounterDescriptions[i];
    json.begin_object();
    json.member("name", description.name);
    json.member("xdp", description.of_xdp);
    json.member("sentence", description.sentence);
    json.member("total", port.counters.get(static_cast<PortCounter>(i)));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

/// What became of packets in the XDP program. Its reasons are named passed_... and dropped_....
void write_filter(JsonWriter& json, const PortDescription& port) {
  const bool active = port.filter_active.load(std::memory_order_relaxed) != 0;
  json.member("filter_active", active);
  std::uint64_t passed = 0;
  std::uint64_t dropped = 0;
  for (std::size_t i = 0; i < kPortCounterCount; ++i) {
    if (!kPortCounterDescriptions[i].of_xdp) continue;
    const std::uint64_t count = port.counters.get(static_cast<PortCounter>(i));
    (kPortCounterDescriptions[i].name.starts_with("dropped") ? dropped : passed) += count;
  }
  if (!active && passed + dropped == 0) return;
  json.begin_object("filter");
  json.member("passed", passed);
  json.member("dropped", dropped);
  json.member("dropped_share", share(dropped, passed + dropped), 6);
  json.begin_array("reasons");
  for (std::size_t i = 0; i < kPortCounterCount; ++i) {
    const PortCounterDescription& description = kPortCounterDescriptions[i];
    if (!description.of_xdp) continue;
    const std::uint64_t count = port.counters.get(static_cast<PortCounter>(i));
    json.begin_object();
    json.member("name", description.name);
    json.member("packets", count);
    json.member("share", share(count, passed + dropped), 6);
    json.member("sentence", description.sentence);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_port(JsonWriter& json, const PortDescription& port) {
  json.begin_object();
  json.member("name", text_of(port.name));
  json.member("driver", text_of(port.driver));
  if (const auto group = text_of(port.group); !group.empty()) json.member("link", group);
  json.member("link_state", name_of(port.link_state.load(std::memory_order_relaxed)));
  if (const auto speed = port.link_speed_mbps.load(std::memory_order_relaxed); speed != 0) {
    json.member("speed_mbps", speed);
  }
  if (port.numa_node >= 0) json.member("numa_node", port.numa_node);
  json.member("queues", port.queue_count);
  json.member("packets", port.packets.load(std::memory_order_relaxed));
  json.member("bytes", port.bytes.load(std::memory_order_relaxed));
  for (std::size_t i = 0; i < kPortCounterCount; ++i) {
    if (kPortCounterDescriptions[i].of_xdp) continue;
    json.member(kPortCounterDescriptions[i].name, port.counters.get(static_cast<PortCounter>(i)));
  }
  write_filter(json, port);
  json.end_object();
}

void write_queue(JsonWriter& json, const SegmentHeader& segment, const QueueDescription& queue,
                 std::uint64_t all_packets) {
  const std::uint64_t packets = queue.packets.load(std::memory_order_relaxed);
  json.begin_object();
  if (queue.port_index < port_count(segment)) {
    json.member("port", text_of(segment.ports[queue.port_index].name));
  }
  json.member("queue", queue.queue);
  if (queue.worker != kDistributorReads) json.member("worker", queue.worker);
  if (queue.processor >= 0) json.member("processor", queue.processor);
  json.member("size", queue.size);
  json.member("packets", packets);
  json.member("bytes", queue.bytes.load(std::memory_order_relaxed));
  json.member("share", share(packets, all_packets), 6);
  json.end_object();
}

void write_workers(JsonWriter& json, SegmentHeader& segment) {
  std::uint64_t all = 0;
  std::uint64_t most = 0;
  const auto packets_of = [&segment](unsigned worker) {
    return worker_area(&segment, worker)->counters.get(Counter::packets_received);
  };
  for (unsigned i = 0; i < segment.worker_count; ++i) {
    all += packets_of(i);
    most = std::max(most, packets_of(i));
  }
  json.begin_array("workers");
  for (unsigned i = 0; i < segment.worker_count; ++i) {
    const WorkerArea& area = *worker_area(&segment, i);
    json.begin_object();
    json.member("worker", i);
    json.member("packets", packets_of(i));
    json.member("share", share(packets_of(i), all), 6);
    json.member("wrong_worker", area.counters.get(Counter::packets_wrong_worker));
    json.member("ring_share", share(area.records.fill(), kRecordRingCapacity), 6);
    json.end_object();
  }
  json.end_array();
  // How many times the mean the busiest one has: 1 is even.
  json.member("imbalance", share(most * segment.worker_count, all), 3);
}

}  // namespace

std::string counters_answer(SegmentHeader& segment) {
  fmt::memory_buffer out;
  JsonWriter json(out);
  begin_answer(json, "counters");
  json.begin_array("counters");
  for (std::size_t i = 0; i < kCounterCount; ++i) write_counter(json, segment, i);
  json.end_array();
  json.begin_array("ports");
  for (unsigned i = 0; i < port_count(segment); ++i) write_port_counters(json, segment.ports[i]);
  json.end_array();
  json.end_object();
  return fmt::to_string(out);
}

std::string ports_answer(SegmentHeader& segment) {
  fmt::memory_buffer out;
  JsonWriter json(out);
  begin_answer(json, "ports");
  json.begin_array("ports");
  for (unsigned i = 0; i < port_count(segment); ++i) write_port(json, segment.ports[i]);
  json.end_array();
  json.end_object();
  return fmt::to_string(out);
}

std::string queues_answer(SegmentHeader& segment) {
  const unsigned count = std::min<unsigned>(segment.queue_count, kQueueDescriptionCountMax);
  std::uint64_t packets = 0;
  for (unsigned i = 0; i < count; ++i) {
    packets += segment.queues[i].packets.load(std::memory_order_relaxed);
  }
  fmt::memory_buffer out;
  JsonWriter json(out);
  begin_answer(json, "queues");
  json.member("distribution", name_of(segment.distribution));
  json.begin_array("queues");
  for (unsigned i = 0; i < count; ++i) write_queue(json, segment, segment.queues[i], packets);
  json.end_array();
  write_workers(json, segment);
  json.end_object();
  return fmt::to_string(out);
}

}  // namespace shakedown::serve

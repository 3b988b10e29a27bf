// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "export/health_event.h"
#include "export/text.h"
#include "report/summary.h"

namespace shakedown::report {

namespace {

/// Odd, but what the two ends and the path did, not what the capture lacks. Both have their place
/// in the summary.
bool about_the_network(Counter counter) {
  return counter == Counter::upgrades_declined || counter == Counter::path_interference;
}

aggregate::PortLoss port_loss(const ingest::PortSnapshot& port) {
  aggregate::PortLoss loss{.label = port.label,
                           .packets = port.packets,
                           .missed = port.get(PortCounter::missed),
                           .no_buffer = port.get(PortCounter::no_buffer),
                           .errors = port.get(PortCounter::errors),
                           .link_changes = port.get(PortCounter::link_changes),
                           .no_socket = port.get(PortCounter::dropped_no_socket)};
  for (std::size_t i = 0; i < kPortCounterCount; ++i) {
    const PortCounterDescription& counter = kPortCounterDescriptions[i];
    if (!counter.of_xdp) continue;
    (counter.name.starts_with("dropped") ? loss.filter_dropped : loss.filter_passed) +=
        port.counters[i];
  }
  return loss;
}

}  // namespace

std::string address_key_text(std::string_view key) {
  if (key.empty()) return {};
  const auto family = static_cast<IpFamily>(key.front());
  key.remove_prefix(1);
  const std::size_t size = family == IpFamily::ipv6 ? 16 : 4;
  if (key.size() < size) return {};
  IpAddress address;
  std::memcpy(address.bytes.data(), key.data(), size);
  key.remove_prefix(size);
  if (key.size() < 2) return exporting::address_text(address, family);
  const auto high = static_cast<std::uint8_t>(key[0]);
  const auto low = static_cast<std::uint8_t>(key[1]);
  return exporting::endpoint_text(address, family, static_cast<std::uint16_t>(high << 8 | low));
}

Period period_of(const Summary& summary) {
  const ingest::Snapshot& snapshot = summary.snapshot;
  if (snapshot.mode != RunMode::live) return {summary.totals.first, summary.totals.last};
  return {snapshot.begin, std::max(snapshot.begin, snapshot.end)};
}

aggregate::SensorLoss sensor_loss(const ingest::Snapshot& snapshot) {
  aggregate::SensorLoss loss{.packets_received = snapshot.get(Counter::packets_received),
                             .port_missed = snapshot.get(Counter::port_missed),
                             .port_no_mbuf = snapshot.get(Counter::port_no_mbuf),
                             .records_pushed = snapshot.get(Counter::records_pushed),
                             .records_refused = snapshot.get(Counter::records_refused),
                             .embryos_begun = snapshot.get(Counter::embryos_begun),
                             .packets_wrong_worker = snapshot.get(Counter::packets_wrong_worker),
                             .connections_shed = snapshot.get(Counter::connections_shed),
                             .ports = {},
                             .worker_packets = {},
                             .overload = {},
                             .blind = {}};
  // How much of a capture a worker reads is of no interest, and its file loses nothing.
  if (snapshot.mode != RunMode::live) return loss;
  loss.worker_packets = snapshot.worker_packets;
  for (const ingest::PortSnapshot& port : snapshot.ports) loss.ports.push_back(port_loss(port));
  return loss;
}

aggregate::SensorLoss sensor_loss(const Summary& summary) {
  aggregate::SensorLoss loss = sensor_loss(summary.snapshot);
  loss.overload = summary.overload;
  loss.blind = summary.blind;
  return loss;
}

std::string link_text(const aggregate::HealthLink& link,
                      const std::vector<ingest::PortSnapshot>& ports) {
  if (link.other) return "other links";
  std::string text = link.port_index < ports.size()
                         ? exporting::terminal_text(ports[link.port_index].label, 40)
                         : fmt::format("port {}", link.port_index);
  if (link.vlan != 0) text += fmt::format(" VLAN {}", link.vlan);
  return text;
}

std::vector<SickLink> sick_links(const Summary& summary) {
  std::vector<SickLink> sick;
  const auto look_at = [&sick](const std::string& label, const aggregate::LinkHealth& found) {
    if (found.reasons.empty()) return;
    const std::size_t more = found.reasons.size() - 1;
    // What is worth a remark need not be a defect.
    const bool healthy = found.verdict == aggregate::HealthVerdict::healthy;
    sick.push_back(
        {found.verdict,
         fmt::format("{}{}: {}{}", label,
                     healthy ? "remark" : exporting::health_verdict_name(found.verdict),
                     found.reasons.front(), more == 0 ? "" : fmt::format("; {} more", more))});
  };
  // What the sensor lost is lost to all links, and said once.
  look_at("sensor ", aggregate::judge({}, sensor_loss(summary)));
  const bool several = summary.health.links().size() > 1;
  for (const auto& [link, counts] : summary.health.links()) {
    look_at(several ? link_text(link, summary.snapshot.ports) + " " : "",
            aggregate::judge(counts, {}));
  }
  std::stable_sort(sick.begin(), sick.end(),
                   [](const auto& a, const auto& b) { return a.verdict > b.verdict; });
  return sick;
}

std::string health_remark(const aggregate::CaptureHealth::Links& links,
                          const aggregate::SensorLoss& loss,
                          const std::vector<ingest::PortSnapshot>& ports) {
  auto worst = aggregate::HealthVerdict::healthy;
  std::string text;
  for (const auto& [link, counts] : links) {
    const aggregate::HealthVerdict verdict = aggregate::judge(counts, loss).verdict;
    if (verdict <= worst) continue;
    worst = verdict;
    text = fmt::format("{} {}", link_text(link, ports), exporting::health_verdict_name(verdict));
  }
  return text;
}

aggregate::LinkHealth health_of(const aggregate::CaptureHealth::Links& links,
                                const aggregate::SensorLoss& loss,
                                const std::vector<ingest::PortSnapshot>& ports) {
  // What the sensor lost is lost to all links, and said once.
  aggregate::LinkHealth health = aggregate::judge({}, loss);
  for (const auto& [link, counts] : links) {
    const aggregate::LinkHealth found = aggregate::judge(counts, {});
    health.verdict = std::max(health.verdict, found.verdict);
    for (const std::string& reason : found.reasons) {
      if (health.reasons.size() == kHealthReasonCountMax) return health;
      health.reasons.push_back(link_text(link, ports) + ": " + reason);
    }
  }
  return health;
}

std::vector<HealthRemark> health_remarks(const ingest::Snapshot& snapshot) {
  std::vector<HealthRemark> remarks;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const CounterDescription& description = kCounterDescriptions[i];
    const std::uint64_t count = snapshot.counters[i];
    if (count == 0 || description.severity == CounterSeverity::info) continue;
    if (about_the_network(static_cast<Counter>(i))) continue;
    remarks.push_back({.name = description.name,
                       .count = count,
                       .unit = description.unit,
                       .sentence = description.sentence,
                       .loss = description.severity != CounterSeverity::notice});
  }
  std::stable_sort(remarks.begin(), remarks.end(),
                   [](const auto& a, const auto& b) { return a.loss && !b.loss; });
  return remarks;
}

}  // namespace shakedown::report

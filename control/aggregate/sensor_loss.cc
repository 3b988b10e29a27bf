// SPDX-License-Identifier: Apache-2.0
#include "aggregate/sensor_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "export/text.h"

namespace shakedown::aggregate {

namespace {

using exporting::grouped;

// All thresholds of what the sensor itself loses are here.
constexpr Threshold kPortLoss{0.001, 0.50};     // of the packets that came to the port
constexpr Threshold kRefused{0.001, 0.50};      // of the records
constexpr Threshold kWrongWorker{0.001, 0.50};  // of the connections that began
/// Less is what a restart of the switch's port, or the sensor's own start, costs.
constexpr double kSecondsMin = 0.5;

std::uint64_t less(std::uint64_t now, std::uint64_t then) { return now >= then ? now - then : now; }

PortLoss less(const PortLoss& now, const PortLoss& then) {
  return {.label = now.label,
          .packets = less(now.packets, then.packets),
          .missed = less(now.missed, then.missed),
          .no_buffer = less(now.no_buffer, then.no_buffer),
          .errors = less(now.errors, then.errors),
          .link_changes = less(now.link_changes, then.link_changes),
          .filter_passed = less(now.filter_passed, then.filter_passed),
          .filter_dropped = less(now.filter_dropped, then.filter_dropped),
          .no_socket = less(now.no_socket, then.no_socket)};
}

std::string_view plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

/// `900 in full queues, 100 for lack of buffers`
std::string reasons_of(const PortLoss& port) {
  std::string text;
  const auto add = [&text](std::uint64_t count, std::string_view reason) {
    if (count == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), reason);
  };
  add(port.missed, "because nobody took them in time");
  add(port.no_buffer, "for lack of buffers");
  add(port.errors, "that it could not receive");
  add(port.no_socket, "at queues that are not read");
  return text;
}

void judge_ports(Found& found, const SensorLoss& loss) {
  std::uint64_t named = 0;
  for (const PortLoss& port : loss.ports) {
    named += port.lost();
    check(found, port.lost(), port.packets + port.lost(), kPortLoss, [&](const std::string& part) {
      return fmt::format("{} lost {} of its packets: {}", exporting::terminal_text(port.label, 40),
                         part, reasons_of(port));
    });
    if (port.link_changes != 0) {
      found.emplace_back(HealthVerdict::impaired,
                         fmt::format("the link of {} went down or came back {} time{}",
                                     exporting::terminal_text(port.label, 40),
                                     grouped(port.link_changes), plural(port.link_changes)));
    }
  }
  // What no port has said of itself.
  const std::uint64_t lost = loss.port_missed + loss.port_no_mbuf;
  if (named >= lost) return;
  check(found, lost, loss.packets_received + lost, kPortLoss, [&](const std::string& part) {
    return fmt::format(
        "{} of the packets ({}) were lost at the port: the sensor is too slow or "
        "short of buffers",
        part, grouped(lost));
  });
}

void judge_workers(Found& found, const SensorLoss& loss) {
  check(found, loss.records_refused, loss.records_pushed + loss.records_refused, kRefused,
        [&](const std::string& part) {
          return fmt::format("{} of the results ({}) were lost in full rings: control is too slow",
                             part, grouped(loss.records_refused));
        });
  check(found, loss.packets_wrong_worker, loss.embryos_begun, kWrongWorker,
        [](const std::string& part) {
          return part +
                 " of the connections came to two workers: the port does not hash both "
                 "directions alike; distribute with 'distributor'";
        });
  const auto busiest = std::ranges::max_element(loss.worker_packets);
  const double imbalance = loss.imbalance();
  if (imbalance < kImbalanceMin) return;
  // It costs speed, and nothing else as long as nothing is lost.
  const std::uint64_t all =
      std::reduce(loss.worker_packets.begin(), loss.worker_packets.end(), std::uint64_t{0});
  found.emplace_back(
      HealthVerdict::healthy,
      fmt::format("worker {} takes {} of the packets, {:.1f} times the mean: a few tunnels or "
                  "clients carry most of the traffic",
                  busiest - loss.worker_packets.begin(), percent(share(*busiest, all)), imbalance));
}

void judge_times(Found& found, const SensorLoss& loss) {
  if (loss.blind.count != 0) {
    found.emplace_back(
        HealthVerdict::impaired,
        fmt::format("the sensor was blind {} time{}, for {:.1f} s: its data plane "
                    "had ended and was started anew",
                    grouped(loss.blind.count), plural(loss.blind.count), loss.blind.seconds));
  }
  if (loss.connections_shed != 0) {
    // Only with time to compare is the share known: a short burst may lie between two looks.
    const std::string kept =
        loss.overload.clients_seconds <= 0.0
            ? std::string()
            : fmt::format(": for {:.1f} s it followed {} of the clients",
                          loss.overload.clients_seconds, percent(loss.overload.kept_share()));
    found.emplace_back(
        HealthVerdict::impaired,
        fmt::format("the sensor was too slow for all of the traffic and left out {} "
                    "connection{}{}",
                    grouped(loss.connections_shed), plural(loss.connections_shed), kept));
  } else if (loss.overload.tails_seconds >= kSecondsMin) {
    found.emplace_back(HealthVerdict::healthy,
                       fmt::format("for {:.1f} s there was no time for what follows handshakes",
                                   loss.overload.tails_seconds));
  }
}

}  // namespace

SensorLoss SensorLoss::since(const SensorLoss& earlier) const {
  SensorLoss loss{.packets_received = less(packets_received, earlier.packets_received),
                  .port_missed = less(port_missed, earlier.port_missed),
                  .port_no_mbuf = less(port_no_mbuf, earlier.port_no_mbuf),
                  .records_pushed = less(records_pushed, earlier.records_pushed),
                  .records_refused = less(records_refused, earlier.records_refused),
                  .embryos_begun = less(embryos_begun, earlier.embryos_begun),
                  .packets_wrong_worker = less(packets_wrong_worker, earlier.packets_wrong_worker),
                  .connections_shed = less(connections_shed, earlier.connections_shed),
                  .ports = ports,
                  .worker_packets = worker_packets,
                  .overload = overload,
                  .blind = blind};
  for (std::size_t i = 0; i < std::min(ports.size(), earlier.ports.size()); ++i) {
    loss.ports[i] = less(ports[i], earlier.ports[i]);
  }
  for (std::size_t i = 0; i < std::min(worker_packets.size(), earlier.worker_packets.size()); ++i) {
    loss.worker_packets[i] = less(worker_packets[i], earlier.worker_packets[i]);
  }
  return loss;
}

double SensorLoss::imbalance() const {
  const std::uint64_t all =
      std::reduce(worker_packets.begin(), worker_packets.end(), std::uint64_t{0});
  if (worker_packets.size() < 2 || all < kImbalancePacketsMin) return 1.0;
  return share(std::ranges::max(worker_packets) * worker_packets.size(), all);
}

Found judge_sensor(const SensorLoss& loss) {
  Found found;
  judge_ports(found, loss);
  judge_workers(found, loss);
  judge_times(found, loss);
  return found;
}

}  // namespace shakedown::aggregate

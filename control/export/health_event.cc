// SPDX-License-Identifier: Apache-2.0
#include "export/health_event.h"

#include <algorithm>
#include <optional>

#include "export/event_frame.h"
#include "export/text.h"
#include "export/tls_names.h"

namespace shakedown::exporting {

namespace {

using aggregate::HealthLink;
using aggregate::HealthVerdict;
using aggregate::LinkCounts;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void write_event(JsonWriter& json, const aggregate::CaptureHealth::Interval& interval) {
  begin_event(json, "metric", "info", "shakedown.capture_health");
  json.member("start", time_text(interval.begin));
  json.member("end", time_text(interval.end));
  json.end_object();
}

/// None: that of no link, or of many.
std::optional<unsigned> port_of(const HealthLink* link) {
  if (link == nullptr || link->other) return std::nullopt;
  return link->port_index;
}

void write_vlan(JsonWriter& json, const HealthLink& link) {
  if (link.other || link.vlan == 0) return;
  json.begin_object("network");
  json.begin_object("vlan");
  json.member("id", std::to_string(link.vlan));
  json.end_object();
  json.end_object();
}

void write_ports(JsonWriter& json, const std::vector<aggregate::PortLoss>& ports) {
  if (ports.empty()) return;
  json.begin_array("ports");
  for (const aggregate::PortLoss& port : ports) {
    json.begin_object();
    json.member("name", port.label);
    json.member("packets", port.packets);
    json.member("missed", port.missed);
    json.member("no_buffer", port.no_buffer);
    json.member("errors", port.errors);
    json.member("link_changes", port.link_changes);
    json.member("queue_not_read", port.no_socket);
    json.member("filter_passed", port.filter_passed);
    json.member("filter_dropped", port.filter_dropped);
    json.end_object();
  }
  json.end_array();
}

void write_sensor(JsonWriter& json, const aggregate::SensorLoss& loss) {
  json.begin_object("sensor");
  json.member("packets", loss.packets_received);
  json.member("port_missed", loss.port_missed);
  json.member("port_no_mbuf", loss.port_no_mbuf);
  json.member("records_refused", loss.records_refused);
  json.member("wrong_worker", loss.packets_wrong_worker);
  json.member("connections_shed", loss.connections_shed);
  json.member("worker_imbalance", loss.imbalance(), 3);
  json.begin_object("overload");
  json.member("tails_seconds", loss.overload.tails_seconds, 3);
  json.member("clients_seconds", loss.overload.clients_seconds, 3);
  json.member("kept_share", loss.overload.kept_share(), 6);
  json.end_object();
  json.begin_object("blind");
  json.member("count", loss.blind.count);
  json.member("seconds", loss.blind.seconds, 3);
  json.end_object();
  write_ports(json, loss.ports);
  json.end_object();
}

}  // namespace

std::string_view health_verdict_name(HealthVerdict verdict) {
  switch (verdict) {
    case HealthVerdict::healthy:
      return "healthy";
    case HealthVerdict::impaired:
      return "impaired";
    case HealthVerdict::blind:
      return "blind";
  }
  return "unknown";
}

void write_health(JsonWriter& json, const LinkCounts& counts, const aggregate::LinkHealth& health) {
  json.member("verdict", health_verdict_name(health.verdict));
  json.begin_array("reasons");
  for (const std::string& reason : health.reasons) json.value(reason);
  json.end_array();
  // The verdicts that such a capture makes doubtful are not given; these many were not.
  json.member("doubtful", health.verdict != HealthVerdict::healthy);
  json.member("withheld", counts.withheld());
  json.member("connections", counts.connections);
  json.member("packets", counts.packets);
  json.begin_object("directions");
  json.member("both", counts.both);
  json.member("client_only", counts.client_only);
  json.member("server_only", counts.server_only);
  json.member("answer_not_known", counts.answer_not_known);
  json.member("one_way_share", share(counts.client_only + counts.server_only, counts.connections),
              6);
  json.end_object();
  json.begin_object("loss");
  json.member("connections", counts.lossy);
  json.member("with_gap", counts.with_gap);
  json.member("client_ack_beyond", counts.client_ack_beyond);
  json.member("server_ack_beyond", counts.server_ack_beyond);
  json.member("share", share(counts.lossy, counts.both), 6);
  json.end_object();
  json.begin_object("duplicates");
  json.member("connections", counts.duplicated_connections);
  json.member("packets", counts.duplicates);
  json.member("share", share(counts.duplicates, counts.packets + counts.duplicates), 6);
  json.end_object();
  json.member("truncated", counts.truncated);
  json.member("out_of_order", counts.out_of_order);
  json.member("midstream", counts.midstream);
  json.begin_object("unseen");
  for (std::size_t i = 0; i < kUnseenReasonCount; ++i) {
    if (counts.unseen[i] == 0) continue;
    json.member(unseen_reason_name(static_cast<UnseenReason>(i)), counts.unseen[i]);
  }
  json.end_object();
}

void append_blind_event(fmt::memory_buffer& out, const BlindInterval& interval,
                        const EventContext& context) {
  JsonWriter json(out);
  json.begin_object();
  json.member("@timestamp", time_text(interval.end));
  begin_event(json, "event", "info", "shakedown.blind");
  json.member("action", interval.over ? "sensor_back" : "sensor_blind");
  json.member("start", time_text(interval.begin));
  json.member("end", time_text(interval.end));
  json.member("duration", std::max<std::int64_t>(0, interval.end.value - interval.begin.value));
  if (!interval.reason.empty()) json.member("reason", interval.reason);
  json.end_object();
  write_observer(json, context, std::nullopt);
  json.end_object();
  out.push_back('\n');
}

namespace {

/// `link` is null in an interval in which no connection was seen on any.
void append_health_event(fmt::memory_buffer& out,
                         const aggregate::CaptureHealth::Interval& interval, const HealthLink* link,
                         const LinkCounts& counts, const aggregate::SensorLoss& loss,
                         const EventContext& context) {
  JsonWriter json(out);
  json.begin_object();
  json.member("@timestamp", time_text(interval.end));
  write_event(json, interval);
  write_observer(json, context, port_of(link));
  if (link != nullptr) write_vlan(json, *link);
  json.begin_object("shakedown");
  if (link != nullptr && !link->other && link->port_index < context.capture_names.size()) {
    json.member("capture", context.capture_names[link->port_index]);
  }
  json.begin_object("capture_health");
  const std::int64_t nanos = interval.end.value - interval.begin.value;
  json.member("interval_seconds", static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond),
              3);
  if (link != nullptr && link->other) json.member("other_links", true);
  write_health(json, counts, aggregate::judge(counts, loss));
  write_sensor(json, loss);
  json.end_object();
  json.end_object();
  json.end_object();
  out.push_back('\n');
}

}  // namespace

void append_health_events(fmt::memory_buffer& out,
                          const aggregate::CaptureHealth::Interval& interval,
                          const aggregate::SensorLoss& loss, const EventContext& context) {
  for (const auto& [link, counts] : interval.links) {
    append_health_event(out, interval, &link, counts, loss, context);
  }
  // Where nothing was seen, only what the sensor lost is worth a line.
  if (interval.links.empty() && !aggregate::judge({}, loss).reasons.empty()) {
    append_health_event(out, interval, nullptr, {}, loss, context);
  }
}

}  // namespace shakedown::exporting

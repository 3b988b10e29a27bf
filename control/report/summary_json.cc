// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "export/health_event.h"
#include "export/json_writer.h"
#include "export/path_words.h"
#include "export/service_names.h"
#include "export/text.h"
#include "export/tls_names.h"
#include "report/causes.h"
#include "report/summary.h"

namespace shakedown::report {

namespace {

using aggregate::Tally;
using aggregate::Totals;
using exporting::JsonWriter;

void write_tally(JsonWriter& json, const Tally& tally) {
  json.member("handshakes", tally.handshakes);
  json.member("failures", tally.failures);
  json.member("failure_share", tally.failure_share(), 6);
  // Beside what was counted, and only where they differ.
  if (tally.estimated_handshakes <= static_cast<double>(tally.handshakes)) return;
  json.begin_object("estimated");
  json.member("handshakes", std::llround(tally.estimated_handshakes));
  json.member("failures", std::llround(tally.estimated_failures));
  json.member("failure_share", tally.estimated_failure_share(), 6);
  json.end_object();
}

/// What was left out for lack of time; absent where nothing was.
void write_overload(JsonWriter& json, const Summary& summary) {
  const std::uint64_t shed = summary.snapshot.get(Counter::connections_shed);
  const std::uint64_t tails = summary.snapshot.get(Counter::tails_shed);
  if (shed == 0 && tails == 0 && summary.totals.sampled == 0) return;
  json.begin_object("overload");
  json.member("connections_shed", shed);
  json.member("tails_shed", tails);
  json.member("handshakes_sampled", summary.totals.sampled);
  json.member("tails_seconds", summary.overload.tails_seconds, 3);
  json.member("clients_seconds", summary.overload.clients_seconds, 3);
  json.member("kept_share", summary.overload.kept_share(), 6);
  json.begin_object("estimated_outcomes");
  for (std::size_t i = 0; i < kOutcomeKindCount; ++i) {
    json.member(exporting::outcome_kind_name(static_cast<OutcomeKind>(i)),
                std::llround(summary.totals.estimated_by_kind[i]));
  }
  json.end_object();
  json.end_object();
}

void write_failures(JsonWriter& json, const Totals& totals) {
  json.begin_array("failures");
  for (const auto& [key, failure] : totals.failures) {
    const HandshakeRecord& record = failure.example;
    json.begin_object();
    json.member("name", exporting::outcome_name(key.first, key.second));
    json.member("count", failure.count);
    if (failure.estimated > static_cast<double>(failure.count)) {
      json.member("estimated_count", std::llround(failure.estimated));
    }
    json.begin_object("example");
    json.member("source",
                exporting::endpoint_text(record.client_address, record.family, record.client_port));
    json.member("destination",
                exporting::endpoint_text(record.server_address, record.family, record.server_port));
    if (!failure.example_name.empty()) json.member("server_name", failure.example_name);
    json.end_object();
    json.end_object();
  }
  json.end_array();
}

void write_alerts(JsonWriter& json, const Totals& totals) {
  json.begin_array("alerts");
  for (const auto& [key, count] : totals.alerts) {
    json.begin_object();
    if (key.encrypted) {
      json.member("name", "encrypted");
    } else {
      json.member("code", static_cast<unsigned>(key.description));
      json.member("name", exporting::alert_name(key.description));
    }
    json.member("from", exporting::party_name(key.from));
    json.member("count", count);
    json.end_object();
  }
  json.end_array();
}

void write_versions(JsonWriter& json, std::string_view field,
                    const std::map<std::uint16_t, Tally>& tallies) {
  json.begin_array(field);
  for (const auto& [version, tally] : tallies) {
    json.begin_object();
    json.member("version", version == aggregate::kOtherVersion ? std::string("others")
                                                               : exporting::version_label(version));
    write_tally(json, tally);
    json.end_object();
  }
  json.end_array();
}

template <class TextOf>
void write_worst(JsonWriter& json, std::string_view field, const aggregate::WorstKeys& keys,
                 unsigned rows, TextOf text_of) {
  json.begin_object(field);
  json.member("approximate", keys.approximate());
  json.begin_array("worst");
  for (const aggregate::KeyCount& key : keys.worst(rows)) {
    json.begin_object();
    json.member("key", text_of(key.key));
    json.member("handshakes", key.handshakes);
    json.member("failures", key.failures);
    if (key.error != 0) json.member("failures_error", key.error);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

template <std::size_t size>
void write_services(JsonWriter& json, std::string_view field,
                    const std::array<std::uint64_t, size>& counts) {
  json.begin_object(field);
  for (std::size_t i = 0; i < size; ++i) {
    const auto service = static_cast<Service>(i);
    if (counts[i] == 0) continue;
    json.member(service == Service::none ? "none" : exporting::service_name(service), counts[i]);
  }
  json.end_object();
}

void write_watchlists(JsonWriter& json, const Totals& totals) {
  if (totals.watchlists.empty()) return;
  json.begin_object("watchlists");
  for (const auto& [name, tally] : totals.watchlists) {
    json.begin_object(name);
    write_tally(json, tally);
    json.end_object();
  }
  json.end_object();
}

void write_starttls(JsonWriter& json, const Totals& totals) {
  json.begin_object("starttls");
  for (std::size_t i = 1; i < kStartTlsCount; ++i) {
    if (totals.by_starttls[i].handshakes == 0) continue;
    json.begin_object(exporting::starttls_name(static_cast<StartTls>(i)));
    write_tally(json, totals.by_starttls[i]);
    json.end_object();
  }
  json.end_object();
}

void write_path(JsonWriter& json, const Totals& totals) {
  json.begin_object("path");
  json.member("interference", totals.path_interference);
  json.member("suspected", totals.path_suspected);
  json.member("large_segments_lost", totals.large_segments_lost);
  json.member("icmp_errors", totals.icmp_errors);
  json.begin_object("tampering_signatures");
  for (std::size_t i = 1; i < kTamperingSignatureCount; ++i) {
    if (totals.by_signature[i] == 0) continue;
    json.member(exporting::tampering_signature_name(static_cast<TamperingSignature>(i)),
                totals.by_signature[i]);
  }
  json.end_object();
  json.end_object();
}

void write_capture_health(JsonWriter& json, const Summary& summary) {
  const aggregate::SensorLoss loss = sensor_loss(summary);
  json.begin_array("capture_health");
  for (const auto& [link, counts] : summary.health.links()) {
    json.begin_object();
    if (link.other) {
      json.member("other_links", true);
    } else {
      if (link.port_index < summary.snapshot.ports.size()) {
        json.member("port", summary.snapshot.ports[link.port_index].label);
      }
      if (link.vlan != 0) json.member("vlan", link.vlan);
    }
    exporting::write_health(json, counts, aggregate::judge(counts, loss));
    json.end_object();
  }
  json.end_array();
}

void write_capture(JsonWriter& json, const Summary& summary) {
  const ingest::Snapshot& snapshot = summary.snapshot;
  json.begin_object("capture");
  json.member("mode", snapshot.mode == RunMode::live ? "live" : "capture");
  json.member("state", ingest::name_of(snapshot.state));
  json.begin_array("ports");
  for (const ingest::PortSnapshot& port : snapshot.ports) {
    json.begin_object();
    json.member("name", port.name);
    json.member("packets", port.packets);
    json.member("cut", port.cut);
    json.end_object();
  }
  json.end_array();
  if (snapshot.mode == RunMode::live) {
    json.begin_object("blind");
    json.member("intervals", summary.blind.count);
    json.member("seconds", summary.blind.seconds, 3);
    json.end_object();
  }
  json.member("one_way", summary.totals.one_way);
  json.member("with_gap", summary.totals.with_gap);
  json.member("released_early", summary.released_early);
  json.member("definitions_missing", summary.definitions_missing);
  json.begin_object("counters");
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    // How often workers waited for control depends on the machine's mood, not on the input.
    if (static_cast<Counter>(i) == Counter::back_pressure_waits) continue;
    json.member(kCounterDescriptions[i].name, snapshot.counters[i]);
  }
  json.end_object();
  json.end_object();
}

}  // namespace

std::string summary_json(const Summary& summary) {
  const Totals& totals = summary.totals;
  fmt::memory_buffer out;
  JsonWriter json(out);
  json.begin_object();
  if (const Period period = period_of(summary); period.begin.known()) {
    json.member("start", exporting::time_text(period.begin));
    json.member("end", exporting::time_text(period.end));
  }
  json.begin_object("tls");
  write_tally(json, totals.tls);
  json.member("late_rejections", totals.late_rejections);
  json.member("inferred_failures", totals.inferred);
  json.end_object();
  json.begin_object("outcomes");
  for (std::size_t i = 0; i < kOutcomeKindCount; ++i) {
    json.member(exporting::outcome_kind_name(static_cast<OutcomeKind>(i)), totals.by_kind[i]);
  }
  json.end_object();
  json.begin_object("unseen");
  for (std::size_t i = 0; i < kUnseenReasonCount; ++i) {
    if (totals.by_unseen_reason[i] == 0) continue;
    json.member(exporting::unseen_reason_name(static_cast<UnseenReason>(i)),
                totals.by_unseen_reason[i]);
  }
  json.end_object();
  write_overload(json, summary);
  write_failures(json, totals);
  write_causes(json, totals.why);
  write_alerts(json, totals);
  write_versions(json, "offered_versions", totals.by_offered_version);
  write_versions(json, "negotiated_versions", totals.by_negotiated_version);
  json.begin_object("without_server_name");
  write_tally(json, totals.without_server_name);
  json.end_object();
  write_watchlists(json, totals);
  write_services(json, "non_tls_replies", totals.non_tls_by_service);
  write_services(json, "plaintext_clients", totals.plaintext_by_service);
  write_starttls(json, totals);
  write_path(json, totals);
  write_worst(json, "clients", totals.clients, summary.rows, address_key_text);
  write_worst(json, "servers", totals.servers, summary.rows, address_key_text);
  write_worst(json, "names", totals.names, summary.rows,
              [](const std::string& name) { return name; });
  write_capture_health(json, summary);
  write_capture(json, summary);
  json.begin_array("warnings");
  for (const std::string& warning : summary.warnings) json.value(warning);
  json.end_array();
  json.end_object();
  out.push_back('\n');
  return fmt::to_string(out);
}

}  // namespace shakedown::report

// SPDX-License-Identifier: Apache-2.0
#include "aggregate/totals.h"

#include <algorithm>

namespace shakedown::aggregate {

namespace {

Tally& tally_of(std::map<std::uint16_t, Tally>& tallies, std::uint16_t version) {
  const auto place = tallies.find(version);
  if (place != tallies.end()) return place->second;
  return tallies[tallies.size() < kVersionCountMax ? version : kOtherVersion];
}

std::string address_key(IpFamily family, const IpAddress& address) {
  std::string key(1, static_cast<char>(family));
  key.append(reinterpret_cast<const char*>(address.bytes.data()),
             family == IpFamily::ipv6 ? 16u : 4u);
  return key;
}

template <std::size_t size, class Enum>
void count_in(std::array<std::uint64_t, size>& counts, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  if (index < size) ++counts[index];
}

}  // namespace

std::string client_key(const HandshakeRecord& record) {
  return address_key(record.family, record.client_address);
}

std::string server_key(const HandshakeRecord& record) {
  std::string key = address_key(record.family, record.server_address);
  key.push_back(static_cast<char>(record.server_port >> 8));
  key.push_back(static_cast<char>(record.server_port & 0xff));
  return key;
}

void Totals::add(const enrich::Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  ++records;
  count_in(by_kind, record.outcome.kind);
  const double weight = weight_of(record);
  const auto kind = static_cast<std::size_t>(record.outcome.kind);
  if (kind < estimated_by_kind.size()) estimated_by_kind[kind] += weight;
  if (weight > 1.0) ++sampled;
  if (handshake.has(HandshakeRecord::tail_not_followed)) ++tails_not_followed;
  if (record.outcome.kind == OutcomeKind::unseen) {
    count_in(by_unseen_reason, record.outcome.unseen_reason);
  }
  if (record.first_seen.known() && (!first.known() || record.first_seen < first)) {
    first = record.first_seen;
  }
  last = std::max({last, record.first_seen, record.end});
  if (handshake.has(HandshakeRecord::one_way)) ++one_way;
  if (handshake.has(HandshakeRecord::capture_gap)) ++with_gap;
  add_alerts(record);
  add_services(record);
  add_path(record);
  if (handshake.judged_tls()) add_tls(handshake);
}

void Totals::add_tls(const enrich::Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  const bool failed = record.outcome.kind != OutcomeKind::established;
  const double weight = weight_of(record);
  tls.add(failed, weight);
  if (failed) add_failure(handshake);
  const auto starttls = static_cast<std::size_t>(record.starttls);
  if (record.starttls != StartTls::none && starttls < by_starttls.size()) {
    by_starttls[starttls].add(failed, weight);
  }
  if (handshake.has(HandshakeRecord::late_rejection)) ++late_rejections;
  if (failed && handshake.has(HandshakeRecord::inferred)) ++inferred;
  if (record.client_hello_facts.max_version != 0) {
    tally_of(by_offered_version, record.client_hello_facts.max_version).add(failed, weight);
  }
  if (handshake.server_hello_seen() && record.server_hello_facts.selected_version != 0) {
    tally_of(by_negotiated_version, record.server_hello_facts.selected_version).add(failed, weight);
  }
  if (handshake.client_hello_seen() && !handshake.has(ClientHelloFacts::truncated_parse) &&
      !handshake.has(ClientHelloFacts::server_name_present)) {
    without_server_name.add(failed, weight);
  }
  for (const std::string_view tag : handshake.tags) {
    watchlists[std::string(tag)].add(failed, weight);
  }
  clients.add(client_key(record), failed);
  servers.add(server_key(record), failed);
  if (!handshake.server_name.empty()) names.add(handshake.server_name, failed);
}

void Totals::add_failure(const enrich::Handshake& handshake) {
  const Outcome& outcome = handshake.record.outcome;
  // Names that say nothing about the stage are one kind of failure each.
  const bool staged =
      outcome.kind != OutcomeKind::non_tls_reply && outcome.kind != OutcomeKind::starttls_refused;
  FailureCount& failure = failures[{outcome.kind, staged ? outcome.stage : Stage::client_hello}];
  failure.estimated += weight_of(handshake.record);
  if (failure.count++ != 0) return;
  failure.example = handshake.record;
  failure.example_name = handshake.server_name;
}

void Totals::add_services(const HandshakeRecord& record) {
  if (record.outcome.kind == OutcomeKind::non_tls_reply) {
    count_in(non_tls_by_service, record.server_service.service);
  }
  if (record.outcome.kind == OutcomeKind::no_hello &&
      record.client_service.service != Service::none) {
    count_in(plaintext_by_service, record.client_service.service);
  }
}

void Totals::add_path(const HandshakeRecord& record) {
  if (record.outcome.by == Party::path) {
    ++path_interference;
  } else if (record.path.confidence != PathConfidence::none) {
    ++path_suspected;
  }
  constexpr std::uint32_t kLargeLost =
      path_evidence::large_segments_lost_to_client | path_evidence::large_segments_lost_to_server;
  if ((record.path.evidence & kLargeLost) != 0) ++large_segments_lost;
  if (record.path.icmp != IcmpError::none) ++icmp_errors;
  if (record.path.signature != TamperingSignature::none) {
    count_in(by_signature, record.path.signature);
  }
}

void Totals::add_alerts(const HandshakeRecord& record) {
  const std::size_t count = std::min<std::size_t>(record.alert_count, record.alerts.size());
  for (std::size_t i = 0; i < count; ++i) {
    const AlertFact& alert = record.alerts[i];
    if (alert.encrypted) {
      ++alerts[{.encrypted = true, .description = {}, .from = alert.from}];
    } else if (alert.description != AlertDescription::close_notify) {
      ++alerts[{.encrypted = false, .description = alert.description, .from = alert.from}];
    }
  }
}

}  // namespace shakedown::aggregate

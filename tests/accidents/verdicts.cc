// SPDX-License-Identifier: Apache-2.0
#include "verdicts.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

#include "ingest/record_order.h"
#include "ingest/visibility.h"
#include "worker_harness.h"

namespace shakedown::accidents {

namespace {

WorkerConfig roomy_config() {
  WorkerConfig config = test_harness::small_config();
  config.connection_capacity = 4096;
  config.embryo_capacity = 4096;
  config.decided_capacity = 8192;
  config.segment_block_count = 2048;
  config.message_buffers = {512, 128, 16};
  return config;
}

Endpoint client_of(const HandshakeRecord& record) {
  return {record.client_address, record.client_port};
}
Endpoint server_of(const HandshakeRecord& record) {
  return {record.server_address, record.server_port};
}

std::string text_of(const Endpoint& endpoint, IpFamily family) {
  std::string text;
  char part[8];
  if (family == IpFamily::ipv4) {
    for (std::size_t i = 0; i < 4; ++i) {
      std::snprintf(part, sizeof part, i == 0 ? "%u" : ".%u", endpoint.address.bytes[i]);
      text += part;
    }
  } else {
    text = "[";
    for (const std::uint8_t byte : endpoint.address.bytes) {
      std::snprintf(part, sizeof part, "%02x", byte);
      text += part;
    }
    text += "]";
  }
  return text + ":" + std::to_string(endpoint.port);
}

std::string text_of(const HandshakeRecord& record) {
  constexpr std::array reasons{"none",        "one_way", "gap",        "truncated",
                               "capture_end", "evicted", "over_limit", "undecodable"};
  std::string text = test_harness::outcome_text(record);
  if (record.outcome.kind == OutcomeKind::unseen) {
    return text + " (" + reasons[static_cast<std::size_t>(record.outcome.unseen_reason)] + ")";
  }
  if ((record.flags & HandshakeRecord::late_rejection) != 0) text += ", rejected";
  return text + " by " + test_harness::party_text(record.outcome.by);
}

bool same_outcome(const HandshakeRecord& a, const HandshakeRecord& b) {
  return test_harness::outcome_text(a) == test_harness::outcome_text(b) &&
         a.outcome.by == b.outcome.by && client_of(a) == client_of(b);
}

/// All that describes the handshake; what counts packets of it is left out.
bool same_description(const HandshakeRecord& a, const HandshakeRecord& b) {
  constexpr std::uint32_t kFlags =
      HandshakeRecord::inferred | HandshakeRecord::one_way | HandshakeRecord::capture_gap |
      HandshakeRecord::midstream | HandshakeRecord::truncated | HandshakeRecord::client_data_seen |
      HandshakeRecord::server_data_seen | HandshakeRecord::late_rejection |
      HandshakeRecord::after_plaintext | HandshakeRecord::malformed_hello |
      HandshakeRecord::close_notify_client | HandshakeRecord::close_notify_server |
      HandshakeRecord::renegotiation | HandshakeRecord::desync_client |
      HandshakeRecord::desync_server | HandshakeRecord::client_ack_beyond |
      HandshakeRecord::server_ack_beyond;
  const auto same = [](const auto& left, const auto& right) {
    return std::memcmp(&left, &right, sizeof left) == 0;
  };
  // How many segments brought the hello depends on the order in which they came.
  ClientHelloFacts hello = a.client_hello_facts;
  hello.segment_count = b.client_hello_facts.segment_count;
  return (a.flags & kFlags) == (b.flags & kFlags) && a.outcome == b.outcome &&
         same(hello, b.client_hello_facts) && same(a.server_hello_facts, b.server_hello_facts) &&
         same(a.ja4, b.ja4) && a.ja3 == b.ja3 && a.ja3s == b.ja3s &&
         a.offer_definition == b.offer_definition &&
         a.server_chain_definition == b.server_chain_definition &&
         a.client_chain_definition == b.client_chain_definition &&
         a.ocsp_definition == b.ocsp_definition && a.hello_random_time == b.hello_random_time &&
         same(a.alerts, b.alerts) &&
         test_harness::history_text(a) == test_harness::history_text(b) &&
         a.client_certificate == b.client_certificate && a.starttls == b.starttls;
}

bool rejected(const HandshakeRecord& record) {
  return (record.flags & HandshakeRecord::late_rejection) != 0;
}

Change change_of(const HandshakeRecord& whole, const HandshakeRecord& harmed) {
  const OutcomeKind before = whole.outcome.kind;
  const OutcomeKind after = harmed.outcome.kind;
  if (is_failure(after) && !is_failure(before)) return Change::invented;
  if (after == OutcomeKind::unseen) {
    return before == OutcomeKind::unseen ? Change::kept : Change::withheld;
  }
  if (rejected(harmed) && !rejected(whole) && before == OutcomeKind::established) {
    return Change::rejection;
  }
  if (same_outcome(whole, harmed)) {
    return rejected(whole) && !rejected(harmed) ? Change::weaker : Change::kept;
  }
  if (is_failure(before) && after == OutcomeKind::established) return Change::absolved;
  if (before == OutcomeKind::established) return Change::overlooked;
  if (harmed.outcome.by == Party::path && whole.outcome.by != Party::path) return Change::blamed;
  const bool same_kind = before == after && whole.outcome.by == harmed.outcome.by &&
                         client_of(whole) == client_of(harmed);
  return same_kind ? Change::other_stage : Change::changed;
}

/// Of several records for one connection, which one counts: the worst, but one that keeps the
/// outcome stands against one that withholds it.
unsigned rank_of(Change change) {
  if (change == Change::withheld) return 1;
  return change == Change::kept ? 2 : 3 + static_cast<unsigned>(change);
}

/// How far apart in time a record and a connection of the same endpoints are.
std::int64_t distance(const HandshakeRecord& whole, const HandshakeRecord& harmed) {
  const std::int64_t at = harmed.first_seen.value;
  const std::int64_t begin = whole.first_seen.value;
  const std::int64_t end = std::max(begin, whole.end.value);
  return at < begin ? begin - at : at > end ? at - end : 0;
}

Finding finding_of(Change change, const HandshakeRecord& of, std::string whole,
                   std::string harmed) {
  Finding finding;
  finding.change = change;
  finding.connection =
      text_of(client_of(of), of.family) + " > " + text_of(server_of(of), of.family);
  finding.whole = std::move(whole);
  finding.harmed = std::move(harmed);
  return finding;
}

}  // namespace

const char* name_of(Change change) {
  constexpr std::array names{"kept",        "weaker",   "withheld",    "gone",
                             "other stage", "changed",  "untraceable", "overlooked",
                             "blamed",      "absolved", "rejection",   "invented"};
  static_assert(names.size() == kChangeCount);
  return names[static_cast<std::size_t>(change)];
}

Verdicts follow(const Replay& replay, packet::LinkType link_type) {
  test_harness::WorkerHarness harness(roomy_config());
  for (const Arrival& arrival : replay.arrivals) {
    harness.feed_packet(arrival.bytes, arrival.time_ns, link_type);
  }
  harness.finish();
  Verdicts verdicts{harness.records(), harness.conservation_error()};
  std::stable_sort(verdicts.records.begin(), verdicts.records.end(), ingest::comes_before);
  ingest::Visibility visibility;
  for (HandshakeRecord& record : verdicts.records) visibility.judge(record);
  return verdicts;
}

Untraceable untraceable(const Capture& capture, const Replay& replay) {
  std::set<const std::uint8_t*> shown;
  for (const Arrival& arrival : replay.arrivals) shown.insert(arrival.bytes.data());
  Untraceable result;
  std::map<std::pair<Endpoint, Endpoint>, SeqNum> ends;
  for (const Packet& packet : capture.packets) {
    const Endpoints connection = Endpoints::of(packet.source, packet.destination);
    const bool is_shown = shown.contains(packet.bytes.data());
    if (is_shown) {
      result.cut_short.erase(connection);
    } else {
      result.cut_short.insert(connection);
    }
    const SeqNum end{packet.sequence_end};
    const auto [known, is_first] = ends.try_emplace({packet.source, packet.destination}, end);
    if (packet.has_fin && end.before(known->second)) result.uncounted.insert(connection);
    if (packet.has_payload && end.after(known->second)) known->second = end;
  }
  return result;
}

std::vector<Finding> compare(const std::vector<HandshakeRecord>& whole,
                             const std::vector<HandshakeRecord>& harmed,
                             const Untraceable& untraceable) {
  std::map<Endpoints, std::vector<std::size_t>> connections;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    connections[Endpoints::of(client_of(whole[i]), server_of(whole[i]))].push_back(i);
  }
  std::vector<Finding> findings;
  std::vector<std::vector<const HandshakeRecord*>> matches(whole.size());
  for (const HandshakeRecord& record : harmed) {
    const auto found = connections.find(Endpoints::of(client_of(record), server_of(record)));
    if (found != connections.end()) {
      const std::size_t nearest = *std::min_element(
          found->second.begin(), found->second.end(), [&](std::size_t a, std::size_t b) {
            return distance(whole[a], record) < distance(whole[b], record);
          });
      matches[nearest].push_back(&record);
      continue;
    }
    if (record.outcome.kind == OutcomeKind::unseen) continue;
    const Change change = is_failure(record.outcome.kind) ? Change::invented : Change::changed;
    findings.push_back(finding_of(change, record, "no record", text_of(record)));
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (matches[i].empty()) {
      findings.push_back(finding_of(Change::gone, whole[i], text_of(whole[i]), "no record"));
      continue;
    }
    Finding worst;
    unsigned worst_rank = 0;
    for (const HandshakeRecord* record : matches[i]) {
      Change change = change_of(whole[i], *record);
      // Of a reset, an alert or a closing the packet was seen: only silence is told from absence.
      const bool silent = record->outcome.kind == OutcomeKind::silence ||
                          record->outcome.kind == OutcomeKind::unanswered;
      const Endpoints endpoints = Endpoints::of(client_of(*record), server_of(*record));
      const bool no_trace = (silent && untraceable.cut_short.contains(endpoints)) ||
                            untraceable.uncounted.contains(endpoints);
      if (change == Change::invented && no_trace) change = Change::untraceable;
      if (rank_of(change) <= worst_rank) continue;
      worst_rank = rank_of(change);
      worst = finding_of(change, whole[i], text_of(whole[i]), text_of(*record));
      worst.reason = record->outcome.unseen_reason;
      worst.detail_differs = !same_description(whole[i], *record);
    }
    worst.detail_differs = worst.detail_differs || matches[i].size() > 1;
    findings.push_back(worst);
  }
  return findings;
}

}  // namespace shakedown::accidents

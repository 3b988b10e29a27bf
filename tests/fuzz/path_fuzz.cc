// SPDX-License-Identifier: Apache-2.0
//
// Method:  The first byte chooses link type and table sizes; then come packets, each as
//
//              struct {
//                uint8 time_step;           // two bits of unit: 1 us, 1 ms, 1 s, -1 ms; six bits of count
//                opaque frame<0..2^16-1>;
//              } Packet;
//
//          The whole worker follows them. Every packet, embryo and handshake must have one fate, and every record
//          must be one that control can believe without a look of its own.
// Reaches: packet/, flow/, stream/, tls/, handshake/, emit/ and Worker.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "worker_harness.h"

namespace {

using namespace shakedown;
using test_harness::WorkerHarness;

constexpr std::uint8_t kLinkTypeMask = 7;
constexpr std::uint8_t kTinyTables = 8;
constexpr std::uint64_t kStart = 1'768'478'400ULL * 1'000'000'000;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// So small that everything runs out: tables, segment blocks, message buffers.
WorkerConfig tiny_config() {
  WorkerConfig config = test_harness::small_config();
  config.connection_capacity = 4;
  config.embryo_capacity = 4;
  config.decided_capacity = 16;
  config.segment_block_count = 4;
  config.message_buffers = {1, 1, 1};
  return config;
}

std::int64_t nanos_of(std::uint8_t step) {
  constexpr std::array<std::int64_t, 4> kUnits{1'000, 1'000'000, 1'000'000'000, -1'000'000};
  return kUnits[step >> 6] * (step & 63);
}

void check_outcome(const HandshakeRecord& record) {
  const Outcome& outcome = record.outcome;
  require(static_cast<unsigned>(outcome.kind) < kOutcomeKindCount, "kind is known");
  require(outcome.by <= Party::path, "party is known");
  require(static_cast<unsigned>(outcome.stage) < kStageCount, "stage is known");
  require(static_cast<unsigned>(outcome.unseen_reason) < kUnseenReasonCount, "reason is known");
  require((outcome.kind == OutcomeKind::unseen) == (outcome.unseen_reason != UnseenReason::none),
          "unseen, and only that, has a reason");
  if (is_failure(outcome.kind) || outcome.kind == OutcomeKind::no_hello) {
    require(outcome.by != Party::none, "somebody ended it");
  }
  if (outcome.kind == OutcomeKind::established) {
    require(outcome.stage == Stage::established, "established has reached the last stage");
    require(outcome.by == Party::none, "nobody is to blame for what succeeded");
  }
  if (outcome.kind == OutcomeKind::alert || outcome.kind == OutcomeKind::encrypted_alert) {
    require(record.alert_count != 0, "an alert that ended it is listed");
  }
}

void check_lists(const HandshakeRecord& record) {
  require(record.alert_count <= kAlertFactCount, "alerts fit");
  for (unsigned i = 0; i < kAlertFactCount; ++i) {
    require((record.alerts[i].from != Party::none) == (i < record.alert_count),
            "every alert has a sender");
  }
  require(record.history_length <= record.history.size(), "history fits");
  for (unsigned i = 0; i < record.history_length; ++i) {
    require(std::isalpha(static_cast<unsigned char>(record.history[i])) != 0, "history is letters");
  }
  const ClientHelloFacts& client = record.client_hello_facts;
  require(client.server_name_length <= record.server_name.size() ||
              (client.flags & ClientHelloFacts::server_name_truncated) != 0,
          "a name that does not fit says so");
  require(record.server_hello_facts.alpn_length <= record.server_hello_facts.alpn.size(),
          "the protocol fits");
  require(record.ja4.cipher_count <= 99 && record.ja4.extension_count <= 99, "JA4 counts to 99");
  require(record.client_certificate <= ClientCertificate::inferred_sent, "certificate is known");
  require(record.family == IpFamily::ipv4 || record.family == IpFamily::ipv6, "family is known");
  require(static_cast<unsigned>(record.tunnel_kind) < kTunnelKindCount, "tunnel is known");
}

/// Only for captures whose clock never went back.
void check_times(const HandshakeRecord& record) {
  require(record.first_seen.known() && record.end.known(), "it has a beginning and an end");
  require(record.end >= record.first_seen, "it ends after it begins");
  require(record.order_time >= record.end, "it is decided after it ends");
  for (const UnixNanos time :
       {record.syn, record.syn_ack, record.client_hello, record.server_hello, record.last_flight}) {
    require(!time.known() || time >= record.first_seen, "nothing comes before the beginning");
  }
}

void check_definitions(const HandshakeRecord& record, const WorkerHarness& harness) {
  for (const std::uint64_t id :
       {record.offer_definition, record.server_chain_definition, record.client_chain_definition,
        record.name_definition, record.ocsp_definition}) {
    require(id == 0 || harness.definitions().contains(id), "what it names was defined");
  }
}

void check(const WorkerHarness& harness) {
  const std::string error = harness.conservation_error();
  require(error.empty(), error.c_str());
  const bool clock_held = harness.counter(Counter::clock_regressions) == 0;
  std::vector<bool> seen(harness.records().size());
  for (const HandshakeRecord& record : harness.records()) {
    require(record.sequence >= 1 && record.sequence <= seen.size() && !seen[record.sequence - 1],
            "records are numbered from 1");
    seen[record.sequence - 1] = true;
    check_outcome(record);
    check_lists(record);
    check_definitions(record, harness);
    if (clock_held) check_times(record);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader{Bytes(data, size)};
  std::uint8_t choice = 0;
  if (!reader.read_u8(choice)) return 0;
  const auto link_type = static_cast<packet::LinkType>(choice & kLinkTypeMask);
  WorkerHarness harness((choice & kTinyTables) != 0 ? tiny_config() : test_harness::small_config());
  std::uint64_t time = kStart;
  std::uint8_t step = 0;
  ByteReader frame;
  while (reader.read_u8(step) && reader.read_vector16(frame)) {
    time += static_cast<std::uint64_t>(nanos_of(step));
    harness.feed_packet(frame.rest(), time, link_type);
  }
  harness.finish();
  check(harness);
  return 0;
}

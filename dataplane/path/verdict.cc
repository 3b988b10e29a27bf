// SPDX-License-Identifier: Apache-2.0
//
// What the trace of a connection says about its end.
#include <algorithm>

#include "path/ending.h"
#include "path/segment_stall.h"
#include "path/side.h"
#include "path/signature.h"

namespace shakedown::path {

namespace {

using Side = SideTrace;

/// Stands where the outcome has something that the path can have done instead of the peer.
bool path_may_have_done_it(OutcomeKind kind) noexcept {
  return kind == OutcomeKind::reset || kind == OutcomeKind::closed ||
         kind == OutcomeKind::silence || kind == OutcomeKind::unanswered;
}

bool ended_by_packet(OutcomeKind kind) noexcept {
  return kind == OutcomeKind::reset || kind == OutcomeKind::closed;
}

/// About the packet that decided the outcome; for outcomes without one, about the ending packet. What
/// was said in place of TLS ends with whatever its author sends then.
std::uint16_t ending_evidence(const Trace& trace, const Outcome& outcome) noexcept {
  const bool has_author =
      ended_by_packet(outcome.kind) || outcome.kind == OutcomeKind::non_tls_reply;
  const Party from = has_author ? outcome.by : trace.ending_from;
  if (from != Party::client && from != Party::server) return 0;
  const Side& side = trace.sides[index_of(from)];
  if (outcome.kind == OutcomeKind::non_tls_reply) return side.reset_evidence | side.fin_evidence;
  const bool reset = ended_by_packet(outcome.kind) ? outcome.kind == OutcomeKind::reset
                                                   : trace.first_reset_from == from;
  return reset ? side.reset_evidence : side.fin_evidence;
}

bool packets_missing(const HandshakeRecord& record) noexcept {
  return (record.flags & (HandshakeRecord::capture_gap | HandshakeRecord::client_ack_beyond |
                          HandshakeRecord::server_ack_beyond)) != 0;
}

/// Something between the two ends says that it did not deliver what should have been answered. What
/// the awaited host says about itself is its own answer.
bool icmp_explains(const Trace& trace, const HandshakeRecord& record) noexcept {
  const IcmpTrace& icmp = trace.icmp;
  if (icmp.icmp_count == 0 || icmp.outlived) return false;
  if (trace.icmp_sender == record.server_address || trace.icmp_sender == record.client_address) {
    return false;
  }
  const Party awaited = icmp.icmp_about == Party::server ? Party::client : Party::server;
  if (record.outcome.by != awaited) return false;
  switch (icmp.icmp) {
    case IcmpError::network_unreachable:
    case IcmpError::host_unreachable:
    case IcmpError::port_unreachable:
    case IcmpError::prohibited:
    case IcmpError::time_exceeded:
      return true;
    case IcmpError::packet_too_big:  // only with a stall
    case IcmpError::none:
    case IcmpError::other:
      return false;
  }
  return false;
}

struct Stalls {
  Stall to_client;
  Stall to_server;
};

Stalls stalls_of(const Trace& trace, const HandshakeRecord& record) noexcept {
  const Side& client = trace.sides[index_of(Party::client)];
  const Side& server = trace.sides[index_of(Party::server)];
  const bool too_big = trace.icmp.icmp == IcmpError::packet_too_big;
  const bool about_server = trace.icmp.icmp_about == Party::server;
  return {stall_of(server, client, record.client_tcp.mss, too_big && about_server),
          stall_of(client, server, record.server_tcp.mss, too_big && !about_server)};
}

PathConfidence confidence_of(const Stalls& stalls) noexcept {
  const auto of_one = [](const Stall& stall) {
    if (!stall.proven) return PathConfidence::none;
    return stall.told ? PathConfidence::certain : PathConfidence::likely;
  };
  return std::max(of_one(stalls.to_client), of_one(stalls.to_server));
}

PathConfidence confidence_of_silence(const Trace& trace, const HandshakeRecord& record,
                                     const Stalls& stalls) noexcept {
  const PathConfidence stalled = confidence_of(stalls);
  if (icmp_explains(trace, record)) return std::max(stalled, PathConfidence::likely);
  return std::max(stalled,
                  trace.icmp.icmp_count != 0 ? PathConfidence::possible : PathConfidence::none);
}

void describe_icmp(const Trace& trace, HandshakeRecord& record) noexcept {
  PathFacts& facts = record.path;
  if (trace.icmp.icmp_count == 0) return;
  facts.icmp = trace.icmp.icmp;
  facts.icmp_type = trace.icmp.icmp_type;
  facts.icmp_code = trace.icmp.icmp_code;
  facts.icmp_mtu = trace.icmp.icmp_mtu;
  facts.icmp_count = trace.icmp.icmp_count;
  facts.evidence |= path_evidence::icmp_error;
  record.icmp_sender = trace.icmp_sender;
}

void describe_stalls(const Stalls& stalls, PathFacts& facts) noexcept {
  if (stalls.to_client.proven) facts.evidence |= path_evidence::large_segments_lost_to_client;
  if (stalls.to_server.proven) facts.evidence |= path_evidence::large_segments_lost_to_server;
  const bool client = stalls.to_client.bytes > stalls.to_server.bytes;
  const Stall& larger = client ? stalls.to_client : stalls.to_server;
  facts.stalled_segment_bytes = larger.bytes;
  facts.stalled_segment_count = larger.count;
}

/// The side of the ending packet; where there is none, the one that was waited for.
void describe_side(const Trace& trace, const Outcome& outcome, PathFacts& facts) noexcept {
  const bool ended = trace.ending_from != Party::none;
  const Side& side = trace.sides[index_of(ended ? trace.ending_from : outcome.by)];
  facts.round_trip_micros = side.round_trip_micros;
  if (ended) facts.ending_delay_micros = trace.ending_delay_micros;
  if (!side.has(Side::packets_seen)) {
    facts.side_ttl_min = side.syn_ttl;
    facts.side_ttl_max = side.syn_ttl;
    return;
  }
  facts.side_ip_id = side.ip_id;
  facts.side_window = side.window;
  facts.side_ttl_min = side.ttl_min;
  facts.side_ttl_max = side.ttl_max;
}

}  // namespace

void conclude(const Trace& trace, HandshakeRecord& record) noexcept {
  PathFacts& facts = record.path;
  Outcome& outcome = record.outcome;
  facts = {};
  facts.duplicate_count = trace.duplicate_count;
  facts.signature = signature_of(trace, record);
  describe_side(trace, outcome, facts);
  describe_icmp(trace, record);
  const Stalls stalls = stalls_of(trace, record);
  describe_stalls(stalls, facts);
  const std::uint16_t ending = ending_evidence(trace, outcome);
  facts.evidence |= ending & ~std::uint32_t{weight::all};

  const PathConfidence confidence = ended_by_packet(outcome.kind)
                                        ? confidence_of(ending, packets_missing(record))
                                        : confidence_of_silence(trace, record, stalls);
  if (path_may_have_done_it(outcome.kind)) {
    facts.confidence = confidence;
    if (confidence >= PathConfidence::likely) outcome.by = Party::path;
    return;
  }
  facts.confidence = facts.evidence != 0 ? PathConfidence::possible : PathConfidence::none;
}

}  // namespace shakedown::path

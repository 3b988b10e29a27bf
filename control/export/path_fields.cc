// SPDX-License-Identifier: Apache-2.0
#include "export/path_fields.h"

#include "export/path_words.h"
#include "export/text.h"
#include "export/tls_names.h"

namespace shakedown::exporting {

namespace {

constexpr std::uint8_t kRst = 0x04;

void write_evidence(JsonWriter& json, const PathFacts& path) {
  if (path.evidence == 0) return;
  json.begin_array("evidence");
  for (unsigned index = 0; index < kPathEvidenceCount; ++index) {
    if ((path.evidence & 1u << index) != 0) json.value(path_evidence_name(index));
  }
  json.end_array();
}

/// The packet that ended the connection, beside what its side had sent before.
void write_ending(JsonWriter& json, const HandshakeRecord& record) {
  const EndingPacket& ending = record.ending;
  const PathFacts& path = record.path;
  if (ending.tcp_flags == 0) return;
  if (path.ending_delay_micros != 0) json.member("ending_delay_us", path.ending_delay_micros);
  if (ending.from != Party::none) json.member("ending_from", party_name(ending.from));
  json.member("ending_ttl", ending.ttl);
  if (path.side_ttl_max != 0) {
    json.member("side_ttl_min", path.side_ttl_min);
    json.member("side_ttl_max", path.side_ttl_max);
    if (record.family != IpFamily::ipv6) json.member("side_ip_id", path.side_ip_id);
    json.member("side_window", path.side_window);
  }
  if (record.family != IpFamily::ipv6) json.member("ending_ip_id", ending.ip_id);
  json.member("ending_window", ending.window);
  json.member("payload_length", ending.payload_length);
  json.member("resets_client", ending.rst_count_client);
  json.member("resets_server", ending.rst_count_server);
  if (ending.data_after_rst != 0) json.member("segments_after_reset", ending.data_after_rst);
}

void write_stalled(JsonWriter& json, const PathFacts& path) {
  const bool to_client = (path.evidence & path_evidence::large_segments_lost_to_client) != 0;
  const bool to_server = (path.evidence & path_evidence::large_segments_lost_to_server) != 0;
  if (!to_client && !to_server) return;
  json.member("stalled_segment_bytes", path.stalled_segment_bytes);
  json.member("stalled_segment_count", path.stalled_segment_count);
  json.member("stalled_segment_direction", to_client && to_server ? "both"
                                           : to_client            ? "to_client"
                                                                  : "to_server");
}

void write_icmp(JsonWriter& json, const HandshakeRecord& record) {
  const PathFacts& path = record.path;
  if (path.icmp == IcmpError::none) return;
  json.begin_object("icmp");
  if (record.icmp_sender != IpAddress{}) {
    json.member("sender", address_text(record.icmp_sender, record.family));
  }
  json.member("error", icmp_error_name(path.icmp));
  json.member("type", path.icmp_type);
  json.member("code", path.icmp_code);
  if (path.icmp_mtu != 0) json.member("mtu", path.icmp_mtu);
  json.member("count", path.icmp_count);
  json.end_object();
}

}  // namespace

void write_path(JsonWriter& json, const HandshakeRecord& record) {
  const PathFacts& path = record.path;
  if (path.duplicate_count != 0) json.member("duplicates", path.duplicate_count);
  if (path.signature != TamperingSignature::none) {
    json.member("tampering_signature", tampering_signature_name(path.signature));
  }
  if (path.evidence != 0) {
    json.begin_array("path_evidence");
    for (const std::string& sentence : path_sentences(record)) json.value(sentence);
    json.end_array();
  }
  const bool reset = (record.ending.tcp_flags & kRst) != 0;
  if (!reset && path.evidence == 0 && path.icmp == IcmpError::none &&
      path.confidence == PathConfidence::none) {
    return;
  }
  json.begin_object("path");
  if (path.confidence != PathConfidence::none) {
    json.member("confidence", path_confidence_name(path.confidence));
  }
  write_evidence(json, path);
  write_ending(json, record);
  if (path.round_trip_micros != 0) json.member("round_trip_us", path.round_trip_micros);
  write_stalled(json, path);
  write_icmp(json, record);
  json.end_object();
}

}  // namespace shakedown::exporting

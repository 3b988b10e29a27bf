// SPDX-License-Identifier: Apache-2.0
//
// One function per object of the event, in the order of design.md section 7.
#include "export/handshake_event.h"

#include <algorithm>
#include <string_view>

#include "export/community_id.h"
#include "export/event_frame.h"
#include "export/event_id.h"
#include "export/json_writer.h"
#include "export/shakedown_fields.h"
#include "export/text.h"
#include "export/tls_names.h"

namespace shakedown::exporting {

namespace {

using enrich::Certificate;
using enrich::Handshake;

std::string_view event_outcome(OutcomeKind kind) {
  if (kind == OutcomeKind::established) return "success";
  return is_failure(kind) ? "failure" : "unknown";
}

void write_event(JsonWriter& json, const Handshake& handshake, const Conclusion& conclusion) {
  const HandshakeRecord& record = handshake.record;
  begin_event(json, "event", "connection", "shakedown.handshake");
  json.member("id", event_id(record));
  json.member("outcome", event_outcome(record.outcome.kind));
  json.member("action", outcome_name(record.outcome.kind, record.outcome.stage));
  if (conclusion.diagnosis != nullptr) json.member("reason", name_of(conclusion.diagnosis->cause));
  if (record.first_seen.known()) json.member("start", time_text(record.first_seen));
  if (record.end.known()) json.member("end", time_text(record.end));
  // Capture files can claim any time, so the difference need not be a number.
  std::int64_t duration = 0;
  if (record.first_seen.known() && record.end >= record.first_seen &&
      !__builtin_sub_overflow(record.end.value, record.first_seen.value, &duration)) {
    json.member("duration", duration);
  }
  json.end_object();
}

void write_tags(JsonWriter& json, const Handshake& handshake) {
  if (handshake.tags.empty()) return;
  json.begin_array("tags");
  for (const std::string_view tag : handshake.tags) json.value(tag);
  json.end_array();
}

void write_endpoint(JsonWriter& json, std::string_view name, const IpAddress& address,
                    IpFamily family, std::uint16_t port) {
  json.begin_object(name);
  json.member("ip", address_text(address, family));
  json.member("port", port);
  json.end_object();
}

void write_vlan(JsonWriter& json, std::uint16_t vlan) {
  json.begin_object("vlan");
  json.member("id", std::to_string(vlan));
  json.end_object();
}

void write_network(JsonWriter& json, const HandshakeRecord& record) {
  json.begin_object("network");
  json.member("transport", record.transport == Transport::udp ? "udp" : "tcp");
  json.member("protocol", "tls");
  json.member("type", record.family == IpFamily::ipv6 ? "ipv6" : "ipv4");
  json.member("community_id", community_id(record));
  if (record.vlan_outer != 0) write_vlan(json, record.vlan_outer);
  if (record.vlan_inner != 0) {
    json.begin_object("inner");
    write_vlan(json, record.vlan_inner);
    json.end_object();
  }
  json.end_object();
}

bool any(const std::array<std::uint8_t, 16>& digest) {
  return std::any_of(digest.begin(), digest.end(), [](std::uint8_t byte) { return byte != 0; });
}

void write_tls_client(JsonWriter& json, const Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  json.begin_object("client");
  if (!handshake.server_name.empty()) json.member("server_name", handshake.server_name);
  if (any(record.ja3)) json.member("ja3", hex_text(record.ja3.data(), record.ja3.size()));
  if (handshake.offer != nullptr) {
    json.begin_array("supported_ciphers");
    for (const std::uint16_t suite : handshake.offer->cipher_suites) {
      const std::string_view name = registered_cipher_suite(suite);
      name.empty() ? json.value(hex_code(suite)) : json.value(name);
    }
    json.end_array();
  }
  json.end_object();
}

void write_tls_server(JsonWriter& json, const Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  const bool has_leaf = handshake.server_chain != nullptr;
  if (!has_leaf && !any(record.ja3s)) return;
  json.begin_object("server");
  if (any(record.ja3s)) json.member("ja3s", hex_text(record.ja3s.data(), record.ja3s.size()));
  if (has_leaf) {
    const Certificate& leaf = handshake.server_chain->leaf();
    json.begin_object("hash");
    json.member("sha256", leaf.sha256);
    json.end_object();
    write_certificate_fields(json, leaf);
  }
  json.end_object();
}

void write_tls(JsonWriter& json, const Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  const ServerHelloFacts& server = record.server_hello_facts;
  json.begin_object("tls");
  // A HelloRetryRequest settles version and cipher suite as well (RFC 8446 §4.1.4).
  if (handshake.server_hello_seen() || handshake.has(ServerHelloFacts::hello_retry_request)) {
    if (server.selected_version != 0) {
      json.member("version", version_number(server.selected_version));
      json.member("version_protocol", version_protocol(server.selected_version));
    }
    if (!handshake.has(ServerHelloFacts::sslv2_format)) {
      json.member("cipher", cipher_suite_name(server.cipher_suite));
    }
    if (server.named_group != 0) json.member("curve", named_group_name(server.named_group));
  }
  if (record.outcome.kind != OutcomeKind::unseen) {
    json.member("established", record.outcome.kind == OutcomeKind::established);
  }
  if (handshake.server_hello_seen())
    json.member("resumed", handshake.has(ServerHelloFacts::resumed));
  if (server.alpn_length != 0) {
    json.member("next_protocol",
                std::string_view(server.alpn.data(),
                                 std::min<std::size_t>(server.alpn_length, server.alpn.size())));
  }
  if (handshake.client_hello_seen()) write_tls_client(json, handshake);
  write_tls_server(json, handshake);
  json.end_object();
}

}  // namespace

void append_handshake_event(fmt::memory_buffer& out, const Handshake& handshake,
                            const EventContext& context, const Conclusion& conclusion) {
  const HandshakeRecord& record = handshake.record;
  JsonWriter json(out);
  json.begin_object();
  json.member("@timestamp",
              time_text(handshake.client_hello_seen() ? record.client_hello : record.first_seen));
  write_tags(json, handshake);
  write_event(json, handshake, conclusion);
  write_endpoint(json, "source", record.client_address, record.family, record.client_port);
  write_endpoint(json, "destination", record.server_address, record.family, record.server_port);
  write_network(json, record);
  write_observer(json, context, record.port_index);
  write_tls(json, handshake);
  write_shakedown(json, handshake, context, conclusion);
  json.end_object();
  out.push_back('\n');
}

}  // namespace shakedown::exporting

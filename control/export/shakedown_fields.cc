// SPDX-License-Identifier: Apache-2.0
#include "export/shakedown_fields.h"

#include <algorithm>
#include <string_view>

#include "export/cause_fields.h"
#include "export/path_fields.h"
#include "export/service_names.h"
#include "export/text.h"
#include "export/tls_names.h"
#include "shakedown/ja4_text.h"
#include "shakedown/overload.h"

namespace shakedown::exporting {

namespace {

using enrich::Certificate;
using enrich::ChainPointer;
using enrich::Handshake;

void write_outcome(JsonWriter& json, const Handshake& handshake) {
  const Outcome& outcome = handshake.record.outcome;
  json.begin_object("outcome");
  json.member("name", outcome_name(outcome.kind, outcome.stage));
  json.member("kind", outcome_kind_name(outcome.kind));
  if (outcome.by != Party::none) json.member("by", party_name(outcome.by));
  json.member("stage", stage_name(outcome.stage));
  json.member("inferred", handshake.has(HandshakeRecord::inferred));
  if (outcome.unseen_reason != UnseenReason::none) {
    json.member("unseen_reason", unseen_reason_name(outcome.unseen_reason));
  }
  json.end_object();
}

/// What each side said that was not TLS, and the status code that it began with.
void write_service(JsonWriter& json, const HandshakeRecord& record) {
  const Recognition& client = record.client_service;
  const Recognition& server = record.server_service;
  if (client.service == Service::none && server.service == Service::none) return;
  json.begin_object("service");
  if (client.service != Service::none) {
    json.member("client", service_name(client.service));
    if (client.code != 0) json.member("client_code", client.code);
  }
  if (server.service != Service::none) {
    json.member("server", service_name(server.service));
    if (server.code != 0) json.member("server_code", server.code);
  }
  json.end_object();
}

void write_alerts(JsonWriter& json, const HandshakeRecord& record) {
  const std::size_t count = std::min<std::size_t>(record.alert_count, record.alerts.size());
  if (count == 0) return;
  json.begin_array("alerts");
  for (std::size_t i = 0; i < count; ++i) {
    const AlertFact& alert = record.alerts[i];
    json.begin_object();
    // What is encrypted has neither level nor code: none is invented.
    if (alert.encrypted) {
      json.member("name", "encrypted");
    } else {
      json.member("level", alert_level_name(alert.level));
      json.member("code", static_cast<unsigned>(alert.description));
      json.member("name", alert_name(alert.description));
    }
    if (alert.from != Party::none) json.member("from", party_name(alert.from));
    json.member("encrypted", alert.encrypted);
    json.end_object();
  }
  json.end_array();
}

void write_handshake_kind(JsonWriter& json, const Handshake& handshake) {
  if (handshake.record.outcome.kind != OutcomeKind::established) return;
  const ClientCertificate certificate = handshake.record.client_certificate;
  const bool mutual =
      certificate == ClientCertificate::sent || certificate == ClientCertificate::inferred_sent;
  json.member("handshake", handshake.has(ServerHelloFacts::early_data_accepted) ? "zero_rtt"
                           : handshake.has(ServerHelloFacts::resumed)           ? "resumed"
                           : mutual                                             ? "mutual"
                                                                                : "full");
}

void write_offer(JsonWriter& json, const enrich::ClientOffer& offer) {
  if (!offer.supported_versions.empty()) {
    json.begin_array("supported_versions");
    for (const std::uint16_t version : offer.supported_versions)
      json.value(version_number(version));
    json.end_array();
  }
  if (!offer.alpn.empty()) {
    json.begin_array("alpn");
    for (const std::string& name : offer.alpn) json.value(name);
    json.end_array();
  }
  const auto write_named = [&json](std::string_view field, const auto& codes, auto name_of) {
    if (codes.empty()) return;
    json.begin_array(field);
    for (const std::uint16_t code : codes) {
      const std::string_view name = name_of(code);
      name.empty() ? json.value(hex_code(code)) : json.value(name);
    }
    json.end_array();
  };
  write_named("groups", offer.supported_groups, registered_named_group);
  write_named("key_share_groups", offer.key_share_groups, registered_named_group);
  write_named("signature_algorithms", offer.signature_algorithms, registered_signature_scheme);
}

void write_client_hello(JsonWriter& json, const Handshake& handshake) {
  const ClientHelloFacts& facts = handshake.record.client_hello_facts;
  json.begin_object("client_hello");
  if (facts.legacy_version != 0)
    json.member("legacy_version", version_number(facts.legacy_version));
  if (facts.max_version != 0) json.member("max_version", version_label(facts.max_version));
  if (handshake.offer != nullptr) write_offer(json, *handshake.offer);
  json.member("length", facts.length);
  json.member("segments", facts.segment_count);
  json.member("records", facts.record_count);
  json.member("ech", handshake.has(ClientHelloFacts::ech_present));
  json.member("server_name_missing", !handshake.has(ClientHelloFacts::server_name_present));
  // The rest are remarks: written only where there is something to remark.
  constexpr struct {
    ClientHelloFacts::Flag flag;
    std::string_view name;
  } kRemarks[] = {
      {ClientHelloFacts::server_name_malformed, "server_name_malformed"},
      {ClientHelloFacts::server_name_is_ip, "server_name_is_ip"},
      {ClientHelloFacts::esni_present, "esni"},
      {ClientHelloFacts::session_ticket_present, "session_ticket"},
      {ClientHelloFacts::psk_present, "psk"},
      {ClientHelloFacts::early_data_offered, "early_data"},
      {ClientHelloFacts::post_quantum_share, "post_quantum_share"},
      {ClientHelloFacts::fallback_scsv, "fallback_scsv"},
      {ClientHelloFacts::sslv2_format, "sslv2_format"},
      {ClientHelloFacts::second_hello_seen, "second_hello"},
      {ClientHelloFacts::truncated_parse, "truncated"},
  };
  for (const auto& remark : kRemarks) {
    if (handshake.has(remark.flag)) json.member(remark.name, true);
  }
  json.end_object();
}

void write_server_hello(JsonWriter& json, const Handshake& handshake) {
  if (handshake.has(ServerHelloFacts::hello_retry_request)) {
    json.member("hello_retry_request", true);
    const std::uint16_t group = handshake.record.server_hello_facts.retry_group;
    if (group != 0) json.member("retry_group", named_group_name(group));
  }
  if (const auto bits = handshake.record.server_hello_facts.dh_prime_bits; bits != 0) {
    json.member("dh_prime_bits", bits);
  }
}

void write_client_certificate(JsonWriter& json, ClientCertificate certificate) {
  constexpr std::string_view kNames[] = {"not_requested", "requested",      "empty",
                                         "sent",          "inferred_empty", "inferred_sent"};
  const auto index = static_cast<std::size_t>(certificate);
  if (index == 0 || index >= std::size(kNames)) return;
  json.member("client_certificate", kNames[index]);
}

/// Both sides finished, and yet one was not content: that stands beside the outcome, because it can
/// only be guessed.
void write_rejection(JsonWriter& json, const Handshake& handshake) {
  const bool established = handshake.record.outcome.kind == OutcomeKind::established;
  if (!established || !handshake.has(HandshakeRecord::late_rejection)) return;
  json.begin_object("rejection");
  json.member("by", party_name(Party::client));
  json.member("inferred", true);
  json.member("evidence", "closed without sending anything after Finished");
  json.end_object();
}

/// Of an overloaded sensor: the share of clients that it followed then, and how many handshakes this
/// one stands for.
void write_sampling(JsonWriter& json, const HandshakeRecord& record) {
  if (record.kept_share == kAllClients - 1) return;
  const double kept_share = (record.kept_share + 1.0) / kAllClients;
  json.member("kept_share", kept_share, 6);
  json.member("sample_weight", 1.0 / kept_share, 6);
}

void write_chain(JsonWriter& json, std::string_view name, const ChainPointer& chain) {
  if (chain == nullptr) return;
  json.begin_array(name);
  for (const Certificate& certificate : chain->certificates) {
    json.begin_object();
    write_certificate_fields(json, certificate);
    json.member("sha256", certificate.sha256);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void write_certificate_fields(JsonWriter& json, const Certificate& certificate) {
  if (!certificate.readable) return;
  json.member("subject", certificate.subject);
  json.member("issuer", certificate.issuer);
  if (!certificate.not_before.empty()) json.member("not_before", certificate.not_before);
  if (!certificate.not_after.empty()) json.member("not_after", certificate.not_after);
}

void write_shakedown(JsonWriter& json, const Handshake& handshake, const EventContext& context,
                     const Conclusion& conclusion) {
  const HandshakeRecord& record = handshake.record;
  json.begin_object("shakedown");
  if (record.port_index < context.capture_names.size()) {
    json.member("capture", context.capture_names[record.port_index]);
  }
  json.member("protocol", "tls");
  if (record.starttls != StartTls::none) {
    json.member("starttls", starttls_name(record.starttls));
  }
  write_service(json, record);
  write_outcome(json, handshake);
  write_rejection(json, handshake);
  write_alerts(json, record);
  if (conclusion.diagnosis != nullptr) write_cause(json, *conclusion.diagnosis);
  write_warnings(json, conclusion.warnings);
  write_handshake_kind(json, handshake);
  if (record.history_length != 0) {
    json.member("history", std::string_view(record.history.data(),
                                            std::min<std::size_t>(record.history_length,
                                                                  record.history.size())));
  }
  if (record.ja4.present != 0) {
    const Ja4Text text = render_ja4(record.ja4, record.transport);
    json.member("ja4", std::string_view(text.data(), text.size()));
  }
  if (handshake.client_hello_seen()) write_client_hello(json, handshake);
  write_server_hello(json, handshake);
  write_client_certificate(json, record.client_certificate);
  write_chain(json, "certificates", handshake.server_chain);
  write_chain(json, "client_certificates", handshake.client_chain);
  write_path(json, record);
  json.member("capture_gap", handshake.has(HandshakeRecord::capture_gap));
  json.member("one_way", handshake.has(HandshakeRecord::one_way));
  if (handshake.has(HandshakeRecord::midstream)) json.member("midstream", true);
  if (handshake.has(HandshakeRecord::tail_not_followed)) json.member("tail_not_followed", true);
  write_sampling(json, record);
  if (handshake.has(HandshakeRecord::truncated)) json.member("truncated", true);
  if (const std::string tunnel = tunnel_text(record.tunnel_kind, record.tunnel_id);
      !tunnel.empty()) {
    json.member("tunnel", tunnel);
  }
  json.end_object();
}

}  // namespace shakedown::exporting

// SPDX-License-Identifier: Apache-2.0
#include "diagnose/diagnoser.h"

#include <algorithm>
#include <utility>

namespace shakedown::diagnose {

namespace {

UnixNanos moment_of(const HandshakeRecord& record) {
  return record.client_hello.known() ? record.client_hello : record.first_seen;
}

std::int64_t age(UnixNanos since, UnixNanos at) {
  return std::max<std::int64_t>(0, add_saturating(at, -since.value).value);
}

/// TLS 1.3, and in front of it a server's flight that a certificate must have been in.
bool certificate_was_hidden(const enrich::Handshake& handshake) {
  const ServerHelloFacts& server = handshake.record.server_hello_facts;
  return handshake.server_hello_seen() && !handshake.has(ServerHelloFacts::resumed) &&
         is_tls13_family(ProtocolVersion{server.selected_version});
}

/// Its words were not the server's: a TLS alert, or HTTP 400 from a server that wanted TLS.
bool spoke_plain_text(const HandshakeRecord& record) {
  if (record.client_service.service == Service::none || record.starttls != StartTls::none) {
    return false;
  }
  const Recognition& server = record.server_service;
  return server.service == Service::none || server.service == Service::binary ||
         (server.service == Service::http && server.code == 400);
}

/// Health checks and scanners leave like this as well, and nothing is wrong with what they saw.
bool is_mere_visit(const Diagnosis& diagnosis) {
  return diagnosis.cause == Cause::client_rejected_certificate &&
         diagnosis.confidence == Confidence::possible && diagnosis.rule != nullptr &&
         diagnosis.rule->id == "client_rejected_certificate.valid";
}

bool path_ended_it(const HandshakeRecord& record) {
  return record.path.confidence >= PathConfidence::likely;
}

}  // namespace

bool diagnosable(const enrich::Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  if (is_failure(record.outcome.kind)) return true;
  return record.outcome.kind == OutcomeKind::no_hello &&
         (spoke_plain_text(record) || path_ended_it(record));
}

std::vector<MemoryLine> memory_table(const DiagnoserSettings& settings,
                                     const enrich::ChainJudgeSettings& judge) {
  return {
      {"certificate chains", judge.chain_count_max, enrich::ChainJudge::memory_max(judge)},
      {"server profiles", settings.profiles.endpoint_count_max + settings.profiles.name_count_max,
       ServerProfiles::memory_max(settings.profiles)},
      {"clients", settings.clients.client_count_max, ClientMemory::memory_max(settings.clients)},
      {"server names", settings.names.name_count_max, NameMemory::memory_max(settings.names)},
  };
}

Diagnoser::Diagnoser(enrich::ChainJudge& judge, DiagnoserSettings settings)
    : judge_(judge),
      profiles_(settings.profiles),
      clients_(settings.clients),
      names_(settings.names) {}

void Diagnoser::learn(const enrich::Handshake& handshake) {
  if (handshake.record.outcome.kind == OutcomeKind::unseen) return;
  // Three tables larger than any cache: their lines are fetched while others are worked on.
  profiles_.expect(handshake);
  clients_.prefetch(handshake);
  names_.prefetch(handshake);
  enrich::Assessment assessment;
  const bool shown = handshake.server_chain != nullptr;
  if (shown) {
    assessment =
        judge_.assess(*handshake.server_chain, enrich::Purpose::server, moment_of(handshake.record),
                      handshake.server_name, handshake.staple);
  }
  profiles_.learn(handshake);
  clients_.learn(handshake, shown ? &assessment : nullptr);
  names_.learn(handshake, shown ? &assessment : nullptr);
}

JudgedChain Diagnoser::server_certificate(const enrich::Handshake& handshake, UnixNanos at,
                                          const ServerView& server) {
  JudgedChain judged;
  Bytes staple = handshake.staple;
  if (handshake.server_chain != nullptr) {
    judged.source = ChainSource::wire;
    judged.chain = handshake.server_chain;
  } else if (certificate_was_hidden(handshake) && !server.chains.empty()) {
    // What this client's own network is shown comes closest to what it was shown itself.
    const auto own = std::find_if(server.chains.begin(), server.chains.end(),
                                  [](const ShownChain& chain) { return chain.to_this_network; });
    const ShownChain& chosen = own != server.chains.end() ? *own : server.chains.front();
    judged.source =
        server.chains_of_other_names ? ChainSource::same_endpoint : ChainSource::same_name;
    judged.chain = chosen.chain;
    judged.age_nanos = age(chosen.last, at);
    if (server.staple != nullptr) staple = Bytes(*server.staple);
  } else {
    return judged;
  }
  judged.assessment =
      judge_.assess(*judged.chain, enrich::Purpose::server, at, handshake.server_name, staple);
  return judged;
}

JudgedChain Diagnoser::client_certificate(const enrich::Handshake& handshake, UnixNanos at,
                                          const ClientView& client) {
  JudgedChain judged;
  const ClientCertificate certificate = handshake.record.client_certificate;
  if (handshake.client_chain != nullptr) {
    judged.source = ChainSource::wire;
    judged.chain = handshake.client_chain;
  } else if (client.certificate != nullptr && (certificate == ClientCertificate::inferred_sent ||
                                               certificate == ClientCertificate::sent)) {
    judged.source = ChainSource::same_client;
    judged.chain = client.certificate;
  } else {
    return judged;
  }
  judged.assessment = judge_.assess(*judged.chain, enrich::Purpose::client, at, {});
  return judged;
}

Facts Diagnoser::facts(const enrich::Handshake& handshake) {
  Facts facts{
      .handshake = handshake, .record = handshake.record, .at = moment_of(handshake.record)};
  facts.server = profiles_.view(handshake);
  facts.difference = difference(handshake, facts.server);
  facts.attempt = clients_.attempt(handshake);
  facts.client = clients_.view(handshake);
  facts.server_certificate = server_certificate(handshake, facts.at, facts.server);
  facts.client_certificate = client_certificate(handshake, facts.at, facts.client);
  facts.name = names_.view(handshake, facts.server_certificate.chain.get());
  return facts;
}

Diagnosis Diagnoser::diagnose(const enrich::Handshake& handshake) {
  const Facts seen = facts(handshake);
  Diagnosis diagnosis = decide(seen, rules());
  diagnosis.reproduce = reproduce_command(handshake);
  if (seen.difference.nearest != nullptr) {
    diagnosis.reproduce_working = reproduce_command(handshake, *seen.difference.nearest);
  }
  return diagnosis;
}

bool Diagnoser::never_came_back(const enrich::Handshake& handshake) const {
  const AttemptView attempt = clients_.attempt(handshake);
  return !attempt.succeeded_before && !attempt.succeeded_after;
}

std::vector<Warning> Diagnoser::warnings(const enrich::Handshake& handshake) {
  std::vector<Warning> warnings;
  if (handshake.record.outcome.kind != OutcomeKind::established) return warnings;
  if (handshake.has(HandshakeRecord::late_rejection) && never_came_back(handshake)) {
    auto diagnosis = std::make_shared<Diagnosis>(diagnose(handshake));
    if (!is_mere_visit(*diagnosis))
      warnings.push_back({.id = "rejected_by_client",
                          .text = "the client finished the handshake and left without having sent "
                                  "anything",
                          .diagnosis = std::move(diagnosis)});
  }
  // Only what this very handshake showed: a warning that rests on another one's certificate would
  // be told again and again.
  if (handshake.server_chain == nullptr && handshake.client_chain == nullptr) return warnings;
  const UnixNanos at = moment_of(handshake.record);
  const JudgedChain server = server_certificate(handshake, at, ServerView{});
  const JudgedChain client = client_certificate(handshake, at, ClientView{});
  add_certificate_warnings(server, client, warnings);
  return warnings;
}

}  // namespace shakedown::diagnose

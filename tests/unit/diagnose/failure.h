// SPDX-License-Identifier: Apache-2.0
//
// Facts for tests of rules: a failed handshake of a usual client at a server that is not known, on
// which each test changes what it is about.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/handshake_records.h"
#include "diagnose/facts.h"
#include "diagnose/rule.h"

namespace shakedown::diagnose::test {

/// What TLS stacks of these years offer.
inline enrich::ClientOffer usual_offer() {
  enrich::ClientOffer offer;
  offer.legacy_version = 0x0303;
  offer.cipher_suites = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8};
  offer.extensions = {0, 10, 11, 13, 16, 23, 35, 43, 45, 51, 65281};
  offer.supported_versions = {0x0304, 0x0303};
  offer.supported_groups = {29, 23, 24};
  offer.key_share_groups = {29};
  offer.signature_algorithms = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501};
  offer.alpn = {"h2", "http/1.1"};
  return offer;
}

/// A chain of one certificate, of which nothing but these facts is known.
inline enrich::ChainPointer a_chain(std::string subject = "CN=www.example.com",
                                    std::string issuer = "CN=Example CA") {
  auto chain = std::make_shared<enrich::Chain>();
  enrich::Certificate leaf;
  leaf.readable = true;
  leaf.subject = std::move(subject);
  leaf.issuer = std::move(issuer);
  leaf.not_before = "2025-10-01T00:00:00Z";
  leaf.not_after = "2026-01-01T00:00:00Z";
  leaf.valid_from = UnixNanos{1'759'276'800 * kNanosPerSecond};
  leaf.valid_until = UnixNanos{1'767'225'600 * kNanosPerSecond};
  leaf.key = enrich::KeyKind::ec;
  leaf.key_bits = 256;
  leaf.digest = enrich::SignatureDigest::sha2;
  leaf.names = {"www.example.com"};
  leaf.name_count = 1;
  chain->digest = std::string(32, static_cast<char>(leaf.subject.size()));
  chain->certificates = {leaf};
  return chain;
}

inline enrich::Assessment good_assessment() {
  enrich::Assessment assessment;
  assessment.trust = enrich::Trust::trusted;
  assessment.name = enrich::NameMatch::matches;
  assessment.margin_nanos = 40 * 86'400 * kNanosPerSecond;
  return assessment;
}

/// The parts of one set of facts; facts() puts them together and stays valid while this lives.
class Failure {
 public:
  Failure(OutcomeKind kind, Party by, Stage stage)
      : record(shakedown::test::a_handshake(kind, stage)) {
    record.outcome.by = by;
    shakedown::test::set_name(record, "www.example.com");
    offer = std::make_shared<enrich::ClientOffer>(usual_offer());
    record.client_hello_facts.max_version = 0x0304;
    if (stage < Stage::server_hello) {
      record.server_hello = UnixNanos{};
      record.server_hello_facts = {};
    }
  }

  Failure& alert(AlertDescription description, Party from, AlertLevel level = AlertLevel::fatal) {
    shakedown::test::add_alert(record, {level, description, from, false});
    return *this;
  }
  Failure& server_hello(std::uint16_t version, std::uint16_t suite = 0xc02f) {
    record.server_hello_facts.flags |= ServerHelloFacts::seen;
    record.server_hello_facts.selected_version = version;
    record.server_hello_facts.cipher_suite = suite;
    return *this;
  }
  Failure& without_name() {
    record.client_hello_facts.server_name_length = 0;
    record.client_hello_facts.flags &= ~std::uint32_t{ClientHelloFacts::server_name_present};
    return *this;
  }
  Failure& certificate(enrich::Assessment assessment, ChainSource source = ChainSource::wire) {
    server_certificate = {.source = source, .chain = a_chain(), .assessment = assessment};
    return *this;
  }

  [[nodiscard]] Facts facts() {
    handshake = std::make_unique<enrich::Handshake>(enrich::Handshake{
        .record = record,
        .offer = offer,
        .server_chain =
            server_certificate.source == ChainSource::wire ? server_certificate.chain : nullptr,
        .client_chain =
            client_certificate.source == ChainSource::wire ? client_certificate.chain : nullptr,
        .server_name = std::string_view(record.server_name.data(),
                                        record.client_hello_facts.server_name_length)});
    return Facts{.handshake = *handshake,
                 .record = record,
                 .at = record.client_hello,
                 .server_certificate = server_certificate,
                 .client_certificate = client_certificate,
                 .server = server,
                 .difference = difference,
                 .attempt = attempt,
                 .client = client,
                 .name = name};
  }

  HandshakeRecord record;
  enrich::OfferPointer offer;
  JudgedChain server_certificate;
  JudgedChain client_certificate;
  ServerView server;
  Difference difference;
  AttemptView attempt;
  ClientView client;
  NameView name;

 private:
  std::unique_ptr<enrich::Handshake> handshake;
};

/// The finding of the rule with this id; nothing when it does not apply. The rule must exist.
inline std::optional<Finding> finding(std::span<const Rule> rules, std::string_view id,
                                      const Facts& facts) {
  for (const Rule& rule : rules) {
    if (rule.id == id) return rule.apply(facts);
  }
  ADD_FAILURE() << "there is no rule " << id;
  return std::nullopt;
}

}  // namespace shakedown::diagnose::test

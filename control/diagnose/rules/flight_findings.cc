// SPDX-License-Identifier: Apache-2.0
//
// What an offer lacks, where more than the answer to the first ClientHello shows it: alerts that
// name it, the server's flight, a HelloRetryRequest, and the hello that worked afterwards.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/rules/hello_end.h"
#include "diagnose/rules/offer_findings.h"
#include "diagnose/rules/offer_shape.h"
#include "diagnose/rules/offer_words.h"
#include "export/tls_names.h"

namespace shakedown::diagnose::offer {

namespace {

bool holds(const std::vector<std::uint16_t>& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// The client ended it by a word that may mean what the server chose, or by none.
bool client_refuses_choice(const Facts& facts) {
  const std::optional<AlertDescription> alert = facts.alert_from(Party::client);
  return alert == AlertDescription::illegal_parameter ||
         alert == AlertDescription::handshake_failure ||
         alert == AlertDescription::insufficient_security || ended_wordless(facts, Party::client);
}

void tell_client_alert(const Facts& facts, Finding& finding) {
  const std::optional<AlertDescription> alert = facts.alert_from(Party::client);
  if (alert) finding.evidence.push_back("the client answered with " + alert_text(*alert));
}

/// The server ended it after its ServerHello, before it had all of its flight out.
bool server_stops_in_flight(const Facts& facts) {
  const Stage stage = facts.record.outcome.stage;
  if (!facts.ended_by(Party::server) || !facts.handshake.server_hello_seen()) return false;
  if (facts.tls13()) {
    return stage == Stage::server_hello && !facts.handshake.has(HandshakeRecord::client_data_seen);
  }
  return stage >= Stage::server_hello && stage < Stage::server_hello_done;
}

bool usual_protocols_only(const std::vector<std::string>& alpn) {
  constexpr std::array<std::string_view, 4> kUsual = {"h2", "http/1.1", "http/1.0", "h3"};
  return std::all_of(alpn.begin(), alpn.end(), [&](const std::string& protocol) {
    return std::find(kUsual.begin(), kUsual.end(), protocol) != kUsual.end();
  });
}

/// The one part of the offer that changed before it worked.
std::optional<Finding> by_change(const Facts& facts, bool Worked::*changed) {
  const Refusal how = refusal(facts);
  if (how == Refusal::none || how == Refusal::own_words || how == Refusal::silence) {
    return std::nullopt;
  }
  const std::optional<Worked> worked = worked_after(facts);
  if (!worked || worked->hello == nullptr || !((*worked).*changed)) return std::nullopt;
  // An older version brings other suites by itself, and so does a newer one.
  if (worked->higher_version || facts.attempt.retry.lower_version) return std::nullopt;
  const bool alone = worked->differences() == 1 && facts.attempt.retry.same_hello();
  Finding finding{.confidence = alone ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(refusal_text(facts));
  return finding;
}

}  // namespace

/// insufficient_security: suites or groups, and suites are what servers check first.
std::optional<Finding> cipher_too_weak(const Facts& facts) {
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  const bool says_so = alert == AlertDescription::insufficient_security ||
                       alert == AlertDescription::export_restriction;
  if (!says_so || refusal(facts) != Refusal::vague_alert) return std::nullopt;
  if (facts.difference.cipher_suite != Overlap::unknown) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(refusal_text(facts));
  if (facts.handshake.offer != nullptr) {
    finding.evidence.push_back("the client offers " +
                               suites_text(facts.handshake.offer->cipher_suites));
  }
  finding.alike = {Cause::group_mismatch, Cause::signature_algorithm_mismatch};
  weigh_same_hello(facts, finding);
  return finding;
}

std::optional<Finding> group_after_retry_request(const Facts& facts) {
  if (facts.record.outcome.stage != Stage::hello_retry_request) return std::nullopt;
  const std::uint16_t wanted = facts.record.server_hello_facts.retry_group;
  if (wanted == 0) return std::nullopt;
  const bool by_client = facts.ended_by(Party::client) && client_refuses_choice(facts);
  const Refusal how = refusal(facts);
  const bool by_server =
      how == Refusal::vague_alert || how == Refusal::closed || how == Refusal::reset;
  if (!by_client && !by_server) return std::nullopt;
  const enrich::ClientOffer* offered = facts.handshake.offer.get();
  const bool known = offered != nullptr && !offered->supported_groups.empty();
  const bool not_offered = known && !holds(offered->supported_groups, wanted);
  Finding finding{.confidence =
                      not_offered && by_client ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(fmt::format(
      "the server asked by HelloRetryRequest for {}{}", exporting::named_group_name(wanted),
      not_offered ? ", which the client does not offer"
                  : ", for which the client has sent no key share"));
  if (known) {
    finding.evidence.push_back("the client offers the groups " +
                               groups_text(offered->supported_groups));
  }
  if (by_client) {
    tell_client_alert(facts, finding);
  } else {
    finding.evidence.push_back(refusal_text(facts) + " that the client sent next");
  }
  finding.alike = {Cause::protocol_error};
  return finding;
}

std::optional<Finding> group_not_offered(const Facts& facts) {
  const std::uint16_t chosen = facts.record.server_hello_facts.named_group;
  const enrich::ClientOffer* offered = facts.handshake.offer.get();
  if (chosen == 0 || offered == nullptr || offered->supported_groups.empty()) return std::nullopt;
  if (facts.record.outcome.stage > Stage::server_hello_done) return std::nullopt;
  if (!facts.ended_by(Party::client) || !client_refuses_choice(facts)) return std::nullopt;
  if (holds(offered->supported_groups, chosen)) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(
      fmt::format("the server has chosen {}, which the client does not offer",
                  exporting::named_group_name(chosen)));
  finding.evidence.push_back("the client offers the groups " +
                             groups_text(offered->supported_groups));
  tell_client_alert(facts, finding);
  return finding;
}

/// Stacks that choose the signature only when it is to be made.
std::optional<Finding> signature_in_flight(const Facts& facts) {
  if (!server_stops_in_flight(facts)) return std::nullopt;
  const OfferShape shape = shape_of(facts);
  const Overlap overlap = facts.difference.signature_algorithm;
  const bool disjoint = facts.difference.comparable && overlap == Overlap::disjoint;
  if (!disjoint && (shape.signature_algorithm < Remark::narrow || overlap == Overlap::common)) {
    return std::nullopt;
  }
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  const bool may_mean = alert == AlertDescription::handshake_failure ||
                        alert == AlertDescription::internal_error ||
                        alert == AlertDescription::illegal_parameter ||
                        alert == AlertDescription::insufficient_security ||
                        facts.failed(OutcomeKind::encrypted_alert);
  if (!may_mean || facts.handshake.offer == nullptr) return std::nullopt;
  Finding finding{.confidence = disjoint ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(
      alert ? "the server ended its own flight with " + alert_text(*alert)
            : std::string("the server ended its own flight with an encrypted alert"));
  finding.evidence.push_back("the client takes signatures only by " +
                             schemes_text(facts.handshake.offer->signature_algorithms));
  finding.alike = {Cause::alpn_mismatch};
  return finding;
}

/// The certificate's key is of a kind for which the client takes no signature.
std::optional<Finding> signature_of_certificate(const Facts& facts) {
  const enrich::ClientOffer* offered = facts.handshake.offer.get();
  if (offered == nullptr || offered->signature_algorithms.empty()) return std::nullopt;
  if (facts.server_certificate.source != ChainSource::wire || facts.tls13()) return std::nullopt;
  if (facts.record.outcome.stage > Stage::server_hello_done) return std::nullopt;
  const bool says_so = facts.alert_from(Party::client) == AlertDescription::unsupported_certificate;
  if (!facts.ended_by(Party::client) || (!says_so && !client_refuses_choice(facts))) {
    return std::nullopt;
  }
  const enrich::KeyKind key = facts.server_certificate.chain->leaf().key;
  const bool rsa = key == enrich::KeyKind::rsa;
  if (!rsa && key != enrich::KeyKind::ec) return std::nullopt;
  if (takes_signatures_of(facts, rsa)) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(
      fmt::format("the server's certificate has {} key", rsa ? "an RSA" : "an elliptic curve"));
  finding.evidence.push_back("the client takes signatures only by " +
                             schemes_text(offered->signature_algorithms));
  tell_client_alert(facts, finding);
  return finding;
}

std::optional<Finding> protocol_told(const Facts& facts) {
  const bool by_server =
      facts.alert_from(Party::server) == AlertDescription::no_application_protocol;
  const bool by_client =
      facts.alert_from(Party::client) == AlertDescription::no_application_protocol;
  if ((!by_server && !by_client) || !facts.handshake.client_hello_seen()) return std::nullopt;
  Finding finding{.confidence = Confidence::certain, .standing = Standing::told};
  finding.evidence.push_back(fmt::format("the {} sent the alert {}",
                                         by_server ? "server" : "client",
                                         alert_text(AlertDescription::no_application_protocol)));
  const enrich::ClientOffer* offered = facts.handshake.offer.get();
  if (offered != nullptr) {
    finding.evidence.push_back(offered->alpn.empty()
                                   ? std::string("the client offers no application protocol")
                                   : "the client offers the application protocols " +
                                         protocols_text(offered->alpn));
  }
  if (!facts.server.application_protocols.empty()) {
    finding.evidence.push_back("what succeeds here is " +
                               protocols_text(facts.server.application_protocols));
  }
  if (by_server && facts.difference.comparable &&
      facts.difference.application_protocol == Overlap::common) {
    finding.against.emplace_back("the client offers a protocol that succeeds here with others");
  }
  weigh_same_hello(facts, finding);
  return finding;
}

/// TLS 1.3: ALPN is answered in EncryptedExtensions, and so is its refusal by stacks that get there
/// before they see it.
std::optional<Finding> protocol_hidden(const Facts& facts) {
  const enrich::ClientOffer* offered = facts.handshake.offer.get();
  if (offered == nullptr || offered->alpn.empty() || !facts.tls13()) return std::nullopt;
  if (!server_stops_in_flight(facts)) return std::nullopt;
  const Overlap overlap = facts.difference.application_protocol;
  const bool disjoint = facts.difference.comparable && overlap == Overlap::disjoint;
  const bool by_alert = ended_wordless(facts, Party::server) &&
                        !facts.failed(OutcomeKind::closed) && !facts.failed(OutcomeKind::reset);
  if (overlap == Overlap::common || facts.handshake.has(ServerHelloFacts::resumed)) {
    return std::nullopt;
  }
  if (!disjoint && !by_alert) return std::nullopt;
  const bool unusual = !usual_protocols_only(offered->alpn);
  Finding finding{.confidence = disjoint || unusual ? Confidence::likely : Confidence::possible};
  finding.evidence.emplace_back(
      by_alert
          ? "the server sent an encrypted alert right after its ServerHello, before the client "
            "had answered"
          : "the server ended the connection right after its ServerHello, before the client "
            "had answered");
  finding.evidence.push_back("the client offers the application protocols " +
                             protocols_text(offered->alpn));
  if (disjoint) {
    finding.evidence.push_back("what succeeds here is " +
                               protocols_text(facts.server.application_protocols));
  }
  weigh_same_hello(facts, finding);
  return finding;
}

std::optional<Finding> cipher_added(const Facts& facts) {
  std::optional<Finding> finding = by_change(facts, &Worked::other_suites);
  if (!finding) return std::nullopt;
  const Worked worked = *worked_after(facts);
  finding->evidence.insert(finding->evidence.begin(),
                           worked_text(worked) + " with other cipher suites: " +
                               suites_text(worked.hello->offer->cipher_suites));
  finding->evidence.push_back("the client offers here " +
                              suites_text(facts.handshake.offer->cipher_suites));
  return finding;
}

std::optional<Finding> group_added(const Facts& facts) {
  std::optional<Finding> finding = by_change(facts, &Worked::other_groups);
  if (!finding || !groups_matter(facts)) return std::nullopt;
  const Worked worked = *worked_after(facts);
  finding->evidence.insert(finding->evidence.begin(),
                           worked_text(worked) + " with the groups " +
                               groups_text(worked.hello->offer->supported_groups));
  finding->evidence.push_back("the client offers here " +
                              groups_text(facts.handshake.offer->supported_groups));
  return finding;
}

std::optional<Finding> signature_added(const Facts& facts) {
  std::optional<Finding> finding = by_change(facts, &Worked::other_signature_algorithms);
  if (!finding) return std::nullopt;
  const Worked worked = *worked_after(facts);
  finding->evidence.insert(finding->evidence.begin(),
                           worked_text(worked) + " and took signatures by " +
                               schemes_text(worked.hello->offer->signature_algorithms));
  finding->evidence.push_back("the client takes here " +
                              schemes_text(facts.handshake.offer->signature_algorithms));
  return finding;
}

std::optional<Finding> protocol_changed(const Facts& facts) {
  std::optional<Finding> finding = by_change(facts, &Worked::other_protocols);
  if (!finding || facts.handshake.offer->alpn.empty()) return std::nullopt;
  const Worked worked = *worked_after(facts);
  const std::vector<std::string>& now = worked.hello->offer->alpn;
  finding->evidence.insert(
      finding->evidence.begin(),
      worked_text(worked) + (now.empty()
                                 ? std::string(" without offering an application protocol")
                                 : " with the application protocols " + protocols_text(now)));
  finding->evidence.push_back("the client offers here " +
                              protocols_text(facts.handshake.offer->alpn));
  return finding;
}

}  // namespace shakedown::diagnose::offer

// SPDX-License-Identifier: Apache-2.0
//
// One end calls what the other sent malformed, out of place, or inconsistent. Such words are clear
// about what, and silent about why: where an older or shorter hello works, the server is intolerant;
// where a client certificate was asked for, its lack may be what is called malformed.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "diagnose/rules/hello_end.h"
#include "diagnose/rules/offer_findings.h"
#include "diagnose/rules/offer_shape.h"
#include "diagnose/rules/offer_words.h"
#include "diagnose/rules/protocol_findings.h"
#include "export/tls_names.h"

namespace shakedown::diagnose::protocol {

namespace {

Party other(Party party) { return party == Party::client ? Party::server : Party::client; }

std::string_view name_of_end(Party party) {
  return party == Party::client ? "the client" : "the server";
}

std::string said(Party by, AlertDescription alert) {
  return fmt::format("{} sent the alert {}", name_of_end(by), alert_text(alert));
}

bool about_form(AlertDescription alert) {
  switch (alert) {
    case AlertDescription::unexpected_message:
    case AlertDescription::record_overflow:
    case AlertDescription::decompression_failure:
    case AlertDescription::decode_error:
    case AlertDescription::unsupported_extension:
      return true;
    default:
      return false;
  }
}

std::string_view meaning(AlertDescription alert) {
  switch (alert) {
    case AlertDescription::unexpected_message:
      return "a message that is out of place";
    case AlertDescription::record_overflow:
      return "a record that is too long";
    case AlertDescription::decompression_failure:
      return "data that does not decompress";
    case AlertDescription::unsupported_extension:
      return "an extension that was not asked for";
    default:
      return "a message that does not parse";
  }
}

bool malformed(const Facts& facts) { return facts.handshake.has(HandshakeRecord::malformed_hello); }

/// The next try with less in its hello worked.
bool humbler_hello_works(const Facts& facts) {
  const RetryDifference& retry = facts.attempt.retry;
  return worked_after(facts).has_value() &&
         (retry.lower_version || retry.fewer_extensions || retry.smaller);
}

/// The server asked for a client certificate, and the client has answered.
bool about_client_certificate(const Facts& facts) { return facts.server_may_have_rejected(); }

void yield(Finding& finding, Confidence confidence, std::vector<Cause> alike) {
  finding.confidence = confidence;
  finding.standing = Standing::specific;
  finding.alike = std::move(alike);
}

/// The end that ended it, with its alert; both must have spoken TLS before.
std::optional<AlertDescription> last_word(const Facts& facts) {
  const Party by = facts.record.outcome.by;
  if (!facts.handshake.client_hello_seen() || (by != Party::client && by != Party::server)) {
    return std::nullopt;
  }
  return facts.alert_from(by);
}

/// What is wrong with the server's choice has a rule of its own.
bool choice_explains(const Facts& facts) {
  return downgrade_seen(facts) || group_too_small(facts) || offer::group_not_offered(facts) ||
         offer::group_after_retry_request(facts) || offer::version_not_offered(facts) ||
         offer::signature_of_certificate(facts) || suite_not_offered(facts);
}

bool in_server_flight(const Facts& facts) {
  return facts.handshake.server_hello_seen() &&
         facts.record.outcome.stage <= Stage::server_hello_done;
}

std::vector<std::uint16_t> mandatory_missing(const enrich::ClientOffer& offer) {
  // RFC 8446 §9.2.
  constexpr auto code = [](ExtensionType type) { return static_cast<std::uint16_t>(type); };
  std::vector<std::uint16_t> missing;
  if (offer.supported_groups.empty()) missing.push_back(code(ExtensionType::supported_groups));
  if (offer.key_share_groups.empty()) missing.push_back(code(ExtensionType::key_share));
  if (offer.signature_algorithms.empty()) {
    missing.push_back(code(ExtensionType::signature_algorithms));
  }
  return missing;
}

}  // namespace

std::optional<Finding> malformed_told(const Facts& facts) {
  const std::optional<AlertDescription> alert = last_word(facts);
  if (!alert || !about_form(*alert)) return std::nullopt;
  if (facts.handshake.has(HandshakeRecord::renegotiation)) return std::nullopt;
  const Party by = facts.record.outcome.by;
  Finding finding{.confidence = Confidence::certain, .standing = Standing::told};
  finding.evidence.push_back(said(by, *alert));
  finding.evidence.push_back(
      fmt::format("it says that {} sent {}", name_of_end(other(by)), meaning(*alert)));
  const bool answered = facts.reached(Stage::server_hello);
  if (malformed(facts)) finding.evidence.emplace_back("the ClientHello is malformed");
  if (by == Party::server && about_client_certificate(facts)) {
    yield(finding, Confidence::possible,
          {Cause::client_certificate_missing, Cause::client_certificate_rejected});
  } else if (by == Party::server && !answered) {
    if (!malformed(facts)) finding.confidence = Confidence::likely;
    if (humbler_hello_works(facts)) {
      yield(finding, Confidence::possible,
            {Cause::version_intolerance, Cause::extension_intolerance});
    }
  } else if (by == Party::client && !answered) {
    yield(finding, Confidence::possible, {Cause::client_abort});
    finding.against.emplace_back("the server had sent nothing that this could be about");
  } else if (by == Party::client && facts.reached(Stage::certificate) &&
             *alert == AlertDescription::decode_error) {
    finding.confidence = Confidence::likely;  // it may be the certificate that does not parse
  }
  if (about_resumption(facts) && answered) {
    yield(finding, Confidence::possible, {Cause::resumption_failure});
  }
  weigh_same_hello(facts, finding);
  return finding;
}

std::optional<Finding> parameter_told(const Facts& facts) {
  if (last_word(facts) != AlertDescription::illegal_parameter) return std::nullopt;
  if (about_resumption(facts) || choice_explains(facts)) return std::nullopt;
  const Party by = facts.record.outcome.by;
  const bool at_hello = by == Party::server && !facts.reached(Stage::server_hello);
  if (at_hello && !offer::disjoint_causes(facts).empty()) return std::nullopt;
  const JudgedChain& certificate = facts.server_certificate;
  const bool certificate_explains =
      by == Party::client && certificate.known() && !certificate.assessment.acceptable();
  const bool vague = (at_hello && !malformed(facts)) || certificate_explains ||
                     (by == Party::server && about_client_certificate(facts));
  Finding finding{.confidence = vague ? Confidence::possible : Confidence::likely};
  finding.evidence.push_back(said(by, AlertDescription::illegal_parameter));
  finding.evidence.push_back(fmt::format(
      "it says that a field that {} sent is wrong or contradicts another", name_of_end(other(by))));
  if (malformed(facts)) finding.evidence.emplace_back("the ClientHello is malformed");
  if (at_hello) finding.alike = {Cause::group_mismatch, Cause::extension_intolerance};
  weigh_same_hello(facts, finding);
  return finding;
}

std::optional<Finding> extension_missing(const Facts& facts) {
  if (last_word(facts) != AlertDescription::missing_extension) return std::nullopt;
  const Party by = facts.record.outcome.by;
  Finding finding{.confidence = Confidence::likely, .standing = Standing::told};
  finding.evidence.push_back(said(by, AlertDescription::missing_extension));
  const enrich::ClientOffer* offer = facts.handshake.offer.get();
  if (by == Party::client) {
    if (!facts.handshake.server_hello_seen()) return std::nullopt;
    finding.confidence = Confidence::certain;
    return finding;
  }
  if (offer == nullptr || !offers_tls13(facts)) return finding;
  const std::vector<std::uint16_t> missing = mandatory_missing(*offer);
  if (missing.empty()) {
    // What is left to miss is the name, which has a rule of its own.
    if (facts.handshake.server_name.empty()) return std::nullopt;
    return finding;
  }
  finding.confidence = Confidence::certain;
  finding.evidence.push_back("the ClientHello offers TLS 1.3 without " + extensions_text(missing));
  return finding;
}

std::optional<Finding> malformed_hello(const Facts& facts) {
  if (!malformed(facts) || !facts.refused_by_server_at_hello()) return std::nullopt;
  const Refusal how = refusal(facts);
  if (how == Refusal::own_words) return std::nullopt;
  if (facts.handshake.has(HandshakeRecord::capture_gap)) return std::nullopt;
  Finding finding{.confidence =
                      how == Refusal::silence ? Confidence::possible : Confidence::likely};
  finding.evidence.emplace_back("the ClientHello is malformed");
  finding.evidence.push_back(refusal_text(facts));
  return finding;
}

std::optional<Finding> suite_not_offered(const Facts& facts) {
  if (!in_server_flight(facts) || !facts.ended_by(Party::client)) return std::nullopt;
  const enrich::ClientOffer* offer = facts.handshake.offer.get();
  const std::uint16_t chosen = facts.record.server_hello_facts.cipher_suite;
  if (offer == nullptr || offer->cipher_suites.empty() || chosen == 0) return std::nullopt;
  if (facts.handshake.has(ServerHelloFacts::sslv2_format) ||
      facts.handshake.has(ClientHelloFacts::truncated_parse)) {
    return std::nullopt;
  }
  const auto& suites = offer->cipher_suites;
  if (std::find(suites.begin(), suites.end(), chosen) != suites.end()) return std::nullopt;
  const std::optional<AlertDescription> alert = facts.alert_from(Party::client);
  const bool telling =
      alert == AlertDescription::illegal_parameter || alert == AlertDescription::handshake_failure;
  if (!telling && !ended_wordless(facts, Party::client)) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(
      fmt::format("the server has chosen {}, which the client does not offer",
                  exporting::cipher_suite_name(chosen)));
  finding.evidence.push_back("the client offers " + suites_text(suites));
  if (alert) finding.evidence.push_back(said(Party::client, *alert));
  finding.remedy =
      "Upgrade the server's TLS library; look for a middlebox that changes the hellos.";
  return finding;
}

/// OpenSSL 3 leaves servers that do not answer renegotiation_info (RFC 5746), and clients held to
/// FIPS those that do not answer extended_master_secret (RFC 7627): both by handshake_failure.
std::optional<Finding> extension_demanded(const Facts& facts) {
  if (facts.alert_from(Party::client) != AlertDescription::handshake_failure) return std::nullopt;
  if (!in_server_flight(facts) || facts.tls13() || group_too_small(facts)) return std::nullopt;
  const bool secure_renegotiation_missing =
      facts.handshake.has(ClientHelloFacts::renegotiation_info) &&
      !facts.handshake.has(ServerHelloFacts::renegotiation_info);
  const bool master_secret_missing =
      facts.handshake.has(ClientHelloFacts::extended_master_secret) &&
      !facts.handshake.has(ServerHelloFacts::extended_master_secret);
  if (!secure_renegotiation_missing && !master_secret_missing) return std::nullopt;
  Finding finding{.confidence =
                      secure_renegotiation_missing ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(said(Party::client, AlertDescription::handshake_failure));
  finding.evidence.push_back(
      fmt::format("the ServerHello leaves {} unanswered, which the client asks for",
                  secure_renegotiation_missing ? "renegotiation_info" : "extended_master_secret"));
  finding.remedy =
      secure_renegotiation_missing
          ? "Upgrade the server: it knows no secure renegotiation (RFC 5746), which OpenSSL 3 and "
            "others demand."
          : "Upgrade the server: it knows no extended master secret (RFC 7627), which clients held "
            "to FIPS demand.";
  return finding;
}

std::optional<Finding> ech_required(const Facts& facts) {
  if (facts.alert_from(Party::client) != AlertDescription::ech_required) return std::nullopt;
  Finding finding{.confidence = Confidence::likely, .standing = Standing::told};
  finding.evidence.push_back(said(Party::client, AlertDescription::ech_required));
  finding.evidence.emplace_back("the server did not take the client's encrypted ClientHello (ECH)");
  finding.remedy =
      "Bring the ECH configuration in the DNS (HTTPS record) in line with the server's keys.";
  return finding;
}

}  // namespace shakedown::diagnose::protocol

// SPDX-License-Identifier: Apache-2.0
//
// What the protocol itself has words for: fallback, renegotiation, a lowered version, small groups,
// and what does not verify or decrypt.
#include "diagnose/rules/protocol_findings.h"

#include <fmt/format.h>

#include "diagnose/rules/hello_end.h"
#include "diagnose/rules/offer_words.h"
#include "export/tls_names.h"

namespace shakedown::diagnose::protocol {

namespace {

/// Primes of less than this are refused by careful clients: OpenSSL's level 2, RFC 7919.
constexpr std::uint16_t kPrimeBitsSafe = 2048;
/// ... and of less than this by practically all since Logjam.
constexpr std::uint16_t kPrimeBitsLeast = 1024;

std::string_view name_of_end(Party party) {
  return party == Party::client ? "the client" : "the server";
}

/// Of the end that has ended it, with its alert.
std::optional<AlertDescription> last_word(const Facts& facts) {
  const Party by = facts.record.outcome.by;
  if (by != Party::client && by != Party::server) return std::nullopt;
  return facts.alert_from(by);
}

bool about_verifying(AlertDescription alert) {
  return alert == AlertDescription::decrypt_error || alert == AlertDescription::bad_record_mac ||
         alert == AlertDescription::decryption_failed;
}

std::string meaning(AlertDescription alert) {
  return alert == AlertDescription::decrypt_error
             ? "it says that a signature or the Finished message did not verify"
             : "it says that a record did not decrypt: the two ends have different keys";
}

}  // namespace

std::optional<Finding> fallback_told(const Facts& facts) {
  if (facts.alert_from(Party::server) != AlertDescription::inappropriate_fallback) {
    return std::nullopt;
  }
  if (!facts.handshake.client_hello_seen()) return std::nullopt;
  Finding finding{.confidence = Confidence::certain, .standing = Standing::told};
  finding.evidence.push_back(refusal_text(facts));
  finding.evidence.push_back("the client offers " + offered_versions_text(facts));
  if (facts.handshake.has(ClientHelloFacts::fallback_scsv)) {
    finding.evidence.emplace_back(
        "the ClientHello says that it is a second try with an older version (TLS_FALLBACK_SCSV)");
  } else {
    finding.confidence = Confidence::likely;
    finding.against.emplace_back("the ClientHello does not say that it is a second try");
  }
  if (!facts.server.versions.empty()) finding.evidence.push_back(chosen_versions_text(facts));
  return finding;
}

std::optional<Finding> renegotiation_told(const Facts& facts) {
  for (const Party party : {Party::client, Party::server}) {
    if (!has_alert(facts, party, AlertDescription::no_renegotiation)) continue;
    const bool ended_it = facts.alert_from(party) == AlertDescription::no_renegotiation;
    Finding finding{.confidence = ended_it ? Confidence::certain : Confidence::likely,
                    .standing = ended_it ? Standing::told : Standing::specific};
    finding.evidence.push_back(fmt::format("{} sent the alert {}", name_of_end(party),
                                           alert_text(AlertDescription::no_renegotiation)));
    if (!ended_it) finding.evidence.emplace_back("the connection was ended after it");
    return finding;
  }
  return std::nullopt;
}

/// A second handshake within the first one's connection, refused by other words.
std::optional<Finding> renegotiation_failed(const Facts& facts) {
  if (!facts.handshake.has(HandshakeRecord::renegotiation)) return std::nullopt;
  const std::optional<AlertDescription> alert = last_word(facts);
  const bool vague =
      alert == AlertDescription::handshake_failure || alert == AlertDescription::unexpected_message;
  if (!vague) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(fmt::format("renegotiation was asked for, and {} answered with {}",
                                         name_of_end(facts.record.outcome.by), alert_text(*alert)));
  return finding;
}

std::optional<Finding> downgrade_seen(const Facts& facts) {
  if (!facts.handshake.has(ServerHelloFacts::downgrade_sentinel)) return std::nullopt;
  if (facts.record.outcome.stage > Stage::server_hello_done) return std::nullopt;
  const std::uint16_t selected = facts.record.server_hello_facts.selected_version;
  if (facts.record.client_hello_facts.max_version <= selected) return std::nullopt;
  const bool says_so = facts.alert_from(Party::client) == AlertDescription::illegal_parameter;
  if (!says_so && !ended_wordless(facts, Party::client)) return std::nullopt;
  Finding finding{.confidence = says_so ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(
      fmt::format("the ServerHello chooses {} and is marked by a server that knows a newer version",
                  exporting::version_label(selected)));
  finding.evidence.push_back("the client offers " + offered_versions_text(facts));
  finding.evidence.push_back(says_so ? "the client answered with " +
                                           alert_text(AlertDescription::illegal_parameter) +
                                           ", as RFC 8446 demands"
                                     : std::string("the client left after the ServerHello"));
  return finding;
}

std::optional<Finding> group_too_small(const Facts& facts) {
  const std::uint16_t bits = facts.record.server_hello_facts.dh_prime_bits;
  if (bits == 0 || bits >= kPrimeBitsSafe || !facts.ended_by(Party::client)) return std::nullopt;
  if (facts.record.outcome.stage > Stage::server_hello_done || facts.tls13()) return std::nullopt;
  const std::optional<AlertDescription> alert = facts.alert_from(Party::client);
  const bool telling = alert == AlertDescription::handshake_failure ||
                       alert == AlertDescription::insufficient_security ||
                       alert == AlertDescription::illegal_parameter;
  if (!telling && !ended_wordless(facts, Party::client)) return std::nullopt;
  Finding finding{.confidence = telling || bits < kPrimeBitsLeast ? Confidence::likely
                                                                  : Confidence::possible};
  finding.evidence.push_back(
      fmt::format("the server's Diffie-Hellman prime has {} bits; clients of these years ask for "
                  "2048, or at least 1024",
                  bits));
  finding.evidence.push_back(
      telling ? "the client answered with " + alert_text(*alert)
              : std::string("the client left right after the server's flight, without a word"));
  if (!telling) finding.alike = {Cause::client_rejected_certificate};
  return finding;
}

/// Words that mean nothing else, where there is something to verify or decrypt.
std::optional<Finding> decrypt_told(const Facts& facts) {
  const std::optional<AlertDescription> alert = last_word(facts);
  if (!alert || !about_verifying(*alert) || !facts.reached(Stage::server_hello)) {
    return std::nullopt;
  }
  const Party by = facts.record.outcome.by;
  Finding finding{.confidence = Confidence::certain, .standing = Standing::told};
  finding.evidence.push_back(
      fmt::format("{} sent the alert {}", name_of_end(by), alert_text(*alert)));
  finding.evidence.push_back(meaning(*alert));
  // OpenSSL says decrypt_error when an authority of the right name has another key, too.
  const bool maybe_chain = by == Party::client && *alert == AlertDescription::decrypt_error &&
                           !facts.handshake.has(ServerHelloFacts::resumed);
  const bool maybe_client_certificate = by == Party::server && facts.server_may_have_rejected() &&
                                        *alert == AlertDescription::decrypt_error;
  if (maybe_chain) {
    finding.confidence = Confidence::likely;
    finding.alike = {Cause::untrusted_ca};
    if (facts.server_certificate.assessment.trust == enrich::Trust::bad_signature) {
      finding.evidence.emplace_back(
          "in the server's chain the key of an issuer does not fit the signature under it");
      finding.remedy =
          "Look for two authorities of the same name: the server's chain is signed by one, and the "
          "client trusts the other.";
    }
  }
  if (maybe_client_certificate) {
    finding.confidence = Confidence::likely;
    finding.alike = {Cause::client_certificate_rejected};
    finding.remedy = "See whether the client's certificate and key belong together.";
  }
  if (about_resumption(facts)) {
    // Keys of a session that only one side remembers look just the same.
    finding.confidence = Confidence::possible;
    finding.standing = Standing::specific;
    finding.alike.push_back(Cause::resumption_failure);
  }
  return finding;
}

/// The same words in answer to a ClientHello, which nothing encrypts.
std::optional<Finding> decrypt_in_handshake(const Facts& facts) {
  const std::optional<AlertDescription> alert = last_word(facts);
  if (!alert || !about_verifying(*alert) || facts.reached(Stage::server_hello)) {
    return std::nullopt;
  }
  if (!facts.reached(Stage::client_hello)) return std::nullopt;
  Finding finding{.confidence = Confidence::possible, .standing = Standing::fallback};
  finding.evidence.push_back(fmt::format("{} sent the alert {}",
                                         name_of_end(facts.record.outcome.by), alert_text(*alert)));
  finding.against.emplace_back("at this point nothing has been signed or encrypted yet");
  finding.alike = {Cause::resumption_failure, Cause::protocol_error};
  return finding;
}

}  // namespace shakedown::diagnose::protocol

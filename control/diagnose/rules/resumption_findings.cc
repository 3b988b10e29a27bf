// SPDX-License-Identifier: Apache-2.0
//
// Resuming an earlier session: tickets and keys that the servers behind one address do not share,
// sessions of another version or name, pre-shared keys that one side does not know.
#include <fmt/format.h>

#include <algorithm>

#include "diagnose/rules/hello_end.h"
#include "diagnose/rules/offer_words.h"
#include "diagnose/rules/protocol_findings.h"
#include "diagnose/rules/words.h"
#include "export/tls_names.h"

namespace shakedown::diagnose::protocol {

namespace {

/// Words for keys that are not the same on both sides, and for what follows from that.
bool about_keys(std::optional<AlertDescription> alert) {
  return alert == AlertDescription::bad_record_mac || alert == AlertDescription::decrypt_error ||
         alert == AlertDescription::decryption_failed ||
         alert == AlertDescription::illegal_parameter;
}

bool offered(const Facts& facts) {
  return facts.handshake.has(ClientHelloFacts::psk_present) ||
         facts.handshake.has(ClientHelloFacts::session_ticket_present);
}

std::string_view session_kind(const Facts& facts) {
  if (facts.handshake.has(ClientHelloFacts::psk_present)) return "a pre-shared key";
  if (facts.handshake.has(ClientHelloFacts::session_ticket_present)) return "a session ticket";
  return "a session";
}

/// RFC 4279, RFC 5489, RFC 8442: keys that were never a session's.
bool offers_psk_suites(const Facts& facts) {
  const enrich::ClientOffer* offer = facts.handshake.offer.get();
  if (offer == nullptr) return false;
  return std::any_of(
      offer->cipher_suites.begin(), offer->cipher_suites.end(), [](std::uint16_t suite) {
        return exporting::registered_cipher_suite(suite).find("_PSK_") != std::string_view::npos;
      });
}

std::string_view name_of_end(Party party) {
  return party == Party::client ? "the client" : "the server";
}

}  // namespace

bool about_resumption(const Facts& facts) {
  return facts.handshake.has(ServerHelloFacts::resumed) ||
         facts.handshake.has(ClientHelloFacts::early_data_offered) ||
         facts.handshake.has(ClientHelloFacts::psk_present);
}

std::optional<Finding> identity_unknown(const Facts& facts) {
  if (facts.alert_from(Party::server) != AlertDescription::unknown_psk_identity) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::likely, .standing = Standing::told};
  finding.evidence.push_back("the server sent the alert " +
                             alert_text(AlertDescription::unknown_psk_identity));
  finding.evidence.push_back(fmt::format("the client offers {}", session_kind(facts)));
  if (offers_psk_suites(facts)) {
    finding.evidence.emplace_back("the client offers suites with pre-shared keys (PSK)");
    finding.remedy =
        "Compare identity and pre-shared key at both ends: the server has none for this identity.";
  }
  return finding;
}

std::optional<Finding> resumed_and_failed(const Facts& facts) {
  if (!facts.handshake.has(ServerHelloFacts::resumed)) return std::nullopt;
  for (const Party party : {Party::client, Party::server}) {
    if (!facts.ended_by(party)) continue;
    const std::optional<AlertDescription> alert = facts.alert_from(party);
    const bool telling = about_keys(alert) || alert == AlertDescription::handshake_failure ||
                         alert == AlertDescription::unexpected_message;
    if (!telling && !ended_wordless(facts, party)) continue;
    Finding finding{.confidence = telling ? Confidence::likely : Confidence::possible};
    finding.evidence.push_back(
        fmt::format("the server agreed to resume a session ({}), and {} ended it {}",
                    exporting::version_label(facts.record.server_hello_facts.selected_version),
                    name_of_end(party),
                    alert ? "with " + alert_text(*alert) : std::string("without readable words")));
    if (facts.server.successes_resumed > 0.0f) {
      finding.against.push_back(fmt::format("{} here resumed a session",
                                            counted(facts.server.successes_resumed, "handshake")));
    }
    return finding;
  }
  return std::nullopt;
}

/// It worked as soon as the client left its old session out.
std::optional<Finding> resumption_dropped(const Facts& facts) {
  const RetryDifference& retry = facts.attempt.retry;
  const std::optional<Worked> worked = worked_after(facts);
  if (!worked || !retry.no_resumption) return std::nullopt;
  if (retry.lower_version || retry.no_server_name || retry.new_server_name) return std::nullopt;
  if (facts.failed(OutcomeKind::silence) && facts.ended_by(Party::client)) return std::nullopt;
  if (!facts.reached(Stage::client_hello) || facts.reached(Stage::established)) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(worked_text(*worked) + " without the session that it offered here");
  finding.evidence.push_back(fmt::format("the client offers {}", session_kind(facts)));
  if (facts.handshake.has(ClientHelloFacts::early_data_offered)) {
    finding.evidence.emplace_back("the client sends early data (0-RTT)");
  }
  return finding;
}

/// A binder or ticket that the server cannot take should be passed over; some stacks fail instead.
std::optional<Finding> resumption_refused(const Facts& facts) {
  if (!offered(facts) || facts.handshake.has(ServerHelloFacts::resumed)) return std::nullopt;
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  const bool early_data = facts.handshake.has(ClientHelloFacts::early_data_offered);
  // 0-RTT data that the server neither reads nor skips.
  const bool early_trouble =
      early_data && (alert == AlertDescription::unexpected_message || about_keys(alert));
  const bool at_hello = !facts.reached(Stage::server_hello) && about_keys(alert);
  if (!early_trouble && !at_hello) return std::nullopt;
  const bool psk = facts.handshake.has(ClientHelloFacts::psk_present);
  Finding finding{.confidence = psk ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(fmt::format("the client offers {}, and the server sent {}",
                                         session_kind(facts), alert_text(*alert)));
  if (early_data) finding.evidence.emplace_back("the client sends early data (0-RTT)");
  finding.evidence.emplace_back(
      "a server says so when the proof of the earlier session does not verify");
  weigh_same_hello(facts, finding);
  finding.alike = {Cause::protocol_error};
  return finding;
}

/// Only those that resume fail: nobody who did has succeeded, while others of the kind do.
std::optional<Finding> resumption_alone(const Facts& facts) {
  const Refusal how = refusal(facts);
  if (how == Refusal::none || how == Refusal::own_words || !offered(facts)) return std::nullopt;
  if (!facts.difference.comparable || !facts.server.fingerprint_succeeded) return std::nullopt;
  if (facts.server.successes_resumed > 0.0f || same_hello_works(facts)) return std::nullopt;
  if (facts.difference.server_name_new || facts.difference.server_name_missing) return std::nullopt;
  Finding finding{.confidence = Confidence::possible};
  finding.evidence.push_back(refusal_text(facts));
  finding.evidence.push_back(
      fmt::format("the client offers {}; the same kind of client succeeds here without one",
                  session_kind(facts)));
  finding.alike = {Cause::server_unresponsive};
  return finding;
}

}  // namespace shakedown::diagnose::protocol

// SPDX-License-Identifier: Apache-2.0
//
// Client and server have no protocol version in common: said by one of them, seen by comparing, or
// all that is remarkable about an offer that was refused.
#include <fmt/format.h>

#include <algorithm>

#include "diagnose/rules/hello_end.h"
#include "diagnose/rules/offer_findings.h"
#include "diagnose/rules/offer_shape.h"
#include "diagnose/rules/offer_words.h"
#include "export/tls_names.h"

namespace shakedown::diagnose::offer {

namespace {

constexpr std::uint16_t kTls12 = static_cast<std::uint16_t>(ProtocolVersion::tls12);

std::string client_offers(const Facts& facts) {
  return "the client offers " + offered_versions_text(facts);
}

std::string server_chose(const Facts& facts) {
  return "the server has chosen " +
         exporting::version_label(facts.record.server_hello_facts.selected_version);
}

/// Whose side stays behind, as far as that is known.
void blame(const Facts& facts, Finding& finding) {
  if (facts.record.client_hello_facts.max_version < kTls12) {
    finding.audience = Audience::client;
    finding.remedy =
        "Upgrade the client's TLS library to TLS 1.2 or newer. If that cannot be done now, let the "
        "server accept the older version for these clients only.";
  } else if (offers_only_tls13(facts)) {
    finding.remedy =
        "Upgrade the server to TLS 1.3; until then let the client offer TLS 1.2 besides.";
  }
}

void tell_server(const Facts& facts, Finding& finding) {
  if (!facts.server.versions.empty()) finding.evidence.push_back(chosen_versions_text(facts));
}

/// The ClientHello itself is older than the versions in it: servers since 2011 refuse it unread.
bool sslv2_format(const Facts& facts) {
  return facts.handshake.has(ClientHelloFacts::sslv2_format);
}

}  // namespace

std::optional<Finding> version_told_by_server(const Facts& facts) {
  if (facts.alert_from(Party::server) != AlertDescription::protocol_version) return std::nullopt;
  // To bytes that are no ClientHello some servers say it, too.
  const bool hello = facts.handshake.client_hello_seen();
  const bool one_way = facts.handshake.has(HandshakeRecord::one_way);
  if ((!hello && !one_way) || facts.reached(Stage::server_hello)) return std::nullopt;
  Finding finding{.confidence = hello ? Confidence::certain : Confidence::likely,
                  .standing = Standing::told};
  if (hello) {
    finding.evidence.push_back(refusal_text(facts));
    finding.evidence.push_back(client_offers(facts));
    blame(facts, finding);
  } else {
    finding.evidence.emplace_back("the server sent protocol_version (70)");
    finding.against.emplace_back("the client's packets were not mirrored");
  }
  tell_server(facts, finding);
  if (sslv2_format(facts)) {
    finding.evidence.emplace_back("the ClientHello has the format of SSLv2");
    finding.confidence = Confidence::likely;
    finding.audience = Audience::client;
    finding.remedy = "Switch SSLv2 off at the client, so that it sends a ClientHello of TLS.";
  }
  if (facts.difference.version == Overlap::common) {
    // It says so to a hello that offers what it takes from others: it balks at what it should
    // ignore, or not the same server answers each time.
    finding.confidence = Confidence::likely;
    finding.against.emplace_back("the client offers a version that the server takes from others");
    finding.alike = {Cause::version_intolerance};
  }
  if (worked_after(facts) && facts.attempt.retry.lower_version && !offers_only_tls13(facts)) {
    finding.confidence = Confidence::possible;
    finding.against.emplace_back("the same client succeeded soon after with an older version only");
    finding.alike = {Cause::version_intolerance};
  }
  weigh_same_hello(facts, finding);
  return finding;
}

std::optional<Finding> version_told_by_client(const Facts& facts) {
  if (facts.alert_from(Party::client) != AlertDescription::protocol_version) return std::nullopt;
  if (!facts.handshake.server_hello_seen() &&
      !facts.handshake.has(ServerHelloFacts::hello_retry_request)) {
    return std::nullopt;
  }
  const std::uint16_t selected = facts.record.server_hello_facts.selected_version;
  Finding finding{.confidence = Confidence::certain, .standing = Standing::told};
  finding.evidence.push_back("the client answered the ServerHello with " +
                             alert_text(AlertDescription::protocol_version));
  finding.evidence.push_back(server_chose(facts));
  finding.evidence.push_back(client_offers(facts));
  const enrich::ClientOffer* offered = facts.handshake.offer.get();
  const bool listed_by_client =
      offered != nullptr && !offered->supported_versions.empty() && offers_version(facts, selected);
  if (selected == 0 || listed_by_client || facts.handshake.has(ServerHelloFacts::resumed)) {
    finding.confidence = Confidence::likely;
  }
  if (listed_by_client) {
    finding.against.emplace_back("the version that the server has chosen is one of those offered");
  }
  if (selected != 0 && selected < facts.record.client_hello_facts.max_version) {
    finding.remedy =
        "Upgrade the server, or let it accept the newer versions that the client offers; what it "
        "has chosen is too old for the client.";
  }
  return finding;
}

std::optional<Finding> version_disjoint(const Facts& facts) {
  std::optional<Finding> finding = by_difference(facts, Cause::version_mismatch);
  if (!finding) return std::nullopt;
  finding->evidence.push_back(refusal_text(facts));
  finding->evidence.push_back(client_offers(facts));
  tell_server(facts, *finding);
  blame(facts, *finding);
  return finding;
}

/// The server answers with a version that the client has not asked for, or hardly can take.
std::optional<Finding> version_not_offered(const Facts& facts) {
  if (!facts.handshake.server_hello_seen() || !facts.ended_by(Party::client)) return std::nullopt;
  if (facts.record.outcome.stage > Stage::server_hello_done) return std::nullopt;
  const std::uint16_t selected = facts.record.server_hello_facts.selected_version;
  if (selected == 0 || is_tls13_family(ProtocolVersion{selected})) return std::nullopt;
  const std::optional<AlertDescription> alert = facts.alert_from(Party::client);
  const bool vague = alert == AlertDescription::handshake_failure ||
                     alert == AlertDescription::illegal_parameter ||
                     alert == AlertDescription::insufficient_security ||
                     alert == AlertDescription::unexpected_message;
  if (!vague && !ended_wordless(facts, Party::client)) return std::nullopt;
  const enrich::ClientOffer* offered = facts.handshake.offer.get();
  const bool list_known = offered != nullptr && !offered->supported_versions.empty();
  const bool refused_list = list_known && !offers_version(facts, selected);
  const bool much_older =
      selected < kTls12 && facts.record.client_hello_facts.max_version >= kTls12;
  if (!refused_list && (list_known || !much_older)) return std::nullopt;
  Finding finding{.confidence = refused_list ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(server_chose(facts));
  finding.evidence.push_back(client_offers(facts));
  finding.evidence.push_back(
      alert ? "the client answered with " + alert_text(*alert)
            : std::string("the client left before it had sent its part of the keys"));
  finding.remedy =
      "Let the server accept the newer versions that the client offers, or upgrade it.";
  return finding;
}

std::optional<Finding> version_by_shape(const Facts& facts) {
  std::optional<Finding> finding = by_shape(facts, Cause::version_mismatch);
  if (!finding) return std::nullopt;
  finding->evidence.push_back(refusal_text(facts));
  finding->evidence.push_back(client_offers(facts));
  if (offers_only_tls13(facts)) {
    finding->evidence.emplace_back(
        "a server that knows no TLS 1.3 finds no suite of its own in such an offer");
  }
  if (sslv2_format(facts)) {
    finding->evidence.emplace_back("the ClientHello has the format of SSLv2");
  }
  blame(facts, *finding);
  return finding;
}

/// It fails, and the client's next try with a version that it did not offer here works.
std::optional<Finding> version_changed(const Facts& facts) {
  const Refusal how = refusal(facts);
  if (how == Refusal::none || how == Refusal::own_words) return std::nullopt;
  const std::optional<Worked> worked = worked_after(facts);
  if (!worked || worked->hello == nullptr || worked->hello->max_version == 0) return std::nullopt;
  const std::uint16_t version = worked->hello->max_version;
  if (offers_version(facts, version)) return std::nullopt;
  Finding finding{.confidence =
                      how == Refusal::silence ? Confidence::possible : Confidence::likely};
  finding.evidence.push_back(
      fmt::format("{} with {}", worked_text(*worked), exporting::version_label(version)));
  finding.evidence.push_back(client_offers(facts) + " here, and " + refusal_text(facts));
  finding.remedy = worked->higher_version
                       ? "Let the client begin with the newer version; only the old one is refused."
                       : "Let the client offer the older version besides, or upgrade the server.";
  return finding;
}

}  // namespace shakedown::diagnose::offer

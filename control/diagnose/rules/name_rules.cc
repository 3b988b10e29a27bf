// SPDX-License-Identifier: Apache-2.0
//
// The server name: none where one is needed, or one that nobody here serves. Names that something on
// the path blocks are told from these by the packets (path_rules.cc).
#include <fmt/format.h>

#include <array>

#include "diagnose/rule.h"
#include "diagnose/rules/hello_end.h"
#include "diagnose/rules/offer_findings.h"
#include "diagnose/rules/offer_words.h"
#include "diagnose/rules/words.h"
#include "export/text.h"

namespace shakedown::diagnose {

namespace {

constexpr std::size_t kNameLengthMax = 80;
/// Fewer successes than this show no habit.
constexpr float kHabit = 3.0f;

bool named(const Facts& facts) { return !facts.handshake.server_name.empty(); }

std::string name_text(const Facts& facts) {
  return exporting::terminal_text(facts.handshake.server_name, kNameLengthMax);
}

/// The real name may stand where only the server can read it.
bool hides_name(const Facts& facts) {
  return facts.handshake.has(ClientHelloFacts::ech_present) ||
         facts.handshake.has(ClientHelloFacts::esni_present);
}

/// RFC 6066 §3: no IP addresses, no trailing dot.
bool trailing_dot(const Facts& facts) {
  return named(facts) && facts.handshake.server_name.back() == '.';
}

bool irregular(const Facts& facts) {
  return facts.handshake.has(ClientHelloFacts::server_name_is_ip) ||
         facts.handshake.has(ClientHelloFacts::server_name_malformed) || trailing_dot(facts);
}

std::string irregular_text(const Facts& facts) {
  if (facts.handshake.has(ClientHelloFacts::server_name_is_ip)) {
    return fmt::format(
        "the name that was sent is an IP address ({}), which RFC 6066 does not allow",
        name_text(facts));
  }
  if (trailing_dot(facts)) {
    return fmt::format("the name that was sent ends in a dot ({}), which RFC 6066 does not allow",
                       name_text(facts));
  }
  return "the name that was sent is malformed";
}

constexpr std::string_view kIrregularRemedy =
    "Let the client connect by host name and send exactly that, without a dot at its end.";

/// What is known of the name here and elsewhere.
void tell_name(const Facts& facts, Finding& finding) {
  if (facts.server.names_succeeded > 0) {
    finding.evidence.push_back(fmt::format("{} succeed at this server",
                                           counted(facts.server.names_succeeded, "other name")));
  }
  if (facts.name.endpoints_succeeded > 0) {
    finding.evidence.push_back(fmt::format(
        "the name succeeds at {}", counted(facts.name.endpoints_succeeded, "other server")));
    finding.remedy =
        "Add the name to this server too, or correct the DNS record that leads clients here.";
  }
}

/// Without a word, or by one that says no more than that it will not.
bool refused_vaguely(Refusal how) {
  return how == Refusal::vague_alert || how == Refusal::closed || how == Refusal::reset;
}

std::optional<Finding> unrecognised_told(const Facts& facts) {
  if (facts.alert_from(Party::server) != AlertDescription::unrecognized_name) return std::nullopt;
  if (!named(facts) && !facts.handshake.has(ClientHelloFacts::server_name_present)) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::certain, .standing = Standing::told};
  finding.evidence.push_back(fmt::format("the server answered the name {} with the alert {}",
                                         named(facts) ? name_text(facts) : "in the ClientHello",
                                         alert_text(AlertDescription::unrecognized_name)));
  tell_name(facts, finding);
  if (irregular(facts)) {
    finding.evidence.push_back(irregular_text(facts));
    finding.remedy = kIrregularRemedy;
  }
  if (facts.server.name_successes > 0.0f) {
    finding.against.push_back(fmt::format("{} with this name have succeeded here",
                                          counted(facts.server.name_successes, "handshake")));
  }
  weigh_same_hello(facts, finding);
  return finding;
}

/// A warning that the server itself did not act on; old Java does (RFC 6066 §3 forbade sending it).
std::optional<Finding> unrecognised_warned(const Facts& facts) {
  if (!facts.ended_by(Party::client) || !named(facts)) return std::nullopt;
  if (!has_alert(facts, Party::server, AlertDescription::unrecognized_name)) return std::nullopt;
  if (facts.record.outcome.stage > Stage::server_hello_done) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(
      fmt::format("the server warned of the name {} by {} and went on, and the client left",
                  name_text(facts), alert_text(AlertDescription::unrecognized_name)));
  finding.remedy =
      "Add the name to the server (ServerName or ServerAlias), so that it need not warn; old Java "
      "takes the warning for an error.";
  finding.alike = {Cause::certificate_name_mismatch};
  return finding;
}

std::optional<Finding> unrecognised_retry(const Facts& facts) {
  const Refusal how = refusal(facts);
  const std::optional<Worked> worked = worked_after(facts);
  if (!refused_vaguely(how) || !named(facts) || !worked) return std::nullopt;
  const RetryDifference& retry = facts.attempt.retry;
  if (!retry.no_server_name && !retry.new_server_name) return std::nullopt;
  const bool more = retry.lower_version || retry.smaller || retry.no_resumption;
  Finding finding{.confidence = more ? Confidence::possible : Confidence::likely};
  finding.evidence.push_back(worked_text(*worked) + (retry.no_server_name
                                                         ? " without a server name"
                                                         : " with another server name"));
  finding.evidence.push_back(refusal_text(facts) +
                             fmt::format(" with the name {}", name_text(facts)));
  if (how == Refusal::reset) {
    finding.confidence = Confidence::possible;
    finding.alike = {Cause::sni_blocked};
  }
  return finding;
}

std::optional<Finding> unrecognised_profile(const Facts& facts) {
  const Refusal how = refusal(facts);
  if (!refused_vaguely(how) || !named(facts)) return std::nullopt;
  if (!facts.difference.comparable || !facts.difference.server_name_new) return std::nullopt;
  if (facts.server.name_successes > 0.0f || same_hello_works(facts)) return std::nullopt;
  // What the offer lacks explains it as well.
  const std::vector<Cause> others = offer::disjoint_causes(facts);
  Finding finding{.confidence = others.empty() ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(refusal_text(facts));
  finding.evidence.push_back(fmt::format("the name {} has never succeeded here", name_text(facts)));
  tell_name(facts, finding);
  if (facts.client.names_succeeded_here > 0) {
    finding.evidence.push_back(
        fmt::format("this very client succeeds here with {}",
                    counted(facts.client.names_succeeded_here, "other name")));
  }
  if (irregular(facts)) {
    finding.evidence.push_back(irregular_text(facts));
    finding.remedy = kIrregularRemedy;
  }
  finding.alike = others;
  if (how == Refusal::reset) finding.alike.push_back(Cause::sni_blocked);
  return finding;
}

std::optional<Finding> unrecognised_irregular(const Facts& facts) {
  if (!facts.refused_by_server_at_hello() || !irregular(facts)) return std::nullopt;
  if (facts.failed(OutcomeKind::silence)) return std::nullopt;
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  // The words for a field that cannot be right.
  const bool says_so =
      alert == AlertDescription::illegal_parameter || alert == AlertDescription::decode_error;
  if (refusal(facts) == Refusal::own_words && !says_so) return std::nullopt;
  if (facts.server.name_successes > 0.0f) return std::nullopt;
  Finding finding{.confidence = says_so ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(refusal_text(facts));
  finding.evidence.push_back(irregular_text(facts));
  finding.remedy = kIrregularRemedy;
  finding.alike = {Cause::protocol_error};
  return finding;
}

/// Forward proxies close when they know no way for a name.
std::optional<Finding> unrecognised_nowhere(const Facts& facts) {
  if (refusal(facts) != Refusal::closed || !named(facts) || same_hello_works(facts)) {
    return std::nullopt;
  }
  if (facts.server.name_successes > 0.0f || facts.name.successes > 0.0f) return std::nullopt;
  // Both together: the client is able, and the name is what nobody has succeeded with.
  if (facts.client.successes == 0 || facts.server.successes_without_name > 0.0f) {
    return std::nullopt;
  }
  if (facts.record.starttls != StartTls::none) return std::nullopt;
  Finding finding{.confidence = Confidence::possible};
  finding.evidence.push_back(refusal_text(facts));
  finding.evidence.push_back(
      fmt::format("the name {} succeeds nowhere, while the same client succeeds with {}",
                  name_text(facts), counted(facts.client.servers_succeeded, "other server")));
  finding.alike = {Cause::server_unresponsive, Cause::sni_blocked};
  return finding;
}

std::optional<Finding> missing_told(const Facts& facts) {
  if (facts.alert_from(Party::server) != AlertDescription::unrecognized_name) return std::nullopt;
  if (!facts.handshake.client_hello_seen() || named(facts) ||
      facts.handshake.has(ClientHelloFacts::server_name_present)) {
    return std::nullopt;
  }
  // What was cut off was not seen to be absent.
  const bool seen_whole = !facts.handshake.has(ClientHelloFacts::truncated_parse);
  Finding finding{
      .confidence = seen_whole && !hides_name(facts) ? Confidence::certain : Confidence::likely,
      .standing = Standing::told};
  finding.evidence.push_back(
      fmt::format("the server answered a ClientHello without a server name with the alert {}",
                  alert_text(AlertDescription::unrecognized_name)));
  if (facts.server.successes_with_name > 0.0f) {
    finding.evidence.push_back(fmt::format("{} with a name have succeeded here",
                                           counted(facts.server.successes_with_name, "handshake")));
  }
  weigh_same_hello(facts, finding);
  return finding;
}

/// RFC 8446 §9.2: a server that needs the name should say missing_extension.
bool lacks_other_extensions(const Facts& facts) {
  const enrich::ClientOffer* offer = facts.handshake.offer.get();
  return offer == nullptr || offer->supported_groups.empty() || offer->key_share_groups.empty() ||
         offer->signature_algorithms.empty();
}

std::optional<Finding> missing_extension(const Facts& facts) {
  if (facts.alert_from(Party::server) != AlertDescription::missing_extension) return std::nullopt;
  if (!facts.handshake.client_hello_seen() || named(facts) || facts.reached(Stage::server_hello) ||
      lacks_other_extensions(facts)) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::likely, .standing = Standing::told};
  finding.evidence.push_back(
      fmt::format("the server answered a ClientHello without a server name with the alert {}",
                  alert_text(AlertDescription::missing_extension)));
  finding.evidence.emplace_back(
      "supported_groups, key_share and signature_algorithms, which it could miss besides, are "
      "there");
  return finding;
}

std::optional<Finding> missing_retry(const Facts& facts) {
  if (!refused_vaguely(refusal(facts)) || named(facts) || hides_name(facts)) return std::nullopt;
  const std::optional<Worked> worked = worked_after(facts);
  if (!worked || !facts.attempt.retry.new_server_name) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(worked_text(*worked) + " with a server name");
  finding.evidence.push_back(refusal_text(facts) + " without one");
  return finding;
}

std::optional<Finding> missing_profile(const Facts& facts) {
  const Refusal how = refusal(facts);
  if (how == Refusal::none || how == Refusal::own_words || named(facts)) return std::nullopt;
  if (!facts.difference.comparable || !facts.difference.server_name_missing) return std::nullopt;
  if (hides_name(facts) || same_hello_works(facts)) return std::nullopt;
  const std::vector<Cause> others = offer::disjoint_causes(facts);
  const bool habit = facts.server.successes_with_name >= kHabit;
  const bool likely = habit && others.empty() && how != Refusal::silence;
  Finding finding{.confidence = likely ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(refusal_text(facts));
  finding.evidence.push_back(
      fmt::format("the client sends no server name, and all that succeed here send one ({})",
                  counted(facts.server.successes_with_name, "handshake")));
  finding.alike = others;
  return finding;
}

/// Proxies and hosters that choose the site by name close at a ClientHello without one, and hosts of
/// many sites answer handshake_failure for want of a certificate.
std::optional<Finding> missing_cold(const Facts& facts) {
  const Refusal how = refusal(facts);
  if (!refused_vaguely(how) || !facts.handshake.client_hello_seen()) return std::nullopt;
  if (named(facts) || hides_name(facts) || same_hello_works(facts)) return std::nullopt;
  if (facts.handshake.has(ClientHelloFacts::truncated_parse)) return std::nullopt;
  if (facts.server.successes_without_name > 0.0f || facts.server.upgrade_succeeded) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::possible};
  // Mail and databases rarely look at the name; without extensions the client is too old for one.
  const bool rarely = facts.record.starttls != StartTls::none ||
                      !facts.handshake.has(ClientHelloFacts::extensions_present);
  if (rarely) finding.standing = Standing::fallback;
  finding.evidence.push_back(refusal_text(facts));
  finding.evidence.emplace_back("the client sends no server name");
  if (facts.server.successes_with_name > 0.0f) {
    finding.evidence.push_back(fmt::format("{} with a name have succeeded here",
                                           counted(facts.server.successes_with_name, "handshake")));
  }
  finding.alike = {how == Refusal::vague_alert ? Cause::cipher_mismatch
                                               : Cause::server_unresponsive};
  return finding;
}

constexpr auto kRules = std::to_array<Rule>({
    {Cause::sni_unrecognised, "sni_unrecognised.alert",
     "unrecognized_name (112) from the server in answer to a server name",
     "the server's configuration has the name", unrecognised_told},
    {Cause::sni_missing, "sni_missing.alert",
     "unrecognized_name (112) from the server in answer to a ClientHello without a server name; "
     "certain unless the name may be hidden by ECH",
     "the server accepts another ClientHello without a name", missing_told},
    {Cause::sni_missing, "sni_missing.extension",
     "missing_extension (109) from the server, and what the ClientHello lacks is the server name",
     "the server accepts another ClientHello without a name", missing_extension},
    {Cause::sni_unrecognised, "sni_unrecognised.warning",
     "unrecognized_name (112) as a warning from the server, after which the client leaves",
     "the client leaves without the warning, too", unrecognised_warned},
    {Cause::sni_missing, "sni_missing.retry",
     "refused at a ClientHello without a name, and the same client succeeds within seconds with "
     "one",
     "the server accepts another ClientHello without a name", missing_retry},
    {Cause::sni_unrecognised, "sni_unrecognised.retry",
     "refused at the ClientHello, and the same client succeeds within seconds with another name or "
     "none",
     "another client succeeds there with the name", unrecognised_retry},
    {Cause::sni_missing, "sni_missing.profile",
     "refused at a ClientHello without a name, where all that succeed send one",
     "the server accepts another ClientHello without a name", missing_profile},
    {Cause::sni_unrecognised, "sni_unrecognised.profile",
     "refused at the ClientHello with a name that has never succeeded there, while others do; "
     "possible only when the offer fits no better than the name",
     "another client succeeds there with the name", unrecognised_profile},
    {Cause::sni_unrecognised, "sni_unrecognised.irregular",
     "refused at the ClientHello, and the server name is an IP address, malformed, or ends in a "
     "dot; "
     "likely with illegal_parameter (47) or decode_error (50)",
     "the server accepts such a name from another client", unrecognised_irregular},
    {Cause::sni_missing, "sni_missing.hello",
     "refused without saying why at a ClientHello without a name, where none without one is known "
     "to "
     "have succeeded",
     "the same ClientHello with a name is refused, too", missing_cold},
    {Cause::sni_unrecognised, "sni_unrecognised.nowhere",
     "closed at the ClientHello with a name that succeeds nowhere, while the client succeeds "
     "elsewhere with others",
     "the server closes whatever the name is", unrecognised_nowhere},
});

}  // namespace

std::span<const Rule> name_rules() { return kRules; }

}  // namespace shakedown::diagnose

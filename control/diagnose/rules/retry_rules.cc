// SPDX-License-Identifier: Apache-2.0
//
// Hellos that fail for what they should not fail for: a newer version, an extension, their size. The
// best proof is the same client's next try, with less in its hello, that works.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "diagnose/rule.h"
#include "diagnose/rules/hello_end.h"
#include "diagnose/rules/offer_findings.h"
#include "diagnose/rules/offer_shape.h"
#include "diagnose/rules/offer_words.h"
#include "diagnose/rules/words.h"
#include "export/tls_names.h"

namespace shakedown::diagnose {

namespace {

constexpr std::uint32_t kLargeLost =
    path_evidence::large_segments_lost_to_client | path_evidence::large_segments_lost_to_server;

bool ended_by_path_at_hello(const Facts& facts) {
  return facts.ended_by(Party::path) && facts.record.outcome.stage == Stage::client_hello &&
         (facts.failed(OutcomeKind::reset) || facts.failed(OutcomeKind::closed) ||
          facts.failed(OutcomeKind::silence));
}

/// Alerts of servers that stumble over what they should pass over.
bool stumbles(AlertDescription alert) {
  return alert == AlertDescription::protocol_version ||
         alert == AlertDescription::unexpected_message || alert == AlertDescription::decode_error ||
         alert == AlertDescription::record_overflow ||
         alert == AlertDescription::unsupported_extension;
}

bool stopped_at_hello(const Facts& facts) {
  const Refusal how = refusal(facts);
  if (how == Refusal::own_words) return stumbles(*facts.alert_from(Party::server));
  return how != Refusal::none || ended_by_path_at_hello(facts);
}

bool without_alert(const Facts& facts) { return !facts.failed(OutcomeKind::alert); }

std::string how_it_ended(const Facts& facts) {
  return ended_by_path_at_hello(facts)
             ? std::string("something on the path ended the connection at the ClientHello")
             : refusal_text(facts);
}

/// A single silence may be loss, which comes and goes.
Confidence of_retry(const Facts& facts) {
  const bool once = facts.failed(OutcomeKind::silence) && facts.attempt.failed_alike == 0;
  return once ? Confidence::possible : Confidence::likely;
}

void tell_repetition(const Facts& facts, Finding& finding) {
  if (facts.attempt.failed_alike == 0) return;
  finding.evidence.push_back(
      fmt::format("the same client failed in this way {} within these seconds",
                  counted(facts.attempt.failed_alike, "more time")));
}

bool large(const Facts& facts) {
  return facts.record.client_hello_facts.segment_count > 1 ||
         facts.handshake.has(ClientHelloFacts::post_quantum_share);
}

std::string size_text(const Facts& facts) {
  const ClientHelloFacts& hello = facts.record.client_hello_facts;
  return fmt::format(
      "the ClientHello has {} bytes in {}{}", hello.length, counted(hello.segment_count, "segment"),
      facts.handshake.has(ClientHelloFacts::post_quantum_share) ? ", with a post-quantum key share"
                                                                : "");
}

/// What clients leave out for reasons of their own, or what other rules are about.
bool tells_nothing(std::uint16_t extension) {
  if (is_grease(extension)) return true;
  switch (ExtensionType{extension}) {
    case ExtensionType::server_name:
    case ExtensionType::padding:
    case ExtensionType::session_ticket:
    case ExtensionType::pre_shared_key:
    case ExtensionType::early_data:
    case ExtensionType::cookie:
      return true;
    default:
      return false;
  }
}

std::vector<std::uint16_t> telling(const std::vector<std::uint16_t>& extensions) {
  std::vector<std::uint16_t> found;
  std::copy_if(extensions.begin(), extensions.end(), std::back_inserter(found),
               [](std::uint16_t extension) { return !tells_nothing(extension); });
  return found;
}

std::optional<Finding> version_left_out(const Facts& facts) {
  const RetryDifference& retry = facts.attempt.retry;
  const std::optional<Worked> after = worked_after(facts);
  if (!after || !retry.lower_version || !stopped_at_hello(facts)) return std::nullopt;
  const Worked& worked = *after;
  // Where the version that works was not offered, there was nothing to choose.
  const bool offered = worked.hello != nullptr ? offers_version(facts, worked.hello->max_version)
                                               : !offers_only_tls13(facts);
  if (!offered) return std::nullopt;
  const bool size_too = retry.smaller && large(facts);
  Finding finding{.confidence = size_too ? Confidence::possible : of_retry(facts)};
  finding.evidence.push_back(
      worked_text(worked) +
      (worked.hello != nullptr
           ? fmt::format(" with {} at most", exporting::version_label(worked.hello->max_version))
           : std::string(" with an older version at most")));
  finding.evidence.push_back("the client offers " + offered_versions_text(facts) + " here, and " +
                             how_it_ended(facts));
  tell_repetition(facts, finding);
  finding.alike = {Cause::version_mismatch};
  if (size_too) finding.alike.push_back(Cause::hello_too_large);
  if (retry.fewer_extensions) finding.alike.push_back(Cause::extension_intolerance);
  return finding;
}

std::optional<Finding> extension_left_out(const Facts& facts) {
  const RetryDifference& retry = facts.attempt.retry;
  const std::optional<Worked> worked = worked_after(facts);
  if (!worked || !retry.fewer_extensions || retry.lower_version || !stopped_at_hello(facts)) {
    return std::nullopt;
  }
  const std::vector<std::uint16_t> dropped = telling(retry.dropped_extensions);
  if (dropped.empty()) return std::nullopt;
  const bool size_too = retry.smaller && large(facts);
  const bool more =
      size_too || retry.no_server_name || retry.new_server_name || retry.no_resumption;
  Finding finding{.confidence = more ? Confidence::possible : of_retry(facts)};
  finding.evidence.push_back(worked_text(*worked) + " without " + extensions_text(dropped));
  finding.evidence.push_back(how_it_ended(facts) + " with it");
  tell_repetition(facts, finding);
  if (size_too) finding.alike.push_back(Cause::hello_too_large);
  constexpr auto kAlpn =
      static_cast<std::uint16_t>(ExtensionType::application_layer_protocol_negotiation);
  if (std::find(dropped.begin(), dropped.end(), kAlpn) != dropped.end()) {
    finding.alike.push_back(Cause::alpn_mismatch);
  }
  return finding;
}

std::optional<Finding> size_left_out(const Facts& facts) {
  const RetryDifference& retry = facts.attempt.retry;
  const std::optional<Worked> after = worked_after(facts);
  if (!after || !retry.smaller || !stopped_at_hello(facts)) return std::nullopt;
  if ((facts.record.path.evidence & kLargeLost) != 0) return std::nullopt;
  const bool clear = large(facts) && without_alert(facts) && !retry.lower_version;
  Finding finding{.confidence = clear ? of_retry(facts) : Confidence::possible};
  const Worked& worked = *after;
  finding.evidence.push_back(
      worked_text(worked) +
      (worked.hello != nullptr && worked.hello->length != 0
           ? fmt::format(" with a ClientHello of {} bytes", worked.hello->length)
           : std::string(" with a smaller ClientHello")));
  finding.evidence.push_back(size_text(facts) + ", and " + how_it_ended(facts));
  tell_repetition(facts, finding);
  finding.alike = {Cause::mtu_black_hole, Cause::extension_intolerance};
  if (retry.lower_version) finding.alike.push_back(Cause::version_intolerance);
  return finding;
}

std::optional<Finding> name_left_out(const Facts& facts) {
  const RetryDifference& retry = facts.attempt.retry;
  const std::optional<Worked> worked = worked_after(facts);
  if (!worked || facts.handshake.server_name.empty()) return std::nullopt;
  if (!retry.no_server_name && !retry.new_server_name) return std::nullopt;
  const bool by_path = ended_by_path_at_hello(facts);
  const Refusal how = refusal(facts);
  if (!by_path && how != Refusal::reset && how != Refusal::silence) return std::nullopt;
  Finding finding{.confidence = by_path ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(worked_text(*worked) + (retry.no_server_name
                                                         ? " without a server name"
                                                         : " with another server name"));
  finding.evidence.push_back(how_it_ended(facts));
  tell_repetition(facts, finding);
  finding.alike = {Cause::sni_unrecognised, Cause::path_interference};
  return finding;
}

std::optional<Finding> family_changed(const Facts& facts) {
  const RetryDifference& retry = facts.attempt.retry;
  if (!facts.attempt.succeeded_after || !retry.other_family || !retry.same_hello()) {
    return std::nullopt;
  }
  const bool wordless = facts.failed(OutcomeKind::silence) || facts.failed(OutcomeKind::reset);
  if (!wordless || !facts.reached(Stage::client_hello) || facts.ended_by(Party::client)) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::possible};
  const bool ipv6 = facts.record.family == IpFamily::ipv6;
  finding.evidence.push_back(
      fmt::format("the same client succeeded soon after over {} with the same ClientHello",
                  ipv6 ? "IPv4" : "IPv6"));
  tell_repetition(facts, finding);
  finding.remedy = fmt::format(
      "Look at the {} way to this server: routes, tunnels, firewalls and MTU differ from {}.",
      ipv6 ? "IPv6" : "IPv4", ipv6 ? "IPv4" : "IPv6");
  finding.alike = {Cause::server_unresponsive, Cause::mtu_black_hole};
  return finding;
}

/// What all comparisons have in common: others succeed here, and neither the name nor anything that
/// the offer lacks separates them from this one.
bool only_has_more(const Facts& facts) {
  const Difference& difference = facts.difference;
  return difference.comparable && stopped_at_hello(facts) && !difference.server_name_missing &&
         !difference.server_name_new && offer::disjoint_causes(facts).empty() &&
         !same_hello_works(facts) && !facts.server.fingerprint_succeeded;
}

/// Of a server that has been asked a few times only, any offer is new in some way.
bool well_known(const ServerView& server) {
  constexpr float kSuccesses = 10.0f;
  constexpr std::size_t kHellos = 3;
  return server.successes >= kSuccesses && server.hellos.size() >= kHellos;
}

std::optional<Finding> version_never_offered(const Facts& facts) {
  if (!only_has_more(facts) || facts.difference.version != Overlap::common) return std::nullopt;
  const std::uint16_t highest = facts.record.client_hello_facts.max_version;
  const auto& hellos = facts.server.hellos;
  const bool newer = !hellos.empty() &&
                     std::all_of(hellos.begin(), hellos.end(), [&](const SuccessfulHello& hello) {
                       return hello.max_version < highest;
                     });
  if (!newer) return std::nullopt;
  const bool says_version = facts.alert_from(Party::server) == AlertDescription::protocol_version;
  if (!says_version && !well_known(facts.server)) return std::nullopt;
  Finding finding{.confidence = says_version ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(how_it_ended(facts));
  finding.evidence.push_back(fmt::format("no ClientHello with {} is known to have succeeded here",
                                         exporting::version_label(highest)));
  finding.evidence.push_back(chosen_versions_text(facts) + ", which this client offers, too");
  finding.alike = {Cause::version_mismatch, Cause::extension_intolerance, Cause::hello_too_large};
  return finding;
}

std::optional<Finding> extension_never_offered(const Facts& facts) {
  if (facts.difference.extensions_new.empty() || !only_has_more(facts)) return std::nullopt;
  const std::vector<std::uint16_t> extensions = telling(facts.difference.extensions_new);
  if (extensions.empty()) return std::nullopt;
  const bool says_so = facts.alert_from(Party::server) == AlertDescription::unsupported_extension;
  if (!says_so && (!well_known(facts.server) || !without_alert(facts))) return std::nullopt;
  Finding finding{.confidence = says_so ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(how_it_ended(facts));
  finding.evidence.push_back("no ClientHello that succeeded here has " +
                             extensions_text(extensions));
  finding.alike = {Cause::version_intolerance, Cause::hello_too_large, Cause::protocol_error};
  return finding;
}

std::optional<Finding> size_never_offered(const Facts& facts) {
  const std::uint16_t length = facts.record.client_hello_facts.length;
  const bool largest =
      facts.difference.larger ||
      (facts.record.client_hello_facts.segment_count > 1 && length > facts.server.hello_length_max);
  if (!largest || !without_alert(facts) || !only_has_more(facts)) return std::nullopt;
  if ((facts.record.path.evidence & kLargeLost) != 0) return std::nullopt;
  const bool again = facts.attempt.failed_alike > 0 || facts.client.successes_here > 0;
  Finding finding{.confidence = large(facts) && again ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(how_it_ended(facts));
  finding.evidence.push_back(fmt::format("{}; the largest that succeeded here has {} bytes",
                                         size_text(facts), facts.server.hello_length_max));
  tell_repetition(facts, finding);
  if (facts.client.successes_here > 0) {
    finding.evidence.emplace_back("the same client succeeds here with a smaller one");
  }
  finding.alike = {Cause::mtu_black_hole, Cause::server_unresponsive};
  return finding;
}

constexpr auto kRules = std::to_array<Rule>({
    {Cause::hello_too_large, "hello_too_large.retry",
     "stopped at a ClientHello of several segments or with a post-quantum share, and the same "
     "client "
     "succeeds within seconds with a smaller one",
     "a ClientHello of this size succeeds over the same path", size_left_out},
    {Cause::version_intolerance, "version_intolerance.retry",
     "stopped at the ClientHello, and the same client succeeds within seconds with an older "
     "version, "
     "which it offered before, too",
     "a ClientHello with the newer version succeeds there", version_left_out},
    {Cause::extension_intolerance, "extension_intolerance.retry",
     "stopped at the ClientHello, and the same client succeeds within seconds with the same "
     "version "
     "and without some extensions",
     "a ClientHello with these extensions succeeds there", extension_left_out},
    {Cause::sni_blocked, "sni_blocked.retry",
     "reset or silence at the ClientHello, and the same client succeeds within seconds with "
     "another "
     "name or none; likely when the packets show that the path did it",
     "another client succeeds there with the name", name_left_out},
    {Cause::path_interference, "path_interference.family",
     "reset or silence after the ClientHello, and the same client succeeds within seconds over the "
     "other IP version",
     "it succeeds over this IP version from the same network", family_changed},
    {Cause::hello_too_large, "hello_too_large.profile",
     "ended without an alert at a ClientHello larger than any that succeeded there; likely when it "
     "happens again or the same client succeeds with a smaller one",
     "a ClientHello of this size succeeds there", size_never_offered},
    {Cause::version_intolerance, "version_intolerance.profile",
     "stopped at a ClientHello that offers what the server takes, and besides a version that no "
     "succeeding one has; likely with protocol_version (70)",
     "a ClientHello with the newer version succeeds there", version_never_offered},
    {Cause::extension_intolerance, "extension_intolerance.profile",
     "ended without an alert, at a server that is known well, at a ClientHello with extensions "
     "that "
     "no succeeding one has; likely with unsupported_extension (110)",
     "a ClientHello with these extensions succeeds there", extension_never_offered},
});

}  // namespace

std::span<const Rule> retry_rules() { return kRules; }

}  // namespace shakedown::diagnose

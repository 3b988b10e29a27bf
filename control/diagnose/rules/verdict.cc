// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rules/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/rules/certificate_words.h"
#include "diagnose/rules/words.h"

namespace shakedown::diagnose {

namespace {

bool sent_encrypted_alert(const HandshakeRecord& record, Party party) {
  const std::size_t count = std::min<std::size_t>(record.alert_count, record.alerts.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (record.alerts[i].from == party && record.alerts[i].encrypted) return true;
  }
  return record.outcome.kind == OutcomeKind::encrypted_alert && record.outcome.by == party;
}

Word word_of(AlertDescription alert) {
  switch (alert) {
    case AlertDescription::bad_certificate:
    case AlertDescription::certificate_unknown:
    case AlertDescription::access_denied:
      return Word::general;
    case AlertDescription::unknown_ca:
    case AlertDescription::certificate_expired:
    case AlertDescription::certificate_revoked:
    case AlertDescription::unsupported_certificate:
    case AlertDescription::bad_certificate_status_response:
      return Word::specific;
    default:
      return Word::vague;
  }
}

/// OpenSSL, Mbed TLS and wolfSSL offer encrypt_then_mac (RFC 7366) and no record_size_limit
/// (RFC 8449); GnuTLS and NSS offer the latter, Go, Java, Apple, Windows and BoringSSL never offer
/// the former.
bool offers_as_openssl(const enrich::OfferPointer& offer) {
  constexpr std::uint16_t kEncryptThenMac = 22;
  constexpr std::uint16_t kRecordSizeLimit = 28;
  if (offer == nullptr) return false;
  const auto has = [&offer](std::uint16_t type) {
    return std::ranges::find(offer->extensions, type) != offer->extensions.end();
  };
  return has(kEncryptThenMac) && !has(kRecordSizeLimit);
}

/// A leaf without company: its issuer's name tells whether that is a root, whose certificate nobody
/// sends, or one that the server owes its clients.
bool issuer_sounds_intermediate(const enrich::Certificate& leaf) {
  constexpr std::array<std::string_view, 8> kWords = {
      "ssuing", "ntermediate", "Sub CA", "SubCA", "ubordinate", "TLS", "SSL", "Validation"};
  return leaf.issuer.find("Root") == std::string::npos &&
         std::ranges::any_of(kWords, [&leaf](std::string_view word) {
           return leaf.issuer.find(word) != std::string::npos;
         });
}

Cause path_cause(const JudgedChain& judged) {
  switch (judged.assessment.trust) {
    case enrich::Trust::intermediate_missing:
    case enrich::Trust::bad_signature:
      return Cause::chain_incomplete;
    case enrich::Trust::self_signed:
      return Cause::self_signed;
    case enrich::Trust::unknown_issuer:
      return judged.chain->certificates.size() == 1 &&
                     issuer_sounds_intermediate(judged.chain->leaf())
                 ? Cause::chain_incomplete
                 : Cause::untrusted_ca;
    default:
      return Cause::untrusted_ca;
  }
}

/// Only who trusts whom is in question, and that is not known here: private authorities are usual.
bool is_private(enrich::Trust trust) {
  return trust == enrich::Trust::unknown_root || trust == enrich::Trust::unknown_issuer;
}

/// In which order the problems of a chain come into question; the smallest is the first. What is
/// wrong for everybody comes before an authority that only this client may not know, and what most
/// clients let pass comes last; that others accept the authority leaves it behind all.
unsigned rank(const Rejection& rejection, Problem problem, const Facts& facts, bool accepted) {
  unsigned place = 2 * static_cast<unsigned>(problem);
  if (problem == Problem::path) {
    const unsigned before_weak = 2 * static_cast<unsigned>(Problem::weak) - 1;
    if (is_private(facts.server_certificate.assessment.trust)) place = before_weak;
    if (accepted) place = 2 * kProblemCount;
  }
  constexpr unsigned kPlaces = 2 * kProblemCount + 1;
  return static_cast<unsigned>(fit(rejection, problem, facts)) * kPlaces + place;
}

bool is_first(const Facts& facts, const Rejection& rejection, Problem problem) {
  const JudgedChain& judged = facts.server_certificate;
  const bool accepted = accepted_by_others(facts) >= 1.0f;
  const unsigned own = rank(rejection, problem, facts, accepted);
  for (unsigned i = 0; i < kProblemCount; ++i) {
    const auto other = static_cast<Problem>(i);
    if (other == problem || !has_problem(judged, other)) continue;
    if (rank(rejection, other, facts, accepted) < own) return false;
  }
  return true;
}

/// Nobody stands between this client and the server: others are shown the same from elsewhere.
bool seen_from_elsewhere(const Facts& facts) {
  const ShownChain* row = shown(facts);
  return (row != nullptr && row->network_count >= 2) ||
         (!facts.name.issuer_unusual && facts.name.usual_issuer_networks >= 2);
}

/// The chain was in this very handshake, and the client's word and what is wrong with it are the
/// same and nothing else.
bool proven(const Facts& facts, const Rejection& rejection, Problem problem) {
  const JudgedChain& judged = facts.server_certificate;
  const enrich::Assessment& assessment = judged.assessment;
  if (judged.source != ChainSource::wire) return false;
  switch (problem) {
    case Problem::path:
      // An authority above that has expired or may not be one is unknown to some clients, and one
      // that has accepted this certificate before knows the authority.
      if (assessment.wrong_usage || assessment.expired || facts.client.successes_here > 0) {
        return false;
      }
      if (assessment.trust == enrich::Trust::self_signed) {
        return !facts.name.issuer_unusual && assessment.name != enrich::NameMatch::differs;
      }
      return assessment.trust == enrich::Trust::unknown_root && seen_from_elsewhere(facts);
    case Problem::expired:
      return rejection.said(AlertDescription::certificate_expired) && !assessment.not_yet_valid;
    case Problem::usage:
      return rejection.said(AlertDescription::unsupported_certificate) && !assessment.weak_key &&
             !assessment.weak_signature;
    case Problem::revoked:
      return rejection.said(AlertDescription::certificate_revoked);
    case Problem::not_yet_valid:  // a clock that is ahead leads to the same word
    case Problem::name:           // no word means only this
    case Problem::weak:
      return false;
  }
  return false;
}

Confidence confidence_of(const Facts& facts, const Rejection& rejection, Problem problem, Fit how) {
  if (how == Fit::names) {
    return proven(facts, rejection, problem) ? Confidence::certain : Confidence::likely;
  }
  if (how == Fit::unlikely) return Confidence::possible;
  const bool says_nothing = rejection.word == Word::none || rejection.word == Word::vague;
  // Most clients do not look so closely.
  if (problem == Problem::weak && says_nothing) return Confidence::possible;
  // Whom this client trusts is not known, and it has not said that it does not.
  if (problem == Problem::path && rejection.word == Word::none &&
      is_private(facts.server_certificate.assessment.trust)) {
    return Confidence::possible;
  }
  // Others accept it, and this one has not said that it does not.
  const float accepted = accepted_by_others(facts);
  if (says_nothing && accepted >= (problem == Problem::path ? 1.0f : 3.0f)) {
    return Confidence::possible;
  }
  return Confidence::likely;
}

void add_alike(const Facts& facts, const Rejection& rejection, Problem problem, Finding& finding) {
  const JudgedChain& judged = facts.server_certificate;
  const auto add = [&finding](Cause cause) {
    if (std::ranges::find(finding.alike, cause) == finding.alike.end()) {
      finding.alike.push_back(cause);
    }
  };
  for (unsigned i = 0; i < kProblemCount; ++i) {
    const auto other = static_cast<Problem>(i);
    if (other == problem || !has_problem(judged, other)) continue;
    if (fit(rejection, other, facts) <= Fit::unlikely) add(cause_of(judged, other));
  }
  if (problem != Problem::path) return;
  const Cause own = path_cause(judged);
  if (judged.assessment.trust == enrich::Trust::unknown_issuer) {
    add(own == Cause::untrusted_ca ? Cause::chain_incomplete : Cause::untrusted_ca);
  }
  if (own == Cause::chain_incomplete && judged.assessment.trust != enrich::Trust::bad_signature) {
    add(Cause::untrusted_ca);
  }
  if (judged.assessment.trust != enrich::Trust::intermediate_missing &&
      finding.confidence != Confidence::certain && !seen_from_elsewhere(facts)) {
    add(Cause::interception);
  }
}

/// What was seen on a profile's chain says less of today: it may have been replaced in time.
bool expired_since_seen(const JudgedChain& judged) {
  return judged.source != ChainSource::wire && judged.assessment.expired &&
         judged.age_nanos > -judged.assessment.margin_nanos;
}

/// The problem is one of those that issued the leaf, not of the leaf.
bool of_authority(const Facts& facts, Problem problem) {
  const enrich::Certificate& leaf = facts.server_certificate.chain->leaf();
  if (problem == Problem::usage) return leaf.server_usage;
  return leaf.valid_until.known() && leaf.valid_until >= facts.at;
}

}  // namespace

std::optional<Rejection> rejection(const Facts& facts) {
  if (!facts.client_may_have_rejected() || facts.handshake.has(ServerHelloFacts::resumed) ||
      facts.handshake.has(ServerHelloFacts::psk_selected)) {
    return std::nullopt;  // no certificate was sent
  }
  Rejection found{.alert = facts.alert_from(Party::client),
                  .precise = offers_as_openssl(facts.handshake.offer)};
  if (found.alert == AlertDescription::user_canceled) return std::nullopt;
  if (found.alert) {
    found.word = word_of(*found.alert);
  } else if (sent_encrypted_alert(facts.record, Party::client)) {
    found.word = Word::hidden;
  }
  return found;
}

bool has_problem(const JudgedChain& judged, Problem problem) {
  if (!judged.known() || judged.chain == nullptr) return false;
  const enrich::Assessment& assessment = judged.assessment;
  switch (problem) {
    case Problem::path:
      return assessment.trust != enrich::Trust::trusted &&
             assessment.trust != enrich::Trust::not_judged &&
             assessment.trust != enrich::Trust::unreadable;
    case Problem::expired:
      return assessment.expired;
    case Problem::not_yet_valid:
      return assessment.not_yet_valid;
    case Problem::name:
      // A server with several names has a certificate for each.
      return judged.source != ChainSource::same_endpoint &&
             (assessment.name == enrich::NameMatch::differs ||
              assessment.name == enrich::NameMatch::no_names);
    case Problem::usage:
      return assessment.wrong_usage;
    case Problem::revoked:
      return assessment.revoked;
    case Problem::weak:
      return assessment.weak_key || assessment.weak_signature;
  }
  return false;
}

Cause cause_of(const JudgedChain& judged, Problem problem) {
  switch (problem) {
    case Problem::path:
      return path_cause(judged);
    case Problem::expired:
      return Cause::certificate_expired;
    case Problem::not_yet_valid:
      return Cause::certificate_not_yet_valid;
    case Problem::name:
      return Cause::certificate_name_mismatch;
    case Problem::usage:
      return Cause::certificate_wrong_usage;
    case Problem::revoked:
      return Cause::certificate_revoked;
    case Problem::weak:
      return Cause::certificate_weak;
  }
  return Cause::unknown;
}

Fit fit(const Rejection& rejection, Problem problem, const Facts& facts) {
  if (!rejection.alert) return Fit::fits;
  const auto one_of = [problem](std::initializer_list<Problem> problems, Fit how) {
    return std::ranges::find(problems, problem) != problems.end() ? how : Fit::denied;
  };
  switch (*rejection.alert) {
    case AlertDescription::unknown_ca:
      // To some, an authority that has expired or may not be one is no authority.
      if (problem == Problem::expired || problem == Problem::usage) {
        return of_authority(facts, problem) ? Fit::fits : Fit::denied;
      }
      return one_of({Problem::path}, Fit::names);
    case AlertDescription::certificate_expired:
      return one_of({Problem::expired, Problem::not_yet_valid}, Fit::names);
    case AlertDescription::certificate_revoked:
    case AlertDescription::bad_certificate_status_response:
      return one_of({Problem::revoked}, Fit::names);
    case AlertDescription::unsupported_certificate:
      return problem == Problem::weak ? Fit::fits : one_of({Problem::usage}, Fit::names);
    case AlertDescription::insufficient_security:
      return one_of({Problem::weak}, Fit::fits);
    case AlertDescription::illegal_parameter:
      return one_of({Problem::usage}, Fit::fits);  // BoringSSL, of key usage
    case AlertDescription::bad_certificate:
      return rejection.precise && (problem == Problem::path || problem == Problem::expired ||
                                   problem == Problem::usage || problem == Problem::revoked)
                 ? Fit::unlikely
                 : Fit::fits;
    default:
      return Fit::fits;
  }
}

bool explained(const Rejection& rejection, const Facts& facts) {
  for (unsigned i = 0; i < kProblemCount; ++i) {
    const auto problem = static_cast<Problem>(i);
    if (has_problem(facts.server_certificate, problem) &&
        fit(rejection, problem, facts) <= Fit::fits) {
      return true;
    }
  }
  return false;
}

std::optional<Finding> judge(const Facts& facts, Problem problem) {
  const JudgedChain& judged = facts.server_certificate;
  if (!has_problem(judged, problem)) return std::nullopt;
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected) return std::nullopt;
  const Fit how = fit(*rejected, problem, facts);
  if (how == Fit::denied) return std::nullopt;

  Finding finding{.confidence = confidence_of(facts, *rejected, problem, how)};
  if (!is_first(facts, *rejected, problem)) finding.confidence = Confidence::possible;
  if (problem == Problem::path) {
    if (const std::optional<Finding> signs = interception_signs(facts)) {
      finding.confidence = signs->confidence == Confidence::possible
                               ? std::min(finding.confidence, Confidence::likely)
                               : Confidence::possible;
    }
  }
  finding.confidence = bounded_by_source(finding.confidence, judged);
  if (finding.confidence == Confidence::certain) finding.standing = Standing::told;
  finding.evidence.push_back(ending_sentence(facts, Party::client));
  if (std::optional<std::string> source = source_sentence(judged)) {
    finding.evidence.push_back(std::move(*source));
  }
  if (problem == Problem::expired && expired_since_seen(judged)) {
    finding.confidence = Confidence::possible;
    finding.against.emplace_back(
        "it was still valid when it was last seen, and may be renewed since");
  }
  if (facts.attempt.succeeded_after && facts.attempt.retry.same_hello() &&
      !facts.attempt.retry.other_endpoint) {
    finding.against.emplace_back(
        "the same client succeeded here right after, with the same ClientHello");
    if (finding.standing != Standing::told) finding.confidence = lowered(finding.confidence);
  }
  if (how == Fit::unlikely) {
    finding.against.emplace_back(
        "the client's TLS library has another alert for this, by its offer");
  }
  add_alike(facts, *rejected, problem, finding);
  return finding;
}

const ShownChain* shown(const Facts& facts) {
  const enrich::ChainPointer& chain = facts.server_certificate.chain;
  if (chain == nullptr) return nullptr;
  for (const ShownChain& row : facts.server.chains) {
    if (row.chain != nullptr && row.chain->digest == chain->digest) return &row;
  }
  return nullptr;
}

float accepted_by_others(const Facts& facts) {
  const ShownChain* row = shown(facts);
  return row == nullptr ? 0.0f : row->accepted;
}

std::optional<std::string> acceptance_sentence(const Facts& facts) {
  const ShownChain* row = shown(facts);
  if (row == nullptr) return std::nullopt;
  // Counts decay; what is left of one is still one. The handshake at hand is among the rejected.
  constexpr float kSeen = 0.5f;
  if (row->accepted >= kSeen) {
    return fmt::format(
        "lately {} ended well with the same certificate, and clients left after it {}",
        counted(row->accepted, "handshake"),
        row->rejected >= kSeen ? counted(row->rejected, "time") : "never");
  }
  if (row->rejected < 1.5f) return std::nullopt;
  return fmt::format("nobody accepts this certificate: {} ended after it, none went on",
                     counted(row->rejected, "handshake"));
}

void tell_acceptance(const Facts& facts, Finding& finding) {
  if (std::optional<std::string> acceptance = acceptance_sentence(facts)) {
    finding.evidence.push_back(std::move(*acceptance));
  }
}

bool works_for_others(const Facts& facts) {
  constexpr std::int64_t kLately = 600 * kNanosPerSecond;
  const ServerView& server = facts.server;
  if (server.name_success_after.known()) return true;
  return server.name_success_before.known() && server.clients_failed_since_success <= 1 &&
         add_saturating(server.name_success_before, kLately) >= facts.at;
}

Confidence bounded_by_source(Confidence confidence, const JudgedChain& judged) {
  switch (judged.source) {
    case ChainSource::wire:
      return confidence;
    case ChainSource::same_name:
    case ChainSource::same_client:
      confidence = std::min(confidence, Confidence::likely);
      return judged.age_nanos > kFreshNanos ? lowered(confidence) : confidence;
    case ChainSource::same_endpoint:
    case ChainSource::none:
      return Confidence::possible;
  }
  return Confidence::possible;
}

}  // namespace shakedown::diagnose

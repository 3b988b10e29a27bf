// SPDX-License-Identifier: Apache-2.0
//
// The client does not accept a certificate in which nothing is wrong that goes with its word: its
// clock is wrong, somebody answers in the server's place, or it trusts others than most do.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/rule.h"
#include "diagnose/rules/certificate_words.h"
#include "diagnose/rules/clock_findings.h"
#include "diagnose/rules/verdict.h"
#include "diagnose/rules/words.h"

namespace shakedown::diagnose {

namespace {

// -- Somebody between -------------------------------------------------------------------------------

std::optional<Finding> interception(const Facts& facts) {
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected) return std::nullopt;
  std::optional<Finding> finding = interception_signs(facts);
  // Nobody is told of by a word for something else.
  if (!finding || fit(*rejected, Problem::path, facts) == Fit::denied) {
    return std::nullopt;
  }
  const JudgedChain& judged = facts.server_certificate;
  if (rejected->word == Word::none || rejected->word == Word::vague) {
    finding->confidence = std::min(finding->confidence, Confidence::likely);
  }
  finding->confidence = bounded_by_source(finding->confidence, judged);
  if (finding->confidence == Confidence::certain) finding->standing = Standing::told;
  finding->evidence.push_back(ending_sentence(facts, Party::client));
  if (std::optional<std::string> source = source_sentence(judged)) {
    finding->evidence.push_back(std::move(*source));
  }
  finding->alike = {cause_of(judged, Problem::path)};
  return finding;
}

// -- The client's own trust -------------------------------------------------------------------------

constexpr std::string_view kOldStore =
    "Update the client's trust store (ca-certificates, cacerts, the system itself): the authority "
    "is "
    "public, and the client does not know it.";
constexpr std::string_view kStaple =
    "Let the server renew the OCSP response that it staples (its clock, its way to the responder), "
    "or "
    "switch stapling off.";
constexpr std::string_view kEmptyStore =
    "See that the client finds its trust store: Java says internal_error where it is missing or "
    "empty.";

struct Strength {
  Confidence confidence = Confidence::possible;
  Standing standing = Standing::specific;
};

/// How sure it is that the client is against a certificate that looks valid.
std::optional<Strength> strength_of(const Rejection& rejected) {
  switch (rejected.word) {
    case Word::none:
      return Strength{.standing = Standing::fallback};
    case Word::hidden:
      return Strength{.confidence = Confidence::likely};
    case Word::general:
      // The library has a word for most reasons, and this is none of them.
      return Strength{.confidence =
                          rejected.precise && rejected.said(AlertDescription::bad_certificate)
                              ? Confidence::possible
                              : Confidence::likely};
    case Word::vague:
      // A group that is too small, a downgrade, a key usage: other rules know better.
      if (!rejected.said(AlertDescription::handshake_failure) &&
          !rejected.said(AlertDescription::internal_error)) {
        return std::nullopt;
      }
      return Strength{.standing = Standing::fallback};
    case Word::specific:
      if (rejected.said(AlertDescription::certificate_revoked)) return std::nullopt;
      return Strength{.confidence =
                          rejected.said(AlertDescription::unknown_ca) ||
                                  rejected.said(AlertDescription::bad_certificate_status_response)
                              ? Confidence::likely
                              : Confidence::possible};
  }
  return std::nullopt;
}

bool small_group(const Facts& facts) {
  const std::uint16_t bits = facts.record.server_hello_facts.dh_prime_bits;
  return bits != 0 && bits < 2048;
}

void tell_of_client(const Facts& facts, Finding& finding) {
  if (facts.client.servers_certificate_rejected >= 2) {
    finding.evidence.push_back(
        fmt::format("the client rejects the certificates of {}",
                    counted(facts.client.servers_certificate_rejected, "server")));
  }
  if (facts.server.fingerprint_succeeded) {
    finding.evidence.emplace_back("clients with the same fingerprint (JA4) succeed at this server");
  }
  if (facts.client.successes_here > 0) {
    finding.against.push_back(
        fmt::format("the same client finished {} at this server within the hour",
                    counted(facts.client.successes_here, "handshake")));
  }
  if (facts.attempt.succeeded_after && facts.attempt.retry.same_hello()) {
    finding.against.emplace_back(
        "the same client succeeded here right after, with the same ClientHello");
  }
  if (!finding.against.empty()) finding.confidence = lowered(finding.confidence);
}

void add_word_and_remedy(const Facts& facts, const Rejection& rejected, Finding& finding) {
  finding.evidence.push_back(ending_sentence(facts, Party::client));
  if (rejected.said(AlertDescription::unknown_ca)) finding.remedy = kOldStore;
  if (rejected.said(AlertDescription::bad_certificate_status_response)) finding.remedy = kStaple;
  if (rejected.said(AlertDescription::internal_error)) finding.remedy = kEmptyStore;
}

std::optional<Finding> rejected_valid(const Facts& facts) {
  const JudgedChain& judged = facts.server_certificate;
  if (!judged.known() || judged.chain == nullptr) return std::nullopt;
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected || explained(*rejected, facts)) return std::nullopt;
  if (rejected->word == Word::vague && small_group(facts)) return std::nullopt;
  const std::optional<Strength> strength = strength_of(*rejected);
  if (!strength) return std::nullopt;

  Finding finding{.confidence = bounded_by_source(strength->confidence, judged),
                  .standing = strength->standing};
  add_word_and_remedy(facts, *rejected, finding);
  const enrich::Trust trust = judged.assessment.trust;
  if (trust == enrich::Trust::unreadable || trust == enrich::Trust::not_judged) {
    finding.confidence = Confidence::possible;
    finding.evidence.push_back(trust_text(judged));
  } else if (judged.assessment.acceptable()) {
    finding.evidence.push_back(fmt::format(
        "the certificate {} looks valid: names, dates, strength and the path to a trusted root",
        subject_text(judged.chain->leaf())));
  } else {
    finding.evidence.push_back(fmt::format("nothing of what the client says is wrong with {}",
                                           subject_text(judged.chain->leaf())));
  }
  if (rejected->said(AlertDescription::bad_certificate_status_response)) {
    const enrich::Staple staple = judged.assessment.staple;
    if (staple == enrich::Staple::expired) {
      finding.evidence.emplace_back("the OCSP response that the server staples is out of date");
    } else if (staple == enrich::Staple::unusable || staple == enrich::Staple::unknown) {
      finding.evidence.emplace_back(
          "the OCSP response that the server staples says nothing usable");
    } else if (judged.assessment.staple_missing) {
      finding.evidence.emplace_back(
          "the certificate demands a stapled OCSP response; none was sent");
    }
  }
  tell_acceptance(facts, finding);
  if (std::optional<std::string> source = source_sentence(judged)) {
    finding.evidence.push_back(std::move(*source));
  }
  tell_of_client(facts, finding);
  if (rejected->said(AlertDescription::certificate_expired) ||
      (rejected->precise && rejected->said(AlertDescription::bad_certificate))) {
    finding.alike.push_back(Cause::clock_skew);
  } else if (rejected->word < Word::specific && facts.client.servers_succeeded == 0 &&
             !facts.client.clock_known) {
    // Stacks that have one word for everything, or none, say of a date what they say of the rest.
    finding.alike.push_back(Cause::clock_skew);
  }
  if (judged.source != ChainSource::wire) finding.alike.push_back(Cause::interception);
  if (rejected->word == Word::none) finding.alike.push_back(Cause::client_abort);
  return finding;
}

std::optional<Finding> rejected_unseen(const Facts& facts) {
  if (facts.server_certificate.known()) return std::nullopt;
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected || rejected->said(AlertDescription::illegal_parameter) ||
      rejected->said(AlertDescription::insufficient_security)) {
    return std::nullopt;
  }
  const bool status = rejected->said(AlertDescription::bad_certificate_status_response);
  // Each other such word has a rule of its own.
  if (rejected->word == Word::specific && !status) return std::nullopt;
  if (rejected->word == Word::vague && small_group(facts)) return std::nullopt;
  Finding finding;
  if (rejected->word == Word::none || rejected->word == Word::vague) {
    finding.standing = Standing::fallback;
  }
  add_word_and_remedy(facts, *rejected, finding);
  finding.evidence.emplace_back("the certificate itself was not seen");
  if (facts.server.name_successes >= 1.0f) {
    finding.evidence.push_back(fmt::format("{} with this name ended well here lately",
                                           counted(facts.server.name_successes, "handshake")));
  } else if (facts.server.networks_failed >= 2) {
    finding.evidence.push_back(fmt::format("nobody succeeds here: clients of {} failed",
                                           counted(facts.server.networks_failed, "network")));
    finding.remedy =
        "Look at the server's certificate first: dates, names, the full chain (s_client "
        "-showcerts).";
  }
  tell_of_client(facts, finding);
  if (rejected->precise && rejected->said(AlertDescription::bad_certificate)) {
    finding.alike = {Cause::certificate_name_mismatch, Cause::certificate_not_yet_valid,
                     Cause::certificate_weak, Cause::clock_skew};
  } else if (!status) {
    finding.alike = {Cause::untrusted_ca, Cause::certificate_expired,
                     Cause::certificate_name_mismatch, Cause::chain_incomplete};
  }
  return finding;
}

constexpr auto kRules = std::to_array<Rule>({
    {Cause::clock_skew, "clock_skew.alert",
     "certificate_expired (45) for a chain that is valid by its dates; certain where the time in "
     "the "
     "client's hellos is outside of them",
     "the client's clock is right: look for an expired root in its trust store, or an expired "
     "revocation list",
     clock_date},
    {Cause::clock_skew, "clock_skew.hello_time",
     "the time in the client's hellos is outside of the dates of a valid chain, and it leaves",
     "the client's clock is right, or the client puts no time there", clock_shown},
    {Cause::clock_skew, "clock_skew.behind",
     "bad_certificate (42) of an OpenSSL client, or any such word for a certificate not a day old, "
     "and nothing is wrong with the chain",
     "the client's clock is right", clock_behind},
    {Cause::clock_skew, "clock_skew.unseen",
     "certificate_expired (45) for a hidden certificate that others accept, or a clock off by more "
     "than any certificate lasts",
     "the client's clock is right, or s_client shows that the certificate has expired",
     clock_unseen},
    {Cause::interception, "interception.issuer",
     "an issuer of no public root where others are shown another one for the name, or one such "
     "issuer "
     "for many names of the network; certain with both and unknown_ca (48)",
     "s_client from another network shows the same issuer", interception},
    {Cause::client_rejected_certificate, "client_rejected_certificate.valid",
     "the client leaves after the server's certificate, in which nothing is wrong that goes with "
     "its "
     "word",
     "the client's log names a fault of the certificate, or the user cancelled", rejected_valid},
    {Cause::client_rejected_certificate, "client_rejected_certificate.unseen",
     "the client leaves after the server's flight, and the certificate is hidden and not known",
     "the client's log names another reason", rejected_unseen},
});

}  // namespace

std::span<const Rule> trust_rules() { return kRules; }

}  // namespace shakedown::diagnose

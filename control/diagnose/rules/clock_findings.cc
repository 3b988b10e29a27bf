// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rules/clock_findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnose/rules/certificate_words.h"
#include "diagnose/rules/verdict.h"
#include "diagnose/rules/words.h"

namespace shakedown::diagnose {

namespace {

constexpr std::int64_t kHour = 3600 * kNanosPerSecond;
constexpr std::int64_t kDay = 24 * kHour;
/// No public certificate is valid for longer, in days and a margin: a clock that is off by more is
/// outside of any.
constexpr std::int64_t kLongestValiditySeconds = 400 * 86'400LL;

bool valid_by_date(const JudgedChain& judged) {
  return judged.known() && judged.chain != nullptr && !judged.assessment.expired &&
         !judged.assessment.not_yet_valid && judged.assessment.trust != enrich::Trust::not_judged &&
         judged.assessment.trust != enrich::Trust::unreadable;
}

/// By the clock that the client shows in its hellos one of the certificates sent is not valid.
bool outside_by_clock(const Facts& facts) {
  if (!facts.client.clock_known) return false;
  const std::int64_t offset =
      std::clamp<std::int64_t>(facts.client.clock_offset_seconds, -(1LL << 32), 1LL << 32);
  const UnixNanos clock = add_saturating(facts.at, offset * kNanosPerSecond);
  return std::ranges::any_of(
      facts.server_certificate.chain->certificates,
      [clock](const enrich::Certificate& certificate) {
        return certificate.valid_from > clock ||
               (certificate.valid_until.known() && certificate.valid_until < clock);
      });
}

std::string clock_sentence(const Facts& facts) {
  const std::int64_t offset = facts.client.clock_offset_seconds;
  const std::int64_t nanos =
      std::clamp<std::int64_t>(offset < 0 ? -offset : offset, 0, 1LL << 32) * kNanosPerSecond;
  return fmt::format("the client's clock is {} {}, by the time in its ClientHello",
                     duration_text(nanos), offset < 0 ? "behind" : "ahead");
}

std::string validity_sentence(const Facts& facts) {
  const enrich::Certificate& leaf = facts.server_certificate.chain->leaf();
  return fmt::format("the certificate {} is valid, from {} to {}", subject_text(leaf),
                     leaf.not_before, leaf.not_after);
}

/// Of those sent one that no path needs is over: libraries that take the path that was sent, and no
/// other, call the whole expired.
bool sent_an_expired_one(const Facts& facts) {
  return std::ranges::any_of(facts.server_certificate.chain->certificates,
                             [&facts](const enrich::Certificate& certificate) {
                               return certificate.valid_until.known() &&
                                      certificate.valid_until < facts.at;
                             });
}

}  // namespace

std::optional<Finding> clock_date(const Facts& facts) {
  const JudgedChain& judged = facts.server_certificate;
  if (!valid_by_date(judged)) return std::nullopt;
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected || !rejected->said(AlertDescription::certificate_expired)) return std::nullopt;

  Finding finding{.confidence = Confidence::likely, .alike = {Cause::client_rejected_certificate}};
  const bool shows_clock = outside_by_clock(facts);
  const bool good_margin = judged.assessment.margin_nanos > kHour;
  const bool others_too = facts.client.servers_date_rejected >= 2;
  if (shows_clock) {
    finding.confidence = Confidence::certain;
    finding.standing = Standing::told;
  }
  finding.evidence.push_back(alert_sentence(Party::client, AlertDescription::certificate_expired));
  finding.evidence.push_back(validity_sentence(facts));
  if (shows_clock) finding.evidence.push_back(clock_sentence(facts));
  if (others_too) {
    finding.evidence.push_back(fmt::format("the client calls valid certificates of {} expired",
                                           counted(facts.client.servers_date_rejected, "server")));
  }
  tell_acceptance(facts, finding);
  if (std::optional<std::string> source = source_sentence(judged)) {
    finding.evidence.push_back(std::move(*source));
    finding.alike.push_back(Cause::certificate_expired);
  }
  if (!good_margin) {
    finding.evidence.push_back(fmt::format("it expires in {}: a small error is enough",
                                           duration_text(judged.assessment.margin_nanos)));
  }
  if (sent_an_expired_one(facts)) {
    finding.confidence = Confidence::possible;
    finding.standing = Standing::specific;
    finding.against.emplace_back(
        "one of the certificates that were sent has expired, though no path needs it");
  } else if (!shows_clock && !others_too && facts.client.servers_succeeded >= 2) {
    finding.confidence = Confidence::possible;
    finding.against.push_back(
        fmt::format("the client gets along with {}; an expired root in its store says the same",
                    counted(facts.client.servers_succeeded, "server")));
  }
  finding.confidence = bounded_by_source(finding.confidence, judged);
  if (finding.confidence != Confidence::certain) finding.standing = Standing::specific;
  return finding;
}

std::optional<Finding> clock_shown(const Facts& facts) {
  const JudgedChain& judged = facts.server_certificate;
  if (!facts.client.clock_known || !valid_by_date(judged) || !outside_by_clock(facts)) {
    return std::nullopt;
  }
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected || rejected->word == Word::specific || explained(*rejected, facts)) {
    return std::nullopt;
  }
  const bool says = rejected->word == Word::general || rejected->word == Word::hidden;
  Finding finding{.confidence =
                      bounded_by_source(says ? Confidence::likely : Confidence::possible, judged)};
  finding.evidence.push_back(clock_sentence(facts));
  finding.evidence.push_back(validity_sentence(facts));
  finding.evidence.push_back(ending_sentence(facts, Party::client));
  tell_acceptance(facts, finding);
  finding.alike = {Cause::client_rejected_certificate};
  return finding;
}

std::optional<Finding> clock_behind(const Facts& facts) {
  const JudgedChain& judged = facts.server_certificate;
  if (!valid_by_date(judged)) return std::nullopt;
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected || rejected->word != Word::general || explained(*rejected, facts) ||
      outside_by_clock(facts)) {
    return std::nullopt;
  }
  const UnixNanos valid_from = judged.chain->leaf().valid_from;
  const bool fresh = valid_from.known() && add_saturating(valid_from, kDay) > facts.at;
  const bool by_stack = rejected->precise && rejected->said(AlertDescription::bad_certificate);
  if (!by_stack && !fresh) return std::nullopt;
  Finding finding{.confidence = by_stack && fresh ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(ending_sentence(facts, Party::client));
  if (by_stack) {
    finding.evidence.emplace_back(
        "by its offer the client's library says this of a certificate that is not valid yet, and "
        "of "
        "few other things");
  }
  finding.evidence.push_back(
      fresh ? fmt::format("the certificate has been valid for {} only",
                          duration_text(add_saturating(facts.at, -valid_from.value).value))
            : validity_sentence(facts));
  if (facts.client.servers_certificate_rejected >= 2) {
    finding.evidence.push_back(
        fmt::format("the client rejects the certificates of {}",
                    counted(facts.client.servers_certificate_rejected, "server")));
  }
  tell_acceptance(facts, finding);
  finding.confidence = bounded_by_source(finding.confidence, judged);
  finding.alike = {Cause::client_rejected_certificate, Cause::certificate_name_mismatch};
  return finding;
}

std::optional<Finding> clock_unseen(const Facts& facts) {
  if (facts.server_certificate.known()) return std::nullopt;
  const std::int64_t offset = facts.client.clock_offset_seconds;
  const bool far = facts.client.clock_known &&
                   (offset > kLongestValiditySeconds || offset < -kLongestValiditySeconds);
  const bool others_too = facts.client.servers_date_rejected >= 2;
  const bool works = works_for_others(facts);
  if (!far && !others_too && !works) return std::nullopt;
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected) return std::nullopt;
  const bool date = rejected->said(AlertDescription::certificate_expired);
  if (!date && !(far && (rejected->word == Word::general || rejected->word == Word::hidden))) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::likely,
                  .alike = {Cause::certificate_expired, Cause::client_rejected_certificate}};
  finding.evidence.push_back(ending_sentence(facts, Party::client));
  if (far) finding.evidence.push_back(clock_sentence(facts));
  if (others_too) {
    finding.evidence.push_back(fmt::format("the client calls valid certificates of {} expired",
                                           counted(facts.client.servers_date_rejected, "server")));
  }
  if (works) {
    finding.evidence.emplace_back("others succeed here with this name at the same time");
  }
  return finding;
}

}  // namespace shakedown::diagnose

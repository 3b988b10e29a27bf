// SPDX-License-Identifier: Apache-2.0
//
// No cipher suite, group, signature algorithm or application protocol in common. Servers mostly say
// handshake_failure to all of it, so the offer is compared with what succeeds there; and where
// nothing is known of the server, the narrowest part of the offer is the first suspect.
#include "diagnose/rules/offer_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/rules/hello_end.h"
#include "diagnose/rules/offer_shape.h"
#include "diagnose/rules/offer_words.h"

namespace shakedown::diagnose::offer {

namespace {

/// The order in which servers check.
constexpr std::array kOrder = {Cause::version_mismatch, Cause::cipher_mismatch,
                               Cause::group_mismatch, Cause::signature_algorithm_mismatch,
                               Cause::alpn_mismatch};

const enrich::ClientOffer& offer_of(const Facts& facts) { return *facts.handshake.offer; }

std::string offers(std::string_view verb, const std::string& what) {
  return fmt::format("the client {} {}", verb, what);
}

/// What the nearest succeeding hello takes and this one does not.
std::vector<std::uint16_t> schemes_missing(const Facts& facts) {
  std::vector<std::uint16_t> missing;
  if (facts.difference.nearest == nullptr) return missing;
  const auto& mine = offer_of(facts).signature_algorithms;
  for (const std::uint16_t scheme : facts.difference.nearest->offer->signature_algorithms) {
    if (std::find(mine.begin(), mine.end(), scheme) == mine.end()) missing.push_back(scheme);
  }
  return missing;
}

void tell_refusal(const Facts& facts, Finding& finding) {
  finding.evidence.insert(finding.evidence.begin(), refusal_text(facts));
}

/// The parts of the shape that comparing with the server has not cleared.
OfferShape suspect_shape(const Facts& facts) {
  OfferShape shape = shape_of(facts);
  const auto cleared = [&](Cause cause) { return overlap_of(facts, cause) == Overlap::common; };
  if (cleared(Cause::version_mismatch)) shape.version = Remark::none;
  if (cleared(Cause::cipher_mismatch)) shape.cipher_suite = Remark::none;
  if (cleared(Cause::group_mismatch)) shape.named_group = Remark::none;
  if (cleared(Cause::signature_algorithm_mismatch)) shape.signature_algorithm = Remark::none;
  return shape;
}

}  // namespace

Overlap overlap_of(const Facts& facts, Cause cause) {
  const Difference& difference = facts.difference;
  switch (cause) {
    case Cause::version_mismatch:
      return difference.version;
    case Cause::cipher_mismatch:
      return difference.cipher_suite;
    case Cause::group_mismatch:
      return difference.named_group;
    case Cause::signature_algorithm_mismatch:
      return difference.signature_algorithm;
    case Cause::alpn_mismatch:
      return difference.application_protocol;
    default:
      return Overlap::unknown;
  }
}

std::vector<Cause> disjoint_causes(const Facts& facts) {
  std::vector<Cause> causes;
  if (!facts.difference.comparable) return causes;
  for (const Cause cause : kOrder) {
    if (overlap_of(facts, cause) != Overlap::disjoint) continue;
    if (cause == Cause::group_mismatch && !groups_matter(facts)) continue;
    causes.push_back(cause);
  }
  return causes;
}

std::optional<Finding> by_difference(const Facts& facts, Cause cause) {
  const Refusal how = refusal(facts);
  if (how == Refusal::none || how == Refusal::own_words) return std::nullopt;
  if (!facts.difference.comparable || overlap_of(facts, cause) != Overlap::disjoint) {
    return std::nullopt;
  }
  if (facts.handshake.offer == nullptr && cause != Cause::version_mismatch) return std::nullopt;
  std::vector<Cause> causes = disjoint_causes(facts);
  const auto place = std::find(causes.begin(), causes.end(), cause);
  if (place == causes.end()) return std::nullopt;
  // insufficient_security (71) speaks of suites before all else.
  const bool says_suites =
      cause == Cause::cipher_mismatch &&
      facts.alert_from(Party::server) == AlertDescription::insufficient_security;
  const bool first = place == causes.begin() || says_suites;
  // ALPN has an alert of its own; another one speaks against it.
  const bool weak = how == Refusal::silence || cause == Cause::alpn_mismatch;
  Finding finding{.confidence = first && !weak ? Confidence::likely : Confidence::possible};
  causes.erase(place);
  finding.alike = std::move(causes);
  if (facts.difference.nearest_distance == 1 && facts.difference.nearest != nullptr) {
    finding.evidence.emplace_back(
        "nothing else separates this ClientHello from one that succeeds here");
  }
  if (facts.server.fingerprint_succeeded) {
    finding.against.emplace_back("a client with the same fingerprint (JA4) has succeeded here");
  }
  weigh_same_hello(facts, finding);
  return finding;
}

std::optional<Finding> by_shape(const Facts& facts, Cause cause) {
  const Refusal how = refusal(facts);
  if (how != Refusal::vague_alert && how != Refusal::closed && how != Refusal::reset) {
    return std::nullopt;
  }
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  if (alert == AlertDescription::internal_error || alert == AlertDescription::access_denied) {
    return std::nullopt;
  }
  if (alert == AlertDescription::insufficient_security && cause == Cause::version_mismatch) {
    return std::nullopt;
  }
  // What others with the same offer succeed with is not in the offer.
  if (facts.server.fingerprint_succeeded || same_hello_works(facts)) return std::nullopt;
  if (!disjoint_causes(facts).empty()) return std::nullopt;
  const OfferShape shape = suspect_shape(facts);
  const Remark remark = shape.of(cause);
  if (remark == Remark::none || remark < shape.most()) return std::nullopt;
  // A client that is one version behind and sends no name lacks the name in the first place.
  if (remark == Remark::slight && facts.handshake.server_name.empty()) return std::nullopt;
  if (how != Refusal::vague_alert) {
    // Without a word many things end a connection; only an offer from another decade is one of them.
    const bool old = cause == Cause::version_mismatch || cause == Cause::cipher_mismatch;
    if (!old || remark != Remark::strange) return std::nullopt;
  }
  Finding finding{.confidence = Confidence::possible};
  for (const Cause other : kOrder) {
    const bool as_suspect = shape.of(other) == remark;
    const bool usual = remark == Remark::slight && other == Cause::cipher_mismatch;
    if (other != cause && (as_suspect || usual)) finding.alike.push_back(other);
  }
  return finding;
}

std::optional<Finding> cipher_disjoint(const Facts& facts) {
  std::optional<Finding> finding = by_difference(facts, Cause::cipher_mismatch);
  if (!finding) return std::nullopt;
  tell_refusal(facts, *finding);
  finding->evidence.push_back(offers("offers", suites_text(offer_of(facts).cipher_suites)));
  if (!facts.server.cipher_suites.empty()) finding->evidence.push_back(chosen_suites_text(facts));
  return finding;
}

std::optional<Finding> group_disjoint(const Facts& facts) {
  std::optional<Finding> finding = by_difference(facts, Cause::group_mismatch);
  if (!finding) return std::nullopt;
  tell_refusal(facts, *finding);
  finding->evidence.push_back(
      offers("offers the groups", groups_text(offer_of(facts).supported_groups)));
  if (!facts.server.named_groups.empty()) finding->evidence.push_back(chosen_groups_text(facts));
  return finding;
}

std::optional<Finding> signature_disjoint(const Facts& facts) {
  std::optional<Finding> finding = by_difference(facts, Cause::signature_algorithm_mismatch);
  if (!finding) return std::nullopt;
  tell_refusal(facts, *finding);
  finding->evidence.push_back(
      offers("takes signatures by", schemes_text(offer_of(facts).signature_algorithms)));
  const std::vector<std::uint16_t> missing = schemes_missing(facts);
  if (!missing.empty()) {
    finding->evidence.push_back("clients that succeed here also take " + schemes_text(missing));
  }
  return finding;
}

std::optional<Finding> protocol_disjoint(const Facts& facts) {
  std::optional<Finding> finding = by_difference(facts, Cause::alpn_mismatch);
  if (!finding) return std::nullopt;
  tell_refusal(facts, *finding);
  finding->evidence.push_back(
      offers("offers the application protocols", protocols_text(offer_of(facts).alpn)));
  finding->evidence.push_back("what succeeds here is " +
                              protocols_text(facts.server.application_protocols));
  return finding;
}

std::optional<Finding> cipher_by_shape(const Facts& facts) {
  if (facts.handshake.offer == nullptr) return std::nullopt;
  std::optional<Finding> finding = by_shape(facts, Cause::cipher_mismatch);
  if (!finding) return std::nullopt;
  tell_refusal(facts, *finding);
  const bool old = shape_of(facts).cipher_suite == Remark::strange;
  finding->evidence.push_back(offers("offers", suites_text(offer_of(facts).cipher_suites)));
  finding->evidence.emplace_back(old ? "none of them does both ECDHE and authenticated encryption, "
                                       "which servers of these years ask for"
                                     : "all of them encrypt with one and the same cipher");
  return finding;
}

std::optional<Finding> group_by_shape(const Facts& facts) {
  if (facts.handshake.offer == nullptr) return std::nullopt;
  std::optional<Finding> finding = by_shape(facts, Cause::group_mismatch);
  if (!finding) return std::nullopt;
  tell_refusal(facts, *finding);
  const bool strange = shape_of(facts).named_group == Remark::strange;
  finding->evidence.push_back(fmt::format(
      "of groups the client offers {} only{}", groups_text(offer_of(facts).supported_groups),
      strange ? ", and neither x25519 nor secp256r1 nor secp384r1" : ""));
  return finding;
}

std::optional<Finding> signature_by_shape(const Facts& facts) {
  if (facts.handshake.offer == nullptr) return std::nullopt;
  std::optional<Finding> finding = by_shape(facts, Cause::signature_algorithm_mismatch);
  if (!finding) return std::nullopt;
  tell_refusal(facts, *finding);
  finding->evidence.push_back(
      offers("takes signatures only by", schemes_text(offer_of(facts).signature_algorithms)));
  finding->evidence.emplace_back("a server needs a certificate with such a key to answer it");
  if (shape_of(facts).cipher_suite < Remark::strange) {
    finding->alike.push_back(Cause::cipher_mismatch);
  }
  return finding;
}

/// handshake_failure, and nothing about the offer stands out.
std::optional<Finding> cipher_left(const Facts& facts) {
  if (refusal(facts) != Refusal::vague_alert || same_hello_works(facts)) return std::nullopt;
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  if (alert != AlertDescription::handshake_failure &&
      alert != AlertDescription::export_restriction &&
      alert != AlertDescription::insufficient_security) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::possible, .standing = Standing::fallback};
  tell_refusal(facts, finding);
  finding.evidence.emplace_back(
      "servers say so when no suite, group or certificate of theirs suits the offer");
  for (const Cause cause : {Cause::group_mismatch, Cause::signature_algorithm_mismatch}) {
    if (overlap_of(facts, cause) != Overlap::common) finding.alike.push_back(cause);
  }
  finding.alike.push_back(facts.handshake.server_name.empty() ? Cause::sni_missing
                                                              : Cause::sni_unrecognised);
  if (facts.difference.cipher_suite == Overlap::common) {
    finding.against.emplace_back("the client offers a suite that the server takes from others");
  }
  if (facts.server.fingerprint_succeeded) {
    finding.against.emplace_back("a client with the same fingerprint (JA4) has succeeded here");
  }
  return finding;
}

}  // namespace shakedown::diagnose::offer

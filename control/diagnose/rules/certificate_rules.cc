// SPDX-License-Identifier: Apache-2.0
//
// The client does not accept the server's certificate, and something is wrong with it: what the
// client said and what is found in the chain, or in the chain that others were shown where TLS 1.3
// hides it. Where nothing is known of the chain, the client's word alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "diagnose/rule.h"
#include "diagnose/rules/certificate_words.h"
#include "diagnose/rules/verdict.h"
#include "diagnose/rules/words.h"

namespace shakedown::diagnose {

namespace {

/// What is wrong comes first, then who left how, then what others do. To the server's owner it
/// matters that others accept it; so it speaks against a fault of the server.
Finding completed(const Facts& facts, Finding finding, std::string wrong, bool fault_of_server) {
  finding.evidence.insert(finding.evidence.begin(), std::move(wrong));
  if (std::optional<std::string> acceptance = acceptance_sentence(facts)) {
    const bool accepted = accepted_by_others(facts) >= 0.5f;
    (accepted && fault_of_server ? finding.against : finding.evidence)
        .push_back(std::move(*acceptance));
  }
  return finding;
}

std::optional<Finding> expired(const Facts& facts) {
  std::optional<Finding> finding = judge(facts, Problem::expired);
  if (!finding) return std::nullopt;
  return completed(facts, std::move(*finding), expired_text(facts.server_certificate, facts.at),
                   true);
}

std::optional<Finding> not_yet_valid(const Facts& facts) {
  std::optional<Finding> finding = judge(facts, Problem::not_yet_valid);
  if (!finding) return std::nullopt;
  return completed(facts, std::move(*finding),
                   not_yet_valid_text(facts.server_certificate, facts.at), true);
}

std::optional<Finding> name_mismatch(const Facts& facts) {
  std::optional<Finding> finding = judge(facts, Problem::name);
  if (!finding) return std::nullopt;
  if (facts.handshake.has(HandshakeRecord::late_rejection)) {
    finding->evidence.emplace_back("many programs compare the name after the handshake, and close");
  }
  return completed(facts, std::move(*finding),
                   name_text(facts.server_certificate, facts.handshake.server_name), true);
}

std::optional<Finding> of_path(const Facts& facts, Cause cause) {
  const JudgedChain& judged = facts.server_certificate;
  if (!has_problem(judged, Problem::path) || cause_of(judged, Problem::path) != cause) {
    return std::nullopt;
  }
  std::optional<Finding> finding = judge(facts, Problem::path);
  if (!finding) return std::nullopt;
  return completed(facts, std::move(*finding), trust_text(judged), false);
}

std::optional<Finding> chain_incomplete(const Facts& facts) {
  std::optional<Finding> finding = of_path(facts, Cause::chain_incomplete);
  if (!finding) return std::nullopt;
  const JudgedChain& judged = facts.server_certificate;
  switch (judged.assessment.trust) {
    case enrich::Trust::unknown_issuer:
      // By the issuer's name alone.
      finding->confidence = Confidence::possible;
      finding->standing = Standing::specific;
      finding->evidence.emplace_back(
          "the server sends its certificate alone, and the issuer's name is not that of a root");
      break;
    case enrich::Trust::bad_signature:
      finding->remedy =
          "Install the intermediate certificate that issued the server's certificate: the one sent "
          "has its name, but another key.";
      break;
    default:
      finding->evidence.push_back(fmt::format(
          "{} sent; {}",
          counted(static_cast<double>(judged.chain->certificates.size()), "certificate"),
          judged.assessment.issuer_from_elsewhere ? "the missing one is known from other servers"
                                                  : "the missing one is known here"));
      break;
  }
  return finding;
}

std::optional<Finding> untrusted_ca(const Facts& facts) {
  std::optional<Finding> finding = of_path(facts, Cause::untrusted_ca);
  if (finding && facts.server_certificate.assessment.trust == enrich::Trust::unknown_issuer &&
      facts.server_certificate.chain->certificates.size() > 1) {
    finding->evidence.emplace_back("an intermediate was sent, and roots usually are not");
  }
  return finding;
}

std::optional<Finding> self_signed(const Facts& facts) {
  return of_path(facts, Cause::self_signed);
}

std::optional<Finding> revoked(const Facts& facts) {
  std::optional<Finding> finding = judge(facts, Problem::revoked);
  if (!finding) return std::nullopt;
  return completed(facts, std::move(*finding), revoked_text(facts.server_certificate), true);
}

std::optional<Finding> weak(const Facts& facts) {
  std::optional<Finding> finding = judge(facts, Problem::weak);
  if (!finding) return std::nullopt;
  return completed(facts, std::move(*finding), weak_text(facts.server_certificate), true);
}

std::optional<Finding> wrong_usage(const Facts& facts) {
  std::optional<Finding> finding = judge(facts, Problem::usage);
  if (!finding) return std::nullopt;
  return completed(facts, std::move(*finding), usage_text(facts.server_certificate, true), true);
}

/// The word alone: the client sent `alert`, and the chain is not known, or over a limit.
std::optional<Finding> word_alone(const Facts& facts, AlertDescription alert, Confidence confidence,
                                  std::initializer_list<Cause> alike) {
  const JudgedChain& judged = facts.server_certificate;
  const bool judged_here = judged.known() && judged.assessment.trust != enrich::Trust::not_judged &&
                           judged.assessment.trust != enrich::Trust::unreadable;
  if (judged_here) return std::nullopt;
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected || !rejected->said(alert)) return std::nullopt;
  Finding finding{.confidence = confidence, .alike = alike};
  if (confidence == Confidence::likely) finding.standing = Standing::told;
  finding.evidence.push_back(alert_sentence(Party::client, alert));
  finding.evidence.emplace_back(judged.known() ? "the certificate could not be judged here"
                                               : "the certificate itself was not seen");
  return finding;
}

std::optional<Finding> expired_word(const Facts& facts) {
  std::optional<Finding> finding =
      word_alone(facts, AlertDescription::certificate_expired, Confidence::likely,
                 {Cause::clock_skew, Cause::certificate_not_yet_valid});
  if (!finding) return std::nullopt;
  // Others go on with this name, or the client says so everywhere: then it is the client's clock.
  const bool works = works_for_others(facts);
  if (works || facts.client.servers_date_rejected >= 2) {
    finding->confidence = Confidence::possible;
    finding->standing = Standing::specific;
    finding->against.emplace_back(
        works ? "others succeed here with this name at the same time"
              : "the client calls valid certificates of other servers expired as well");
  }
  return finding;
}

std::optional<Finding> unknown_ca_word(const Facts& facts) {
  std::optional<Finding> finding =
      word_alone(facts, AlertDescription::unknown_ca, Confidence::possible,
                 {Cause::chain_incomplete, Cause::self_signed, Cause::interception});
  if (!finding) return std::nullopt;
  if (facts.server.name_successes >= 1.0f) {
    finding->evidence.push_back(fmt::format("{} with this name ended well here lately",
                                            counted(facts.server.name_successes, "handshake")));
  }
  return finding;
}

std::optional<Finding> revoked_word(const Facts& facts) {
  const std::optional<Rejection> rejected = rejection(facts);
  if (!rejected || !rejected->said(AlertDescription::certificate_revoked)) return std::nullopt;
  const JudgedChain& judged = facts.server_certificate;
  if (has_problem(judged, Problem::revoked)) return std::nullopt;  // revoked() tells more
  Finding finding{.confidence = Confidence::likely, .standing = Standing::told};
  finding.evidence.push_back(alert_sentence(Party::client, AlertDescription::certificate_revoked));
  if (judged.known()) {
    finding.evidence.push_back(
        fmt::format("the certificate is {}", subject_text(judged.chain->leaf())));
  }
  if (judged.source == ChainSource::wire && judged.assessment.staple == enrich::Staple::good) {
    finding.against.emplace_back("the OCSP response that the server staples calls it good");
  }
  return finding;
}

std::optional<Finding> usage_word(const Facts& facts) {
  return word_alone(facts, AlertDescription::unsupported_certificate, Confidence::possible,
                    {Cause::certificate_weak, Cause::signature_algorithm_mismatch});
}

constexpr auto kRules = std::to_array<Rule>({
    {Cause::certificate_expired, "certificate_expired.dates",
     "a certificate on the path is expired at packet time, and the client leaves after it; certain "
     "with certificate_expired (45) and the chain in this handshake",
     "the chain that the server sends is valid by its dates, or the sensor's clock is wrong",
     expired},
    {Cause::certificate_not_yet_valid, "certificate_not_yet_valid.dates",
     "a certificate on the path becomes valid later than packet time, and the client leaves after "
     "it",
     "the chain that the server sends is valid by its dates, or the sensor's clock is wrong",
     not_yet_valid},
    {Cause::chain_incomplete, "chain_incomplete.path",
     "the path to a root needs a certificate that the server has not sent, and the client leaves",
     "s_client -showcerts shows the intermediate, or the client fails with the full chain as well",
     chain_incomplete},
    {Cause::self_signed, "self_signed.path",
     "the leaf signed itself and is no trust anchor, and the client leaves; certain with "
     "unknown_ca "
     "(48) and the right name",
     "the client has this very certificate among those that it trusts", self_signed},
    {Cause::untrusted_ca, "untrusted_ca.path",
     "the path ends at a root that is neither public nor configured, or at an issuer that nobody "
     "has "
     "shown, and the client leaves; certain with unknown_ca (48), the root known and seen from two "
     "networks",
     "the root is in the client's trust store", untrusted_ca},
    {Cause::certificate_name_mismatch, "certificate_name_mismatch.names",
     "the name that was asked for is none of the certificate's (RFC 6125), and the client leaves",
     "the client checks another name than it sends, or none", name_mismatch},
    {Cause::certificate_wrong_usage, "certificate_wrong_usage.extensions",
     "key usage, extended key usage or basic constraints do not allow a TLS server, and the client "
     "leaves; certain with unsupported_certificate (43)",
     "the client's log names another reason", wrong_usage},
    {Cause::certificate_revoked, "certificate_revoked.status",
     "a stapled OCSP response or a revocation list revokes the certificate, and the client leaves; "
     "certain with certificate_revoked (44)",
     "the authority's responder calls it good", revoked},
    {Cause::certificate_weak, "certificate_weak.strength",
     "RSA below 2048 bits, a small curve, DSA, or MD5 or SHA-1 below the root, and the client "
     "leaves",
     "the client's log names another reason, or it accepts such keys elsewhere", weak},
    {Cause::certificate_expired, "certificate_expired.alert",
     "certificate_expired (45), and the certificate is hidden and not known",
     "s_client shows a certificate that is valid: then look at the client's clock", expired_word},
    {Cause::certificate_revoked, "certificate_revoked.alert",
     "certificate_revoked (44), and nothing here says that it is revoked",
     "the authority's responder and its revocation list call it good", revoked_word},
    {Cause::untrusted_ca, "untrusted_ca.alert",
     "unknown_ca (48), and the certificate is hidden and not known",
     "s_client -showcerts shows a chain to a root that the client has", unknown_ca_word},
    {Cause::certificate_wrong_usage, "certificate_wrong_usage.alert",
     "unsupported_certificate (43), and the certificate is hidden and not known",
     "s_client shows a certificate with serverAuth and a common key", usage_word},
});

}  // namespace

std::span<const Rule> certificate_rules() { return kRules; }

}  // namespace shakedown::diagnose

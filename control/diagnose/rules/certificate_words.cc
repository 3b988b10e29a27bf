// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rules/certificate_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnose/rules/words.h"
#include "export/text.h"
#include "export/tls_names.h"

namespace shakedown::diagnose {

namespace {

constexpr std::size_t kNamesTold = 3;
constexpr std::size_t kDigestTold = 16;

std::string cut(std::string_view text) {
  return exporting::terminal_text(text, kCertificateTextMax);
}

const enrich::Certificate& leaf(const JudgedChain& judged) { return judged.chain->leaf(); }

std::int64_t distance(UnixNanos from, UnixNanos to) {
  return from.value == 0 ? 0 : add_saturating(to, -from.value).value;
}

std::string_view digest_text(enrich::SignatureDigest digest) {
  switch (digest) {
    case enrich::SignatureDigest::md5:
      return "MD5";
    case enrich::SignatureDigest::sha1:
      return "SHA-1";
    case enrich::SignatureDigest::sha2:
      return "SHA-2";
    case enrich::SignatureDigest::unknown:
    case enrich::SignatureDigest::built_in:
      return {};
  }
  return {};
}

/// The certificate that a sentence is about.
struct Blamed {
  const enrich::Certificate* certificate = nullptr;  ///< null: not one that was sent
  std::size_t place = 0;

  [[nodiscard]] std::string text(const JudgedChain& judged) const {
    if (certificate == nullptr) return "an authority above " + subject_text(leaf(judged));
    return (place == 0 ? "the certificate " : "the intermediate certificate ") +
           subject_text(*certificate);
  }
};

/// The culprit of the assessment if `wrong` is true of it, for it may be there for another problem;
/// else the first one sent of which it is.
template <class Predicate>
Blamed blamed(const JudgedChain& judged, Predicate wrong) {
  const enrich::CertificateList& certificates = judged.chain->certificates;
  const int culprit = judged.assessment.culprit;
  if (culprit >= 0 && static_cast<std::size_t>(culprit) < certificates.size()) {
    const auto place = static_cast<std::size_t>(culprit);
    if (wrong(certificates[place])) return {&certificates[place], place};
  }
  for (std::size_t place = 0; place < certificates.size(); ++place) {
    if (wrong(certificates[place])) return {&certificates[place], place};
  }
  return {};
}

bool any(const enrich::Certificate&) { return true; }

bool has_weak_key(const enrich::Certificate& certificate) {
  switch (certificate.key) {
    case enrich::KeyKind::rsa:
      return certificate.key_bits < 2048;
    case enrich::KeyKind::ec:
      return certificate.key_bits < 224;
    case enrich::KeyKind::dsa:
      return true;
    case enrich::KeyKind::eddsa:
    case enrich::KeyKind::unknown:
      return false;
  }
  return false;
}

bool has_weak_signature(const enrich::Certificate& certificate) {
  return !certificate.self_issued && (certificate.digest == enrich::SignatureDigest::md5 ||
                                      certificate.digest == enrich::SignatureDigest::sha1);
}

}  // namespace

std::string subject_text(const enrich::Certificate& certificate) {
  if (!certificate.subject.empty()) return cut(certificate.subject);
  return fmt::format("without a subject (SHA-256 {}...)",
                     certificate.sha256.substr(0, kDigestTold));
}

std::string issuer_text(const JudgedChain& judged) {
  const std::string& missing = judged.assessment.issuer;
  return cut(missing.empty() ? leaf(judged).issuer : missing);
}

std::string names_text(const enrich::Certificate& certificate) {
  std::string text;
  const std::size_t told = std::min(kNamesTold, certificate.names.size());
  for (std::size_t i = 0; i < told; ++i) {
    if (i > 0) text += ", ";
    text += cut(certificate.names[i]);
  }
  if (told == 0) return "no name at all";
  if (certificate.name_count > told)
    text += fmt::format(" and {} more", certificate.name_count - told);
  return text;
}

std::string key_text(const enrich::Certificate& certificate) {
  switch (certificate.key) {
    case enrich::KeyKind::rsa:
      return fmt::format("RSA key of {} bits", certificate.key_bits);
    case enrich::KeyKind::ec:
      return fmt::format("elliptic-curve key of {} bits", certificate.key_bits);
    case enrich::KeyKind::eddsa:
      return "EdDSA key";
    case enrich::KeyKind::dsa:
      return fmt::format("DSA key of {} bits", certificate.key_bits);
    case enrich::KeyKind::unknown:
      return "key of an unknown kind";
  }
  return {};
}

std::string expired_text(const JudgedChain& judged, UnixNanos at) {
  const Blamed found = blamed(judged, [at](const enrich::Certificate& certificate) {
    return certificate.valid_until.known() && certificate.valid_until < at;
  });
  if (found.certificate == nullptr) {
    return fmt::format("{} expired {} before", found.text(judged),
                       duration_text(-judged.assessment.margin_nanos));
  }
  return fmt::format("{} expired {} before, on {}", found.text(judged),
                     duration_text(distance(found.certificate->valid_until, at)),
                     found.certificate->not_after);
}

std::string not_yet_valid_text(const JudgedChain& judged, UnixNanos at) {
  const Blamed found = blamed(
      judged, [at](const enrich::Certificate& certificate) { return certificate.valid_from > at; });
  if (found.certificate == nullptr) return found.text(judged) + " is not valid yet";
  return fmt::format("{} becomes valid {} later, on {}", found.text(judged),
                     duration_text(distance(at, found.certificate->valid_from)),
                     found.certificate->not_before);
}

std::string name_text(const JudgedChain& judged, std::string_view server_name) {
  if (judged.assessment.name == enrich::NameMatch::no_names) {
    return fmt::format("the certificate {} holds no name; the client asked for {}",
                       subject_text(leaf(judged)), cut(server_name));
  }
  const enrich::Certificate& certificate = leaf(judged);
  return fmt::format(
      "the client asked for {}; the certificate is for {}", cut(server_name),
      certificate.names.empty() ? subject_text(certificate) : names_text(certificate));
}

std::string weak_text(const JudgedChain& judged) {
  if (judged.assessment.weak_key) {
    const Blamed found = blamed(judged, has_weak_key);
    if (found.certificate == nullptr) return found.text(judged) + " has a weak key";
    return fmt::format("{} has an {}", found.text(judged), key_text(*found.certificate));
  }
  const Blamed found = blamed(judged, has_weak_signature);
  if (found.certificate == nullptr) return found.text(judged) + " has an outdated signature";
  return fmt::format("{} is signed with {}", found.text(judged),
                     digest_text(found.certificate->digest));
}

std::string usage_text(const JudgedChain& judged, bool for_server) {
  const enrich::Certificate& shown = leaf(judged);
  if (for_server ? shown.server_usage : shown.client_usage) {
    const enrich::CertificateList& certificates = judged.chain->certificates;
    for (std::size_t place = 1; place < certificates.size(); ++place) {
      if (certificates[place].authority) continue;
      return Blamed{&certificates[place], place}.text(judged) + " may not issue certificates";
    }
  }
  return fmt::format("the key usage of {} does not allow a TLS {}", subject_text(shown),
                     for_server ? "server" : "client");
}

std::string revoked_text(const JudgedChain& judged) {
  return fmt::format("{} is revoked, says {}", blamed(judged, any).text(judged),
                     judged.assessment.revoked_by_list
                         ? "its authority's revocation list"
                         : "the OCSP response that the server staples");
}

std::string trust_text(const JudgedChain& judged) {
  const std::string subject = subject_text(leaf(judged));
  const std::string issuer = issuer_text(judged);
  switch (judged.assessment.trust) {
    case enrich::Trust::intermediate_missing:
      return fmt::format("{} was sent without {}, which leads to a trusted root", subject, issuer);
    case enrich::Trust::self_signed:
      return fmt::format("the certificate {} is signed by itself", subject);
    case enrich::Trust::unknown_root:
      return fmt::format("{} leads to the root {}, which is no public or configured one", subject,
                         issuer);
    case enrich::Trust::unknown_issuer:
      return fmt::format("the path of {} ends at {}, which nobody has shown", subject, issuer);
    case enrich::Trust::bad_signature:
      return fmt::format("{} was sent with {} as its issuer, which has not signed it", subject,
                         issuer);
    case enrich::Trust::trusted:
      return fmt::format("the certificate {} leads to a trusted root", subject);
    case enrich::Trust::not_judged:
    case enrich::Trust::unreadable:
      return fmt::format("the certificate {} could not be judged here", subject);
  }
  return {};
}

std::string alert_sentence(Party party, AlertDescription alert) {
  return fmt::format("the {} sent the alert {} ({})", exporting::party_name(party),
                     exporting::alert_name(alert), static_cast<unsigned>(alert));
}

std::string ending_sentence(const Facts& facts, Party party) {
  if (const std::optional<AlertDescription> alert = facts.alert_from(party)) {
    return alert_sentence(party, *alert);
  }
  const std::string who(exporting::party_name(party));
  if (facts.handshake.has(HandshakeRecord::late_rejection)) {
    return fmt::format("the {} finished the handshake and left without having sent anything", who);
  }
  const std::string_view after =
      party == Party::client ? "the server's certificate" : "the client's answer";
  switch (facts.record.outcome.kind) {
    case OutcomeKind::reset:
      return fmt::format("the {} reset the connection after {}", who, after);
    case OutcomeKind::closed:
      return fmt::format("the {} closed the connection after {}", who, after);
    case OutcomeKind::encrypted_alert:
      return fmt::format("the {} sent an encrypted alert after {}", who, after);
    default:
      return fmt::format("the {} ended the handshake after {}", who, after);
  }
}

std::optional<std::string> source_sentence(const JudgedChain& judged) {
  const std::string age = duration_text(judged.age_nanos);
  switch (judged.source) {
    case ChainSource::none:
    case ChainSource::wire:
      return std::nullopt;
    case ChainSource::same_name:
      return fmt::format(
          "the certificate was hidden; another client was shown this one for the name {} before",
          age);
    case ChainSource::same_endpoint:
      return fmt::format(
          "the certificate was hidden; this one was shown here for another name {} before", age);
    case ChainSource::same_client:
      return fmt::format(
          "the client's certificate was hidden; it sent this one in the clear {} before", age);
  }
  return std::nullopt;
}

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// The server asked for a client certificate: none came, or one that it does not accept.
//
// What servers say (their sources, and the laboratory): of none, OpenSSL, HAProxy, stunnel and
// Python handshake_failure(40), GnuTLS decode_error(50), NSS and Go bad_certificate(42), Java
// handshake_failure(40), and in TLS 1.3 all of them certificate_required(116); of one that they do
// not accept, OpenSSL the alert of the reason, Java certificate_unknown(46), GnuTLS
// access_denied(49), NSS unknown_ca(48) and the like; Node closes. nginx and Apache answer in HTTP,
// which is no failure of TLS.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/rule.h"
#include "diagnose/rules/certificate_words.h"
#include "diagnose/rules/verdict.h"
#include "diagnose/rules/words.h"

namespace shakedown::diagnose {

namespace {

bool is_one_of(std::optional<AlertDescription> alert,
               std::initializer_list<AlertDescription> descriptions) {
  return alert && std::ranges::find(descriptions, *alert) != descriptions.end();
}

/// Alerts that, from a server after the client's flight, are about the client's certificate and
/// nothing else.
bool is_about_certificate(std::optional<AlertDescription> alert) {
  return is_one_of(
      alert, {AlertDescription::no_certificate, AlertDescription::bad_certificate,
              AlertDescription::unsupported_certificate, AlertDescription::certificate_revoked,
              AlertDescription::certificate_expired, AlertDescription::certificate_unknown,
              AlertDescription::unknown_ca});
}

bool dropped(const Facts& facts) {
  return facts.failed(OutcomeKind::closed) || facts.failed(OutcomeKind::reset);
}

bool hid_its_alert(const Facts& facts) {
  return facts.failed(OutcomeKind::encrypted_alert) ||
         (facts.failed(OutcomeKind::alert) && !facts.alert_from(Party::server) &&
          !facts.handshake.has(HandshakeRecord::close_notify_server));
}

void tell_of_server(const Facts& facts, Finding& finding) {
  if (facts.server.client_certificates_accepted == 0) return;
  finding.evidence.push_back(
      fmt::format("{} with a client certificate ended well at this server",
                  counted(facts.server.client_certificates_accepted, "handshake")));
}

// -- Missing ----------------------------------------------------------------------------------------

std::optional<Finding> missing_said(const Facts& facts) {
  if (facts.alert_from(Party::server) != AlertDescription::certificate_required) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::certain, .standing = Standing::told};
  finding.evidence.push_back(alert_sentence(Party::server, AlertDescription::certificate_required));
  tell_of_server(facts, finding);
  return finding;
}

std::optional<Finding> missing_empty(const Facts& facts) {
  if (facts.record.client_certificate != ClientCertificate::empty ||
      !facts.server_may_have_rejected()) {
    return std::nullopt;
  }
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  if (alert == AlertDescription::certificate_required) return std::nullopt;  // missing_said()
  Finding finding;
  if (is_about_certificate(alert) || alert == AlertDescription::handshake_failure) {
    // RFC 5246 §7.4.6: the server may answer an empty list with a fatal handshake_failure.
    finding.confidence = Confidence::certain;
    finding.standing = Standing::told;
  } else if (is_one_of(alert, {AlertDescription::decode_error, AlertDescription::access_denied}) ||
             hid_its_alert(facts) || dropped(facts)) {
    finding.confidence = Confidence::likely;
  } else if (!alert ||
             is_one_of(alert, {AlertDescription::bad_record_mac, AlertDescription::decrypt_error,
                               AlertDescription::decryption_failed})) {
    return std::nullopt;
  }
  finding.evidence.emplace_back(
      "the server asked for a certificate, and the client sent an empty list");
  finding.evidence.push_back(ending_sentence(facts, Party::server));
  if (dropped(facts)) finding.alike = {Cause::server_crash};
  tell_of_server(facts, finding);
  return finding;
}

/// TLS 1.3: the client's flight is hidden, but not its size.
std::optional<Finding> missing_inferred(const Facts& facts) {
  if (facts.record.client_certificate != ClientCertificate::inferred_empty ||
      !facts.server_may_have_rejected() || facts.alert_from(Party::server)) {
    return std::nullopt;
  }
  if (!hid_its_alert(facts) && !dropped(facts)) return std::nullopt;
  Finding finding{.confidence = hid_its_alert(facts) ? Confidence::likely : Confidence::possible};
  if (facts.server.client_certificates_accepted > 0) finding.confidence = Confidence::likely;
  finding.evidence.emplace_back(
      "by its length the client's encrypted flight holds an empty certificate list");
  finding.evidence.push_back(ending_sentence(facts, Party::server));
  tell_of_server(facts, finding);
  if (dropped(facts)) finding.alike = {Cause::server_crash};
  return finding;
}

/// Browsers leave when they are asked for a certificate, ask their user, and come back with the
/// answer.
std::optional<Finding> missing_left(const Facts& facts) {
  if (!facts.ended_by(Party::client) || !facts.reached(Stage::server_hello)) return std::nullopt;
  if (facts.handshake.has(ServerHelloFacts::resumed)) return std::nullopt;
  const std::optional<AlertDescription> alert = facts.alert_from(Party::client);
  const bool gave_a_word = alert && alert != AlertDescription::no_certificate;
  if (gave_a_word || facts.failed(OutcomeKind::encrypted_alert)) return std::nullopt;
  const bool asked = facts.record.client_certificate == ClientCertificate::requested;
  // TLS 1.3 hides the request; that most who succeed have sent a certificate tells of it.
  const bool usual = facts.tls13() && facts.server.client_certificates_accepted > 0 &&
                     static_cast<float>(facts.server.client_certificates_accepted) >=
                         facts.server.successes / 2.0f;
  if (!asked && !usual && alert != AlertDescription::no_certificate) return std::nullopt;
  Finding finding{.confidence = Confidence::possible,
                  .alike = {Cause::client_rejected_certificate, Cause::client_abort}};
  if (alert == AlertDescription::no_certificate) {
    finding.confidence = Confidence::likely;
    finding.evidence.push_back(alert_sentence(Party::client, *alert));
  } else if (!dropped(facts)) {
    return std::nullopt;
  }
  finding.evidence.emplace_back(
      asked ? "the server asked for a certificate, and the client left without an answer"
            : "most who succeed here send a certificate; this client left before that");
  tell_of_server(facts, finding);
  return finding;
}

// -- Not accepted -----------------------------------------------------------------------------------

bool sent(const Facts& facts) {
  return facts.record.client_certificate == ClientCertificate::sent ||
         facts.record.client_certificate == ClientCertificate::inferred_sent;
}

bool is_weak(const JudgedChain& judged) {
  return judged.known() && judged.chain != nullptr &&
         (judged.assessment.weak_key || judged.assessment.weak_signature);
}

/// The server's word goes with a weakness: it is general, or about strength.
bool may_mean_weak(std::optional<AlertDescription> alert) {
  return !alert ||
         is_one_of(alert,
                   {AlertDescription::bad_certificate, AlertDescription::unsupported_certificate,
                    AlertDescription::certificate_unknown, AlertDescription::access_denied,
                    AlertDescription::handshake_failure, AlertDescription::insufficient_security});
}

/// That the server's ending is about the certificate it was sent.
std::optional<Confidence> rejected_confidence(const Facts& facts) {
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  if (is_about_certificate(alert)) {
    return facts.record.client_certificate == ClientCertificate::sent ? Confidence::certain
                                                                      : Confidence::likely;
  }
  if (is_one_of(alert, {AlertDescription::access_denied, AlertDescription::handshake_failure})) {
    return Confidence::likely;
  }
  if (is_one_of(alert,
                {AlertDescription::internal_error, AlertDescription::insufficient_security})) {
    return Confidence::possible;
  }
  if (alert) return std::nullopt;  // a word for something else
  if (hid_its_alert(facts)) return Confidence::likely;
  if (!dropped(facts)) return std::nullopt;
  // It had all that it needs to judge, and left.
  return facts.reached(Stage::client_finished) ? Confidence::likely : Confidence::possible;
}

/// What is wrong with the client's chain besides its strength, by our own reading. That its
/// authority is not known here is usual.
void tell_of_chain(const Facts& facts, Finding& finding) {
  const JudgedChain& judged = facts.client_certificate;
  if (!judged.known() || judged.chain == nullptr) return;
  const enrich::Certificate& leaf = judged.chain->leaf();
  const enrich::Assessment& assessment = judged.assessment;
  if (std::optional<std::string> source = source_sentence(judged)) {
    finding.evidence.push_back(std::move(*source));
  }
  if (assessment.expired) {
    finding.evidence.push_back(expired_text(judged, facts.at));
    finding.remedy = "Renew the client's certificate and watch its dates.";
  } else if (assessment.not_yet_valid) {
    finding.evidence.push_back(not_yet_valid_text(judged, facts.at));
  } else if (assessment.revoked) {
    finding.evidence.push_back(revoked_text(judged));
  } else if (assessment.wrong_usage) {
    finding.evidence.push_back(usage_text(judged, false));
    finding.remedy = "Issue the client a certificate whose extended key usage has clientAuth.";
  } else {
    finding.evidence.push_back(fmt::format("the client's certificate is {}, issued by {}",
                                           subject_text(leaf), issuer_text(judged)));
  }
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  if (alert == AlertDescription::certificate_expired && !assessment.expired) {
    finding.against.push_back(
        fmt::format("it is valid until {}: see the server's clock and its revocation list as well",
                    leaf.not_after));
  }
  if (alert == AlertDescription::unknown_ca &&
      assessment.trust == enrich::Trust::intermediate_missing) {
    finding.evidence.push_back(trust_text(judged));
    finding.remedy =
        "Let the client send its intermediate certificate as well, or install it at the server.";
  }
}

std::optional<Finding> rejected_weak(const Facts& facts) {
  const JudgedChain& judged = facts.client_certificate;
  if (!sent(facts) || !facts.server_may_have_rejected() || !is_weak(judged)) return std::nullopt;
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  const std::optional<Confidence> ended = rejected_confidence(facts);
  if (!ended || !may_mean_weak(alert)) return std::nullopt;
  Finding finding{.confidence = bounded_by_source(std::min(*ended, Confidence::likely), judged),
                  .alike = {Cause::client_certificate_rejected}};
  if (judged.assessment.expired || judged.assessment.wrong_usage || judged.assessment.revoked) {
    finding.confidence = Confidence::possible;  // these come first
  }
  finding.evidence.push_back(weak_text(judged));
  finding.evidence.push_back(ending_sentence(facts, Party::server));
  if (std::optional<std::string> source = source_sentence(judged)) {
    finding.evidence.push_back(std::move(*source));
  }
  tell_of_server(facts, finding);
  return finding;
}

std::optional<Finding> rejected_other(const Facts& facts) {
  if (!sent(facts) || !facts.server_may_have_rejected()) return std::nullopt;
  const std::optional<Confidence> ended = rejected_confidence(facts);
  if (!ended) return std::nullopt;
  const JudgedChain& judged = facts.client_certificate;
  Finding finding{.confidence = *ended};
  const bool weakness = is_weak(judged) && may_mean_weak(facts.alert_from(Party::server));
  const bool other_fault =
      judged.known() &&
      (judged.assessment.expired || judged.assessment.wrong_usage || judged.assessment.revoked);
  if (weakness) {
    finding.alike.push_back(Cause::client_certificate_weak);
    finding.confidence =
        other_fault ? std::min(finding.confidence, Confidence::likely) : Confidence::possible;
  } else if (!judged.known() && may_mean_weak(facts.alert_from(Party::server))) {
    finding.alike.push_back(Cause::client_certificate_weak);
    // What was sent may be weak for all that is known; then that is the cause.
    finding.confidence = std::min(finding.confidence, Confidence::likely);
  }
  if (finding.confidence == Confidence::certain) finding.standing = Standing::told;
  finding.evidence.push_back(ending_sentence(facts, Party::server));
  if (facts.record.client_certificate == ClientCertificate::inferred_sent) {
    finding.evidence.emplace_back(
        "by its length the client's encrypted flight holds a certificate");
  }
  tell_of_chain(facts, finding);
  tell_of_server(facts, finding);
  if (dropped(facts)) finding.alike.push_back(Cause::server_crash);
  return finding;
}

constexpr auto kRules = std::to_array<Rule>({
    {Cause::client_certificate_missing, "client_certificate_missing.alert",
     "the server sends certificate_required (116)", "nothing; the server has said it",
     missing_said},
    {Cause::client_certificate_missing, "client_certificate_missing.empty",
     "the client answers a CertificateRequest with an empty list, and the server ends it; certain "
     "with "
     "handshake_failure (40) or an alert about certificates",
     "the server's log names another reason, or it accepts other clients without a certificate",
     missing_empty},
    {Cause::client_certificate_missing, "client_certificate_missing.inferred",
     "TLS 1.3: the client's flight is as long as one with an empty list, and the server ends it",
     "the server's log shows that a certificate came, or that none is asked for", missing_inferred},
    {Cause::client_certificate_weak, "client_certificate_weak.strength",
     "the client's certificate has RSA below 2048 bits, a small curve, DSA, MD5 or SHA-1, and the "
     "server ends it without a word for another fault",
     "the server accepts such certificates from others", rejected_weak},
    {Cause::client_certificate_rejected, "client_certificate_rejected.sent",
     "the client sends a certificate and the server ends it after the client's flight; certain "
     "with "
     "an alert about certificates",
     "the server's log names another reason, such as a crash or a limit", rejected_other},
    {Cause::client_certificate_missing, "client_certificate_missing.left",
     "the client closes when it is asked for a certificate, as browsers do to ask their user",
     "the client leaves servers that ask for none as well", missing_left},
});

}  // namespace

std::span<const Rule> client_certificate_rules() { return kRules; }

}  // namespace shakedown::diagnose

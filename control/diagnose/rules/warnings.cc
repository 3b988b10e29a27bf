// SPDX-License-Identifier: Apache-2.0
//
// What a client accepted although a careful one would not, or soon will not: of certificates that
// were in the handshake itself. That an authority is not known here is no warning, because the
// client has its reasons to trust it.
#include <fmt/format.h>

#include "diagnose/diagnoser.h"
#include "diagnose/rules/certificate_words.h"
#include "diagnose/rules/words.h"

namespace shakedown::diagnose {

namespace {

class Collector {
 public:
  explicit Collector(std::vector<Warning>& warnings) : warnings_(warnings) {}

  void add(std::string_view id, std::string text) {
    if (warnings_.size() < kHandshakeWarningCountMax) {
      warnings_.push_back({.id = id, .text = std::move(text), .diagnosis = nullptr});
    }
  }

 private:
  std::vector<Warning>& warnings_;
};

bool on_the_wire(const JudgedChain& judged) {
  return judged.source == ChainSource::wire && judged.chain != nullptr;
}

/// The moment that was judged, by the margin: the end of a path is that of its leaf, or of the
/// certificate that is to blame.
UnixNanos moment_of(const JudgedChain& judged) {
  const enrich::CertificateList& certificates = judged.chain->certificates;
  const int culprit = judged.assessment.culprit;
  const auto place = static_cast<std::size_t>(culprit < 0 ? 0 : culprit);
  const enrich::Certificate& first =
      place < certificates.size() ? certificates[place] : certificates.front();
  return add_saturating(first.valid_until, -judged.assessment.margin_nanos);
}

std::string soon_text(const JudgedChain& judged) {
  return fmt::format("the certificate {} expires in {}, on {}", subject_text(judged.chain->leaf()),
                     duration_text(judged.assessment.margin_nanos), judged.chain->leaf().not_after);
}

void add_faults_of_server(const JudgedChain& judged, Collector& add) {
  const enrich::Assessment& assessment = judged.assessment;
  if (assessment.revoked) add.add("certificate_revoked", revoked_text(judged));
  if (assessment.expired) {
    add.add("certificate_expired", expired_text(judged, moment_of(judged)));
  }
  if (assessment.not_yet_valid)
    add.add("certificate_not_yet_valid", not_yet_valid_text(judged, moment_of(judged)));
  if (assessment.name == enrich::NameMatch::differs ||
      assessment.name == enrich::NameMatch::no_names) {
    add.add("certificate_name_mismatch",
            fmt::format("the certificate {} is for {}, not for the name that the client asked for",
                        subject_text(judged.chain->leaf()), names_text(judged.chain->leaf())));
  }
  if (assessment.wrong_usage) add.add("certificate_wrong_usage", usage_text(judged, true));
  if (assessment.weak_key || assessment.weak_signature) {
    add.add("certificate_weak", weak_text(judged));
  }
  if (assessment.trust == enrich::Trust::intermediate_missing ||
      assessment.trust == enrich::Trust::bad_signature) {
    add.add("chain_incomplete", trust_text(judged));
  }
  if (assessment.expires_soon && !assessment.expired) {
    add.add("certificate_expires_soon", soon_text(judged));
  }
}

void add_staple(const JudgedChain& judged, Collector& add) {
  const std::string subject = subject_text(judged.chain->leaf());
  switch (judged.assessment.staple) {
    case enrich::Staple::expired:
      add.add(
          "staple_expired",
          fmt::format("the OCSP response that the server staples for {} is out of date", subject));
      return;
    case enrich::Staple::unusable:
      add.add(
          "staple_unusable",
          fmt::format("the OCSP response that the server staples for {} is of no use", subject));
      return;
    case enrich::Staple::unknown:
      add.add("staple_unknown",
              fmt::format("the authority's responder does not know the certificate {}", subject));
      return;
    case enrich::Staple::none:
      if (judged.assessment.staple_missing) {
        add.add(
            "staple_missing",
            fmt::format("the certificate {} demands a stapled OCSP response (RFC 7633), and none "
                        "was sent",
                        subject));
      }
      return;
    case enrich::Staple::good:
    case enrich::Staple::revoked:
      return;
  }
}

void add_faults_of_client(const JudgedChain& judged, Collector& add) {
  const enrich::Assessment& assessment = judged.assessment;
  const auto of_client = [](const std::string& text) { return "of the client: " + text; };
  if (assessment.revoked) add.add("client_certificate_revoked", of_client(revoked_text(judged)));
  if (assessment.expired) {
    add.add("client_certificate_expired", of_client(expired_text(judged, moment_of(judged))));
  }
  if (assessment.not_yet_valid) {
    add.add("client_certificate_not_yet_valid",
            of_client(not_yet_valid_text(judged, moment_of(judged))));
  }
  if (assessment.wrong_usage) {
    add.add("client_certificate_wrong_usage", of_client(usage_text(judged, false)));
  }
  if (assessment.weak_key || assessment.weak_signature) {
    add.add("client_certificate_weak", of_client(weak_text(judged)));
  }
  if (assessment.expires_soon && !assessment.expired) {
    add.add("client_certificate_expires_soon", of_client(soon_text(judged)));
  }
}

void add_disorder(const JudgedChain& judged, Collector& add) {
  if (judged.assessment.out_of_order) {
    add.add("chain_out_of_order",
            fmt::format("the certificates after {} are not in the order of the path; some clients "
                        "give up on that",
                        subject_text(judged.chain->leaf())));
  }
  if (judged.assessment.superfluous) {
    add.add(
        "chain_superfluous",
        fmt::format("of the {} that were sent with {} some are not needed",
                    counted(static_cast<double>(judged.chain->certificates.size()), "certificate"),
                    subject_text(judged.chain->leaf())));
  }
}

}  // namespace

void add_certificate_warnings(const JudgedChain& server, const JudgedChain& client,
                              std::vector<Warning>& warnings) {
  Collector add(warnings);
  if (on_the_wire(server)) add_faults_of_server(server, add);
  if (on_the_wire(client)) add_faults_of_client(client, add);
  if (on_the_wire(server)) {
    add_staple(server, add);
    add_disorder(server, add);
  }
}

}  // namespace shakedown::diagnose

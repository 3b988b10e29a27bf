// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rules/hello_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "diagnose/rules/offer_words.h"
#include "diagnose/rules/words.h"

namespace shakedown::diagnose {

namespace {

bool is_vague(AlertDescription alert) {
  switch (alert) {
    case AlertDescription::handshake_failure:
    case AlertDescription::illegal_parameter:
    case AlertDescription::insufficient_security:
    case AlertDescription::export_restriction:
    case AlertDescription::internal_error:
    case AlertDescription::access_denied:
    case AlertDescription::general_error:
    case AlertDescription::user_canceled:
      return true;
    default:
      return false;
  }
}

template <class T>
bool has_more(const std::vector<T>& now, const std::vector<T>& before) {
  return std::any_of(now.begin(), now.end(), [&](const T& value) {
    if constexpr (std::is_same_v<T, std::uint16_t>) {
      if (is_grease(value)) return false;
    }
    return std::find(before.begin(), before.end(), value) == before.end();
  });
}

}  // namespace

Refusal refusal(const Facts& facts) {
  if (!facts.refused_by_server_at_hello()) return Refusal::none;
  switch (facts.record.outcome.kind) {
    case OutcomeKind::closed:
      return Refusal::closed;
    case OutcomeKind::reset:
      return Refusal::reset;
    case OutcomeKind::silence:
      return Refusal::silence;
    default:
      break;
  }
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  return !alert || is_vague(*alert) ? Refusal::vague_alert : Refusal::own_words;
}

std::string refusal_text(const Facts& facts) {
  switch (facts.record.outcome.kind) {
    case OutcomeKind::closed:
      return "the server closed the connection at the ClientHello, without an alert";
    case OutcomeKind::reset:
      return "the connection was reset at the ClientHello, without an alert";
    case OutcomeKind::silence:
      return "the ClientHello was not answered";
    default:
      break;
  }
  const std::optional<AlertDescription> alert = facts.alert_from(Party::server);
  if (!alert) return "the server answered the ClientHello with an alert";
  return "the server answered the ClientHello with " + alert_text(*alert);
}

std::optional<Worked> worked_after(const Facts& facts) {
  const RetryDifference& retry = facts.attempt.retry;
  if (!facts.attempt.succeeded_after || retry.other_endpoint || retry.other_family) {
    return std::nullopt;
  }
  Worked worked;
  const auto& after = facts.attempt.after;
  const auto found = std::find_if(after.begin(), after.end(), [](const LinkedHandshake& linked) {
    return linked.outcome.kind == OutcomeKind::established && !linked.late_rejection;
  });
  if (found == after.end()) return worked;
  worked.hello = &*found;
  worked.later_nanos = found->at.value - facts.at.value;
  worked.higher_version = found->max_version > facts.record.client_hello_facts.max_version;
  if (found->offer == nullptr || facts.handshake.offer == nullptr) return worked;
  const enrich::ClientOffer& now = *found->offer;
  const enrich::ClientOffer& before = *facts.handshake.offer;
  worked.other_suites = has_more(now.cipher_suites, before.cipher_suites);
  worked.other_groups = has_more(now.supported_groups, before.supported_groups);
  worked.other_signature_algorithms =
      has_more(now.signature_algorithms, before.signature_algorithms);
  worked.other_protocols =
      now.alpn.empty() != before.alpn.empty() || has_more(now.alpn, before.alpn);
  return worked;
}

std::string worked_text(const Worked& worked) {
  if (worked.hello == nullptr) return "the same client succeeded soon after";
  return fmt::format("the same client succeeded {} later", duration_text(worked.later_nanos));
}

bool same_hello_works(const Facts& facts) {
  if (!facts.attempt.succeeded_after || !facts.attempt.retry.same_hello()) return false;
  const std::optional<Worked> worked = worked_after(facts);
  return worked && worked->differences() == 0;
}

void weigh_same_hello(const Facts& facts, Finding& finding) {
  if (!same_hello_works(facts)) return;
  finding.confidence = lowered(finding.confidence);
  finding.against.push_back(worked_text(*worked_after(facts)) + " with the same ClientHello");
}

bool has_alert(const Facts& facts, Party from, AlertDescription description) {
  const std::size_t count =
      std::min<std::size_t>(facts.record.alert_count, facts.record.alerts.size());
  return std::any_of(
      facts.record.alerts.begin(), facts.record.alerts.begin() + static_cast<std::ptrdiff_t>(count),
      [&](const AlertFact& alert) {
        return alert.from == from && !alert.encrypted && alert.description == description;
      });
}

bool ended_wordless(const Facts& facts, Party by) {
  if (!facts.ended_by(by)) return false;
  switch (facts.record.outcome.kind) {
    case OutcomeKind::closed:
    case OutcomeKind::reset:
    case OutcomeKind::encrypted_alert:
      return true;
    case OutcomeKind::alert:
      return !facts.alert_from(by).has_value();
    default:
      return false;
  }
}

}  // namespace shakedown::diagnose

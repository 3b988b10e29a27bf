// SPDX-License-Identifier: Apache-2.0
#include "diagnose/facts.h"

#include "diagnose/rejection.h"

namespace shakedown::diagnose {

std::optional<AlertDescription> Facts::alert_from(Party party) const {
  return ending_alert(record, party);
}

bool Facts::tls13() const { return negotiated_tls13(handshake); }

bool Facts::refused_by_server_at_hello() const {
  const OutcomeKind kind = record.outcome.kind;
  const bool stopped = kind == OutcomeKind::reset || kind == OutcomeKind::closed ||
                       kind == OutcomeKind::alert || kind == OutcomeKind::silence;
  const Stage stage = record.outcome.stage;
  const bool at_hello = stage == Stage::client_hello || stage == Stage::hello_retry_request;
  return stopped && at_hello && !ended_by(Party::client) && !ended_by(Party::path);
}

bool Facts::client_may_have_rejected() const { return client_rejected(handshake); }

bool Facts::server_may_have_rejected() const {
  const ClientCertificate certificate = record.client_certificate;
  return ended_by(Party::server) && certificate != ClientCertificate::not_requested &&
         record.outcome.stage >= Stage::client_certificate;
}

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rejection.h"

#include <algorithm>

#include "shakedown/tls_types.h"

namespace shakedown::diagnose {

namespace {

/// Of the server's Certificate, or in TLS 1.3 of what must hold it, the client has seen nothing.
bool before_certificate(const HandshakeRecord& record, bool tls13) {
  // In TLS 1.3 the server's flight follows its ServerHello in the same breath.
  return record.outcome.stage < (tls13 ? Stage::server_hello : Stage::certificate);
}

bool can_be_about_certificates(AlertDescription alert) {
  switch (alert) {
    case AlertDescription::bad_certificate:
    case AlertDescription::unsupported_certificate:
    case AlertDescription::certificate_revoked:
    case AlertDescription::certificate_expired:
    case AlertDescription::certificate_unknown:
    case AlertDescription::unknown_ca:
    case AlertDescription::access_denied:
    case AlertDescription::handshake_failure:
    case AlertDescription::illegal_parameter:
    case AlertDescription::insufficient_security:
    case AlertDescription::internal_error:
    case AlertDescription::user_canceled:
    case AlertDescription::bad_certificate_status_response:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<AlertDescription> ending_alert(const HandshakeRecord& record, Party party) {
  if (record.outcome.kind != OutcomeKind::alert || record.outcome.by != party) return std::nullopt;
  const std::size_t count = std::min<std::size_t>(record.alert_count, record.alerts.size());
  std::optional<AlertDescription> last;
  for (std::size_t i = 0; i < count; ++i) {
    const AlertFact& alert = record.alerts[i];
    if (alert.from != party || alert.encrypted) continue;
    if (alert.level == AlertLevel::fatal) return alert.description;
    if (alert.description != AlertDescription::close_notify) last = alert.description;
  }
  return last;
}

bool negotiated_tls13(const enrich::Handshake& handshake) {
  return handshake.server_hello_seen() &&
         is_tls13_family(ProtocolVersion{handshake.record.server_hello_facts.selected_version});
}

bool client_rejected(const enrich::Handshake& handshake) {
  if (handshake.has(HandshakeRecord::late_rejection)) return true;
  const HandshakeRecord& record = handshake.record;
  if (record.outcome.by != Party::client) return false;
  // Of what only one direction showed, how far it came is not known.
  const bool one_way = handshake.has(HandshakeRecord::one_way);
  if (!one_way && before_certificate(record, negotiated_tls13(handshake))) return false;
  if (one_way && record.outcome.kind != OutcomeKind::alert) return false;
  if (handshake.has(ServerHelloFacts::resumed)) return false;
  switch (record.outcome.kind) {
    case OutcomeKind::reset:
    case OutcomeKind::closed:
    case OutcomeKind::encrypted_alert:
      return true;
    case OutcomeKind::alert: {
      const std::optional<AlertDescription> alert = ending_alert(record, Party::client);
      return !alert || can_be_about_certificates(*alert);
    }
    default:
      return false;
  }
}

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// The names of enumerators are the names that users see. No switch here has a default, so that the
// compiler asks for the name of a new enumerator.
#include <fmt/format.h>

#include "export/tls_names.h"

namespace shakedown::exporting {

std::string_view registered_alert(AlertDescription description) {
  switch (description) {
    case AlertDescription::close_notify:
      return "close_notify";
    case AlertDescription::unexpected_message:
      return "unexpected_message";
    case AlertDescription::bad_record_mac:
      return "bad_record_mac";
    case AlertDescription::decryption_failed:
      return "decryption_failed";
    case AlertDescription::record_overflow:
      return "record_overflow";
    case AlertDescription::decompression_failure:
      return "decompression_failure";
    case AlertDescription::handshake_failure:
      return "handshake_failure";
    case AlertDescription::no_certificate:
      return "no_certificate";
    case AlertDescription::bad_certificate:
      return "bad_certificate";
    case AlertDescription::unsupported_certificate:
      return "unsupported_certificate";
    case AlertDescription::certificate_revoked:
      return "certificate_revoked";
    case AlertDescription::certificate_expired:
      return "certificate_expired";
    case AlertDescription::certificate_unknown:
      return "certificate_unknown";
    case AlertDescription::illegal_parameter:
      return "illegal_parameter";
    case AlertDescription::unknown_ca:
      return "unknown_ca";
    case AlertDescription::access_denied:
      return "access_denied";
    case AlertDescription::decode_error:
      return "decode_error";
    case AlertDescription::decrypt_error:
      return "decrypt_error";
    case AlertDescription::too_many_cids_requested:
      return "too_many_cids_requested";
    case AlertDescription::export_restriction:
      return "export_restriction";
    case AlertDescription::protocol_version:
      return "protocol_version";
    case AlertDescription::insufficient_security:
      return "insufficient_security";
    case AlertDescription::internal_error:
      return "internal_error";
    case AlertDescription::inappropriate_fallback:
      return "inappropriate_fallback";
    case AlertDescription::user_canceled:
      return "user_canceled";
    case AlertDescription::no_renegotiation:
      return "no_renegotiation";
    case AlertDescription::missing_extension:
      return "missing_extension";
    case AlertDescription::unsupported_extension:
      return "unsupported_extension";
    case AlertDescription::certificate_unobtainable:
      return "certificate_unobtainable";
    case AlertDescription::unrecognized_name:
      return "unrecognized_name";
    case AlertDescription::bad_certificate_status_response:
      return "bad_certificate_status_response";
    case AlertDescription::bad_certificate_hash_value:
      return "bad_certificate_hash_value";
    case AlertDescription::unknown_psk_identity:
      return "unknown_psk_identity";
    case AlertDescription::certificate_required:
      return "certificate_required";
    case AlertDescription::general_error:
      return "general_error";
    case AlertDescription::no_application_protocol:
      return "no_application_protocol";
    case AlertDescription::ech_required:
      return "ech_required";
  }
  return {};
}

std::string_view outcome_kind_name(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::established:
      return "established";
    case OutcomeKind::reset:
      return "reset";
    case OutcomeKind::closed:
      return "closed";
    case OutcomeKind::alert:
      return "alert";
    case OutcomeKind::encrypted_alert:
      return "encrypted_alert";
    case OutcomeKind::silence:
      return "silence";
    case OutcomeKind::non_tls_reply:
      return "non_tls_reply";
    case OutcomeKind::refused:
      return "refused";
    case OutcomeKind::unanswered:
      return "unanswered";
    case OutcomeKind::no_hello:
      return "no_hello";
    case OutcomeKind::unseen:
      return "unseen";
    case OutcomeKind::starttls_refused:
      return "starttls_refused";
  }
  return "unknown";
}

std::string_view stage_name(Stage stage) {
  switch (stage) {
    case Stage::tcp:
      return "tcp";
    case Stage::client_hello:
      return "client_hello";
    case Stage::hello_retry_request:
      return "hello_retry_request";
    case Stage::server_hello:
      return "server_hello";
    case Stage::certificate:
      return "certificate";
    case Stage::certificate_request:
      return "certificate_request";
    case Stage::server_hello_done:
      return "server_hello_done";
    case Stage::client_certificate:
      return "client_certificate";
    case Stage::client_key_exchange:
      return "client_key_exchange";
    case Stage::client_finished:
      return "client_finished";
    case Stage::server_finished:
      return "server_finished";
    case Stage::established:
      return "established";
  }
  return "unknown";
}

std::string_view party_name(Party party) {
  switch (party) {
    case Party::none:
      return "none";
    case Party::client:
      return "client";
    case Party::server:
      return "server";
    case Party::path:
      return "path";
  }
  return "none";
}

std::string_view unseen_reason_name(UnseenReason reason) {
  switch (reason) {
    case UnseenReason::none:
      return "none";
    case UnseenReason::one_way:
      return "one_way";
    case UnseenReason::gap:
      return "gap";
    case UnseenReason::truncated:
      return "truncated";
    case UnseenReason::capture_end:
      return "capture_end";
    case UnseenReason::evicted:
      return "evicted";
    case UnseenReason::over_limit:
      return "over_limit";
    case UnseenReason::undecodable:
      return "undecodable";
  }
  return "unknown";
}

std::string_view alert_level_name(AlertLevel level) {
  switch (level) {
    case AlertLevel::none:
      return "none";
    case AlertLevel::warning:
      return "warning";
    case AlertLevel::fatal:
      return "fatal";
  }
  return "unknown";
}

std::string outcome_name(OutcomeKind kind, Stage stage) {
  switch (kind) {
    case OutcomeKind::reset:
    case OutcomeKind::closed:
    case OutcomeKind::alert:
    case OutcomeKind::encrypted_alert:
    case OutcomeKind::silence:
      return fmt::format("{}_after_{}", outcome_kind_name(kind), stage_name(stage));
    case OutcomeKind::established:
    case OutcomeKind::non_tls_reply:
    case OutcomeKind::refused:
    case OutcomeKind::unanswered:
    case OutcomeKind::no_hello:
    case OutcomeKind::unseen:
    case OutcomeKind::starttls_refused:
      break;
  }
  return std::string(outcome_kind_name(kind));
}

}  // namespace shakedown::exporting

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How a handshake ended: what happened, who did it, how far it had come. The data plane
//            decides this; why it happened (the Cause) is the control plane's business.
// Units:     None.
// Ownership: Values.
// Threading: Values.
// Limits:    Numbers are append-only, because records of an older data plane may be read by a newer
//            control.
// Failure:   `unseen` says that the mirror did not show enough to know, and UnseenReason says why.
// RFC:       None; design.md section 4 is the definition.
#pragma once

#include <cstdint>

namespace shakedown {

enum class OutcomeKind : std::uint8_t {
  established = 0,      ///< both sides finished
  reset = 1,            ///< ended by a TCP RST
  closed = 2,           ///< ended by a TCP FIN
  alert = 3,            ///< ended by an alert that could be read, or whose record type could
  encrypted_alert = 4,  ///< TLS 1.3: ended by a record that can only be an alert (inferred)
  silence = 5,          ///< the next flight never came, although the direction is mirrored
  non_tls_reply = 6,    ///< the server answered the ClientHello with something that is not TLS
  refused = 7,          ///< SYN answered by RST
  unanswered = 8,       ///< SYN answered by nothing
  no_hello = 9,         ///< TCP established and closed without a ClientHello; never a TLS failure
  unseen = 10,          ///< cannot be known from what was captured
  starttls_refused = 11  ///< the upgrade to TLS was asked for, and declined or not understood
};
inline constexpr unsigned kOutcomeKindCount = 12;

enum class Party : std::uint8_t { none = 0, client = 1, server = 2, path = 3 };

/// The last message that the handshake reached, in the order of a full handshake.
enum class Stage : std::uint8_t {
  tcp = 0,
  client_hello = 1,
  hello_retry_request = 2,
  server_hello = 3,
  certificate = 4,
  certificate_request = 5,
  server_hello_done = 6,
  client_certificate = 7,
  client_key_exchange = 8,
  client_finished = 9,
  server_finished = 10,
  established = 11
};
inline constexpr unsigned kStageCount = 12;

enum class UnseenReason : std::uint8_t {
  none = 0,
  one_way = 1,      ///< only one direction was mirrored
  gap = 2,          ///< bytes that decide the matter were lost before they reached the sensor
  truncated = 3,    ///< the snap length cut the bytes that decide the matter
  capture_end = 4,  ///< the capture stopped in mid-handshake
  evicted = 5,      ///< a full table gave the connection up
  over_limit = 6,   ///< a limit of limits.h was reached
  undecodable = 7   ///< the bytes stopped being TLS after a good beginning
};
inline constexpr unsigned kUnseenReasonCount = 8;

struct Outcome {
  OutcomeKind kind = OutcomeKind::unseen;
  Party by = Party::none;
  Stage stage = Stage::tcp;
  UnseenReason unseen_reason = UnseenReason::none;

  constexpr bool operator==(const Outcome&) const = default;
};

/// True for the kinds that count as a failed TLS handshake in summaries and rates.
[[nodiscard]] constexpr bool is_failure(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::reset:
    case OutcomeKind::closed:
    case OutcomeKind::alert:
    case OutcomeKind::encrypted_alert:
    case OutcomeKind::silence:
    case OutcomeKind::non_tls_reply:
    case OutcomeKind::refused:
    case OutcomeKind::unanswered:
    case OutcomeKind::starttls_refused:
      return true;
    case OutcomeKind::established:
    case OutcomeKind::no_hello:
    case OutcomeKind::unseen:
      return false;
  }
  return false;
}

}  // namespace shakedown

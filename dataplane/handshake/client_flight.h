// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a TLS 1.3 client did after the server's flight, and what the server said to that,
//            told from the lengths of encrypted records.
// Units:     TLSCiphertext.length in bytes.
// Ownership: Values.
// Threading: Pure functions.
// Limits:    none
// Failure:   A length that fits nothing is taken for a Finished: a rejection is never guessed.
// RFC:       RFC 8446 §4.4.4 (Finished: hash length), §4.4.2 (Certificate), §4.6.1
//            (NewSessionTicket), §5.2 (inner content type, tag), §6.
//
// An alert is 2 bytes + inner type + tag = 19 (11 with CCM_8). A Finished is 4 + hash + 1 + tag =
// 53 or 69. An empty Certificate is 4 + 1 + 3 + 1 + tag = 25. Java pads every record by 16.
// EndOfEarlyData is 4 + 1 + tag = 21.
//
// NSS and BoringSSL put their whole flight into one record: an empty Certificate with its Finished
// is 8 bytes longer than a Finished; a full one cannot be told from a Certificate alone.
//
// A NewSessionTicket is 4 + lifetime 4 + age_add 4 + nonce 1 + ticket 2 + extensions 2, and the
// ticket: at least the 32 bytes of a session id, which is what servers with a cache of their own
// send (OpenSSL, wolfSSL, Java); sealed tickets are longer. With type and tag that makes 66.
#pragma once

#include <cstdint>

#include "handshake/state.h"

namespace shakedown::handshake {

/// What Java 17 JSSE adds to each record.
inline constexpr std::uint16_t kJssePaddingBytes = 16;
/// request_context<0> and certificate_list<0>.
inline constexpr std::uint16_t kEmptyCertificateBytes = 4 + 1 + 3;
inline constexpr std::uint16_t kAlertBytes = 2;
inline constexpr std::uint16_t kNewSessionTicketBytesMin = 4 + 4 + 4 + 1 + 2 + 32 + 2;

struct RecordLengths {
  std::uint16_t alert = 0;
  std::uint16_t finished = 0;

  [[nodiscard]] constexpr bool is_alert(std::uint16_t length) const { return length == alert; }
  [[nodiscard]] constexpr bool is_padded_alert(std::uint16_t length) const {
    return length == alert + kJssePaddingBytes;
  }
  [[nodiscard]] constexpr bool is_finished(std::uint16_t length) const {
    return length == finished || length == finished + kJssePaddingBytes;
  }
  [[nodiscard]] constexpr bool is_empty_certificate(std::uint16_t length) const {
    const int exact = alert - kAlertBytes + kEmptyCertificateBytes;
    return length == exact || length == exact + kJssePaddingBytes;
  }
  /// An empty Certificate and Finished in one record.
  [[nodiscard]] constexpr bool is_empty_flight(std::uint16_t length) const {
    const int exact = finished + kEmptyCertificateBytes;
    return length == exact || length == exact + kJssePaddingBytes;
  }
  [[nodiscard]] constexpr bool may_be_ticket(std::uint16_t length) const {
    return length >= alert - kAlertBytes + kNewSessionTicketBytesMin;
  }
  [[nodiscard]] constexpr bool is_end_of_early_data(std::uint16_t length) const {
    return length == alert + 2;
  }
};

/// A certificate was shown, and no Finished was seen yet that stands by itself.
[[nodiscard]] constexpr bool shows_certificate(ClientFlight flight) {
  return flight == ClientFlight::certificate || flight == ClientFlight::certificate_and_more;
}

/// What one more encrypted client record means, given what came before it.
/// `early_data`: the hello offered it, so that records of any length may precede the Finished.
[[nodiscard]] constexpr ClientFlight next_client_flight(ClientFlight before, std::uint16_t length,
                                                        const RecordLengths& lengths,
                                                        bool early_data) {
  if (before == ClientFlight::finished) return before;
  if (lengths.is_finished(length)) return ClientFlight::finished;
  if (early_data) return before;
  if (shows_certificate(before)) {
    // CertificateVerify is the only message between Certificate and Finished, and longer than a
    // Finished. Anything else means that the flight was one record, and this one belongs to what
    // follows.
    return length > lengths.finished + kJssePaddingBytes ? ClientFlight::certificate_and_more
                                                         : ClientFlight::finished;
  }
  // What looked like an alert was none, because the client went on.
  if (before != ClientFlight::none) return ClientFlight::finished;
  if (lengths.is_alert(length)) return ClientFlight::alert_sized;
  if (lengths.is_empty_certificate(length)) return ClientFlight::certificate;
  if (lengths.is_empty_flight(length)) return ClientFlight::finished;
  if (length < lengths.finished) return ClientFlight::short_record;
  return length > lengths.finished + kJssePaddingBytes ? ClientFlight::certificate
                                                       : ClientFlight::finished;
}

/// The record that showed the flight to be over is not its Finished, but the first after it.
[[nodiscard]] constexpr bool follows_flight(ClientFlight before, std::uint16_t length,
                                            const RecordLengths& lengths) {
  return shows_certificate(before) && !lengths.is_finished(length);
}

/// What one more encrypted server record means, once the client's flight is complete.
[[nodiscard]] constexpr ServerReply next_server_reply(ServerReply before, std::uint16_t length,
                                                      const RecordLengths& lengths) {
  if (lengths.is_alert(length)) {
    // After anything else it is the close_notify of a server that has spoken.
    return before == ServerReply::none          ? ServerReply::alert_sized
           : before == ServerReply::alert_sized ? before
                                                : ServerReply::conversation;
  }
  const bool only_word = before == ServerReply::none;
  return only_word && !lengths.may_be_ticket(length) ? ServerReply::short_record
                                                     : ServerReply::conversation;
}

}  // namespace shakedown::handshake

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a TLS 1.3 client did after the server's flight, told from the lengths of its
//            encrypted records.
// Units:     TLSCiphertext.length in bytes.
// Ownership: Values.
// Threading: Pure functions.
// Limits:    none
// Failure:   A length that fits nothing is taken for a Finished: a rejection is never guessed.
// RFC:       RFC 8446 §4.4.4 (Finished: hash length), §4.4.2 (Certificate), §5.2 (inner content
//            type, tag), §6.
//
// An alert is 2 bytes + inner type + tag = 19 (11 with CCM_8). A Finished is 4 + hash + 1 + tag =
// 53 or 69. An empty Certificate is 4 + 1 + 3 + 1 + tag = 25. Java pads every record by 16.
// EndOfEarlyData is 4 + 1 + tag = 21.
#pragma once

#include <cstdint>

#include "handshake/state.h"

namespace shakedown::handshake {

/// What Java 17 JSSE adds to each record.
inline constexpr std::uint16_t kJssePaddingBytes = 16;

struct RecordLengths {
  std::uint16_t alert = 0;
  std::uint16_t finished = 0;

  [[nodiscard]] constexpr bool is_alert(std::uint16_t length) const { return length == alert; }
  [[nodiscard]] constexpr bool is_finished(std::uint16_t length) const {
    return length == finished || length == finished + kJssePaddingBytes;
  }
  /// request_context<0> and certificate_list<0>: 4 + 1 + 3 bytes, where the alert has 2.
  [[nodiscard]] constexpr bool is_empty_certificate(std::uint16_t length) const {
    return length == alert + 6 || length == alert + 6 + kJssePaddingBytes;
  }
  [[nodiscard]] constexpr bool is_end_of_early_data(std::uint16_t length) const {
    return length == alert + 2;
  }
};

/// What one more encrypted client record means, given what came before it.
/// `early_data`: the hello offered it, so that records of any length may precede the Finished.
[[nodiscard]] constexpr ClientFlight next_client_flight(ClientFlight before, std::uint16_t length,
                                                        const RecordLengths& lengths,
                                                        bool early_data) {
  if (before == ClientFlight::finished) return before;
  if (lengths.is_finished(length)) return ClientFlight::finished;
  if (early_data) return before;
  if (before == ClientFlight::certificate) {
    // CertificateVerify is the only message between Certificate and Finished, and longer than a
    // Finished. Anything else means that the flight was one record, and this one belongs to what
    // follows.
    return length > lengths.finished + kJssePaddingBytes ? before : ClientFlight::finished;
  }
  // What looked like an alert was none, because the client went on.
  if (before != ClientFlight::none) return ClientFlight::finished;
  if (lengths.is_alert(length)) return ClientFlight::alert_sized;
  if (lengths.is_empty_certificate(length)) return ClientFlight::certificate;
  if (length < lengths.finished) return ClientFlight::short_record;
  return length > lengths.finished + kJssePaddingBytes ? ClientFlight::certificate
                                                       : ClientFlight::finished;
}

}  // namespace shakedown::handshake

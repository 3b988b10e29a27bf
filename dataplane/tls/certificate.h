// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Certificate message of TLS 1.2 and older, cut into its certificates. (TLS 1.3 encrypts
//            its own.)
// Units:     Sizes are bytes.
// Ownership: Views into the body that was parsed.
// Threading: None of it is shared.
// Limits:    kCertificateCountMax.
// Failure:   ok, also for the empty list of a client without certificate; need_more when the body
//            is shorter than the list says; malformed when a certificate is empty or runs past the
//            list, or bytes follow the list; over_limit when more than kCertificateCountMax
//            certificates were sent. The certificates that were read whole before that place are
//            kept.
// RFC:       RFC 5246 §7.4.2.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "shakedown/bytes.h"
#include "shakedown/limits.h"

namespace shakedown::tls {

struct CertificateList {
  ParseStatus status = ParseStatus::malformed;
  std::uint8_t count = 0;
  /// The entries that were read, `uint24 size, opaque DER[size]` each: the body of a
  /// certificate_chain definition.
  Bytes entries;
  std::array<Bytes, kCertificateCountMax> certificates;  ///< DER, in the order sent

  [[nodiscard]] std::span<const Bytes> view() const {
    return std::span<const Bytes>(certificates).first(count);
  }
};

/// Reads the body of a Certificate message.
[[nodiscard]] CertificateList parse_certificate(Bytes body) noexcept;

}  // namespace shakedown::tls

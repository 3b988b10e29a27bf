// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   CertificateStatus of TLS 1.2 and older: the OCSP response that a server staples to its
//            certificate. (TLS 1.3 encrypts its own, RFC 8446 §4.4.2.1.)
// Units:     Sizes are bytes.
// Ownership: A view into the body that was parsed.
// Threading: None of it is shared.
// Limits:    Bounded by the body.
// Failure:   ok, also for a status_type that is not read: `response` is empty then; need_more when
//            the body is shorter than it says; malformed when the response is empty, or bytes
//            follow it. `response` is set with `ok` only.
// RFC:       RFC 6066 §8. Left out: ocsp_multi (RFC 6961), which no server of today sends; the
//            inside of the response, which control reads.
#pragma once

#include <cstdint>

#include "shakedown/bytes.h"

namespace shakedown::tls {

struct CertificateStatus {
  ParseStatus status = ParseStatus::malformed;
  std::uint8_t status_type = 0;  ///< CertificateStatusType as on the wire
  Bytes response;                ///< DER of an OCSPResponse
};

/// Reads the body of a CertificateStatus message.
[[nodiscard]] CertificateStatus parse_certificate_status(Bytes body) noexcept;

}  // namespace shakedown::tls

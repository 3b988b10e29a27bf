// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The times of certificates, revocation lists and OCSP responses.
// Units:     UnixNanos, the first nanosecond of the second that is named.
// Ownership: Views in, values out.
// Threading: Pure.
// Limits:    Times that UnixNanos cannot hold become the end of its range that is nearest.
// Failure:   What is not a time is UnixNanos{0}, or empty text.
// RFC:       RFC 5280 §4.1.2.5
#pragma once

#include <openssl/asn1.h>

#include <string>

#include "shakedown/units.h"

namespace shakedown::enrich {

[[nodiscard]] UnixNanos unix_nanos(const ASN1_TIME* time);
/// The last nanosecond of the second that is named; kEndOfTime also for 99991231235959Z, which
/// means "never".
[[nodiscard]] UnixNanos last_unix_nanos(const ASN1_TIME* time);
/// ISO 8601 in UTC.
[[nodiscard]] std::string time_text(const ASN1_TIME* time);

}  // namespace shakedown::enrich

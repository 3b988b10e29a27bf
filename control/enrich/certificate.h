// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A certificate_chain definition (definition.h) read with OpenSSL.
// Units:     Times as ISO 8601 text in UTC; digests as lower-case hex.
// Ownership: Values.
// Threading: Values.
// Limits:    kCertificateCountMax certificates of a chain.
// Failure:   Certificates come from strangers: one that is not DER keeps its digest and has
//            `readable` false; a list that is cut ends there.
// RFC:       RFC 5280 §4.1; RFC 4514 (RFC 2253) for names.
#pragma once

#include <string>
#include <vector>

#include "shakedown/bytes.h"

namespace shakedown::enrich {

struct Certificate {
  bool readable = false;
  std::string sha256;
  std::string subject;
  std::string issuer;
  std::string not_before;
  std::string not_after;
};

/// In the order sent; the first is the leaf.
using CertificateChain = std::vector<Certificate>;

[[nodiscard]] Certificate read_certificate(Bytes der);
[[nodiscard]] CertificateChain read_certificate_chain(Bytes body);

}  // namespace shakedown::enrich

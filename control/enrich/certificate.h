// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One certificate as OpenSSL reads it: what users are shown, and what a judgement needs
//            that does not depend on who trusts whom.
// Units:     Times as UnixNanos, and as ISO 8601 text in UTC for events; digests as lower-case hex;
//            keys in bits.
// Ownership: Values.
// Threading: Values.
// Limits:    kCertificateNameCountMax names are kept for display; matching (chain_judge.h) looks at
//            all that the DER holds.
// Failure:   Certificates come from strangers: one that is not DER keeps its digest and has
//            `readable` false.
// RFC:       RFC 5280 §4.1 and §4.2.1; RFC 4514 (RFC 2253) for names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shakedown/bytes.h"
#include "shakedown/units.h"

namespace shakedown::enrich {

inline constexpr std::size_t kCertificateNameCountMax = 32;

enum class KeyKind : std::uint8_t { unknown, rsa, ec, eddsa, dsa };
enum class SignatureDigest : std::uint8_t { unknown, md5, sha1, sha2, built_in /* EdDSA */ };

struct Certificate {
  bool readable = false;
  std::string sha256;
  std::string subject;
  std::string issuer;
  std::string serial;  ///< hex
  std::string not_before;
  std::string not_after;
  UnixNanos valid_from;   ///< first nanosecond in which it is valid; zero: not known
  UnixNanos valid_until;  ///< last one; kEndOfTime: none (RFC 5280 §4.1.2.5), or beyond 2262
  KeyKind key = KeyKind::unknown;
  std::uint16_t key_bits = 0;
  SignatureDigest digest = SignatureDigest::unknown;
  bool self_issued = false;  ///< subject and issuer are equal
  bool authority = false;    ///< basicConstraints say CA
  bool server_usage = true;  ///< key usage and extended key usage allow a TLS server
  bool client_usage = true;
  bool must_staple = false;        ///< RFC 7633
  std::vector<std::string> names;  ///< DNS names and addresses of subjectAltName, the first ones
  std::uint32_t name_count = 0;    ///< of all of them
};

/// In the order sent; the first is the leaf.
using CertificateList = std::vector<Certificate>;

[[nodiscard]] Certificate read_certificate(Bytes der);

}  // namespace shakedown::enrich

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A certificate chain as one side sent it, read once and shared by all who name it; and
//            what can be said about it for a purpose, a moment and a name.
// Units:     As in certificate.h.
// Ownership: Chains are shared and immutable; whoever holds a ChainPointer keeps it.
// Threading: Values; one thread judges (chain_judge.h).
// Limits:    kCertificateCountMax certificates; a list that is cut ends there.
// Failure:   `Trust::unreadable` and `Trust::not_judged` are answers, never trust or distrust.
// RFC:       RFC 5280 §6 (path validation), RFC 6125 (names), RFC 6960 (OCSP).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "enrich/certificate.h"

namespace shakedown::enrich {

/// What ChainJudge found out about a chain (judgement.h).
struct Judgement;

struct Chain {
  std::string digest;              ///< SHA-256 of `body`, as raw 32 bytes
  std::vector<std::uint8_t> body;  ///< of the definition: `uint24 size, opaque DER[size]`, repeated
  CertificateList certificates;    ///< never empty in a chain that is handed out

  /// For ChainJudge alone, which finds it here sooner than in a table; of no meaning in a copy.
  mutable std::shared_ptr<Judgement> judgement = nullptr;

  [[nodiscard]] const Certificate& leaf() const { return certificates.front(); }
};
using ChainPointer = std::shared_ptr<const Chain>;

enum class Purpose : std::uint8_t { server, client };

/// Where a path from the leaf leads when dates are left aside.
enum class Trust : std::uint8_t {
  not_judged,  ///< over a limit of chain_judge.h
  unreadable,  ///< the leaf is not DER, or the key or signature algorithm is not known here
  trusted,     ///< to a trust anchor, with what was sent
  intermediate_missing,  ///< to a trust anchor, but only with a certificate that was not sent
  self_signed,           ///< the leaf signed itself and is no trust anchor
  unknown_root,          ///< to a root, sent or known, that is no trust anchor
  unknown_issuer,        ///< ends at a certificate whose issuer nobody has shown
  bad_signature          ///< the issuer is there and did not sign it
};

enum class NameMatch : std::uint8_t {
  not_asked,  ///< no name was sent, or the chain was not judged
  matches,
  differs,
  no_names  ///< neither subjectAltName nor a common name
};

enum class Staple : std::uint8_t {
  none,  ///< not sent, not seen, or by an issuer who is not known
  good,
  revoked,
  unknown,  ///< the responder does not know the certificate
  expired,  ///< nextUpdate has passed
  /// Does not parse, is about another certificate, is not signed by who may, or is from the future.
  unusable
};

/// Everything true of one chain at one moment for one name. Dates are those of the path, trust
/// anchor included, where there is a path, and else of the certificates by which the leaf leads
/// nowhere. Of several paths the first counts that is valid at the moment.
struct Assessment {
  Trust trust = Trust::not_judged;
  NameMatch name = NameMatch::not_asked;
  /// There is no DNS name in it: `matches` is by the common name, at which new clients do not look.
  bool name_from_subject = false;
  Staple staple = Staple::none;
  bool expired = false;
  bool not_yet_valid = false;
  bool expires_soon = false;    ///< the leaf, within the margin of the settings
  bool weak_key = false;        ///< RSA below 2048, EC below 224 bits, DSA
  bool weak_signature = false;  ///< MD5 or SHA-1 on the path, trust anchors left out
  bool wrong_usage = false;     ///< key usage, extended key usage, basic or name constraints
  bool revoked = false;         ///< by the staple or by a revocation list
  bool revoked_by_list = false;
  bool out_of_order = false;    ///< RFC 5246 §7.4.2 asks for order; most clients do not mind
  bool superfluous = false;     ///< certificates that no path needs
  bool staple_missing = false;  ///< the certificate demands one
  /// The certificate that the worst of the above is about: its place in the chain as sent; -1: not
  /// one that was sent. The worst first: revoked, not trusted, date, name, usage, key, signature,
  /// staple, what is only odd.
  std::int8_t culprit = -1;
  std::int64_t margin_nanos =
      0;  ///< from the moment to the end of validity; negative: since when it is over
  /// Subject of the issuer that is missing or not trusted; of `unknown_root`, the root.
  std::string issuer;
  bool issuer_from_elsewhere = false;  ///< other servers or earlier chains have shown it

  /// Nothing that a careful client would refuse.
  [[nodiscard]] bool acceptable() const {
    return trust == Trust::trusted && name != NameMatch::differs && name != NameMatch::no_names &&
           !expired && !not_yet_valid && !weak_key && !weak_signature && !wrong_usage && !revoked;
  }
};

}  // namespace shakedown::enrich

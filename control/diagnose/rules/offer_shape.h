// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What is remarkable about a client's offer by itself, for servers of which nothing is
//            known: the less a client offers in one respect, the sooner that is what a server could
//            not agree to.
// Units:     Code points as on the wire.
// Ownership: Values.
// Threading: Pure.
// Limits:    Those of the offer.
// Failure:   What the offer does not hold is not remarkable.
// RFC:       RFC 8446 §4.2.3, §4.2.7, §9.1; RFC 8422 §5.1
#pragma once

#include <cstdint>

#include "diagnose/cause.h"
#include "diagnose/facts.h"

namespace shakedown::diagnose {

/// How much a part of the offer stands out.
enum class Remark : std::uint8_t {
  none,
  slight,   ///< common, but one version behind
  narrow,   ///< one kind only where others offer several
  strange,  ///< nothing of what servers of these years are sure to take
};

struct OfferShape {
  Remark version = Remark::none;
  Remark cipher_suite = Remark::none;
  Remark named_group = Remark::none;
  Remark signature_algorithm = Remark::none;

  [[nodiscard]] Remark most() const;
  [[nodiscard]] Remark of(Cause cause) const;
};

/// Suites that are signals and no suites: RFC 5746 §3.3, RFC 7507 §2.
[[nodiscard]] constexpr bool is_signalling_suite(std::uint16_t code) {
  return code == 0x00ff || code == 0x5600;
}

[[nodiscard]] OfferShape shape_of(const Facts& facts);
[[nodiscard]] bool offers_tls13(const Facts& facts);
/// TLS 1.3 and no older version.
[[nodiscard]] bool offers_only_tls13(const Facts& facts);
/// By supported_versions; without the extension, any version up to the highest.
[[nodiscard]] bool offers_version(const Facts& facts, std::uint16_t version);
/// By signature_algorithms, which must be known: some signature by RSA, else by an elliptic curve.
[[nodiscard]] bool takes_signatures_of(const Facts& facts, bool rsa);
/// Groups decide about success: TLS 1.3 is offered, or no suite does without ECDHE.
[[nodiscard]] bool groups_matter(const Facts& facts);

}  // namespace shakedown::diagnose

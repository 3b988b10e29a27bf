// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   ServerKeyExchange of TLS 1.2 and older: which named group, or how large a DH prime.
// Units:     Bits for the prime.
// Ownership: Values only.
// Threading: None of it is shared.
// Limits:    Bounded by the body.
// Failure:   Only the beginning of the message is read, up to the group or the prime: `need_more`
//            when the body ends before that, `malformed` when it cannot be such a structure. Suites
//            without such parameters give `ok` and zeros; so do unknown suites, unless the body can
//            only be ECDHE.
// RFC:       RFC 5246 §7.4.3; RFC 8422 §5.4; RFC 4279 §3, RFC 5489 §2 (psk_identity_hint).
#pragma once

#include <cstdint>

#include "shakedown/bytes.h"

namespace shakedown::tls {

struct ServerKeyExchange {
  ParseStatus status = ParseStatus::ok;
  bool explicit_curve = false;      ///< explicit_prime or explicit_char2: a curve without a number
  std::uint16_t named_group = 0;    ///< zero: none
  std::uint16_t dh_prime_bits = 0;  ///< zero: none
};

/// Reads the body of a ServerKeyExchange, or its beginning, in the layout that the suite
/// prescribes.
[[nodiscard]] ServerKeyExchange parse_server_key_exchange(Bytes body,
                                                          std::uint16_t cipher_suite) noexcept;

}  // namespace shakedown::tls

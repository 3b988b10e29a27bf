// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What an OCSP response that a server stapled says of its certificate.
// Units:     UnixNanos.
// Ownership: Values; views in.
// Threading: Pure.
// Limits:    kStapleBytesMax bytes, kStapleAnswerCountMax answers, two signature checks.
// Failure:   `unusable` for whatever is wrong with it.
// RFC:       RFC 6960 §3.2 and §4.2.2.2 (who may sign), RFC 6066 §8. Nonces are left out: nobody
//            asks for them in a handshake.
#pragma once

#include <cstddef>

#include "enrich/chain.h"
#include "enrich/openssl_types.h"
#include "shakedown/bytes.h"
#include "shakedown/units.h"

namespace shakedown::enrich {

inline constexpr std::size_t kStapleBytesMax = 64 * 1024;
inline constexpr int kStapleAnswerCountMax = 64;
/// Clocks of responders and clients differ by that much without harm.
inline constexpr std::int64_t kStapleSlackNanos = 300 * kNanosPerSecond;

/// What it says, and from when until when; the moment decides.
struct StapleAnswer {
  Staple status = Staple::unusable;
  UnixNanos this_update;
  UnixNanos next_update = kEndOfTime;
  UnixNanos revoked_from;  ///< of `revoked`

  [[nodiscard]] Staple at(UnixNanos moment) const;
};

[[nodiscard]] StapleAnswer read_staple(Bytes response, X509& leaf, X509& issuer);

}  // namespace shakedown::enrich

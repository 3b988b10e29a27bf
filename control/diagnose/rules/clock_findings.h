// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What tells a client whose clock is wrong: it does not accept a certificate that is valid
//            by its dates.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   Nothing where it does not apply.
// RFC:       RFC 5246 §7.4.1.2 (gmt_unix_time)
#pragma once

#include <optional>

#include "diagnose/rule.h"

namespace shakedown::diagnose {

/// certificate_expired of what is valid. Besides a clock, an expired root in the client's own store
/// leads to it; so `certain` needs the clock itself.
[[nodiscard]] std::optional<Finding> clock_date(const Facts& facts);
/// Its clock is known, and outside of the certificate's dates; it has said something else, or
/// nothing.
[[nodiscard]] std::optional<Finding> clock_shown(const Facts& facts);
/// A clock that is behind: what is valid is not yet valid to it. OpenSSL has no word of its own for
/// that, but has one for nearly everything else.
[[nodiscard]] std::optional<Finding> clock_behind(const Facts& facts);
/// The certificate was hidden, and nobody else was shown one.
[[nodiscard]] std::optional<Finding> clock_unseen(const Facts& facts);

}  // namespace shakedown::diagnose

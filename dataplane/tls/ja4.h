// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   JA4, the TLS client fingerprint (BSD licensed part of FoxIO's JA4+), in binary.
// Units:     Counts are code points, GREASE left out, at most 99.
// Ownership: Values.
// Threading: None of it is shared.
// Limits:    The limits of ClientHello; its lists are sorted and written on the stack.
// Failure:   None; meaningful for hellos whose parse status was ok. A hash of nothing is all zero.
// RFC:       None. GREASE is RFC 8701's. ja4_text.h renders the text form.
#pragma once

#include "shakedown/handshake_record.h"
#include "tls/client_hello.h"

namespace shakedown::tls {

[[nodiscard]] Ja4 ja4(const ClientHello& hello) noexcept;

}  // namespace shakedown::tls

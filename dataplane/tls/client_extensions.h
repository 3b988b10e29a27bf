// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The insides of the extensions that a ClientHello may carry, one function for each.
// Units:     Sizes are bytes.
// Ownership: Views into the extension.
// Threading: None of it is shared.
// Limits:    Those of ClientHello; a longer list is cut.
// Failure:   ok, also for types that are not read; malformed, then the list of the extension is
//            empty; over_limit, then it is cut. That the extension was present is noted in all
//            cases.
// RFC:       RFC 8446 §4.2; RFC 6066 §3, §8; RFC 7301 §3.1; RFC 8422 §5.1; RFC 5746 §3.2; RFC 5077
//            §3.2; RFC 7627 §5.1; RFC 8879 §3.
#pragma once

#include <cstddef>

#include "shakedown/bytes.h"
#include "tls/client_hello.h"
#include "tls/extension_block.h"

namespace shakedown::tls {

ParseStatus read_client_extension(const RawExtension& extension, ClientHello& out) noexcept;

/// Cuts a list of uint16 to its limit: over_limit when there was something to cut.
inline ParseStatus cut_codes(Bytes& list, std::size_t count_max) noexcept {
  if (list.size() <= 2 * count_max) return ParseStatus::ok;
  list = list.first(2 * count_max);
  return ParseStatus::over_limit;
}

}  // namespace shakedown::tls

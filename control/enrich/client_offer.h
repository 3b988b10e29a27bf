// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A client_offer definition (definition.h) decoded.
// Units:     Code points as on the wire.
// Ownership: Values.
// Threading: Values.
// Limits:    kDefinitionBodyMax bytes of input.
// Failure:   ParseStatus; an offer that does not parse is not used.
// RFC:       RFC 8446 §4.1.2 for the meaning; RFC 7301 §3.1 for ALPN.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shakedown/bytes.h"

namespace shakedown::enrich {

struct ClientOffer {
  std::uint16_t legacy_version = 0;
  std::vector<std::uint16_t> cipher_suites;
  std::vector<std::uint16_t> extensions;
  std::vector<std::uint16_t> supported_versions;
  std::vector<std::uint16_t> supported_groups;
  std::vector<std::uint16_t> key_share_groups;
  std::vector<std::uint16_t> signature_algorithms;
  std::vector<std::string> alpn;
};

/// Shared by all who name the offer; immutable.
using OfferPointer = std::shared_ptr<const ClientOffer>;

/// Uses the body of a definition; sets `offer` only when the result is ok.
ParseStatus decode_client_offer(Bytes body, ClientOffer& offer);

}  // namespace shakedown::enrich

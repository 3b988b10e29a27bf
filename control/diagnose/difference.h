// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What separates a failing ClientHello from those that succeed at the same server.
// Units:     Code points as on the wire.
// Ownership: Values; `nearest` is a view of the ServerView's memory.
// Threading: Pure.
// Limits:    Those of the offers (kDefinitionBodyMax) and of the profile.
// Failure:   `Overlap::unknown` wherever either side is not known.
// RFC:       RFC 8446 §4.1.2, §4.2; RFC 7301
#pragma once

#include <cstdint>
#include <vector>

#include "diagnose/profile/server_view.h"
#include "enrich/handshake.h"

namespace shakedown::diagnose {

enum class Overlap : std::uint8_t {
  unknown,  ///< the offer or the server's choices are not known
  common,   ///< the server has chosen something of this offer with others
  disjoint  ///< nothing that it has ever chosen is in this offer
};

struct Difference {
  /// Enough has succeeded here to compare with, and it is recent enough to hold.
  bool comparable = false;
  Overlap version = Overlap::unknown;
  Overlap cipher_suite = Overlap::unknown;  ///< among suites of versions that the offer has
  Overlap named_group = Overlap::unknown;
  /// Against what all succeeding offers of the versions in question have in common, because the
  /// server's choice is not in the record.
  Overlap signature_algorithm = Overlap::unknown;
  Overlap application_protocol = Overlap::unknown;
  bool server_name_missing = false;  ///< none here, and all that succeed have one
  bool server_name_new = false;      ///< has never succeeded here, others have
  bool resumption_offered = false;   ///< a session, ticket or PSK is offered
  bool larger = false;       ///< in more segments than any that succeeded, or RFC 7685's 256 to 511
  bool network_new = false;  ///< none of this network has succeeded, others have
  std::vector<std::uint16_t> extensions_new;  ///< in no hello that succeeded

  /// Of those that succeeded the one most like it; null: none is known.
  const SuccessfulHello* nearest = nullptr;
  /// How many of the above differ between the two.
  unsigned nearest_distance = 0;
};

[[nodiscard]] Difference difference(const enrich::Handshake& handshake, const ServerView& server);

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   May the certificates of a path be used for what they are used for? Basic constraints,
//            path lengths, name constraints, critical extensions, key usages.
// Units:     none
// Ownership: Views.
// Threading: Pure.
// Limits:    OpenSSL bounds the comparisons of names with name constraints; paths that lead to no
//            trust anchor are not asked about them, because strangers make those.
// Failure:   What OpenSSL cannot judge counts as misuse, as it does for clients.
// RFC:       RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.10, §4.2.1.12 and §6.1; policies are left out, as
//            clients leave them out
#pragma once

#include <vector>

#include "enrich/path_search.h"

namespace shakedown::enrich {

struct Misuse {
  bool as_server = false;
  bool as_client = false;
};

/// One for each step of the path.
[[nodiscard]] std::vector<Misuse> misuses_of(const Path& path);

}  // namespace shakedown::enrich

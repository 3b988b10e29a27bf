// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   When was a certificate revoked, says any revocation list that its issuer signed.
// Units:     UnixNanos.
// Ownership: Views of the trust store, which must outlive it.
// Threading: One thread.
// Limits:    One signature check for each pair of list and issuer, remembered for
//            kListCheckCountMax pairs.
// Failure:   A list that the issuer did not sign says nothing.
// RFC:       RFC 5280 §5.2 and §5.3. A list that is out of date still tells of what was revoked
//            before; that nothing newer is known is not held against a certificate. Indirect lists
//            (§5.2.5) are left out, because their signer is not on the path.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "enrich/openssl_types.h"
#include "enrich/trust_store_state.h"
#include "ingest/lru_map.h"
#include "shakedown/units.h"

namespace shakedown::enrich {

inline constexpr std::size_t kListCheckCountMax = 4096;

/// From the first moment up to and without the second.
struct Revocation {
  UnixNanos from;
  UnixNanos until = kEndOfTime;
};

class RevocationLists {
 public:
  explicit RevocationLists(const TrustStore::State& store)
      : store_(&store), checks_(kListCheckCountMax) {}

  /// Several where a certificate was on hold for a while (RFC 5280 §5.3.1).
  [[nodiscard]] std::vector<Revocation> revocations(X509& certificate, X509& issuer);

 private:
  [[nodiscard]] bool signed_by(std::size_t list, X509& issuer);

  const TrustStore::State* store_;
  ingest::LruMap<std::uint64_t, bool> checks_;  ///< key: of list and issuer
};

}  // namespace shakedown::enrich

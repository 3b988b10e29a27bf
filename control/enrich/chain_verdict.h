// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   All that can be found out about a chain once, for any moment, any name and any
//            purpose; and what that means at one moment.
// Units:     As in chain.h.
// Ownership: Values.
// Threading: One thread makes them.
// Limits:    Those of path_search.h.
// Failure:   As Trust.
// RFC:       RFC 5280 §6.1
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "enrich/certificate_memory.h"
#include "enrich/chain.h"
#include "enrich/intermediates.h"
#include "enrich/name_index.h"
#include "enrich/path_check.h"
#include "enrich/revocation.h"
#include "enrich/trust_store_state.h"

namespace shakedown::enrich {

struct RouteStep {
  UnixNanos valid_from;
  UnixNanos valid_until;
  std::int8_t place = -1;
  bool weak_key = false;
  bool weak_signature = false;
  Misuse misuse;
  std::vector<Revocation> revocations;

  [[nodiscard]] bool expired(UnixNanos at) const { return valid_until.known() && valid_until < at; }
  [[nodiscard]] bool not_yet_valid(UnixNanos at) const {
    return valid_from.known() && at < valid_from;
  }
  [[nodiscard]] bool revoked(UnixNanos at) const;
  [[nodiscard]] bool misused(Purpose purpose) const {
    return purpose == Purpose::server ? misuse.as_server : misuse.as_client;
  }
};
/// From the leaf to where it ends.
using Route = std::vector<RouteStep>;

struct ChainVerdict {
  Trust trust = Trust::not_judged;
  bool readable = false;          ///< the leaf is a certificate, so that it has names or none
  unsigned signature_checks = 0;  ///< that it took
  std::string issuer;
  std::vector<Route> routes;      ///< in the order of preference; one that leads nowhere is alone
  std::int8_t out_of_order = -1;  ///< place of the first that is; -1: none
  std::int8_t superfluous = -1;
  NameIndex names;
  std::vector<std::uint8_t> leaf_issuer;  ///< DER; empty: not known
  std::vector<std::uint32_t> wanted;      ///< as in PathSearchResult
  std::uint64_t generation = 0;           ///< of the intermediates, as far as this is up to date

  [[nodiscard]] std::size_t bytes() const;
};

/// Teaches `learnt` what the chain shows, when it leads to a trust anchor.
[[nodiscard]] ChainVerdict judge_chain(const Chain& chain, const TrustStore::State& store,
                                       CertificateMemory& certificates, Intermediates& learnt,
                                       RevocationLists& lists);

/// All of the assessment but what concerns name and staple. `at` zero: dates are left out.
[[nodiscard]] Assessment assess_at(const ChainVerdict& verdict, const Certificate& leaf,
                                   Purpose purpose, UnixNanos at, std::int64_t expires_soon_nanos);
/// The same of a chain that was not judged: what the leaf itself says.
[[nodiscard]] Assessment assess_unjudged(const Certificate& leaf, UnixNanos at,
                                         std::int64_t expires_soon_nanos);
/// To be called last: who is to blame for the worst.
void set_culprit(const ChainVerdict& verdict, Purpose purpose, UnixNanos at,
                 Assessment& assessment);

/// The certificates of a definition body, as far as they are whole.
[[nodiscard]] std::vector<Bytes> certificates_of(Bytes body);

}  // namespace shakedown::enrich

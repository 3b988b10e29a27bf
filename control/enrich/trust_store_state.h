// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What TrustStore holds, for ChainJudge and its parts.
// Units:     none
// Ownership: Owns OpenSSL's objects.
// Threading: As trust_store.h.
// Limits:    As trust_store.h.
// Failure:   none
// RFC:       RFC 5280 §6.1.1 (d), trust anchors
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "enrich/openssl_types.h"
#include "enrich/trust_store.h"

namespace shakedown::enrich {

struct TrustStore::State {
  /// As they were read, each once. Those that issued themselves are trust anchors; others help to
  /// reach one, as they do in OpenSSL.
  std::vector<X509Pointer> certificates;
  std::unordered_map<std::uint32_t, std::vector<std::size_t>> by_subject;  ///< key: name_hash()
  std::size_t root_count = 0;
  /// By thisUpdate, the oldest first.
  std::vector<CrlPointer> crls;
  std::unordered_map<std::uint32_t, std::vector<std::size_t>> crls_by_issuer;  ///< the same
};

}  // namespace shakedown::enrich

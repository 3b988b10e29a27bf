// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Keeps the definitions that records name by id, decoded once each at their first use.
// Units:     Bytes of bodies; entries.
// Ownership: Owns bodies and what is decoded from them. A pointer handed out is valid until the
//            next add().
// Threading: One thread.
// Limits:    kDefinitionCountMax entries and kDefinitionStoreBytesMax bytes of bodies; the least
//            recently used goes first.
// Failure:   A definition that is not there is a null pointer and counted; the event then lacks
//            those fields.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "enrich/chain_judge.h"
#include "enrich/client_offer.h"
#include "ingest/lru_map.h"
#include "shakedown/definition.h"

namespace shakedown::enrich {

inline constexpr std::size_t kDefinitionCountMax = 131'072;
inline constexpr std::size_t kDefinitionStoreBytesMax = 64u << 20;

class DefinitionStore {
 public:
  explicit DefinitionStore(std::size_t count_max = kDefinitionCountMax,
                           std::size_t bytes_max = kDefinitionStoreBytesMax)
      : entries_(count_max), bytes_max_(bytes_max) {}

  /// A definition that is known already (another worker's, or sent anew) is ignored.
  void add(const DefinitionHeader& header, Bytes body);

  [[nodiscard]] OfferPointer client_offer(std::uint64_t id);
  [[nodiscard]] ChainPointer certificate_chain(std::uint64_t id, ChainJudge& judge);
  [[nodiscard]] Bytes ocsp_response(std::uint64_t id);
  /// Empty when not there; a name of a definition is never empty.
  [[nodiscard]] std::string_view server_name(std::uint64_t id);

  /// Without counting one that is not there as missing.
  [[nodiscard]] bool contains(std::uint64_t id) { return entries_.find(id) != nullptr; }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::uint64_t evicted_count() const { return evicted_count_; }
  [[nodiscard]] std::uint64_t missing_count() const { return missing_count_; }
  /// Ids are of one run of the data plane only.
  void clear();

 private:
  struct Entry {
    DefinitionKind kind = DefinitionKind::client_offer;
    bool decoded = false;
    std::vector<std::uint8_t> body;
    OfferPointer offer;
    ChainPointer chain;
  };
  [[nodiscard]] Entry* find(std::uint64_t id, DefinitionKind kind);

  ingest::LruMap<std::uint64_t, Entry> entries_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t evicted_count_ = 0;
  std::uint64_t missing_count_ = 0;
};

}  // namespace shakedown::enrich

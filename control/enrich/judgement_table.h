// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The chains that a judge keeps, with their judgements.
// Units:     Bytes.
// Ownership: Shares chains and judgements.
// Threading: One thread.
// Limits:    The count and the bytes given. The oldest goes first, but is spared once when it was
//            used since: that is as good as the order of use, and costs nothing at each use.
// Failure:   None; the order does not depend on hashing.
// RFC:       none
#pragma once

#include <cstddef>
#include <memory>

#include "enrich/digest.h"
#include "enrich/judgement.h"
#include "ingest/lru_map.h"

namespace shakedown::enrich {

class JudgementTable {
 public:
  JudgementTable(std::size_t count_max, std::size_t bytes_max)
      : entries_(count_max), bytes_max_(bytes_max) {}
  ~JudgementTable();
  JudgementTable(const JudgementTable&) = delete;
  JudgementTable& operator=(const JudgementTable&) = delete;

  /// The chain with this digest; null when there is none.
  [[nodiscard]] ChainPointer chain(const Digest& digest);
  /// Keeps a chain that is not there yet.
  void keep(const Digest& digest, const ChainPointer& chain);
  /// The judgement of a chain, whether this table made it or not.
  [[nodiscard]] Judgement& judgement_of(const Chain& chain);
  /// Counts anew what a judgement holds, and makes room for it.
  void account(const Chain& chain, Judgement& judgement);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Digest digest;
    ChainPointer chain;  ///< null: only its judgement is kept
    std::shared_ptr<Judgement> judgement;
  };
  [[nodiscard]] Judgement& add(const Digest& digest, const Chain& chain, ChainPointer owner);
  /// Any but the one that stays.
  void remove_oldest(const Judgement* staying);
  void grow(Judgement& judgement, std::size_t bytes);

  ingest::LruMap<Digest, Entry, DigestHash> entries_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
};

}  // namespace shakedown::enrich

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Intermediate certificates that chains have shown which lead to a trust anchor. With
//            them one can tell a chain that lacks its intermediate from one that leads nowhere.
// Units:     Generations: a number that grows with each certificate learnt.
// Ownership: Owns their DER; parses it anew for who asks, because that is rare.
// Threading: One thread.
// Limits:    The count given, kIntermediateBytesMax each; the one not used for longest goes first.
// Failure:   None: what is too large is not learnt.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "enrich/openssl_types.h"
#include "ingest/lru_map.h"
#include "shakedown/bytes.h"

namespace shakedown::enrich {

inline constexpr std::size_t kIntermediateBytesMax = 4 * 1024;

class Intermediates {
 public:
  explicit Intermediates(std::size_t count_max) : certificates_(count_max) {}

  void learn(X509& certificate);
  /// Those with this subject, in the order of their digests.
  [[nodiscard]] std::vector<X509Pointer> with_subject(const X509_NAME* subject);

  /// When one with a subject of this hash (name_hash()) was last learnt; 0: never.
  [[nodiscard]] std::uint64_t learnt_at(std::uint32_t subject_hash) const;
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  [[nodiscard]] std::size_t size() const { return certificates_.size(); }
  void clear();

 private:
  struct Subject {
    std::vector<std::uint64_t> keys;  ///< into certificates_, sorted
    std::uint64_t learnt_at = 0;
  };
  struct Learnt {
    std::uint32_t subject_hash = 0;
    std::uint64_t key = 0;
    std::vector<std::uint8_t> der;
  };
  void forget_oldest();

  ingest::LruMap<std::uint64_t, Learnt> certificates_;
  std::unordered_map<std::uint32_t, Subject> subjects_;
  std::uint64_t generation_ = 0;
};

}  // namespace shakedown::enrich

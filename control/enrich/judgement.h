// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a ChainJudge keeps of a chain: its verdict, and the staples that came with it.
// Units:     Bytes.
// Ownership: Shared by the judge's table and the chain.
// Threading: One thread.
// Limits:    kStaplesPerChain.
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "enrich/chain.h"
#include "enrich/chain_verdict.h"
#include "enrich/staple.h"

namespace shakedown::enrich {

/// Servers behind one address answer with the staples that each of them fetched.
inline constexpr std::size_t kStaplesPerChain = 4;

struct KnownStaple {
  std::vector<std::uint8_t> response;
  StapleAnswer answer;
};

struct Judgement {
  const Chain* chain = nullptr;  ///< whose it is; compared, never followed
  const void* judge = nullptr;   ///< whose table it stands in; null: it was put out of it
  bool used = false;             ///< since it was last spared
  bool judged_before = false;
  bool must_staple = false;
  std::uint64_t trust_epoch = 0;  ///< of the verdict
  std::optional<ChainVerdict> verdict;
  std::vector<KnownStaple> staples;
  std::size_t next_staple = 0;
  std::size_t bytes = 0;  ///< counted in the table

  [[nodiscard]] std::size_t count_bytes() const {
    std::size_t sum = sizeof(Judgement) + (verdict ? verdict->bytes() : 0);
    for (const KnownStaple& staple : staples) sum += sizeof staple + staple.response.capacity();
    return sum;
  }
};

}  // namespace shakedown::enrich

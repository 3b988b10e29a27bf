// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Remembers, in four bytes each, the connections that need no more looking at.
// Units:     Capacity counts connections.
// Ownership: Its sets lie in the arena.
// Threading: One worker.
// Limits:    Two connections per set; a third pushes the older one out. A forgotten connection
//            costs a few more looks at its packets, never a wrong record.
// Failure:   contains() may answer yes for a stranger: one chance in about 2^31 per question of a
//            full filter. A SYN therefore calls remove() before anything else.
// RFC:       none
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "arena.h"
#include "flow/flow_index.h"

namespace shakedown::flow {

class DecidedFilter {
 public:
  /// Room for at least `capacity` tags.
  DecidedFilter(Arena& arena, std::size_t capacity)
      : sets_(arena.take<Set>(set_count_for(capacity))),
        shift_(64u - static_cast<unsigned>(std::countr_zero(sets_.size()))) {}

  [[nodiscard]] static constexpr std::size_t budget_bytes(std::size_t capacity) noexcept {
    return Arena::cost<Set>(set_count_for(capacity));
  }

  void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&set_of(hash)); }

  [[nodiscard]] bool contains(std::uint64_t hash) const noexcept {
    const Set& set = set_of(hash);
    const std::uint32_t tag = tag_of(hash);
    return set.newer == tag || set.older == tag;
  }

  void insert(std::uint64_t hash) noexcept {
    Set& set = set_of(hash);
    const std::uint32_t tag = tag_of(hash);
    if (set.newer == tag) return;
    set.older = std::exchange(set.newer, tag);
  }

  void remove(std::uint64_t hash) noexcept {
    Set& set = set_of(hash);
    const std::uint32_t tag = tag_of(hash);
    if (set.newer == tag) set.newer = std::exchange(set.older, kEmptyTag);
    if (set.older == tag) set.older = kEmptyTag;
  }

 private:
  static constexpr std::uint32_t kEmptyTag = 0;

  struct alignas(8) Set {
    std::uint32_t newer = kEmptyTag;
    std::uint32_t older = kEmptyTag;
  };
  static_assert(sizeof(Set) == 8);

  [[nodiscard]] static constexpr std::size_t set_count_for(std::size_t capacity) noexcept {
    return std::bit_ceil(capacity / 2 + 1);
  }

  [[nodiscard]] Set& set_of(std::uint64_t hash) const noexcept {
    return sets_[spread(hash, 0x9e37'79b9'7f4a'7c15, shift_)];
  }
  [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    return tag == kEmptyTag ? 1u : tag;
  }

  std::span<Set> sets_;
  unsigned shift_;
};

}  // namespace shakedown::flow

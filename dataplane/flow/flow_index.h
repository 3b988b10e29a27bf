// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   From a hash to the slots that may carry it: the index that FlowTable and EmbryoTable
//            share.
// Units:     Slots are indices below the capacity.
// Ownership: Its buckets lie in the arena. It does not know what the slots hold; the caller
//            compares keys.
// Threading: One worker.
// Limits:    Two buckets of kEntryCount entries per hash. At the half load it is sized for, both
//            are full only when a table is close to its capacity or the hash is not random.
// Failure:   insert() refuses when both buckets are full and leaves nothing behind.
// RFC:       none
#pragma once

#include <emmintrin.h>

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arena.h"

namespace shakedown::flow {

/// A slot index that names no slot.
inline constexpr std::uint32_t kNoSlot = 0xffff'ffff;

/// Spreads a hash over 2^(64-shift) places. The product's upper bits depend on all lower ones, so a
/// table stays even when the worker was chosen by some bits of the same hash.
[[nodiscard]] inline std::size_t spread(std::uint64_t hash, std::uint64_t factor,
                                        unsigned shift) noexcept {
  // A shift by 64 would be undefined; the two steps make it yield zero.
  return ((hash * factor) >> 1) >> (shift - 1);
}

class FlowIndex {
 public:
  static constexpr unsigned kEntryCount = 10;
  /// Entries of a primary bucket that are filled only when the secondary one is no emptier.
  static constexpr int kReservedEntryCount = 2;

  /// For at most `capacity` entries in total.
  FlowIndex(Arena& arena, std::size_t capacity)
      : buckets_(arena.take<Bucket>(bucket_count_for(capacity))),
        shift_(64u - static_cast<unsigned>(std::countr_zero(buckets_.size()))) {}

  [[nodiscard]] static constexpr std::size_t budget_bytes(std::size_t capacity) noexcept {
    return Arena::cost<Bucket>(bucket_count_for(capacity));
  }

  void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&primary(hash)); }
  /// For a hash that will be inserted, which looks at both.
  void prefetch_both(std::uint64_t hash) const noexcept {
    prefetch(hash);
    __builtin_prefetch(&secondary(hash));
  }

  /// The first slot of the primary bucket whose tag fits, else kNoSlot: a guess for prefetching
  /// only.
  [[nodiscard]] std::uint32_t guess(std::uint64_t hash) const noexcept {
    const Bucket& bucket = primary(hash);
    const unsigned hits = matches(bucket, tag_of(hash));
    return hits == 0 ? kNoSlot : bucket.slots[static_cast<unsigned>(std::countr_zero(hits))];
  }

  /// The first slot with a fitting tag that `is_it(slot)` accepts, else kNoSlot.
  template <class IsIt>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, IsIt&& is_it) const noexcept {
    const std::uint16_t tag = tag_of(hash);
    const std::uint32_t slot = find_in(primary(hash), tag, is_it);
    return slot != kNoSlot ? slot : find_in(secondary(hash), tag, is_it);
  }

  /// Adds an entry to the primary bucket, where a guess finds it, or to the emptier one when the
  /// primary is nearly full; false when both are full.
  [[nodiscard]] bool insert(std::uint64_t hash, std::uint32_t slot) noexcept {
    Bucket& first = primary(hash);
    Bucket& second = secondary(hash);
    const unsigned free_first = matches(first, kEmptyTag);
    const unsigned free_second = matches(second, kEmptyTag);
    const bool take_first = std::popcount(free_first) > kReservedEntryCount ||
                            std::popcount(free_first) >= std::popcount(free_second);
    const unsigned free = take_first ? free_first : free_second;
    if (free == 0) return false;
    Bucket& bucket = take_first ? first : second;
    const auto entry = static_cast<unsigned>(std::countr_zero(free));
    bucket.tags[entry] = tag_of(hash);
    bucket.slots[entry] = slot;
    return true;
  }

  /// Removes the entry that insert(hash, slot) made.
  void erase(std::uint64_t hash, std::uint32_t slot) noexcept {
    const bool erased =
        erase_from(primary(hash), hash, slot) || erase_from(secondary(hash), hash, slot);
    assert(erased);
    static_cast<void>(erased);
  }

  /// Calls `visit(slot)` for every entry of the two buckets of `hash`, whatever its tag.
  template <class Visit>
  void for_each_neighbour(std::uint64_t hash, Visit&& visit) const noexcept {
    for (const Bucket* bucket : {&primary(hash), &secondary(hash)}) {
      for (unsigned i = 0; i < kEntryCount; ++i) {
        if (bucket->tags[i] != kEmptyTag) visit(bucket->slots[i]);
      }
    }
  }

 private:
  static constexpr std::uint16_t kEmptyTag = 0;

  /// One cache line. An entry is empty when its tag is kEmptyTag.
  struct alignas(64) Bucket {
    std::array<std::uint16_t, kEntryCount> tags{};
    std::array<std::uint32_t, kEntryCount> slots{};
  };
  static_assert(sizeof(Bucket) == 64);

  [[nodiscard]] static constexpr std::size_t bucket_count_for(std::size_t capacity) noexcept {
    return std::bit_ceil(2 * capacity / kEntryCount + 1);
  }

  [[nodiscard]] static std::uint16_t tag_of(std::uint64_t hash) noexcept {
    const auto tag = static_cast<std::uint16_t>(hash >> 32);
    return tag == kEmptyTag ? std::uint16_t{1} : tag;
  }

  [[nodiscard]] Bucket& primary(std::uint64_t hash) const noexcept {
    return buckets_[spread(hash, 0x9e37'79b9'7f4a'7c15, shift_)];
  }
  [[nodiscard]] Bucket& secondary(std::uint64_t hash) const noexcept {
    return buckets_[spread(hash, 0xc2b2'ae3d'27d4'eb4f, shift_)];
  }

  /// Bit i is set when tag i of the bucket equals `tag`. The second load runs on into the slots;
  /// those lanes are masked away.
  [[nodiscard]] static unsigned matches(const Bucket& bucket, std::uint16_t tag) noexcept {
    const auto* line = reinterpret_cast<const __m128i*>(&bucket);
    const __m128i wanted = _mm_set1_epi16(static_cast<std::int16_t>(tag));
    const __m128i low = _mm_cmpeq_epi16(_mm_load_si128(line), wanted);
    const __m128i high = _mm_cmpeq_epi16(_mm_load_si128(line + 1), wanted);
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
    return mask & ((1u << kEntryCount) - 1);
  }

  template <class IsIt>
  [[nodiscard]] static std::uint32_t find_in(const Bucket& bucket, std::uint16_t tag,
                                             IsIt& is_it) noexcept {
    for (unsigned hits = matches(bucket, tag); hits != 0; hits &= hits - 1) {
      const std::uint32_t slot = bucket.slots[static_cast<unsigned>(std::countr_zero(hits))];
      if (is_it(slot)) return slot;
    }
    return kNoSlot;
  }

  [[nodiscard]] static bool erase_from(Bucket& bucket, std::uint64_t hash,
                                       std::uint32_t slot) noexcept {
    for (unsigned hits = matches(bucket, tag_of(hash)); hits != 0; hits &= hits - 1) {
      const auto entry = static_cast<unsigned>(std::countr_zero(hits));
      if (bucket.slots[entry] != slot) continue;
      bucket.tags[entry] = kEmptyTag;
      return true;
    }
    return false;
  }

  std::span<Bucket> buckets_;
  unsigned shift_;
};

}  // namespace shakedown::flow

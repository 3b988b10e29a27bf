// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A set of hashes that forgets: those of this generation and of the one before it.
// Units:     Hashes of 32 bits; two values that share one count as one.
// Ownership: Values.
// Threading: One thread.
// Limits:    `generation_max` hashes a generation; a generation ends when it is full, or after
//            kGenerationHalfLives.
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>

#include "diagnose/profile/row.h"

namespace shakedown::diagnose {

inline constexpr std::uint32_t kGenerationHalfLives = 4;

class RecentSet {
 public:
  /// `now`: whole half-lives, of which only differences matter.
  void insert(std::uint32_t hash, std::size_t generation_max, std::uint32_t now);
  [[nodiscard]] bool contains(std::uint32_t hash) const;
  [[nodiscard]] std::uint32_t count() const {
    return static_cast<std::uint32_t>(items_.size()) - both_;
  }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  void clear();

  [[nodiscard]] std::size_t heap_bytes() const { return items_.heap_bytes(); }
  /// Insertion of `hash` will soon need its place.
  void prefetch(std::uint32_t hash) const;

  /// For the codec: the generation before, then this one, each ascending.
  [[nodiscard]] const Row<std::uint32_t>& items() const { return items_; }
  [[nodiscard]] std::size_t split() const { return split_; }
  [[nodiscard]] std::uint32_t since() const { return since_; }
  /// False, and empty then, when these are not two ascending rows.
  [[nodiscard]] bool restore(std::span<const std::uint32_t> items, std::size_t split,
                             std::uint32_t since);

 private:
  Row<std::uint32_t> items_;  ///< the generation before, then this one; each ascending
  std::uint16_t split_ = 0;   ///< how many are of the generation before
  std::uint16_t both_ = 0;    ///< how many are in both
  std::uint32_t since_ = 0;   ///< when this generation began
};

}  // namespace shakedown::diagnose

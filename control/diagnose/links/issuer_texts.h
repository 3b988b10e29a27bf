// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The texts of issuers, kept once each, so that names can hold a key.
// Units:     Bytes.
// Ownership: Owns the texts.
// Threading: One thread.
// Limits:    The capacity given; kIssuerTextMax bytes each, cut there. The least recently used goes
//            first.
// Failure:   A text that was forgotten is empty: the issuer can still be told from others.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/links/link_keys.h"
#include "diagnose/links/lru_index.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kIssuerTextMax = 256;

class IssuerTexts {
 public:
  explicit IssuerTexts(std::size_t capacity) : index_(capacity) { texts_.reserve(capacity); }

  void keep(std::uint64_t key, std::string_view text) {
    const LruIndex::Place place = index_.touch(key);
    if (place.index == texts_.size()) texts_.emplace_back();
    if (place.added) texts_[place.index] = text.substr(0, kIssuerTextMax);
  }
  [[nodiscard]] std::string_view text(std::uint64_t key) const {
    const std::uint32_t place = index_.find(key);
    return place == LruIndex::kNone ? std::string_view{} : std::string_view(texts_[place]);
  }

  [[nodiscard]] static std::size_t memory_max(std::size_t capacity) {
    return LruIndex::memory_max(capacity) + capacity * (sizeof(std::string) + kIssuerTextMax + 1);
  }

 private:
  LruIndex index_;
  std::vector<std::string> texts_;
};

}  // namespace shakedown::diagnose

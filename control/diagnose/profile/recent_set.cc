// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/recent_set.h"

#include <algorithm>

namespace shakedown::diagnose {

namespace {

/// Where `hash` stands or would stand in an ascending row. Hashes are spread evenly, so that their
/// place can be guessed: a search by halves would touch a line of memory for each step.
const std::uint32_t* place_of(std::uint32_t hash, const std::uint32_t* begin,
                              const std::uint32_t* end) {
  const auto count = static_cast<std::uint64_t>(end - begin);
  const std::uint32_t* place = begin + (count * hash >> 32);
  while (place != begin && place[-1] >= hash) --place;
  while (place != end && *place < hash) ++place;
  return place;
}

bool holds(std::uint32_t hash, const std::uint32_t* begin, const std::uint32_t* end) {
  const std::uint32_t* place = place_of(hash, begin, end);
  return place != end && *place == hash;
}

}  // namespace

void RecentSet::insert(std::uint32_t hash, std::size_t generation_max, std::uint32_t now) {
  if (items_.empty()) since_ = now;
  const std::uint32_t* begin = items_.begin() + split_;
  const std::uint32_t* place = place_of(hash, begin, std::as_const(items_).end());
  if (place != items_.end() && *place == hash) return;
  std::size_t count = items_.size() - split_;
  auto index = static_cast<std::size_t>(place - items_.begin());
  if (count != 0 && (count >= generation_max || now - since_ >= kGenerationHalfLives)) {
    items_.erase(0, split_);
    split_ = static_cast<std::uint16_t>(items_.size());
    both_ = 0;
    since_ = now;
    index = items_.size();
  }
  if (holds(hash, items_.begin(), items_.begin() + split_)) ++both_;
  items_.insert(index, hash, generation_max * 2);
}

bool RecentSet::contains(std::uint32_t hash) const {
  const std::uint32_t* middle = items_.begin() + split_;
  return holds(hash, items_.begin(), middle) || holds(hash, middle, items_.end());
}

void RecentSet::prefetch(std::uint32_t hash) const {
  if (items_.empty()) return;
  const std::uint64_t count = items_.size() - split_;
  __builtin_prefetch(items_.begin() + split_ + (count * hash >> 32));
}

void RecentSet::clear() {
  items_.clear();
  split_ = 0;
  both_ = 0;
}

bool RecentSet::restore(std::span<const std::uint32_t> items, std::size_t split,
                        std::uint32_t since) {
  clear();
  if (split > items.size() || items.size() > UINT16_MAX) return false;
  const auto ascending = [](std::span<const std::uint32_t> part) {
    return std::adjacent_find(part.begin(), part.end(), std::greater_equal<>()) == part.end();
  };
  const auto before = items.first(split);
  const auto current = items.subspan(split);
  if (!ascending(before) || !ascending(current)) return false;
  for (const std::uint32_t hash : items) items_.push_back(hash, items.size());
  split_ = static_cast<std::uint16_t>(split);
  both_ = static_cast<std::uint16_t>(
      std::count_if(current.begin(), current.end(), [before](std::uint32_t hash) {
        return std::binary_search(before.begin(), before.end(), hash);
      }));
  since_ = since;
  return true;
}

}  // namespace shakedown::diagnose

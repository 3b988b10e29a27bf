// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/lru_index.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace shakedown::diagnose {

namespace {

std::size_t cell_count(std::size_t capacity) { return std::bit_ceil(capacity * 2); }

constexpr std::uint64_t cell(std::uint64_t key, std::uint32_t index) {
  return (key & 0xffff'ffff'0000'0000) | (std::uint64_t{index} + 1);
}
constexpr std::uint32_t index_in(std::uint64_t cell) {
  return static_cast<std::uint32_t>(cell & 0xffff'ffff) - 1;
}

}  // namespace

LruIndex::LruIndex(std::size_t capacity)
    : capacity_(std::clamp<std::size_t>(capacity, 1, kNone - 1)),
      mask_(cell_count(capacity_) - 1),
      cells_(mask_ + 1) {
  entries_.reserve(capacity_);
}

std::size_t LruIndex::cell_of(std::uint64_t key) const {
  std::size_t place = home(key);
  while (cells_[place] != 0) {
    const std::uint32_t index = index_in(cells_[place]);
    if (cells_[place] == cell(key, index) && entries_[index].key == key) break;
    place = (place + 1) & mask_;
  }
  return place;
}

std::uint32_t LruIndex::find(std::uint64_t key) const {
  const std::uint64_t found = cells_[cell_of(key)];
  return found == 0 ? kNone : index_in(found);
}

std::uint32_t LruIndex::use(std::uint32_t index) {
  if (newest_ != index) {
    unlink(index);
    link_newest(index);
  }
  return index;
}

std::uint32_t LruIndex::touch_known(std::uint64_t key) {
  const std::uint32_t index = find(key);
  return index == kNone ? kNone : use(index);
}

LruIndex::Place LruIndex::touch(std::uint64_t key) {
  std::size_t place = cell_of(key);
  if (cells_[place] != 0) return {.index = use(index_in(cells_[place]))};
  Place added{.index = static_cast<std::uint32_t>(entries_.size()), .added = true};
  if (entries_.size() == capacity_) {
    added.index = oldest_;
    added.evicted = true;
    ++evicted_count_;
    erase_cell(cell_of(entries_[oldest_].key));
    unlink(added.index);
    // What stood behind the erased cell may have moved, and with it the free one.
    place = cell_of(key);
  } else {
    entries_.push_back({});
  }
  entries_[added.index].key = key;
  link_newest(added.index);
  cells_[place] = cell(key, added.index);
  if (added.evicted) __builtin_prefetch(&cells_[home(entries_[oldest_].key)]);  // the next to go
  return added;
}

/// Moves back what was pushed on by the erased one, so that no row of cells has a hole.
void LruIndex::erase_cell(std::size_t cell) {
  std::size_t hole = cell;
  for (std::size_t next = (hole + 1) & mask_; cells_[next] != 0; next = (next + 1) & mask_) {
    const std::size_t pushed = (next - home(cells_[next])) & mask_;
    if (pushed < ((next - hole) & mask_)) continue;
    cells_[hole] = cells_[next];
    hole = next;
  }
  cells_[hole] = 0;
}

void LruIndex::unlink(std::uint32_t index) {
  const Entry& entry = entries_[index];
  if (entry.newer != kNone) entries_[entry.newer].older = entry.older;
  if (entry.older != kNone) entries_[entry.older].newer = entry.newer;
  if (newest_ == index) newest_ = entry.older;
  if (oldest_ == index) oldest_ = entry.newer;
}

void LruIndex::link_newest(std::uint32_t index) {
  entries_[index].newer = kNone;
  entries_[index].older = newest_;
  if (newest_ != kNone) entries_[newest_].newer = index;
  newest_ = index;
  if (oldest_ == kNone) oldest_ = index;
}

std::size_t LruIndex::memory_max(std::size_t capacity) {
  return cell_count(capacity) * sizeof(std::uint64_t) + capacity * sizeof(Entry);
}

}  // namespace shakedown::diagnose

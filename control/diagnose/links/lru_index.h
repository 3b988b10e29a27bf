// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   From a key to the place of its entry in an array that the caller owns; the place of the
//            least recently used key is given away when all are taken.
// Units:     Places count from zero.
// Ownership: Owns keys and order only.
// Threading: One thread.
// Limits:    The capacity given; memory is taken at the start, and touched as it fills.
// Failure:   none. Keys are hashes with a secret seed: a stranger cannot make them collide, and two
//            that do by chance (2^-64) are one. The order of eviction depends on use alone.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shakedown::diagnose {

class LruIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  struct Place {
    std::uint32_t index = 0;
    bool added = false;    ///< the key is new: what stands at the place is not its own
    bool evicted = false;  ///< ... but that of a key which was forgotten for it
  };

  explicit LruIndex(std::size_t capacity);

  /// Where the key probably stands; kNone where it does not. For fetching ahead: it reads one cell.
  [[nodiscard]] std::uint32_t guess(std::uint64_t key) const {
    const std::uint64_t found = cells_[home(key)];
    return static_cast<std::uint32_t>(found & 0xffff'ffff) - 1;
  }
  /// Begins to load what guess() reads.
  void prefetch(std::uint64_t key) const { __builtin_prefetch(&cells_[home(key)]); }

  /// kNone when it is not there. Does not count as use.
  [[nodiscard]] std::uint32_t find(std::uint64_t key) const;
  /// The place of the key, now the most recently used; adds it when it is not there.
  [[nodiscard]] Place touch(std::uint64_t key);
  /// As touch(), of a key that is there or not: kNone.
  [[nodiscard]] std::uint32_t touch_known(std::uint64_t key);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::uint64_t evicted_count() const { return evicted_count_; }
  [[nodiscard]] static std::size_t memory_max(std::size_t capacity);

 private:
  struct Entry {
    std::uint64_t key;
    std::uint32_t newer;
    std::uint32_t older;
  };

  /// By the upper half, which stands in the cell: to move cells no entry has to be read.
  [[nodiscard]] std::size_t home(std::uint64_t key) const { return (key >> 32) & mask_; }
  [[nodiscard]] std::size_t cell_of(std::uint64_t key) const;
  void erase_cell(std::size_t cell);
  void unlink(std::uint32_t index);
  void link_newest(std::uint32_t index);
  [[nodiscard]] std::uint32_t use(std::uint32_t index);

  std::size_t capacity_;
  std::size_t mask_;
  /// The upper half of the key over the place plus one; zero: empty. Linear probing, at most half
  /// full.
  std::vector<std::uint64_t> cells_;
  std::vector<Entry> entries_;
  std::uint32_t newest_ = kNone;
  std::uint32_t oldest_ = kNone;
  std::uint64_t evicted_count_ = 0;
};

}  // namespace shakedown::diagnose

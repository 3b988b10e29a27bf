// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Which keys (clients, servers, names) fail most, in bounded memory however many keys
//            there are.
// Units:     Handshakes.
// Ownership: Owns its keys.
// Threading: One thread.
// Limits:    `capacity` keys. Exact up to there; from then on Space-Saving over failures: a new
//            failing key takes the place of the key with the fewest failures and inherits its count
//            as its possible error.
// Failure:   none; `approximate()` says whether the numbers may be off.
// RFC:       none; Metwally, Agrawal, El Abbadi: "Efficient Computation of Frequent and Top-k
//            Elements" (2005).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace shakedown::aggregate {

inline constexpr std::size_t kWorstKeyCountMax = 4096;

struct KeyCount {
  std::string key;
  std::uint64_t handshakes = 0;
  std::uint64_t failures = 0;
  std::uint64_t error = 0;  ///< failures that may be another key's
};

class WorstKeys {
 public:
  explicit WorstKeys(std::size_t capacity = kWorstKeyCountMax) : capacity_(capacity) {}

  void add(std::string_view key, bool failed);

  /// The `count` keys with the most failures, then the highest rate, then in the order of the keys.
  /// Keys without a failure are left out.
  [[nodiscard]] std::vector<KeyCount> worst(std::size_t count) const;
  [[nodiscard]] std::size_t key_count() const { return entries_.size(); }
  [[nodiscard]] bool approximate() const { return approximate_; }

 private:
  struct Entry {
    std::uint64_t handshakes = 0;
    std::uint64_t failures = 0;
    std::uint64_t error = 0;
    std::uint64_t serial = 0;  ///< order of arrival: makes eviction independent of hashing
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept {
      return std::hash<std::string_view>{}(key);
    }
  };
  using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
  /// (failures, serial) -> key; the first is the next to go.
  using Ranks = std::set<std::pair<std::pair<std::uint64_t, std::uint64_t>, const std::string*>>;

  Entry* insert(std::string_view key, bool failed);

  std::size_t capacity_;
  Entries entries_;
  Ranks ranks_;
  std::uint64_t next_serial_ = 0;
  bool approximate_ = false;
};

}  // namespace shakedown::aggregate

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A map that forgets what was not used for longest once it is full.
// Units:     Entries.
// Ownership: Owns its values; a pointer to one is valid until the next insertion or erasure.
// Threading: One thread.
// Limits:    The capacity given.
// Failure:   None; insertion into a full map evicts. The order of eviction does not depend on
//            hashing, so that equal input gives equal output.
// RFC:       none
#pragma once

#include <cassert>
#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace shakedown::ingest {

template <class Key, class Value, class Hash = std::hash<Key>>
class LruMap {
 public:
  explicit LruMap(std::size_t capacity) : capacity_(capacity) { assert(capacity > 0); }

  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] bool empty() const { return places_.empty(); }

  /// The value, now the most recently used; null when there is none.
  [[nodiscard]] Value* find(const Key& key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, place->second);
    return &place->second->second;
  }

  /// Adds a value for a key that is not there yet, and evicts the oldest when that makes one too
  /// many.
  Value& insert(const Key& key, Value value) {
    assert(!places_.contains(key));
    if (places_.size() == capacity_) evict_oldest();
    entries_.emplace_front(key, std::move(value));
    places_.emplace(key, entries_.begin());
    return entries_.front().second;
  }

  /// The value that would be evicted next. The map must not be empty.
  [[nodiscard]] Value& oldest() { return entries_.back().second; }

  void evict_oldest() {
    places_.erase(entries_.back().first);
    entries_.pop_back();
  }

  void clear() {
    places_.clear();
    entries_.clear();
  }

 private:
  using Entries = std::list<std::pair<Key, Value>>;

  std::size_t capacity_;
  Entries entries_;
  std::unordered_map<Key, typename Entries::iterator, Hash> places_;
};

}  // namespace shakedown::ingest

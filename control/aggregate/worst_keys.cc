// SPDX-License-Identifier: Apache-2.0
#include "aggregate/worst_keys.h"

#include <algorithm>

namespace shakedown::aggregate {

void WorstKeys::add(std::string_view key, bool failed) {
  const auto place = entries_.find(key);
  Entry* entry = place != entries_.end() ? &place->second : insert(key, failed);
  if (entry == nullptr) return;
  ++entry->handshakes;
  if (!failed) return;
  const std::string* name = &entries_.find(key)->first;
  ranks_.erase({{entry->failures, entry->serial}, name});
  ++entry->failures;
  ranks_.insert({{entry->failures, entry->serial}, name});
}

WorstKeys::Entry* WorstKeys::insert(std::string_view key, bool failed) {
  Entry entry;
  entry.serial = next_serial_++;
  if (entries_.size() == capacity_) {
    approximate_ = true;
    // A key that only succeeds is not worth the place of one that failed.
    if (!failed) return nullptr;
    const auto weakest = ranks_.begin();
    entry.failures = entry.error = weakest->first.first;
    entry.handshakes = entry.failures;
    const std::string evicted = *weakest->second;
    ranks_.erase(weakest);
    entries_.erase(evicted);
  }
  const auto place = entries_.emplace(std::string(key), entry).first;
  ranks_.insert({{entry.failures, entry.serial}, &place->first});
  return &place->second;
}

std::vector<KeyCount> WorstKeys::worst(std::size_t count) const {
  std::vector<KeyCount> keys;
  for (const auto& [key, entry] : entries_) {
    if (entry.failures == 0) continue;
    keys.push_back({.key = key,
                    .handshakes = entry.handshakes,
                    .failures = entry.failures,
                    .error = entry.error});
  }
  std::sort(keys.begin(), keys.end(), [](const KeyCount& a, const KeyCount& b) {
    if (a.failures != b.failures) return a.failures > b.failures;
    if (a.handshakes != b.handshakes) return a.handshakes < b.handshakes;
    return a.key < b.key;
  });
  if (keys.size() > count) keys.resize(count);
  return keys;
}

}  // namespace shakedown::aggregate

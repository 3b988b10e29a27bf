// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What is known of one name (or none) at one endpoint: whether it succeeds, and the
//            chains that were shown for it.
// Units:     Weights are those of the profile's landmark (profile_clock.h). Hashes: lesson.h.
// Ownership: Values; chains and staples are shared.
// Threading: One thread.
// Limits:    kChainsMax chains, kStapleBytesMax bytes of a staple.
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "diagnose/profile/lesson.h"
#include "diagnose/profile/profile_pool.h"
#include "diagnose/profile/recent_set.h"
#include "diagnose/profile/seconds.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kChainsMax = 4;
inline constexpr std::size_t kChainNetworksGeneration = 128;
inline constexpr std::size_t kStapleBytesMax = 8192;  ///< a larger one is not kept
inline constexpr std::size_t kNameSecondsMax = 40;

struct NameKey {
  std::uint64_t endpoint = 0;  ///< hash
  std::uint64_t name = 0;      ///< hash

  bool operator==(const NameKey&) const = default;
};
[[nodiscard]] constexpr std::uint64_t hash_of(const NameKey& key) {
  return key.endpoint ^ (key.name * 0x9e3779b97f4a7c15u);
}

struct NameSecond {
  std::int64_t second = 0;
  Marks success_end;
  Marks success_begin;
};
static_assert(sizeof(NameSecond) == 24);

struct KnownChain {
  enrich::ChainPointer chain;
  UnixNanos first;
  UnixNanos last;
  float accepted = 0;
  float rejected = 0;
  RecentSet networks;
};

using StaplePointer = std::shared_ptr<const std::vector<std::uint8_t>>;

struct NameProfile {
  PoolNote pool;
  NameKey key;
  std::int64_t landmark = 0;
  double used_half_lives = 0;
  std::uint64_t used = 0;
  float successes = 0;
  float failures = 0;
  Seconds<NameSecond> seconds;
  UnixNanos older_success_end;  ///< of those that left `seconds`
  std::vector<KnownChain> chains;
  StaplePointer staple;

  void learn(const Lesson& lesson, const ProfileClock& clock);
  [[nodiscard]] UnixNanos success_before(UnixNanos moment) const;
  [[nodiscard]] UnixNanos success_after(UnixNanos moment) const {
    return seconds.first_after(&NameSecond::success_begin, moment);
  }
  void prefetch() const;
  [[nodiscard]] bool proven() const { return successes > 0; }
  [[nodiscard]] std::size_t heap_bytes() const;

 private:
  void learn_success(const Lesson& lesson, const ProfileClock& clock);
  void learn_chain(const Lesson& lesson, float weight, const ProfileClock& clock);
  [[nodiscard]] NameSecond* second(UnixNanos time);
  void rescale(const ProfileClock& clock);
};

}  // namespace shakedown::diagnose

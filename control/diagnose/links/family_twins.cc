// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/family_twins.h"

#include <algorithm>
#include <bit>

#include "diagnose/links/link_keys.h"

namespace shakedown::diagnose {

namespace {

std::size_t side_of(IpFamily family) { return family == IpFamily::ipv6 ? 1 : 0; }

std::size_t entry_count(std::size_t capacity) {
  return std::bit_ceil(std::max<std::size_t>(capacity, 1));
}

}  // namespace

std::uint64_t asked_for(std::uint64_t name_hash, std::uint32_t stack) {
  if (name_hash == 0 || stack == 0) return 0;
  // Both are hashes already; an odd factor spreads the shorter one.
  return name_hash ^ stack * 0x9e37'79b9'7f4a'7c15;
}

FamilyTwins::FamilyTwins(std::size_t capacity)
    : mask_(entry_count(capacity) - 1), entries_(mask_ + 1) {}

void FamilyTwins::learn(std::uint64_t asked, IpFamily family, std::uint64_t client, UnixNanos at) {
  Entry& entry = entries_[asked & mask_];
  if (entry.asked != asked) {
    const UnixNanos last = std::max(entry.sides[0].at, entry.sides[1].at);
    const bool blind = last.known() && distance(last, at) <= kAloneNanos;
    entry = {.asked = asked, .sides = {}};
    if (blind) entry.sides[0].stranger_at = entry.sides[1].stranger_at = at;
  }
  Side& side = entry.sides[side_of(family)];
  if (side.client != client && side.client != 0) side.stranger_at = side.at;
  side.client = client;
  side.at = at;
}

std::optional<std::uint64_t> FamilyTwins::twin(std::uint64_t asked, IpFamily family,
                                               std::uint64_t client, UnixNanos at) const {
  const Entry& entry = entries_[asked & mask_];
  if (entry.asked != asked) return std::nullopt;
  const Side& own = entry.sides[side_of(family)];
  const Side& other = entry.sides[1 - side_of(family)];
  if (own.client != client || other.client == 0) return std::nullopt;
  for (const Side& side : entry.sides) {
    if (side.stranger_at.known() && distance(side.stranger_at, at) <= kAloneNanos) {
      return std::nullopt;
    }
  }
  if (distance(other.at, at) >= kAttemptNanos) return std::nullopt;
  return other.client;
}

std::size_t FamilyTwins::memory_max(std::size_t capacity) {
  return entry_count(capacity) * sizeof(Entry);
}

}  // namespace shakedown::diagnose

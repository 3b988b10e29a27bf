// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/name_profile.h"

#include <algorithm>
#include <tuple>

namespace shakedown::diagnose {

void NameProfile::learn(const Lesson& lesson, const ProfileClock& clock) {
  if (clock.outgrown(landmark)) rescale(clock);
  const float weight = clock.one(landmark);
  if (lesson.success) {
    successes += weight;
    learn_success(lesson, clock);
  } else if (lesson.failure) {
    failures += weight;
  }
  const enrich::Handshake& handshake = lesson.handshake;
  if (handshake.server_chain != nullptr) learn_chain(lesson, weight, clock);
  const Bytes shown = handshake.staple;
  if (shown.empty() || shown.size() > kStapleBytesMax) return;
  if (staple == nullptr ||
      !std::equal(shown.begin(), shown.end(), staple->begin(), staple->end())) {
    staple = std::make_shared<const std::vector<std::uint8_t>>(shown.begin(), shown.end());
  }
}

NameSecond* NameProfile::second(UnixNanos time) {
  NameSecond* cell = seconds.at(
      second_of(time), kNameSecondsMax,
      [this](const NameSecond& old) {
        if (!old.success_end.any()) return;
        older_success_end = std::max(older_success_end, time_of(old.second, old.success_end.last));
      },
      [this] { older_success_end = {}; });
  return cell;
}

void NameProfile::learn_success(const Lesson& lesson, const ProfileClock& /*clock*/) {
  if (NameSecond* cell = second(lesson.moment)) cell->success_begin.note(offset_of(lesson.moment));
  if (NameSecond* cell = second(lesson.end)) {
    cell->success_end.note(offset_of(lesson.end));
  } else {
    older_success_end = std::max(older_success_end, lesson.end);
  }
}

void NameProfile::learn_chain(const Lesson& lesson, float weight, const ProfileClock& clock) {
  const enrich::ChainPointer& shown = lesson.handshake.server_chain;
  const HandshakeRecord& record = lesson.handshake.record;
  auto known = std::find_if(chains.begin(), chains.end(), [&shown](const KnownChain& chain) {
    return chain.chain == shown || chain.chain->digest == shown->digest;
  });
  if (known == chains.end()) {
    if (chains.size() < kChainsMax) {
      if (chains.size() == chains.capacity())
        chains.reserve(chains.empty() ? 1 : chains.size() * 2);
      known = chains.emplace(chains.end());
    } else {
      known = std::min_element(
          chains.begin(), chains.end(), [](const KnownChain& a, const KnownChain& b) {
            return std::tie(a.last, a.chain->digest) < std::tie(b.last, b.chain->digest);
          });
      *known = KnownChain{};
    }
    known->first = lesson.moment;
  }
  known->chain = shown;
  known->last = std::max(known->last, lesson.moment);
  const bool late = lesson.handshake.has(HandshakeRecord::late_rejection);
  if (lesson.success) {
    known->accepted += weight;
  } else if (late || (lesson.failure && record.outcome.by == Party::client)) {
    known->rejected += weight;
  }
  known->networks.insert(lesson.network, kChainNetworksGeneration,
                         static_cast<std::uint32_t>(clock.landmark()));
}

UnixNanos NameProfile::success_before(UnixNanos moment) const {
  const UnixNanos found = seconds.last_before(&NameSecond::success_end, moment);
  return found.known() || older_success_end >= moment ? found : older_success_end;
}

void NameProfile::rescale(const ProfileClock& clock) {
  const float scale = clock.rescale(landmark);
  successes *= scale;
  failures *= scale;
  for (KnownChain& chain : chains) {
    chain.accepted *= scale;
    chain.rejected *= scale;
  }
  landmark = clock.landmark();
}

void NameProfile::prefetch() const {
  if (!seconds.cells.empty()) __builtin_prefetch(&seconds.cells.back());
  __builtin_prefetch(chains.data());
}

std::size_t NameProfile::heap_bytes() const {
  std::size_t bytes = seconds.cells.heap_bytes();
  if (chains.capacity() != 0) bytes += chains.capacity() * sizeof(KnownChain) + kAllocationOverhead;
  for (const KnownChain& chain : chains) bytes += chain.networks.heap_bytes();
  if (staple != nullptr) bytes += staple->size() + sizeof(*staple) + 3 * kAllocationOverhead;
  return bytes;
}

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/hello_clock.h"

#include <algorithm>
#include <cstdlib>

#include "shakedown/units.h"

namespace shakedown::diagnose {

namespace {

/// Below this the values of a clock, a counter and a constant look alike.
constexpr std::int64_t kApartSecondsMin = 2;
/// How far two hellos of one clock may disagree: what a clock drifts, and a lost packet delays.
constexpr std::int64_t kToleranceSecondsMax = 60;
/// So many other clients must have shown that a stack writes its clock, before one hello will do.
constexpr unsigned kWitnessesNeeded = 2;
/// ... and of so many pairs of hellos one may disagree: clients that share an address, clocks set.
constexpr std::uint32_t kAgreedPerDisagreed = 8;

enum class Agreement { unknown, yes, no };

Agreement compare(const ClockSlot& before, const ClockReading& now) {
  const std::int64_t passed = std::int64_t{now.seconds} - before.seconds;
  const std::int64_t moved = std::int64_t{now.value} - before.value;
  if (std::abs(passed) < kApartSecondsMin) return Agreement::unknown;
  const std::int64_t tolerance = std::min(1 + std::abs(passed) / 64, kToleranceSecondsMax);
  const bool with_time = std::abs(moved - passed) <= tolerance;
  return with_time && std::abs(moved) >= kApartSecondsMin ? Agreement::yes : Agreement::no;
}

const ClockSlot* slot_of(const ClockSlots& slots, std::uint32_t stack) {
  const auto found = std::find_if(slots.begin(), slots.end(),
                                  [stack](const ClockSlot& slot) { return slot.stack == stack; });
  return found == slots.end() ? nullptr : &*found;
}

/// An empty one, else one that shows no clock, else the one that is out of use for longest.
ClockSlot& slot_for(ClockSlots& slots, std::uint32_t stack) {
  for (ClockSlot& slot : slots) {
    if (slot.stack == stack) return slot;
  }
  ClockSlot& chosen =
      *std::min_element(slots.begin(), slots.end(), [](const ClockSlot& a, const ClockSlot& b) {
        if ((a.agreed == 0) != (b.agreed == 0)) return a.agreed == 0;
        return a.seconds < b.seconds;
      });
  chosen = {};
  return chosen;
}

}  // namespace

ClockReading ClockReading::of(const HandshakeRecord& record, std::uint32_t stack) {
  const bool readable = record.hello_random_time != 0 && record.client_hello.value > 0 &&
                        (record.client_hello_facts.flags & ClientHelloFacts::sslv2_format) == 0;
  if (!readable) return {};
  // 2262, the end of UnixNanos, is beyond 32 bits by then; so is the field of the hello from 2106 on.
  const auto seconds = static_cast<std::uint32_t>(record.client_hello.value / kNanosPerSecond);
  return {.stack = stack, .value = record.hello_random_time, .seconds = seconds};
}

HelloClocks::HelloClocks() : index_(kClockStackCountMax) { stacks_.reserve(kClockStackCountMax); }

void HelloClocks::learn(ClockSlots& slots, std::uint64_t client, const ClockReading& reading) {
  if (reading.stack == 0) return;
  ClockSlot& slot = slot_for(slots, reading.stack);
  if (slot.stack != 0) {
    switch (compare(slot, reading)) {
      case Agreement::unknown:
        return;
      case Agreement::yes:
        ++slot.agreed;
        agree(reading.stack, client);
        break;
      case Agreement::no:
        slot.agreed = 0;
        disagree(reading.stack);
        break;
    }
  }
  slot.stack = reading.stack;
  slot.value = reading.value;
  slot.seconds = reading.seconds;
}

std::optional<std::int64_t> HelloClocks::offset(const ClockSlots& slots, std::uint64_t client,
                                                const ClockReading& reading) const {
  if (reading.stack == 0) return std::nullopt;
  const ClockSlot* slot = slot_of(slots, reading.stack);
  if (slot != nullptr && slot->agreed != 0) {
    // Another machine behind the same address has a clock of its own.
    const std::int64_t shown = std::int64_t{slot->value} - slot->seconds;
    if (std::abs(shown - reading.offset()) <= kToleranceSecondsMax) return reading.offset();
  }
  if (others_write(reading.stack, client)) return reading.offset();
  return std::nullopt;
}

void HelloClocks::agree(std::uint32_t stack, std::uint64_t client) {
  const LruIndex::Place place = index_.touch(key(stack));
  if (place.index == stacks_.size()) stacks_.emplace_back();
  Stack& known = stacks_[place.index];
  if (place.added) known = {};
  if (known.agreed == 0xffff'ffff) {
    known.agreed /= 2;
    known.disagreed /= 2;
  }
  ++known.agreed;
  for (std::uint64_t& witness : known.witnesses) {
    if (witness == client) return;
    if (witness == 0) {
      witness = client;
      return;
    }
  }
}

/// Only of stacks that have agreed before: all others write random bytes and need no place.
void HelloClocks::disagree(std::uint32_t stack) {
  const std::uint32_t place = index_.touch_known(key(stack));
  if (place == LruIndex::kNone) return;
  std::uint32_t& count = stacks_[place].disagreed;
  if (count != 0xffff'ffff) ++count;
}

bool HelloClocks::others_write(std::uint32_t stack, std::uint64_t client) const {
  const std::uint32_t place = index_.find(key(stack));
  if (place == LruIndex::kNone) return false;
  const Stack& known = stacks_[place];
  const auto others =
      std::count_if(known.witnesses.begin(), known.witnesses.end(),
                    [client](std::uint64_t witness) { return witness != 0 && witness != client; });
  return others >= static_cast<std::ptrdiff_t>(kWitnessesNeeded) &&
         known.disagreed <= known.agreed / kAgreedPerDisagreed;
}

std::size_t HelloClocks::memory_max() {
  return LruIndex::memory_max(kClockStackCountMax) + kClockStackCountMax * sizeof(Stack);
}

}  // namespace shakedown::diagnose

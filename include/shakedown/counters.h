// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Names and storage of the counters listed in counters.def.
// Units:     Given per counter.
// Ownership: A CounterBlock lives in the worker's area of the shared segment (or in a test's own
//            memory).
// Threading: One writer; anyone may read at any time. A reader may see counters of different
//            moments, so sums are exact only when the writer is at rest.
// Limits:    64-bit; they do not wrap in practice.
// Failure:   None.
// RFC:       none
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shakedown {

enum class Counter : std::uint16_t {
#define SHAKEDOWN_FATE(name, sentence) name,
#define SHAKEDOWN_COUNTER(name, unit, severity, sentence) name,
#include "shakedown/counters.def"
  end_of_list
};
inline constexpr std::size_t kCounterCount = static_cast<std::size_t>(Counter::end_of_list);

enum class CounterSeverity : std::uint8_t { info, notice, loss, error };

struct CounterDescription {
  std::string_view name;
  std::string_view unit;
  CounterSeverity severity;
  bool packet_fate;
  std::string_view sentence;
};

inline constexpr std::array<CounterDescription, kCounterCount> kCounterDescriptions{{
#define SHAKEDOWN_FATE(name, sentence) {#name, "packets", CounterSeverity::info, true, sentence},
#define SHAKEDOWN_COUNTER(name, unit, severity, sentence) \
  {#name, #unit, CounterSeverity::severity, false, sentence},
#include "shakedown/counters.def"
}};

/// The values. Relaxed atomics with one writer compile to plain loads and stores.
class alignas(64) CounterBlock {
 public:
  void add(Counter counter, std::uint64_t amount = 1) noexcept {
    auto& cell = values_[static_cast<std::size_t>(counter)];
    cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void subtract(Counter counter, std::uint64_t amount = 1) noexcept {
    auto& cell = values_[static_cast<std::size_t>(counter)];
    cell.store(cell.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  void set(Counter counter, std::uint64_t value) noexcept {
    values_[static_cast<std::size_t>(counter)].store(value, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get(Counter counter) const noexcept {
    return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kCounterCount> values_{};
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
};

/// Sum of all packet fates; equals packets_received when the writer is at rest.
[[nodiscard]] inline std::uint64_t sum_of_fates(const CounterBlock& block) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    if (kCounterDescriptions[i].packet_fate) sum += block.get(static_cast<Counter>(i));
  }
  return sum;
}

}  // namespace shakedown

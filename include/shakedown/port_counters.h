// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Names and storage of the counters listed in port_counters.def.
// Units:     Packets, but for what the names call otherwise.
// Ownership: A PortCounterBlock lives in its port's description in the shared segment.
// Threading: One writer: the data plane's main thread. Anyone may read at any time.
// Limits:    64-bit.
// Failure:   none
// RFC:       none
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shakedown {

enum class PortCounter : std::uint16_t {
#define SHAKEDOWN_XDP(name, sentence) name,
#define SHAKEDOWN_PORT(name, sentence) name,
#include "shakedown/port_counters.def"
  end_of_list
};
inline constexpr std::size_t kPortCounterCount =
    static_cast<std::size_t>(PortCounter::end_of_list);

struct PortCounterDescription {
  std::string_view name;
  bool of_xdp;  ///< one of the fates of a packet in the XDP program
  std::string_view sentence;
};

inline constexpr std::array<PortCounterDescription, kPortCounterCount> kPortCounterDescriptions{{
#define SHAKEDOWN_XDP(name, sentence) {#name, true, sentence},
#define SHAKEDOWN_PORT(name, sentence) {#name, false, sentence},
#include "shakedown/port_counters.def"
}};

inline constexpr std::size_t kXdpCounterCount = [] {
  std::size_t count = 0;
  for (const PortCounterDescription& counter : kPortCounterDescriptions) count += counter.of_xdp;
  return count;
}();

class PortCounterBlock {
 public:
  void set(PortCounter counter, std::uint64_t value) noexcept {
    values_[static_cast<std::size_t>(counter)].store(value, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get(PortCounter counter) const noexcept {
    return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kPortCounterCount> values_{};
};

}  // namespace shakedown

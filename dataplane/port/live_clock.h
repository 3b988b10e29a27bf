// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The wall clock as packets need it: it never goes back. While the system's clock is set
//            back it goes on at half speed until the system's clock has caught up, so that timeouts
//            still fire; when that is set forward it follows at once.
// Units:     UnixNanos, in whole microseconds, which is what a packet buffer carries.
// Ownership: Values.
// Threading: One thread.
// Limits:    none
// Failure:   none. The kernel answers both clocks from a page that it maps into the process; where
//            it cannot, each reading is a system call and only slower.
// RFC:       none
#pragma once

#include <algorithm>
#include <cstdint>

#include "shakedown/units.h"

namespace shakedown::port {

class LiveClock {
 public:
  /// The time now, by the system's clocks.
  [[nodiscard]] UnixNanos now() noexcept;

  /// The time when the wall clock shows `wall`, `steady` being a clock that nobody sets.
  [[nodiscard]] UnixNanos at(std::int64_t wall, std::int64_t steady) noexcept {
    const std::int64_t elapsed = started_ ? std::max<std::int64_t>(steady - steady_, 0) : 0;
    exact_ = started_ ? std::max(wall, exact_ + elapsed / 2) : wall;
    steady_ = steady;
    started_ = true;
    return UnixNanos{exact_ - exact_ % kNanosPerMicro};
  }

 private:
  std::int64_t exact_ = 0;
  std::int64_t steady_ = 0;
  bool started_ = false;
};

}  // namespace shakedown::port

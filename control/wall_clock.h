// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The time now, as packets, records and events have it.
// Units:     UnixNanos.
// Ownership: none
// Threading: Any.
// Limits:    As exact as the system's clock, which may be set at any time.
// Failure:   none
// RFC:       none
#pragma once

#include <chrono>

#include "shakedown/units.h"

namespace shakedown {

[[nodiscard]] inline UnixNanos wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return UnixNanos{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
}

}  // namespace shakedown

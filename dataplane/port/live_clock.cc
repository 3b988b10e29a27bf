// SPDX-License-Identifier: Apache-2.0
#include "port/live_clock.h"

#include <time.h>

namespace shakedown::port {
namespace {

std::int64_t read_clock(clockid_t clock) noexcept {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * kNanosPerSecond + time.tv_nsec;
}

}  // namespace

UnixNanos LiveClock::now() noexcept {
  return at(read_clock(CLOCK_REALTIME), read_clock(CLOCK_MONOTONIC));
}

}  // namespace shakedown::port

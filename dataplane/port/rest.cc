// SPDX-License-Identifier: Apache-2.0
#include "port/rest.h"

#include <rte_pause.h>
#include <sched.h>
#include <time.h>

namespace shakedown::port {

void take_rest(Rest rest) noexcept {
  switch (rest) {
    case Rest::pause:
      rte_pause();
      return;
    case Rest::yield:
      sched_yield();
      return;
    case Rest::sleep: {
      const timespec sleep{0, kSleepNanos};
      nanosleep(&sleep, nullptr);
      return;
    }
  }
}

}  // namespace shakedown::port

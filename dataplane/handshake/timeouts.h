// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How long the sensor waits for what, in packet time.
// Units:     Nanoseconds.
// Ownership: Values, from the configuration.
// Threading: Constant after start.
// Limits:    none
// Failure:   none
// RFC:       RFC 6298 §2 and §5 (how long a sender waits before it repeats).
#pragma once

#include <cstdint>

#include "shakedown/units.h"

namespace shakedown::handshake {

struct Timeouts {
  /// No new byte from either side in mid-handshake: silence.
  std::int64_t silence_nanos = 15 * kNanosPerSecond;
  /// A watched connection has begun with something else than TLS, and TLS does not follow.
  std::int64_t no_hello_nanos = 60 * kNanosPerSecond;
  /// A connection that was opened, or asked to be, and says nothing more. Longer than the pause
  /// between two repeated SYNs (Linux: up to 32 seconds), or one attempt would count as several.
  std::int64_t embryo_nanos = 35 * kNanosPerSecond;
  /// A SYN that was repeated or is this old when a capture ends counts as unanswered.
  std::int64_t syn_nanos = 5 * kNanosPerSecond;
  /// After the ending is known: time for reactions and late evidence.
  std::int64_t linger_nanos = 1 * kNanosPerSecond;
  /// After both sides finished: time for a rejection that comes late.
  std::int64_t established_nanos = 10 * kNanosPerSecond;
};

}  // namespace shakedown::handshake

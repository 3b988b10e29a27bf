// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Small words that the parts of path/ share: sides, times, saturating counts.
// Units:     Microseconds.
// Ownership: References only.
// Threading: One worker.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <limits>

#include "path/trace.h"
#include "shakedown/limits.h"

namespace shakedown::path {

[[nodiscard]] constexpr std::size_t index_of(Party side) noexcept {
  return side == Party::server ? 1 : 0;
}
[[nodiscard]] constexpr Party opposite(Party side) noexcept {
  return side == Party::server ? Party::client : Party::server;
}

[[nodiscard]] inline Micros micros_of(UnixNanos time) noexcept {
  return Micros{static_cast<std::uint32_t>(time.value / kNanosPerMicro)};
}

template <class Count>
void count_up(Count& count) noexcept {
  if (count != std::numeric_limits<Count>::max()) ++count;
}

/// Behind the last number that the packet uses. A FIN takes one (RFC 9293 §3.4), a SYN too.
[[nodiscard]] inline SeqNum first_byte(const packet::PacketView& view) noexcept {
  return view.has(packet::tcp_flag::syn) ? view.seq.plus(1) : view.seq;
}
[[nodiscard]] inline SeqNum payload_end(const packet::PacketView& view) noexcept {
  return first_byte(view).plus(view.payload_length());
}

/// `later` lies behind `earlier`, and not so far that it must be of another connection.
[[nodiscard]] inline bool plausibly_after(SeqNum later, SeqNum earlier) noexcept {
  const std::int32_t distance = later.distance_from(earlier);
  return distance > 0 && distance < static_cast<std::int32_t>(kSequenceWindowMax);
}

}  // namespace shakedown::path

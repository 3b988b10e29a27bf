// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Watches the first segment of each side that its peer has not acknowledged: whether it is
//            sent again and again while smaller ones pass, as where the path drops what is longer than
//            its MTU and nobody says so.
// Units:     Bytes, microseconds.
// Ownership: References only.
// Threading: One worker.
// Limits:    One segment per side; constant work per packet.
// Failure:   Counts saturate. A segment that is acknowledged is forgotten.
// RFC:       RFC 4821 §1, RFC 2923 §2.1 (black holes).
//
// A sensor behind the hole never sees the large segment. It sees the small end of the flight, and the
// peer that keeps asking for what is in front of it. A mirror that lost that segment shows the same at
// first; then the peer acknowledges it within the retransmission timeout.
#pragma once

#include <cstdint>

#include "path/trace.h"

namespace shakedown::path {

/// Shorter ones pass everywhere: IPv6 guarantees 1280 bytes (RFC 8200 §5), less 60 of headers and 20 of
/// options.
inline constexpr std::uint16_t kLargeSegmentBytes = 1200;
/// Where the peer takes only small segments, large is what nearly fills them.
inline constexpr std::uint32_t kLargeSegmentPercentOfMss = 85;
inline constexpr std::uint8_t kStalledCountMin = 3;
/// How long a peer asks for a segment that was only lost: RFC 6298 §2.4.
inline constexpr std::int32_t kHoleMicrosMin = 1'000'000;

/// `sender` uses `size` numbers from `begin` on. To be told before newest_end is moved by it.
void watch_segment(SideTrace& sender, const SideTrace& peer, SeqNum begin, std::uint32_t size,
                   Micros now) noexcept;
/// `sender` is told that everything before `ack` has arrived, by a segment with data or by one without.
void watch_acknowledgment(SideTrace& sender, SeqNum ack, bool with_data, Micros now) noexcept;

struct Stall {
  std::uint16_t bytes = 0;  ///< of the segment; zero: nothing stalls
  std::uint8_t count = 0;   ///< how often it was sent; zero: it was never mirrored
  bool proven = false;      ///< the peer was alive and asked for it
  bool told = false;        ///< proven, and ICMP named the reason
};
/// `peer_mss`: as the peer announced it; zero: not known. `told_too_big`: an ICMP error said so of this
/// side's packets.
[[nodiscard]] Stall stall_of(const SideTrace& sender, const SideTrace& peer, std::uint16_t peer_mss,
                             bool told_too_big) noexcept;

}  // namespace shakedown::path

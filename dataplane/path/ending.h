// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Holds a RST or FIN against what is known of the side whose addresses it carries.
// Units:     Microseconds, hops.
// Ownership: References only.
// Threading: One worker.
// Limits:    Constant work per packet.
// Failure:   What cannot be compared is no evidence.
// RFC:       RFC 9293 §3.5.2 (resets) and §3.10.7; RFC 7323 §3.2 (timestamps in resets).
//
// README.md has the table: what is compared, what genuine behaviour looks alike, what it is worth.
#pragma once

#include <cstdint>

#include "path/trace.h"

namespace shakedown::path {

/// Above the bits of path_evidence that an ending can have: which of them convince by themselves.
namespace weight {
inline constexpr std::uint16_t ttl = 1u << 10;
inline constexpr std::uint16_t early = 1u << 11;    ///< measured by SYN and by data
inline constexpr std::uint16_t numbers = 1u << 12;  ///< of several resets
inline constexpr std::uint16_t data = 1u << 13;     ///< no order of packets explains it
inline constexpr std::uint16_t all = ttl | early | numbers | data;
}  // namespace weight

/// A hop more or less is another place of the mirror, or another router of the same rank.
inline constexpr int kTtlDistanceMin = 2;
/// When nothing but the SYN-ACK is known of a side, which something in front of it may have sent.
inline constexpr int kTtlDistanceFromSynMin = 3;
/// Live stamps are as coarse as a millisecond, and those of one burst may be equal.
inline constexpr std::int32_t kEarlyMicrosMin = 2'000;
/// How much sooner than the shortest round trip is too soon: by a factor that neither a SYN-ACK that
/// had to wait for ARP (twice the round trip) nor a queue that empties explains.
inline constexpr std::int32_t kEarlyFactor = 3;
inline constexpr int kIpIdDistanceMin = 1'000;
/// A counter of packets moves by little, also where the mirror loses some.
inline constexpr int kIpIdStepMax = 64;
inline constexpr unsigned kIpIdStepsMin = 2;
/// Bytes that RFC 7323 timestamps take with their padding.
inline constexpr std::uint8_t kTimestampOptionBytes = 12;
/// After a reset without a number of its own (RFC 9293 §3.10.7.1: the number that the peer asked for),
/// earlier segments may still come late from the mirror; not this late.
inline constexpr std::int32_t kDataAfterResetMicrosMin = 2'000;

/// Hops between `ttl` and the nearest that this side is known by; zero when none is known.
[[nodiscard]] int ttl_distance(const SideTrace& side, std::uint8_t ttl) noexcept;

/// Before anything else is done with a RST, or with a packet that has none.
void note_reset(Trace& trace, const packet::PacketView& view, Party from) noexcept;
void note_fin(Trace& trace, const packet::PacketView& view, Party from) noexcept;
/// Of a packet without RST: did its sender end its stream before these bytes?
void note_life_after_ending(Trace& trace, const packet::PacketView& view, Party from) noexcept;

/// How much `evidence`, of path_evidence and weight, proves about an ending. `numbers_incomplete`:
/// packets that would explain numbers or times were not seen.
[[nodiscard]] PathConfidence confidence_of(std::uint16_t evidence,
                                           bool numbers_incomplete) noexcept;

}  // namespace shakedown::path

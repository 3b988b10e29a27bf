// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What is remembered of the packets of one connection, so that its end can be held
//            against them: was it the peer who ended it, or something on the path? Did large
//            segments get through? Did the mirror show this packet before?
// Units:     UnixNanos, bytes.
// Ownership: Lives beside the connection.
// Threading: One worker.
// Limits:    kTraceBytesMax, kSeenCount. Constant work per packet.
// Failure:   Counts saturate. What was not seen proves nothing.
// RFC:       RFC 9293 §3.5.2, §3.10.7 (what a reset of a real peer looks like), RFC 6864 (IPID),
//            RFC 6298 §3 (what may be taken for a round trip).
#pragma once

#include <array>
#include <cstdint>

#include "packet/packet_view.h"
#include "shakedown/handshake_record.h"

namespace shakedown::path {

inline constexpr std::size_t kTraceBytesMax = 256;
/// Packets by which a copy is known. A server's first flight is up to ten segments (RFC 6928 §2), and
/// where both the ingress and a slower egress of a switch are mirrored, all of them may pass before the
/// first comes again.
inline constexpr std::size_t kSeenCount = 10;

/// Packet time in microseconds, modulo 2^32. Differences are right up to 35 minutes, and no connection
/// is followed that long without a packet.
struct Micros {
  std::uint32_t value = 0;

  [[nodiscard]] constexpr std::int32_t since(Micros earlier) const {
    return static_cast<std::int32_t>(value - earlier.value);
  }
};

/// What the packets of one side looked like, and what it still owes.
struct SideTrace {
  enum Flag : std::uint16_t {
    numbers_known = 1u << 0,   ///< newest_end
    acks_known = 1u << 1,      ///< newest_ack, ack_time
    data_seen = 1u << 2,       ///< data_time
    packets_seen = 1u << 3,    ///< ip_id, window, ttl_min, ttl_max, option_bytes
    syn_timed = 1u << 4,       ///< its SYN-ACK is among the round trips
    data_timed = 1u << 5,      ///< so is an acknowledgment of data
    waits = 1u << 6,           ///< waits_for, waits_since
    finished = 1u << 7,        ///< fin_end, fin_evidence
    reset = 1u << 8,           ///< reset_seq, reset_ack, reset_evidence
    id_repeats = 1u << 9,      ///< its IPIDs do not tell its packets apart
    stall_watched = 1u << 10,  ///< stalled_*
    stall_heard = 1u << 11,    ///< the peer has asked for the watched segment since it was sent
    stall_unseen = 1u << 12,   ///< the watched segment was never mirrored; the ones behind it were
    stall_asked = 1u << 13,    ///< long after such a hole appeared the peer still asked for it
    resets_differ = 1u << 14,  ///< its resets have more than one acknowledgment number
    reset_zero = 1u << 15      ///< one of these is zero
  };

  SeqNum newest_end;  ///< behind the highest number that it used
  SeqNum newest_ack;  ///< highest number that it acknowledged
  SeqNum waits_for;   ///< acknowledgment of it that answers the segment of waits_since
  SeqNum reset_seq;   ///< of its first reset with ACK, else of its first reset
  SeqNum reset_ack;
  SeqNum fin_end;        ///< where its stream ends
  SeqNum stalled_begin;  ///< first byte that its peer has not acknowledged
  Micros data_time;      ///< when newest_end was seen
  Micros ack_time;       ///< when newest_ack was first seen
  Micros last_time;      ///< of its last packet
  Micros waits_since;
  Micros stalled_since;
  std::uint32_t round_trip_micros = 0;  ///< shortest answer of this side; zero: none
  std::uint16_t ip_id = 0;              ///< of its last packet before its ending
  std::uint16_t window = 0;
  std::uint16_t stalled_bytes = 0;
  std::uint16_t reset_evidence = 0;  ///< of ending.h, about its first reset
  std::uint16_t fin_evidence = 0;    ///< about its first FIN
  std::uint16_t flags = 0;
  std::uint8_t ttl_min = 0;  ///< of its packets without SYN, FIN or RST
  std::uint8_t ttl_max = 0;
  std::uint8_t syn_ttl = 0;        ///< of its SYN or SYN-ACK; zero: not seen
  std::uint8_t option_bytes = 0;   ///< fewest in one of its packets
  std::uint8_t stalled_count = 0;  ///< how often the watched segment was sent
  std::uint8_t reset_count = 0;
  std::uint8_t reset_ack_count = 0;  ///< of these, with ACK
  std::uint8_t id_steps = 0;         ///< how often in a row its IPID grew by little

  [[nodiscard]] bool has(Flag flag) const { return (flags & flag) != 0; }
  void set(Flag flag) { flags = static_cast<std::uint16_t>(flags | flag); }
  void clear(Flag flag) { flags = static_cast<std::uint16_t>(flags & ~unsigned{flag}); }
};
static_assert(sizeof(SideTrace) == 72);

/// The packets of both sides that came last, by which a copy is known.
struct SeenPackets {
  std::array<std::uint32_t, kSeenCount> digests{};
  std::array<std::uint16_t, kSeenCount> times{};  ///< in units of duplicate.cc
  std::uint16_t filled = 0;                       ///< bit n: entry n holds a packet
  std::uint16_t from_client = 0;
  std::uint16_t answered = 0;  ///< the other side has sent something since
  std::uint8_t next = 0;
};

/// The first ICMP error, under the names that it has in PathFacts.
struct IcmpTrace {
  std::uint16_t icmp_mtu = 0;
  std::uint8_t icmp_count = 0;
  IcmpError icmp = IcmpError::none;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  /// Whose packet it was; `none`: not known, and taken for the client's.
  Party icmp_about = Party::none;
  /// That side's peer has acknowledged something new since the last error.
  bool outlived = false;
};

struct Trace {
  std::array<SideTrace, 2> sides;  ///< client, server
  SeenPackets seen;
  IcmpTrace icmp;
  IpAddress icmp_sender;
  std::uint32_t icmp_digest = 0;  ///< of the last error, by which its copy is known
  Micros ending_time;             ///< of the first reset, else of the first FIN
  std::uint32_t ending_delay_micros = 0;
  std::uint16_t duplicate_count = 0;
  /// Runs of new bytes of the client up to a PSH, before the ending: the first is its hello.
  std::uint8_t client_flight_count = 0;
  bool client_pushed = false;  ///< its newest bytes had PSH
  Party ending_from = Party::none;
  Party first_reset_from = Party::none;
};
static_assert(sizeof(Trace) <= kTraceBytesMax);

/// The mirror showed this very packet before, maybe with another TTL, MAC address or VLAN; it must
/// not be looked at any further. `from`: client or server. Remembers the packet otherwise.
[[nodiscard]] bool shown_before(Trace& trace, const packet::PacketView& view, Party from) noexcept;

/// The beginning of the connection, as far as it was seen before the trace began.
struct Opening {
  UnixNanos syn;
  UnixNanos syn_ack;
  SeqNum client_isn;
  SeqNum server_isn;
  std::uint8_t client_ttl = 0;
  std::uint8_t server_ttl = 0;
  bool syn_repeated = false;
};
void begin(Trace& trace, const Opening& opening) noexcept;

/// Every packet of the connection that was not shown before, in the order of the mirror.
void observe(Trace& trace, const packet::PacketView& view, Party from) noexcept;

/// An ICMP error about a packet of the side `about`.
void observe_icmp(Trace& trace, const packet::PacketView& view, Party about) noexcept;

/// The connection is over and record.outcome is final but for this: fills record.path, and sets
/// Outcome::by to `path` where the evidence is good enough: from PathConfidence::likely on, for the
/// kinds reset, closed, silence and unanswered. For the other kinds the confidence ends at `possible`,
/// because by is not theirs to lose: no_hello never counts as a failure, and an alert, or a reply that
/// is not TLS, is what it is whoever ends the connection after it.
void conclude(const Trace& trace, HandshakeRecord& record) noexcept;

}  // namespace shakedown::path

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the packets themselves tell about the path between the two ends: whether the end
//            of a connection came from the peer or from something between, what ICMP said about it,
//            and whether large packets get through.
// Units:     Microseconds, bytes; TTL also stands for IPv6's hop limit.
// Ownership: Values.
// Threading: Values.
// Limits:    Counts saturate. Numbers are append-only.
// Failure:   Zero: not known.
// RFC:       RFC 9293 §3.5.2 and §3.10.7 (resets), RFC 792 and RFC 4443 (ICMP), RFC 4821 §1 (black
//            holes). Signatures: "Global, Passive Detection of Connection Tampering", SIGCOMM 2023.
#pragma once

#include <cstdint>
#include <type_traits>

namespace shakedown {

/// One bit for each thing that a reset or FIN of the named peer would not be, or would not bring.
/// "The side" is EndingPacket::from, whose addresses the ending packet carries.
namespace path_evidence {
/// It acknowledges what that side cannot have received yet, given the round trip to it.
inline constexpr std::uint32_t reset_too_early = 1u << 0;
/// After its reset the side went on with bytes that the sender of that reset would never send.
inline constexpr std::uint32_t data_after_reset = 1u << 1;
/// The same after its FIN.
inline constexpr std::uint32_t data_after_fin = 1u << 2;
inline constexpr std::uint32_t ttl_differs = 1u << 3;
inline constexpr std::uint32_t ip_id_differs = 1u << 4;
inline constexpr std::uint32_t window_differs = 1u << 5;
inline constexpr std::uint32_t options_differ = 1u << 6;
inline constexpr std::uint32_t payload_in_reset = 1u << 7;
/// Several resets of one side whose numbers cannot all be its own.
inline constexpr std::uint32_t resets_disagree = 1u << 8;
/// Both ends were reset in the name of each other, and neither reset answers the other.
inline constexpr std::uint32_t both_sides_reset = 1u << 9;
/// An ICMP error says that packets of the connection were not delivered (icmp_*).
inline constexpr std::uint32_t icmp_error = 1u << 10;
/// Large segments to that end were sent again and again and never acknowledged while small ones
/// passed (stalled_*).
inline constexpr std::uint32_t large_segments_lost_to_client = 1u << 11;
inline constexpr std::uint32_t large_segments_lost_to_server = 1u << 12;
}  // namespace path_evidence
inline constexpr unsigned kPathEvidenceCount = 13;

/// How sure it is that neither end did it. Outcome::by is `path` from `likely` on.
enum class PathConfidence : std::uint8_t { none = 0, possible = 1, likely = 2, certain = 3 };

/// The 19 signatures of the paper, by what a server receives. `none`: no signature fits.
enum class TamperingSignature : std::uint8_t {
  none = 0,
  // After the SYN.
  syn_nothing = 1,
  syn_rst = 2,
  syn_rst_ack = 3,
  syn_rst_and_rst_ack = 4,
  // After the ACK of the TCP handshake.
  ack_nothing = 5,
  ack_rst = 6,
  ack_rst_rst = 7,
  ack_rst_ack = 8,
  ack_rst_ack_rst_ack = 9,
  // After the first data.
  psh_nothing = 10,
  psh_rst = 11,
  psh_rst_ack = 12,
  psh_rst_and_rst_ack = 13,
  psh_rst_ack_rst_ack = 14,
  psh_rst_same_rst = 15,       ///< several RSTs with one number
  psh_rst_different_rst = 16,  ///< several RSTs with different numbers
  psh_rst_rst_zero = 17,       ///< one of them with number 0
  // After more data.
  data_rst = 18,
  data_rst_ack = 19
};
inline constexpr unsigned kTamperingSignatureCount = 20;

/// ICMP and ICMPv6 errors, by what they mean.
enum class IcmpError : std::uint8_t {
  none = 0,
  network_unreachable = 1,
  host_unreachable = 2,
  port_unreachable = 3,
  prohibited = 4,  ///< administratively
  packet_too_big = 5,
  time_exceeded = 6,
  other = 7
};
inline constexpr unsigned kIcmpErrorCount = 8;

struct PathFacts {
  std::uint32_t evidence = 0;  ///< of path_evidence
  /// From the packet that it acknowledges, or else from the last packet of the other side, to the
  /// first reset; to the first FIN when there is none.
  std::uint32_t ending_delay_micros = 0;
  /// Shortest time seen between a packet to that side and its answer; zero: none seen.
  std::uint32_t round_trip_micros = 0;
  std::uint16_t side_ip_id = 0;   ///< of that side's last packet before the ending
  std::uint16_t side_window = 0;  ///< of the same packet, not scaled
  std::uint16_t stalled_segment_bytes = 0;  ///< largest segment that was repeated and never acknowledged
  std::uint16_t icmp_mtu = 0;               ///< of packet_too_big; zero: not told
  std::uint16_t duplicate_count = 0;  ///< packets that the mirror showed again; they changed nothing
  std::uint8_t side_ttl_min = 0;      ///< of that side's packets before the ending
  std::uint8_t side_ttl_max = 0;
  std::uint8_t stalled_segment_count = 0;  ///< how often it was sent
  std::uint8_t icmp_count = 0;
  IcmpError icmp = IcmpError::none;  ///< the first one
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  PathConfidence confidence = PathConfidence::none;
  TamperingSignature signature = TamperingSignature::none;
  std::uint8_t reserved = 0;
};
static_assert(sizeof(PathFacts) == 32);
static_assert(std::is_trivially_copyable_v<PathFacts>);

}  // namespace shakedown

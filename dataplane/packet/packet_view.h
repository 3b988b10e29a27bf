// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One TCP packet as the later steps see it: who, when, which bytes. Uses the captured
//            bytes; sets everything below; hands on to flow/.
// Units:     Times UnixNanos; lengths bytes; ports and numbers in host order.
// Ownership: `payload` points into the packet buffer and is valid until that buffer is freed.
// Threading: One worker.
// Limits:    kVlanTagCountMax, kMplsLabelCountMax, kTunnelDepthMax, kIpv6ExtensionCountMax.
// Failure:   decode() returns the fate of every packet that is not TCP; the view is then not to be
//            used.
// RFC:       RFC 791, RFC 8200, RFC 9293 §3.1, §3.2.
#pragma once

#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/counters.h"
#include "shakedown/handshake_record.h"
#include "shakedown/units.h"

namespace shakedown::packet {

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t psh = 0x08;
inline constexpr std::uint8_t ack = 0x10;
}  // namespace tcp_flag

struct PacketView {
  Bytes payload;   ///< captured TCP payload, without link padding
  UnixNanos time;  ///< of this packet

  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  IpFamily family = IpFamily::none;
  std::uint8_t tcp_flags = 0;
  std::uint8_t ttl = 0;  ///< or hop limit
  std::uint8_t port_index = 0;

  SeqNum seq;
  SeqNum ack;
  std::uint32_t payload_missing = 0;  ///< payload bytes that the snap length cut off
  std::uint16_t ip_id = 0;            ///< zero for IPv6
  std::uint16_t window = 0;
  std::uint16_t mss = 0;                      ///< only from a SYN; zero: absent
  std::uint8_t window_scale = 255;            ///< only from a SYN; 255: absent
  TunnelKind tunnel_kind = TunnelKind::none;  ///< of the innermost encapsulation
  std::uint32_t tunnel_id = 0;
  std::uint16_t vlan_outer = 0;
  std::uint16_t vlan_inner = 0;
  std::uint8_t option_bytes = 0;  ///< of the TCP header

  // Of DecodeStatus::icmp_error, and stale with every other. All of the above is then about the TCP
  // packet that the error quotes, of which only ports and number are sure to be there; there is no
  // payload.
  IcmpError icmp = IcmpError::none;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint16_t icmp_mtu = 0;  ///< of packet_too_big; zero: not told
  IpAddress icmp_sender;

  // Of DecodeStatus::ip_fragment, with family, TTL, tags and tunnel.
  Bytes
      fragment;  ///< the piece from its IP header on, without link padding; empty: absorbed before
  std::uint16_t fragment_header_bytes = 0;  ///< in front of its share; of IPv6 the last 8 say where
  std::uint8_t tunnel_depth = 0;            ///< encapsulations around it
  bool vlan_seen = false;                   ///< vlan_outer is known, be it zero

  /// Of the statuses that has_detail() names: which layer it was.
  Counter detail = Counter::end_of_list;

  /// Payload bytes that were on the wire.
  [[nodiscard]] std::uint32_t payload_length() const {
    return static_cast<std::uint32_t>(payload.size()) + payload_missing;
  }
  [[nodiscard]] bool has(std::uint8_t flag) const { return (tcp_flags & flag) != 0; }
};

}  // namespace shakedown::packet

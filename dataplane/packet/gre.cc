// SPDX-License-Identifier: Apache-2.0
//
// GRE, and the mirror formats and PPTP that ride on it.
#include "packet/layer.h"

namespace shakedown::packet {

namespace {

namespace gre_flag {
constexpr std::uint16_t kChecksum = 0x8000;
constexpr std::uint16_t kRouting = 0x4000;
constexpr std::uint16_t kKey = 0x2000;
constexpr std::uint16_t kSequence = 0x1000;
constexpr std::uint16_t kAcknowledgment = 0x0080;
constexpr std::uint16_t kVersion = 0x0007;
}  // namespace gre_flag

constexpr unsigned kErspan2Version = 1;
constexpr unsigned kErspan3Version = 2;
constexpr std::uint16_t kSessionIdMask = 0x03ff;

/// Both types begin: version(4 bits), VLAN(12 bits), flags(6 bits), session id(10 bits)
struct ErspanHead {
  unsigned version = 0;
  std::uint32_t session_id = 0;
};

bool read_erspan_head(ByteReader& rest, ErspanHead& out) noexcept {
  std::uint16_t version_and_vlan = 0;
  std::uint16_t flags_and_session = 0;
  if (!rest.read_u16(version_and_vlan) || !rest.read_u16(flags_and_session)) return false;
  out.version = version_and_vlan >> 12;
  out.session_id = flags_and_session & kSessionIdMask;
  return true;
}

/// Type II: head(4), reserved and port index(4), Ethernet.
Layer read_erspan2(Walk& walk, const ErspanHead& head) noexcept {
  if (!walk.rest.skip(4))
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_erspan);
  return enter_tunnel(walk, TunnelKind::erspan, head.session_id, Layer::ethernet);
}

/// Type III: head(4), timestamp(4), security group(2), P(1 bit), frame type(5 bits), hardware id(6
/// bits), direction(1 bit), granularity(2 bits), O(1 bit); with O: platform header(8).
Layer read_erspan3(Walk& walk, const ErspanHead& head) noexcept {
  constexpr std::uint16_t kOptionalHeader = 0x0001;
  constexpr unsigned kFrameTypeShift = 10;
  constexpr unsigned kFrameTypeMask = 0x1f;
  constexpr unsigned kFrameEthernet = 0;
  constexpr unsigned kFrameIp = 2;
  std::uint16_t type_and_flags = 0;
  if (!walk.rest.skip(6) || !walk.rest.read_u16(type_and_flags) ||
      ((type_and_flags & kOptionalHeader) != 0 && !walk.rest.skip(8))) {
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_erspan);
  }
  const unsigned frame_type = (type_and_flags >> kFrameTypeShift) & kFrameTypeMask;
  if (frame_type == kFrameEthernet) {
    return enter_tunnel(walk, TunnelKind::erspan, head.session_id, Layer::ethernet);
  }
  if (frame_type == kFrameIp) {
    return enter_tunnel(walk, TunnelKind::erspan, head.session_id, Layer::ip);
  }
  return stop(walk, DecodeStatus::not_ip, Counter::not_ip_gre);
}

/// Type I has no header of its own and is told from type II by the missing GRE sequence number.
Layer read_erspan(Walk& walk, std::uint16_t protocol, bool has_sequence) noexcept {
  if (protocol == ether_type::kErspan && !has_sequence) {
    return enter_tunnel(walk, TunnelKind::erspan, 0, Layer::ethernet);
  }
  ErspanHead head;
  if (!read_erspan_head(walk.rest, head))
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_erspan);
  if (protocol == ether_type::kErspan && head.version == kErspan2Version) {
    return read_erspan2(walk, head);
  }
  if (head.version == kErspan3Version) return read_erspan3(walk, head);
  return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_erspan);
}

/// RFC 2637 §4.1: payload length(2), call id(2), [sequence(4),] [acknowledgment(4),] PPP.
/// MikroTik's Ethernet over IP has only the two first fields, the second in little-endian order.
Layer read_gre_version1(Walk& walk, std::uint16_t flags, std::uint16_t protocol) noexcept {
  std::uint16_t id = 0;
  if (!walk.rest.skip(2) || !walk.rest.read_u16(id)) {
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_gre);
  }
  if (protocol == ether_type::kEthernetOverIp) {
    return enter_tunnel(walk, TunnelKind::gre, __builtin_bswap16(id), Layer::ethernet);
  }
  if (protocol != ether_type::kPptp)
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_gre);
  const bool has_payload = (flags & gre_flag::kSequence) != 0;
  if (!has_payload) return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_tunnel);
  if (!walk.rest.skip(4) || ((flags & gre_flag::kAcknowledgment) != 0 && !walk.rest.skip(4))) {
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_gre);
  }
  return enter_tunnel(walk, TunnelKind::gre, id, Layer::ppp);
}

}  // namespace

// RFC 2784 §2 and RFC 2890 §2: flags and version(2), protocol(2), [checksum(2), reserved(2),]
// [key(4),] [sequence(4)]. The source routes of RFC 1701 are not read: RFC 2784 §2.3 has receivers
// discard them.
Layer read_gre(Walk& walk) noexcept {
  std::uint16_t flags = 0;
  std::uint16_t protocol = 0;
  if (!walk.rest.read_u16(flags) || !walk.rest.read_u16(protocol)) {
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_gre);
  }
  const unsigned version = flags & gre_flag::kVersion;
  if (version == 1) return read_gre_version1(walk, flags, protocol);
  const bool has_sequence = (flags & gre_flag::kSequence) != 0;
  std::uint32_t key = 0;
  if (version != 0 || (flags & gre_flag::kRouting) != 0 ||
      ((flags & gre_flag::kChecksum) != 0 && !walk.rest.skip(4)) ||
      ((flags & gre_flag::kKey) != 0 && !walk.rest.read_u32(key)) ||
      (has_sequence && !walk.rest.skip(4))) {
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_gre);
  }
  switch (protocol) {
    case ether_type::kErspan:
    case ether_type::kErspan3:
      return read_erspan(walk, protocol, has_sequence);
    case ether_type::kTransparentEthernet:
      return enter_tunnel(walk, TunnelKind::gre, key, Layer::ethernet);
    default:
      // A number below the first EtherType is a keepalive or a private use, not an 802.3 length.
      if (protocol < ether_type::kFirst)
        return stop(walk, DecodeStatus::not_ip, Counter::not_ip_gre);
      walk.ether_type = protocol;
      return enter_tunnel(walk, TunnelKind::gre, key, Layer::ether_type);
  }
}

}  // namespace shakedown::packet

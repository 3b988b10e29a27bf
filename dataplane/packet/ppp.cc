// SPDX-License-Identifier: Apache-2.0
//
// PPP as a link of its own, in PPPoE and in PPTP.
#include "packet/layer.h"

namespace shakedown::packet {

namespace {

namespace ppp_protocol {
constexpr std::uint16_t kIpv4 = 0x0021;
constexpr std::uint16_t kIpv6 = 0x0057;
constexpr std::uint16_t kMplsUnicast = 0x0281;
constexpr std::uint16_t kMplsMulticast = 0x0283;
}  // namespace ppp_protocol

constexpr std::uint8_t kPppAddress = 0xff;
constexpr std::uint8_t kCiscoUnicast = 0x0f;
constexpr std::uint8_t kCiscoBroadcast = 0x8f;

/// A cut PPP header is the link's fault only where PPP is the link.
Layer stop_malformed(Walk& walk) noexcept {
  return stop(
      walk, walk.tunnel_depth == 0 ? DecodeStatus::link_malformed : DecodeStatus::tunnel_malformed,
      Counter::malformed_ppp);
}

/// RFC 1661 §2: a protocol number's last byte is odd and its first byte even, so that a first byte
/// that is odd is the whole of a compressed number (§6.5).
bool read_protocol(ByteReader& rest, std::uint16_t& protocol) noexcept {
  std::uint8_t first = 0;
  if (!rest.read_u8(first)) return false;
  protocol = first;
  if ((first & 1) != 0) return true;
  std::uint8_t second = 0;
  if (!rest.read_u8(second)) return false;
  protocol = static_cast<std::uint16_t>(first << 8 | second);
  return true;
}

}  // namespace

// RFC 1662 §3.1: [address(1) = ff, control(1) = 03,] protocol(1 or 2). Serial lines of Cisco
// routers write address(1) = 0f or 8f, control(1), EtherType(2) under the same link type.
Layer read_ppp(Walk& walk) noexcept {
  ByteReader peek = walk.rest;
  std::uint8_t address = 0;
  if (!peek.read_u8(address)) return stop_malformed(walk);
  const bool is_cisco =
      walk.tunnel_depth == 0 && (address == kCiscoUnicast || address == kCiscoBroadcast);
  if ((address == kPppAddress || is_cisco) && !walk.rest.skip(2)) return stop_malformed(walk);
  if (is_cisco) {
    if (!walk.rest.read_u16(walk.ether_type)) return stop_malformed(walk);
    return walk.ether_type < ether_type::kFirst
               ? stop(walk, DecodeStatus::not_ip, Counter::not_ip_other)
               : Layer::ether_type;
  }
  std::uint16_t protocol = 0;
  if (!read_protocol(walk.rest, protocol)) return stop_malformed(walk);
  switch (protocol) {
    case ppp_protocol::kIpv4:
      return Layer::ipv4;
    case ppp_protocol::kIpv6:
      return Layer::ipv6;
    case ppp_protocol::kMplsUnicast:
    case ppp_protocol::kMplsMulticast:
      return Layer::mpls;
    default:
      return stop(walk, DecodeStatus::not_ip, Counter::not_ip_ppp_control);
  }
}

// RFC 2516 §4: version(4 bits) = 1, type(4 bits) = 1, code(1) = 0, session(2), length(2), then PPP.
Layer read_pppoe(Walk& walk) noexcept {
  constexpr std::uint8_t kVersionAndType = 0x11;
  constexpr std::uint8_t kSessionData = 0;
  std::uint8_t version_and_type = 0;
  std::uint8_t code = 0;
  std::uint16_t session = 0;
  std::uint16_t length = 0;  // IP carries its own
  if (!walk.rest.read_u8(version_and_type) || !walk.rest.read_u8(code) ||
      !walk.rest.read_u16(session) || !walk.rest.read_u16(length) ||
      version_and_type != kVersionAndType) {
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_pppoe);
  }
  if (code != kSessionData) return stop(walk, DecodeStatus::not_ip, Counter::not_ip_ppp_control);
  return enter_tunnel(walk, TunnelKind::pppoe, session, Layer::ppp);
}

}  // namespace shakedown::packet

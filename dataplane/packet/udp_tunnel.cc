// SPDX-License-Identifier: Apache-2.0
//
// Tunnels over UDP. Only the destination port points at them, and any application may use that
// port: a header that no tunnel endpoint would send means that this is not the tunnel, not that it
// is broken.
#include "packet/layer.h"

namespace shakedown::packet {

namespace {

namespace udp_port {
constexpr std::uint16_t kHttps = 443;
constexpr std::uint16_t kGtpU = 2152;
constexpr std::uint16_t kVxlan = 4789;
constexpr std::uint16_t kVxlanGpe = 4790;
constexpr std::uint16_t kGeneve = 6081;
constexpr std::uint16_t kLinuxVxlan =
    8472;  // Linux before the number was assigned, and many overlays since
}  // namespace udp_port

/// Extension headers of GTP-U that are walked; TS 29.281 §5.2 defines seven.
constexpr unsigned kGtpExtensionCountMax = 8;

/// 3GPP TS 29.281 §5.2.1: length(1) in units of 4 bytes, content(4 * length - 2), next type(1)
DecodeStatus skip_gtp_extensions(ByteReader& rest, std::uint8_t next_type) noexcept {
  for (unsigned count = 0; next_type != 0; ++count) {
    std::uint8_t units = 0;
    if (count == kGtpExtensionCountMax || !rest.read_u8(units) || units == 0 ||
        !rest.skip(std::size_t{units} * 4 - 2) || !rest.read_u8(next_type)) {
      return DecodeStatus::tunnel_malformed;
    }
  }
  return DecodeStatus::tcp;
}

}  // namespace

// RFC 768: source port(2), destination port(2), length(2), checksum(2)
Layer read_udp(Walk& walk) noexcept {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  if (!walk.rest.read_u16(source_port) || !walk.rest.read_u16(destination_port) ||
      !walk.rest.skip(4)) {
    return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_udp);
  }
  switch (destination_port) {
    case udp_port::kVxlan:
    case udp_port::kLinuxVxlan:
      return Layer::vxlan;
    case udp_port::kVxlanGpe:
      return Layer::vxlan_gpe;
    case udp_port::kGeneve:
      return Layer::geneve;
    case udp_port::kGtpU:
      return Layer::gtp_u;
    default:
      return stop(walk, DecodeStatus::not_tcp,
                  source_port == udp_port::kHttps || destination_port == udp_port::kHttps
                      ? Counter::not_tcp_udp_443
                      : Counter::not_tcp_udp);
  }
}

// RFC 7348 §5: flags(1), reserved(3), network identifier(3), reserved(1). Group policy uses the
// highest flag and the first reserved field.
Layer read_vxlan(Walk& walk) noexcept {
  constexpr std::uint8_t kIdentifierValid = 0x08;
  constexpr std::uint8_t kGroupPolicy = 0x80;
  std::uint8_t flags = 0;
  std::uint32_t id = 0;
  std::uint8_t reserved = 0;
  if (!walk.rest.read_u8(flags) || !walk.rest.skip(3) || !walk.rest.read_u24(id) ||
      !walk.rest.read_u8(reserved) || (flags & ~kGroupPolicy) != kIdentifierValid ||
      reserved != 0) {
    return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_tunnel);
  }
  return enter_tunnel(walk, TunnelKind::vxlan, id, Layer::ethernet);
}

// draft-ietf-nvo3-vxlan-gpe §3: flags(1): reserved(2 bits), version(2 bits) = 0, I, P, B, O;
// reserved(2), next protocol(1), network identifier(3), reserved(1). Without P it is VXLAN; O marks
// messages about the tunnel itself.
Layer read_vxlan_gpe(Walk& walk) noexcept {
  constexpr std::uint8_t kIdentifierValid = 0x08;
  constexpr std::uint8_t kNextProtocolValid = 0x04;
  constexpr std::uint8_t kReplicated = 0x02;
  enum : std::uint8_t { ipv4 = 1, ipv6 = 2, ethernet = 3, nsh = 4, mpls = 5 };
  std::uint8_t flags = 0;
  std::uint8_t next_protocol = 0;
  std::uint32_t id = 0;
  std::uint8_t reserved = 0;
  if (!walk.rest.read_u8(flags) || !walk.rest.skip(2) || !walk.rest.read_u8(next_protocol) ||
      !walk.rest.read_u24(id) || !walk.rest.read_u8(reserved) ||
      (flags & ~(kNextProtocolValid | kReplicated)) != kIdentifierValid || reserved != 0) {
    return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_tunnel);
  }
  switch ((flags & kNextProtocolValid) != 0 ? next_protocol : std::uint8_t{ethernet}) {
    case ipv4:
      return enter_tunnel(walk, TunnelKind::vxlan, id, Layer::ipv4);
    case ipv6:
      return enter_tunnel(walk, TunnelKind::vxlan, id, Layer::ipv6);
    case ethernet:
      return enter_tunnel(walk, TunnelKind::vxlan, id, Layer::ethernet);
    case nsh:
      return stop(walk, DecodeStatus::not_ip, Counter::not_ip_nsh);
    case mpls:
      return enter_tunnel(walk, TunnelKind::vxlan, id, Layer::mpls);
    default:
      return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_tunnel);
  }
}

// RFC 8926 §3.4: version(2 bits) = 0, options length(6 bits) in units of 4 bytes, O, C, reserved(6
// bits), protocol(2), network identifier(3), reserved(1), options
Layer read_geneve(Walk& walk) noexcept {
  constexpr std::uint8_t kVersion = 0xc0;
  constexpr std::uint8_t kOptionsLength = 0x3f;
  constexpr std::uint8_t kReservedFlags = 0x3f;
  std::uint8_t version_and_length = 0;
  std::uint8_t flags = 0;
  std::uint32_t id = 0;
  std::uint8_t reserved = 0;
  if (!walk.rest.read_u8(version_and_length) || !walk.rest.read_u8(flags) ||
      !walk.rest.read_u16(walk.ether_type) || !walk.rest.read_u24(id) ||
      !walk.rest.read_u8(reserved) || (version_and_length & kVersion) != 0 ||
      (flags & kReservedFlags) != 0 || reserved != 0 || walk.ether_type < ether_type::kFirst) {
    return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_tunnel);
  }
  if (!walk.rest.skip((version_and_length & kOptionsLength) * std::size_t{4})) {
    return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_geneve);
  }
  const Layer inside =
      walk.ether_type == ether_type::kTransparentEthernet ? Layer::ethernet : Layer::ether_type;
  return enter_tunnel(walk, TunnelKind::geneve, id, inside);
}

// 3GPP TS 29.281 §5.1: version(3 bits) = 1, protocol type(1 bit) = 1, reserved(1 bit), E, S, PN,
// message type(1), length(2), tunnel endpoint(4), [sequence(2), N-PDU number(1), next extension(1)]
Layer read_gtp_u(Walk& walk) noexcept {
  constexpr std::uint8_t kVersionMask = 0xf8;
  constexpr std::uint8_t kVersion1 = 0x30;
  constexpr std::uint8_t kOptionalFields = 0x07;
  constexpr std::uint8_t kExtensionFlag = 0x04;
  constexpr std::uint8_t kUserData = 255;
  std::uint8_t flags = 0;
  std::uint8_t message_type = 0;
  std::uint32_t id = 0;
  if (!walk.rest.read_u8(flags) || !walk.rest.read_u8(message_type) || !walk.rest.skip(2) ||
      !walk.rest.read_u32(id) || (flags & kVersionMask) != kVersion1 || message_type != kUserData) {
    return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_tunnel);
  }
  if ((flags & kOptionalFields) != 0) {
    std::uint8_t next_type = 0;
    if (!walk.rest.skip(3) || !walk.rest.read_u8(next_type)) {
      return stop(walk, DecodeStatus::tunnel_malformed, Counter::malformed_gtp_u);
    }
    // The field is there with any of the three flags, but means something only with its own.
    if ((flags & kExtensionFlag) == 0) next_type = 0;
    const DecodeStatus status = skip_gtp_extensions(walk.rest, next_type);
    if (status != DecodeStatus::tcp) return stop(walk, status, Counter::malformed_gtp_u);
  }
  return enter_tunnel(walk, TunnelKind::gtp_u, id, Layer::ip);
}

}  // namespace shakedown::packet

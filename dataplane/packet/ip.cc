// SPDX-License-Identifier: Apache-2.0
//
// IPv4, IPv6, the extension headers between IP and transport, and what follows them.
#include <algorithm>

#include "packet/layer.h"

namespace shakedown::packet {

namespace {

constexpr std::size_t kIpv4HeaderBytes = 20;
constexpr std::size_t kIpv6HeaderBytes = 40;
constexpr std::size_t kIpv4AddressBytes = 4;
constexpr std::size_t kIpv6AddressBytes = 16;
constexpr unsigned kIpv4Version = 4;
constexpr unsigned kIpv6Version = 6;

void copy_address(Bytes wire, IpAddress& out) noexcept {
  std::copy(wire.begin(), wire.end(), out.bytes.begin());
}

/// Makes `rest` end where IP's payload ends. What lies behind is padding or a trailer; what is not
/// there was cut by the snap length, or by a mirror that cuts frames before it encapsulates them -
/// so that a length beyond the end of an outer packet is normal too.
void bound_payload(Walk& walk, std::size_t payload_bytes) noexcept {
  const std::size_t captured_bytes = walk.rest.remaining();
  if (captured_bytes >= payload_bytes) {
    walk.rest = ByteReader(walk.rest.rest().first(payload_bytes));
    walk.missing = 0;
  } else {
    walk.missing = static_cast<std::uint32_t>(payload_bytes - captured_bytes);
  }
}

/// A card that segments for its host (TSO) is handed packets whose length field is still zero; then
/// the captured bytes are all that is known.
void take_all_captured(Walk& walk) noexcept { walk.missing = 0; }

/// `rest` begins where the piece's own share of the packet begins.
void note_fragment(Walk& walk) noexcept {
  PacketView& out = walk.out;
  out.fragment = walk.ip_packet;
  // At most a header of IPv6 and kIpv6ExtensionCountMax extensions of 2 KB.
  out.fragment_header_bytes =
      static_cast<std::uint16_t>(walk.ip_packet.size() - walk.rest.remaining());
  out.tunnel_depth = walk.tunnel_depth;
  out.vlan_seen = walk.vlan_seen;
}

bool is_extension(IpFamily family, std::uint8_t protocol) noexcept {
  if (protocol == ip_protocol::kAuthentication) return true;
  return family == IpFamily::ipv6 &&
         (protocol == ip_protocol::kHopByHop || protocol == ip_protocol::kRouting ||
          protocol == ip_protocol::kFragment || protocol == ip_protocol::kDestinationOptions);
}

Layer layer_of_protocol(const Walk& walk) noexcept {
  if (walk.ip_protocol == ip_protocol::kTcp) return Layer::tcp;
  return is_extension(walk.out.family, walk.ip_protocol) ? Layer::ip_extension : Layer::ip_protocol;
}

/// RFC 8200 §4.5: next header(1), reserved(1), offset(13 bits), reserved(2 bits), M(1 bit), id(4)
DecodeStatus read_fragment_header(Walk& walk) noexcept {
  constexpr std::uint16_t kOffsetAndMore = 0xfff9;
  std::uint16_t offset_and_more = 0;
  if (!walk.rest.read_u8(walk.ip_protocol) || !walk.rest.skip(1) ||
      !walk.rest.read_u16(offset_and_more) || !walk.rest.skip(4)) {
    return DecodeStatus::ip_malformed;
  }
  // RFC 6946: a fragment that is the whole packet is handled as if the header were not there.
  if ((offset_and_more & kOffsetAndMore) == 0) return DecodeStatus::tcp;
  note_fragment(walk);
  return DecodeStatus::ip_fragment;
}

/// RFC 8200 §4.2: next header(1), length(1) in units of 8 bytes beyond the first 8.
/// RFC 4302 §2: the same in units of 4 bytes, beyond the first 8.
DecodeStatus read_sized_extension(Walk& walk) noexcept {
  const bool is_authentication = walk.ip_protocol == ip_protocol::kAuthentication;
  std::uint8_t units = 0;
  if (!walk.rest.read_u8(walk.ip_protocol) || !walk.rest.read_u8(units)) {
    return DecodeStatus::ip_malformed;
  }
  const std::size_t body_bytes = 6 + std::size_t{units} * (is_authentication ? 4u : 8u);
  return walk.rest.skip(body_bytes) ? DecodeStatus::tcp : DecodeStatus::ip_malformed;
}

}  // namespace

Layer read_ip(Walk& walk) noexcept {
  ByteReader peek = walk.rest;
  std::uint8_t first = 0;
  if (!peek.read_u8(first)) {
    return stop(
        walk,
        walk.tunnel_depth == 0 ? DecodeStatus::link_malformed : DecodeStatus::tunnel_malformed,
        Counter::malformed_empty);
  }
  if (first >> 4 == kIpv4Version) return Layer::ipv4;
  if (first >> 4 == kIpv6Version) return Layer::ipv6;
  return stop(walk, DecodeStatus::not_ip, Counter::not_ip_other);
}

// RFC 791 §3.1
Layer read_ipv4(Walk& walk) noexcept {
  constexpr std::uint16_t kMoreFragmentsAndOffset = 0x3fff;
  std::uint8_t version_and_length = 0;
  std::uint16_t total_bytes = 0;
  std::uint16_t fragment = 0;
  Bytes source;
  Bytes destination;
  ByteReader& rest = walk.rest;
  PacketView& out = walk.out;
  const Bytes packet = rest.rest();
  if (!rest.read_u8(version_and_length) || !rest.skip(1) || !rest.read_u16(total_bytes) ||
      !rest.read_u16(out.ip_id) || !rest.read_u16(fragment) || !rest.read_u8(out.ttl) ||
      !rest.read_u8(walk.ip_protocol) || !rest.skip(2) ||
      !rest.read_bytes(kIpv4AddressBytes, source) ||
      !rest.read_bytes(kIpv4AddressBytes, destination)) {
    return stop(walk, DecodeStatus::ip_malformed, Counter::malformed_ipv4);
  }
  const std::size_t header_bytes = (version_and_length & 0x0fu) * std::size_t{4};
  if (version_and_length >> 4 != kIpv4Version || header_bytes < kIpv4HeaderBytes ||
      !rest.skip(header_bytes - kIpv4HeaderBytes) ||
      (total_bytes != 0 && total_bytes < header_bytes)) {
    return stop(walk, DecodeStatus::ip_malformed, Counter::malformed_ipv4);
  }
  out.family = IpFamily::ipv4;
  out.source = {};
  out.destination = {};
  copy_address(source, out.source);
  copy_address(destination, out.destination);
  if (total_bytes == 0) {
    take_all_captured(walk);
  } else {
    bound_payload(walk, total_bytes - header_bytes);
  }
  walk.ip_packet = packet.first(header_bytes + rest.remaining());
  if ((fragment & kMoreFragmentsAndOffset) != 0) {
    note_fragment(walk);
    return stop(walk, DecodeStatus::ip_fragment);
  }
  return layer_of_protocol(walk);
}

// RFC 8200 §3
Layer read_ipv6(Walk& walk) noexcept {
  std::uint32_t version_class_flow = 0;
  std::uint16_t payload_bytes = 0;
  Bytes source;
  Bytes destination;
  ByteReader& rest = walk.rest;
  PacketView& out = walk.out;
  const Bytes packet = rest.rest();
  if (!rest.read_u32(version_class_flow) || !rest.read_u16(payload_bytes) ||
      !rest.read_u8(walk.ip_protocol) || !rest.read_u8(out.ttl) ||
      !rest.read_bytes(kIpv6AddressBytes, source) ||
      !rest.read_bytes(kIpv6AddressBytes, destination) ||
      version_class_flow >> 28 != kIpv6Version) {
    return stop(walk, DecodeStatus::ip_malformed, Counter::malformed_ipv6);
  }
  out.family = IpFamily::ipv6;
  out.ip_id = 0;
  copy_address(source, out.source);
  copy_address(destination, out.destination);
  // Zero is also what a jumbogram says (RFC 2675 §3); its length is in an option and the bytes are
  // here.
  if (payload_bytes == 0) {
    take_all_captured(walk);
  } else {
    bound_payload(walk, payload_bytes);
  }
  walk.ip_packet = packet.first(kIpv6HeaderBytes + rest.remaining());
  return layer_of_protocol(walk);
}

Layer read_ip_extensions(Walk& walk) noexcept {
  for (unsigned count = 0; is_extension(walk.out.family, walk.ip_protocol); ++count) {
    if (count == kIpv6ExtensionCountMax) {
      return stop(walk, DecodeStatus::ipv6_extensions_too_many);
    }
    const DecodeStatus status = walk.ip_protocol == ip_protocol::kFragment
                                    ? read_fragment_header(walk)
                                    : read_sized_extension(walk);
    if (status != DecodeStatus::tcp) return stop(walk, status, Counter::malformed_ip_extension);
  }
  return layer_of_protocol(walk);
}

Layer follow_ip_protocol(Walk& walk) noexcept {
  switch (walk.ip_protocol) {
    case ip_protocol::kUdp:
      return Layer::udp;
    case ip_protocol::kGre:
      return Layer::gre;
    case ip_protocol::kIpv4:
      return enter_tunnel(walk, TunnelKind::ip_in_ip, 0, Layer::ipv4);
    case ip_protocol::kIpv6:
      return enter_tunnel(
          walk, walk.out.family == IpFamily::ipv4 ? TunnelKind::six_in_four : TunnelKind::ip_in_ip,
          0, Layer::ipv6);
    case ip_protocol::kMpls:
      return Layer::mpls;
    case ip_protocol::kIcmp:
      return walk.out.family == IpFamily::ipv4
                 ? Layer::icmp
                 : stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_other);
    case ip_protocol::kIcmpv6:
      return walk.out.family == IpFamily::ipv6
                 ? Layer::icmpv6
                 : stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_other);
    case ip_protocol::kSctp:
      return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_sctp);
    case ip_protocol::kEsp:
      return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_esp);
    default:
      return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_other);
  }
}

}  // namespace shakedown::packet

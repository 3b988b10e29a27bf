// SPDX-License-Identifier: Apache-2.0
//
// ICMP and ICMPv6 errors about TCP packets. What they quote is a packet of the connection, so that
// the view is filled from the quote; only `icmp_*` is about the error.
#include <algorithm>
#include <limits>

#include "packet/layer.h"

namespace shakedown::packet {

namespace {

/// type(1), code(1), checksum(2), a field whose meaning depends on the type(4), quoted packet
struct IcmpHeader {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t field = 0;
};

bool read(ByteReader& rest, IcmpHeader& out) noexcept {
  return rest.read_u8(out.type) && rest.read_u8(out.code) && rest.skip(2) &&
         rest.read_u32(out.field);
}

Layer stop_other(Walk& walk) noexcept {
  return stop(walk, DecodeStatus::not_tcp, Counter::not_tcp_icmp);
}

/// RFC 792, RFC 1122 §3.2.2.1 and RFC 1812 §5.2.7.1, type 3.
IcmpError meaning_of_unreachable(std::uint8_t code) noexcept {
  switch (code) {
    case 0:   // network
    case 6:   // network unknown
    case 11:  // network, for this type of service
      return IcmpError::network_unreachable;
    case 1:   // host
    case 7:   // host unknown
    case 12:  // host, for this type of service
      return IcmpError::host_unreachable;
    case 3:
      return IcmpError::port_unreachable;
    case 4:  // fragmentation needed
      return IcmpError::packet_too_big;
    case 9:   // network
    case 10:  // host
    case 13:  // communication
    case 14:  // precedence violation
    case 15:  // precedence cutoff
      return IcmpError::prohibited;
    default:
      return IcmpError::other;
  }
}

/// Source quench (RFC 6633: to be ignored) and redirect are no errors: the packet went on.
IcmpError meaning_of(const IcmpHeader& header) noexcept {
  switch (header.type) {
    case 3:
      return meaning_of_unreachable(header.code);
    case 11:
      return IcmpError::time_exceeded;
    case 12:  // parameter problem
      return IcmpError::other;
    default:
      return IcmpError::none;
  }
}

/// RFC 4443 §3
IcmpError meaning_of_v6(const IcmpHeader& header) noexcept {
  switch (header.type) {
    case 1:
      switch (header.code) {
        case 0:
          return IcmpError::network_unreachable;
        case 1:  // administratively
        case 5:  // ingress or egress policy
        case 6:  // reject route
          return IcmpError::prohibited;
        case 3:
          return IcmpError::host_unreachable;
        case 4:
          return IcmpError::port_unreachable;
        default:
          return IcmpError::other;
      }
    case 2:
      return IcmpError::packet_too_big;
    case 3:
      return IcmpError::time_exceeded;
    case 4:  // parameter problem
      return IcmpError::other;
    default:
      return IcmpError::none;
  }
}

/// Eight bytes of TCP are sure to be there, the rest is read as far as it goes. There is no payload,
/// but how much there was is worth knowing where a packet was too big.
bool read_quoted_tcp(Walk& walk) noexcept {
  PacketView& out = walk.out;
  const std::size_t segment_bytes = walk.rest.remaining() + walk.missing;
  ByteReader& rest = walk.rest;
  if (!rest.read_u16(out.source_port) || !rest.read_u16(out.destination_port) ||
      !rest.read_u32(out.seq.value)) {
    return false;
  }
  out.payload = {};
  out.payload_missing = 0;
  out.ack = {};
  out.tcp_flags = 0;
  out.window = 0;
  out.option_bytes = 0;
  out.mss = 0;
  out.window_scale = 255;
  constexpr std::size_t kHeaderBytes = 20;
  std::uint16_t offset_and_flags = 0;
  ByteReader more = rest;
  if (!more.skip(4) || !more.read_u16(offset_and_flags)) return true;
  const std::size_t header_bytes = (offset_and_flags >> 12) * std::size_t{4};
  // What contradicts itself here says nothing; the numbers above still stand.
  if (header_bytes < kHeaderBytes || header_bytes > segment_bytes) return true;
  static_cast<void>(rest.read_u32(out.ack.value));
  out.tcp_flags = static_cast<std::uint8_t>(offset_and_flags & 0xff);
  out.option_bytes = static_cast<std::uint8_t>(header_bytes - kHeaderBytes);
  out.payload_missing = static_cast<std::uint32_t>(segment_bytes - header_bytes);
  std::uint16_t window = 0;
  if (more.read_u16(window)) out.window = window;
  return true;
}

/// The quoted packet stands as it was on the wire where the error arose, so it begins with `family`'s
/// header; what is in a tunnel there is no concern of its ends.
Layer read_quote(Walk& walk, const IcmpHeader& header, IcmpError error, IpFamily family) noexcept {
  const IpAddress sender = walk.out.source;
  Layer layer = family == IpFamily::ipv4 ? read_ipv4(walk) : read_ipv6(walk);
  if (layer == Layer::ip_extension) layer = read_ip_extensions(walk);
  if (layer != Layer::tcp || !read_quoted_tcp(walk)) return stop_other(walk);
  walk.out.icmp = error;
  walk.out.icmp_type = header.type;
  walk.out.icmp_code = header.code;
  walk.out.icmp_mtu = 0;
  walk.out.icmp_sender = sender;
  return stop(walk, DecodeStatus::icmp_error);
}

}  // namespace

// RFC 1191 §4: the field of "fragmentation needed" is unused(2), next-hop MTU(2). RFC 4884 may put
// more behind the quoted packet, which its own length cuts off.
Layer read_icmp(Walk& walk) noexcept {
  IcmpHeader header;
  if (!read(walk.rest, header)) return stop_other(walk);
  const IcmpError error = meaning_of(header);
  if (error == IcmpError::none) return stop_other(walk);
  const Layer layer = read_quote(walk, header, error, IpFamily::ipv4);
  if (error == IcmpError::packet_too_big) {
    walk.out.icmp_mtu = static_cast<std::uint16_t>(header.field & 0xffff);
  }
  return layer;
}

// RFC 4443 §3.2: the field of "packet too big" is the MTU(4).
Layer read_icmpv6(Walk& walk) noexcept {
  constexpr std::uint32_t kMtuMax = std::numeric_limits<std::uint16_t>::max();
  IcmpHeader header;
  if (!read(walk.rest, header)) return stop_other(walk);
  const IcmpError error = meaning_of_v6(header);
  if (error == IcmpError::none) return stop_other(walk);
  const Layer layer = read_quote(walk, header, error, IpFamily::ipv6);
  if (error == IcmpError::packet_too_big) {
    walk.out.icmp_mtu = static_cast<std::uint16_t>(std::min(header.field, kMtuMax));
  }
  return layer;
}

}  // namespace shakedown::packet

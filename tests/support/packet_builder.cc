// SPDX-License-Identifier: Apache-2.0
#include "packet_builder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace shakedown::test_support {
namespace {

constexpr uint16_t kEtherTypeIpv4 = 0x0800;
constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr uint8_t kProtocolTcp = 6;
constexpr uint8_t kProtocolUdp = 17;
constexpr size_t kOptionsSizeMax = 40;

Bytes padded_options(BytesView options, uint8_t padding) {
  const size_t size = std::min(options.size(), kOptionsSizeMax);
  Bytes padded(options.begin(), options.begin() + static_cast<std::ptrdiff_t>(size));
  padded.resize((size + 3) / 4 * 4, padding);
  return padded;
}

/// The sum over the pseudo-header; RFC 9293 §3.1 for IPv4, RFC 8200 §8.1 for IPv6. Both add up to
/// the same when a length fits 16 bits.
uint32_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                           size_t size) {
  uint32_t sum = checksum_add(source.view());
  sum = checksum_add(destination.view(), sum);
  return sum + protocol + static_cast<uint32_t>(size);
}

void write_ipv4(ByteWriter& writer, const IpAddress& source, const IpAddress& destination,
                uint8_t protocol, size_t transport_size, const IpHeader& ip) {
  const Bytes options = padded_options(ip.options, 0);
  const size_t header_size = 20 + options.size();
  const unsigned flags = (ip.dont_fragment ? 0x4000U : 0U) | (ip.more_fragments ? 0x2000U : 0U);
  const size_t begin = writer.size();
  writer.u8(0x40 | (header_size / 4)).u8(ip.traffic_class).u16(header_size + transport_size);
  writer.u16(ip.identification).u16(flags | ip.fragment_offset);
  writer.u8(ip.ttl).u8(protocol).u16(0);
  writer.bytes(source.view()).bytes(destination.view()).bytes(options);
  const uint16_t checksum =
      checksum_finish(checksum_add(writer.view().subspan(begin, header_size)));
  writer.patch(begin + 10, checksum, 2);
}

void write_ipv6(ByteWriter& writer, const IpAddress& source, const IpAddress& destination,
                uint8_t protocol, size_t transport_size, const IpHeader& ip) {
  ByteWriter extensions;
  for (size_t i = 0; i < ip.extension_headers.size(); ++i) {
    const Ipv6ExtensionHeader& header = ip.extension_headers[i];
    const bool last = i + 1 == ip.extension_headers.size();
    const size_t size = (header.body.size() + 2 + 7) / 8 * 8;
    extensions.u8(last ? protocol : ip.extension_headers[i + 1].type).u8(size / 8 - 1);
    extensions.bytes(header.body).fill(size - 2 - header.body.size(), 0);
  }
  const uint8_t next_header =
      ip.extension_headers.empty() ? protocol : ip.extension_headers.front().type;
  writer.u32(0x60000000U | static_cast<uint32_t>(ip.traffic_class) << 20);
  writer.u16(extensions.size() + transport_size).u8(next_header).u8(ip.ttl);
  writer.bytes(source.view()).bytes(destination.view()).bytes(extensions.view());
}

void write_ethernet(ByteWriter& writer, const LinkHeader& link, uint16_t ether_type) {
  writer.bytes(link.destination).bytes(link.source);
  for (const VlanTag& tag : link.vlan_tags) {
    writer.u16(tag.tpid).u16((tag.priority << 13) | tag.id);
  }
  writer.u16(ether_type);
}

void write_linux_cooked(ByteWriter& writer, const LinkHeader& link, uint16_t protocol) {
  writer.u16(0).u16(1).u16(6).bytes(link.source).fill(2, 0).u16(protocol);
}

void write_linux_cooked_v2(ByteWriter& writer, const LinkHeader& link, uint16_t protocol) {
  writer.u16(protocol).u16(0).u32(2).u16(1).u8(0).u8(6).bytes(link.source).fill(2, 0);
}

/// The address family of a null or loopback header, by the numbers of BSD: 2 for IPv4, 24 (one of
/// the three values in use) for IPv6. A null header is in the byte order of the capturing host:
/// here little.
void write_null(ByteWriter& writer, bool network_order, bool is_ipv6) {
  const uint8_t family = is_ipv6 ? 24 : 2;
  if (network_order) {
    writer.u32(family);
  } else {
    writer.u8(family).fill(3, 0);
  }
}

void write_link(ByteWriter& writer, const LinkHeader& link, bool is_ipv6) {
  const uint16_t ether_type = is_ipv6 ? kEtherTypeIpv6 : kEtherTypeIpv4;
  switch (link.type) {
    case LinkType::ethernet:
      return write_ethernet(writer, link, ether_type);
    case LinkType::linux_sll:
      return write_linux_cooked(writer, link, ether_type);
    case LinkType::linux_sll2:
      return write_linux_cooked_v2(writer, link, ether_type);
    case LinkType::null:
      return write_null(writer, false, is_ipv6);
    case LinkType::loop:
      return write_null(writer, true, is_ipv6);
    case LinkType::ppp:
      writer.u8(0xff).u8(0x03).u16(is_ipv6 ? 0x0057 : 0x0021);
      return;
    case LinkType::raw:
    case LinkType::ipv4:
    case LinkType::ipv6:
      return;
  }
}

void write_tcp(ByteWriter& writer, const Endpoint& source, const Endpoint& destination,
               const TcpHeader& tcp, BytesView payload) {
  const Bytes options = padded_options(tcp.options, 1);
  const size_t header_size = 20 + options.size();
  const size_t begin = writer.size();
  writer.u16(source.port).u16(destination.port).u32(tcp.sequence).u32(tcp.acknowledgment);
  writer.u8(header_size / 4 << 4).u8(tcp.flags).u16(tcp.window).u16(0).u16(0);
  writer.bytes(options).bytes(payload);
  const uint32_t sum = pseudo_header_sum(source.address, destination.address, kProtocolTcp,
                                         header_size + payload.size());
  writer.patch(begin + 16, checksum_finish(checksum_add(writer.view().subspan(begin), sum)), 2);
}

void write_ip(ByteWriter& writer, const IpAddress& source, const IpAddress& destination,
              uint8_t protocol, size_t transport_size, const IpHeader& ip) {
  if (source.is_ipv6) {
    write_ipv6(writer, source, destination, protocol, transport_size, ip);
  } else {
    write_ipv4(writer, source, destination, protocol, transport_size, ip);
  }
}

}  // namespace

IpAddress address(std::string_view text) {
  IpAddress result;
  const std::string copy(text);
  result.is_ipv6 = copy.find(':') != std::string::npos;
  if (inet_pton(result.is_ipv6 ? AF_INET6 : AF_INET, copy.c_str(), result.bytes.data()) != 1) {
    std::fprintf(stderr, "not an IP address: %s\n", copy.c_str());
    std::abort();
  }
  return result;
}

std::string to_text(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(address.is_ipv6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return text;
}

std::string to_text(const Endpoint& endpoint) {
  const std::string host = to_text(endpoint.address);
  return (endpoint.address.is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port);
}

TcpOptionsBuilder& TcpOptionsBuilder::mss(uint16_t size) {
  writer_.u8(2).u8(4).u16(size);
  return *this;
}
TcpOptionsBuilder& TcpOptionsBuilder::window_scale(uint8_t shift) {
  writer_.u8(3).u8(3).u8(shift);
  return *this;
}
TcpOptionsBuilder& TcpOptionsBuilder::sack_permitted() {
  writer_.u8(4).u8(2);
  return *this;
}
TcpOptionsBuilder& TcpOptionsBuilder::timestamps(uint32_t value, uint32_t echo_reply) {
  writer_.u8(8).u8(10).u32(value).u32(echo_reply);
  return *this;
}
TcpOptionsBuilder& TcpOptionsBuilder::nop(size_t count) {
  writer_.fill(count, 1);
  return *this;
}
TcpOptionsBuilder& TcpOptionsBuilder::raw(uint8_t kind, BytesView body) {
  writer_.u8(kind).u8(body.size() + 2).bytes(body);
  return *this;
}

uint32_t checksum_add(BytesView data, uint32_t initial) {
  uint64_t sum = initial;
  while (data.size() >= 4) {
    uint32_t word = 0;
    std::memcpy(&word, data.data(), sizeof word);
    sum += ntohl(word);
    data = data.subspan(4);
  }
  if (data.size() >= 2) {
    sum += static_cast<uint32_t>(data[0] << 8 | data[1]);
    data = data.subspan(2);
  }
  if (!data.empty()) {
    sum += static_cast<uint32_t>(data[0]) << 8;
  }
  while (sum >> 16 != 0) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint32_t>(sum);
}

uint16_t checksum_finish(uint32_t sum) {
  while (sum >> 16 != 0) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(~sum & 0xffff);
}

Bytes tcp_segment(const Endpoint& source, const Endpoint& destination, const TcpHeader& tcp,
                  BytesView payload) {
  ByteWriter writer;
  write_tcp(writer, source, destination, tcp, payload);
  return writer.take();
}

Bytes ip_packet(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                BytesView transport, const IpHeader& ip) {
  ByteWriter writer;
  write_ip(writer, source, destination, protocol, transport.size(), ip);
  writer.bytes(transport);
  return writer.take();
}

Bytes link_frame(const LinkHeader& link, BytesView packet, bool is_ipv6) {
  ByteWriter writer;
  write_link(writer, link, is_ipv6);
  writer.bytes(packet).fill(link.trailer_size, 0);
  return writer.take();
}

Bytes ethernet_frame(const LinkHeader& link, uint16_t ether_type, BytesView payload) {
  ByteWriter writer;
  write_ethernet(writer, link, ether_type);
  writer.bytes(payload).fill(link.trailer_size, 0);
  return writer.take();
}

Bytes tcp_frame(const Endpoint& source, const Endpoint& destination, const TcpHeader& tcp,
                BytesView payload, const IpHeader& ip, const LinkHeader& link) {
  const size_t options_size = (std::min(tcp.options.size(), kOptionsSizeMax) + 3) / 4 * 4;
  ByteWriter writer;
  writer.reserve(payload.size() + 120);
  write_link(writer, link, source.address.is_ipv6);
  write_ip(writer, source.address, destination.address, kProtocolTcp,
           20 + options_size + payload.size(), ip);
  write_tcp(writer, source, destination, tcp, payload);
  writer.fill(link.trailer_size, 0);
  return writer.take();
}

Bytes udp_frame(const Endpoint& source, const Endpoint& destination, BytesView payload,
                const IpHeader& ip, const LinkHeader& link) {
  ByteWriter writer;
  writer.u16(source.port).u16(destination.port).u16(payload.size() + 8).u16(0).bytes(payload);
  const uint32_t sum =
      pseudo_header_sum(source.address, destination.address, kProtocolUdp, writer.size());
  const uint16_t checksum = checksum_finish(checksum_add(writer.view(), sum));
  // RFC 768: a checksum that computes to zero is sent as all ones.
  writer.patch(6, checksum == 0 ? 0xffff : checksum, 2);
  const Bytes packet =
      ip_packet(source.address, destination.address, kProtocolUdp, writer.view(), ip);
  return link_frame(link, packet, source.address.is_ipv6);
}

}  // namespace shakedown::test_support

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Builds frames from the link header to the transport payload with right lengths and
//            checksums.
// Units:     sizes are bytes; ports and all header fields are in host byte order here.
// Ownership: frames are values.
// Threading: none.
// Limits:    IPv4 options and TCP options are padded to four bytes and cut at 40.
// Failure:   address() ends the test program when the text is no address: a typing error in a test.
// RFC:       RFC 791; RFC 8200; RFC 9293 §3.1; RFC 768; RFC 1071; IEEE 802.1Q.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "byte_writer.h"
#include "link_type.h"

namespace shakedown::test_support {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};
  bool is_ipv6 = false;

  [[nodiscard]] BytesView view() const {
    return BytesView(bytes.data(), is_ipv6 ? size_t{16} : size_t{4});
  }
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

[[nodiscard]] IpAddress address(std::string_view text);
[[nodiscard]] std::string to_text(const IpAddress& address);

struct Endpoint {
  IpAddress address{};
  uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

[[nodiscard]] inline Endpoint endpoint(std::string_view text, uint16_t port) {
  return {address(text), port};
}
/// `192.0.2.1:443` or `[2001:db8::1]:443`.
[[nodiscard]] std::string to_text(const Endpoint& endpoint);

using MacAddress = std::array<uint8_t, 6>;

struct VlanTag {
  uint16_t id = 0;
  uint8_t priority = 0;
  uint16_t tpid = 0x8100;  // 0x88a8 for the outer tag of QinQ
};

struct LinkHeader {
  LinkType type = LinkType::ethernet;
  MacAddress source{0x02, 0, 0, 0, 0, 1};
  MacAddress destination{0x02, 0, 0, 0, 0, 2};
  std::vector<VlanTag> vlan_tags{};  // outermost first; Ethernet only
  size_t trailer_size = 0;  // bytes of zero behind the packet, as short Ethernet frames have
};

/// An IPv6 extension header; the length and next-header fields are filled in. The body follows the
/// two first bytes and is padded with zeros to a multiple of eight.
struct Ipv6ExtensionHeader {
  uint8_t type = 0;  // 0 hop-by-hop, 43 routing, 60 destination options
  Bytes body{};
};

struct IpHeader {
  uint8_t ttl = 64;
  uint8_t traffic_class = 0;
  uint16_t identification = 0;
  bool dont_fragment = true;
  bool more_fragments = false;
  uint16_t fragment_offset = 0;  // in units of eight bytes, as on the wire; IPv4 only
  Bytes options{};               // IPv4 only
  std::vector<Ipv6ExtensionHeader> extension_headers{};
};

namespace tcp_flag {
inline constexpr uint8_t fin = 0x01;
inline constexpr uint8_t syn = 0x02;
inline constexpr uint8_t rst = 0x04;
inline constexpr uint8_t psh = 0x08;
inline constexpr uint8_t ack = 0x10;
inline constexpr uint8_t urg = 0x20;
inline constexpr uint8_t ece = 0x40;
inline constexpr uint8_t cwr = 0x80;
}  // namespace tcp_flag

struct TcpHeader {
  uint32_t sequence = 0;
  uint32_t acknowledgment = 0;
  uint8_t flags = tcp_flag::ack;
  uint16_t window = 0xffff;
  Bytes options{};
};

/// Builds the bytes of TCP options; RFC 9293 §3.2, RFC 7323, RFC 2018.
class TcpOptionsBuilder {
 public:
  TcpOptionsBuilder& mss(uint16_t size);
  TcpOptionsBuilder& window_scale(uint8_t shift);
  TcpOptionsBuilder& sack_permitted();
  TcpOptionsBuilder& timestamps(uint32_t value, uint32_t echo_reply);
  TcpOptionsBuilder& nop(size_t count = 1);
  TcpOptionsBuilder& raw(uint8_t kind, BytesView body);
  [[nodiscard]] Bytes build() { return writer_.take(); }

 private:
  ByteWriter writer_;
};

/// IP packet around a transport segment that carries its own checksum.
[[nodiscard]] Bytes ip_packet(const IpAddress& source, const IpAddress& destination,
                              uint8_t protocol, BytesView transport, const IpHeader& ip = {});
/// Puts the link header in front of a packet; `is_ipv6` chooses the protocol number.
[[nodiscard]] Bytes link_frame(const LinkHeader& link, BytesView packet, bool is_ipv6);
/// An Ethernet frame with any EtherType.
[[nodiscard]] Bytes ethernet_frame(const LinkHeader& link, uint16_t ether_type, BytesView payload);

[[nodiscard]] Bytes tcp_frame(const Endpoint& source, const Endpoint& destination,
                              const TcpHeader& tcp, BytesView payload = {}, const IpHeader& ip = {},
                              const LinkHeader& link = {});
[[nodiscard]] Bytes udp_frame(const Endpoint& source, const Endpoint& destination,
                              BytesView payload, const IpHeader& ip = {},
                              const LinkHeader& link = {});
/// The TCP segment alone, with its checksum for these addresses.
[[nodiscard]] Bytes tcp_segment(const Endpoint& source, const Endpoint& destination,
                                const TcpHeader& tcp, BytesView payload);

/// Sum of `data` in ones' complement, not yet inverted; `initial` continues an earlier even-sized
/// part.
[[nodiscard]] uint32_t checksum_add(BytesView data, uint32_t initial = 0);
[[nodiscard]] uint16_t checksum_finish(uint32_t sum);

}  // namespace shakedown::test_support

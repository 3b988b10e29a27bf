// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The packet that nearly all packets are - Ethernet, IPv4 without options or IPv6
//            without extensions, TCP that is no SYN, all of it captured - read in one step.
//            Whatever is different in any way is left to the walk over the layers.
// Units:     Bytes.
// Ownership: As decode().
// Threading: Pure function.
// Limits:    Offsets are template arguments, checked against the size of the header when this is
//            compiled.
// Failure:   False: not that packet; `out` may be partly written. What belongs to another status than
//            `tcp` (icmp and all behind it) is not touched, and stale in a view that is used again.
// RFC:       RFC 791 §3.1, RFC 8200 §3, RFC 9293 §3.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "packet/packet_view.h"
#include "shakedown/bytes.h"

namespace shakedown::packet {

/// A header of known size, read at offsets that the compiler checks.
template <std::size_t size>
class FixedHeader {
 public:
  explicit FixedHeader(std::span<const std::uint8_t, size> bytes) : bytes_(bytes) {}

  template <std::size_t offset>
  [[nodiscard]] std::uint8_t u8() const noexcept {
    static_assert(offset < size);
    return bytes_[offset];
  }
  template <std::size_t offset>
  [[nodiscard]] std::uint16_t u16() const noexcept {
    return __builtin_bswap16(load<offset, std::uint16_t>());
  }
  template <std::size_t offset>
  [[nodiscard]] std::uint32_t u32() const noexcept {
    return __builtin_bswap32(load<offset, std::uint32_t>());
  }
  /// Copies an address and clears what is behind it. Written as words: the next step reads words, and
  /// would wait for bytes that were stored one by one.
  template <std::size_t offset, std::size_t address_bytes>
  void address(IpAddress& out) const noexcept {
    static_assert(offset + address_bytes <= size && address_bytes <= sizeof out.bytes);
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), bytes_.data() + offset, address_bytes);
    std::memcpy(out.bytes.data(), words.data(), sizeof words);
  }

 private:
  template <std::size_t offset, class Int>
  [[nodiscard]] Int load() const noexcept {
    static_assert(offset + sizeof(Int) <= size);
    Int value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }

  std::span<const std::uint8_t, size> bytes_;
};

/// `tcp_offset` and `ip_bytes` as the IP header says them; `captured` begins with Ethernet.
template <std::size_t tcp_offset, std::size_t size>
[[nodiscard]] inline bool read_common_tcp(const FixedHeader<size>& header, Bytes captured,
                                          std::size_t frame_bytes, PacketView& out) noexcept {
  const std::uint16_t offset_and_flags = header.template u16<tcp_offset + 12>();
  const std::size_t payload_offset = tcp_offset + (offset_and_flags >> 12) * std::size_t{4};
  out.tcp_flags = static_cast<std::uint8_t>(offset_and_flags);
  if (payload_offset < tcp_offset + 20 || payload_offset > frame_bytes ||
      frame_bytes > captured.size() || out.has(tcp_flag::syn)) {
    return false;
  }
  out.source_port = header.template u16<tcp_offset>();
  out.destination_port = header.template u16<tcp_offset + 2>();
  out.seq.value = header.template u32<tcp_offset + 4>();
  out.ack.value = header.template u32<tcp_offset + 8>();
  out.window = header.template u16<tcp_offset + 14>();
  out.payload = captured.subspan(payload_offset, frame_bytes - payload_offset);
  out.payload_missing = 0;
  out.option_bytes = static_cast<std::uint8_t>(payload_offset - (tcp_offset + 20));
  out.mss = 0;
  out.window_scale = 255;
  out.tunnel_kind = TunnelKind::none;
  out.tunnel_id = 0;
  out.vlan_outer = 0;
  out.vlan_inner = 0;
  return true;
}

[[nodiscard]] inline bool decode_common(Bytes captured, PacketView& out) noexcept {
  constexpr std::size_t kEthernet = 14;
  constexpr std::size_t kIpv4Tcp = kEthernet + 20 + 20;
  constexpr std::size_t kIpv6Tcp = kEthernet + 40 + 20;
  constexpr std::uint16_t kVersion4NoOptions = 0x45;
  constexpr std::uint8_t kTcp = 6;
  if (captured.size() < kIpv4Tcp) return false;
  const FixedHeader<kIpv4Tcp> ipv4(captured.first<kIpv4Tcp>());
  const std::uint16_t ether_type = ipv4.u16<12>();
  if (ether_type == 0x0800) {
    const std::size_t ip_bytes = ipv4.u16<kEthernet + 2>();
    // 0x3fff: MF and the fragment offset.
    if (ipv4.u8<kEthernet>() != kVersion4NoOptions || ipv4.u8<kEthernet + 9>() != kTcp ||
        (ipv4.u16<kEthernet + 6>() & 0x3fff) != 0) {
      return false;
    }
    out.family = IpFamily::ipv4;
    out.ip_id = ipv4.u16<kEthernet + 4>();
    out.ttl = ipv4.u8<kEthernet + 8>();
    ipv4.address<kEthernet + 12, 4>(out.source);
    ipv4.address<kEthernet + 16, 4>(out.destination);
    return read_common_tcp<kEthernet + 20>(ipv4, captured, kEthernet + ip_bytes, out);
  }
  if (ether_type != 0x86dd || captured.size() < kIpv6Tcp) return false;
  const FixedHeader<kIpv6Tcp> ipv6(captured.first<kIpv6Tcp>());
  const std::size_t payload_bytes = ipv6.u16<kEthernet + 4>();
  if (ipv6.u8<kEthernet>() >> 4 != 6 || ipv6.u8<kEthernet + 6>() != kTcp) return false;
  out.family = IpFamily::ipv6;
  out.ip_id = 0;
  out.ttl = ipv6.u8<kEthernet + 7>();
  ipv6.address<kEthernet + 8, 16>(out.source);
  ipv6.address<kEthernet + 24, 16>(out.destination);
  return read_common_tcp<kEthernet + 40>(ipv6, captured, kEthernet + 40 + payload_bytes, out);
}

}  // namespace shakedown::packet

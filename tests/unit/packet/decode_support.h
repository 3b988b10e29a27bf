// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the decoder tests share: one inner packet, and decoding that keeps its bytes
//            alive.
// Units:     Bytes.
// Ownership: A Decoded owns the frame that its view points into.
// Threading: None.
// Limits:    None.
// Failure:   None.
// RFC:       None.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

#include "byte_writer.h"
#include "packet/decode.h"
#include "packet_builder.h"

namespace shakedown::packet {

namespace ts = test_support;

inline void PrintTo(DecodeStatus status, std::ostream* out) {
  *out << kCounterDescriptions[static_cast<std::size_t>(fate_of(status))].name;
}

struct Decoded {
  ts::Bytes frame;
  PacketView view;
  DecodeStatus status = DecodeStatus::tcp;

  [[nodiscard]] std::string payload() const { return {view.payload.begin(), view.payload.end()}; }
};

[[nodiscard]] inline Decoded decoded(ts::Bytes frame, LinkType link_type = LinkType::ethernet) {
  Decoded out;
  out.frame = std::move(frame);
  out.status = decode(link_type, Bytes(out.frame), out.view);
  return out;
}

/// The first `size` bytes, as a snap length leaves them.
[[nodiscard]] inline ts::Bytes cut(const ts::Bytes& frame, std::size_t size) {
  return {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)};
}

[[nodiscard]] inline ts::Bytes without_ethernet(const ts::Bytes& frame) {
  return {frame.begin() + 14, frame.end()};
}

inline const ts::Endpoint kClient = ts::endpoint("192.0.2.1", 50000);
inline const ts::Endpoint kServer = ts::endpoint("198.51.100.2", 443);
inline const ts::Endpoint kClient6 = ts::endpoint("2001:db8::1", 50001);
inline const ts::Endpoint kServer6 = ts::endpoint("2001:db8::2", 8443);
inline const ts::Endpoint kOuterSource = ts::endpoint("10.0.0.1", 12345);
inline const ts::Endpoint kOuterDestination = ts::endpoint("10.0.0.2", 54321);

/// The packet that every tunnel of the tests carries.
inline constexpr const char* kText = "inner text";
[[nodiscard]] inline ts::Bytes inner_frame() {
  return ts::tcp_frame(kClient, kServer, {.sequence = 7}, ts::bytes_of(kText));
}
[[nodiscard]] inline ts::Bytes inner_ipv4() { return without_ethernet(inner_frame()); }
[[nodiscard]] inline ts::Bytes inner_ipv6() {
  return without_ethernet(ts::tcp_frame(kClient6, kServer6, {.sequence = 7}, ts::bytes_of(kText)));
}

/// `content` under a header of an IPv4 packet between the outer endpoints, in an Ethernet frame.
[[nodiscard]] inline ts::Bytes outer_frame(std::uint8_t protocol, const ts::Bytes& content,
                                           const ts::IpHeader& ip = {}) {
  return ts::link_frame(
      {}, ts::ip_packet(kOuterSource.address, kOuterDestination.address, protocol, content, ip),
      false);
}
[[nodiscard]] inline ts::Bytes outer_udp_frame(std::uint16_t port, const ts::Bytes& content) {
  return ts::udp_frame(kOuterSource, {kOuterDestination.address, port}, content);
}

}  // namespace shakedown::packet

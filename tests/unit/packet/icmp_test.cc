// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "decode_support.h"
#include "shakedown/limits.h"

namespace shakedown::packet {
namespace {

const ts::IpAddress kRouter = ts::address("203.0.113.7");
const ts::IpAddress kRouter6 = ts::address("2001:db8:7::7");

/// The server's answer that something on its way to the client objects to.
ts::Bytes offending(bool is_ipv6 = false,
                    const ts::IpHeader& ip = {.ttl = 3, .identification = 77}) {
  return without_ethernet(
      ts::tcp_frame(is_ipv6 ? kServer6 : kServer, is_ipv6 ? kClient6 : kClient,
                    {.sequence = 0xdeadbeef,
                     .acknowledgment = 99,
                     .flags = ts::tcp_flag::ack | ts::tcp_flag::psh,
                     .window = 512,
                     .options = ts::TcpOptionsBuilder().timestamps(1, 2).nop(2).build()},
                    ts::Bytes(1400, 'x'), ip));
}

ts::Bytes icmp(std::uint8_t type, std::uint8_t code, std::uint32_t field, const ts::Bytes& quote) {
  const bool is_ipv6 = !quote.empty() && quote[0] >> 4 == 6;
  const ts::Bytes message =
      ts::ByteWriter().u8(type).u8(code).u16(0).u32(field).bytes(quote).take();
  const ts::Bytes packet =
      is_ipv6 ? ts::ip_packet(kRouter6, kServer6.address, 58, message, {.ttl = 200})
              : ts::ip_packet(kRouter, kServer.address, 1, message, {.ttl = 200});
  return ts::link_frame({}, packet, is_ipv6);
}

TEST(Icmp, DescribesThePacketThatItQuotes) {
  const Decoded error = decoded(icmp(3, 4, 1400, cut(offending(), 20 + 32)));
  ASSERT_EQ(error.status, DecodeStatus::icmp_error);
  EXPECT_EQ(error.view.icmp, IcmpError::packet_too_big);
  EXPECT_EQ(error.view.icmp_type, 3);
  EXPECT_EQ(error.view.icmp_code, 4);
  EXPECT_EQ(error.view.icmp_mtu, 1400);
  EXPECT_EQ(error.view.icmp_sender, (IpAddress{{203, 0, 113, 7}}));
  EXPECT_EQ(error.view.family, IpFamily::ipv4);
  EXPECT_EQ(error.view.source, (IpAddress{{198, 51, 100, 2}}));
  EXPECT_EQ(error.view.destination, (IpAddress{{192, 0, 2, 1}}));
  EXPECT_EQ(error.view.source_port, 443);
  EXPECT_EQ(error.view.destination_port, 50000);
  EXPECT_EQ(error.view.seq.value, 0xdeadbeefu);
  EXPECT_EQ(error.view.ack.value, 99u);
  EXPECT_EQ(error.view.tcp_flags, ts::tcp_flag::ack | ts::tcp_flag::psh);
  EXPECT_EQ(error.view.window, 512);
  EXPECT_EQ(error.view.option_bytes, 12);
  EXPECT_EQ(error.view.ttl, 3);
  EXPECT_EQ(error.view.ip_id, 77);
  EXPECT_TRUE(error.view.payload.empty());
  EXPECT_EQ(error.view.payload_length(), 1400u) << "how large it was";
}

TEST(Icmp, DescribesThePacketThatIcmpv6Quotes) {
  const Decoded error = decoded(icmp(2, 0, 1280, offending(true)));
  ASSERT_EQ(error.status, DecodeStatus::icmp_error);
  EXPECT_EQ(error.view.icmp, IcmpError::packet_too_big);
  EXPECT_EQ(error.view.icmp_mtu, 1280);
  EXPECT_EQ(error.view.icmp_sender.bytes, kRouter6.bytes);
  EXPECT_EQ(error.view.family, IpFamily::ipv6);
  EXPECT_EQ(error.view.source.bytes, kServer6.address.bytes);
  EXPECT_EQ(error.view.source_port, 8443);
  EXPECT_EQ(error.view.seq.value, 0xdeadbeefu);
  EXPECT_EQ(error.view.payload_length(), 1400u);
}

TEST(Icmp, NeedsEightBytesOfTcpAndNoMore) {
  for (const bool is_ipv6 : {false, true}) {
    const ts::Bytes packet = offending(is_ipv6);
    const std::size_t ip_bytes = is_ipv6 ? 40 : 20;
    for (std::size_t size = 1; size <= packet.size(); size += size < 100 ? 1 : 131) {
      const Decoded error = decoded(icmp(is_ipv6 ? 1 : 3, 0, 0, cut(packet, size)));
      if (size < ip_bytes + 8) {
        EXPECT_EQ(error.status, DecodeStatus::not_tcp) << size;
        EXPECT_EQ(error.view.detail, Counter::not_tcp_icmp);
        continue;
      }
      ASSERT_EQ(error.status, DecodeStatus::icmp_error) << size;
      EXPECT_EQ(error.view.seq.value, 0xdeadbeefu);
      EXPECT_EQ(error.view.ack.value, size < ip_bytes + 14 ? 0u : 99u) << size;
      EXPECT_EQ(error.view.window, size < ip_bytes + 16 ? 0 : 512) << size;
      EXPECT_EQ(error.view.payload_length(), size < ip_bytes + 14 ? 0u : 1400u) << size;
    }
  }
}

TEST(Icmp, NamesEveryKindOfUnreachable) {
  const std::vector<std::tuple<std::uint8_t, std::uint8_t, IcmpError>> kinds{
      {3, 0, IcmpError::network_unreachable},
      {3, 1, IcmpError::host_unreachable},
      {3, 2, IcmpError::other},
      {3, 3, IcmpError::port_unreachable},
      {3, 4, IcmpError::packet_too_big},
      {3, 5, IcmpError::other},
      {3, 6, IcmpError::network_unreachable},
      {3, 7, IcmpError::host_unreachable},
      {3, 8, IcmpError::other},
      {3, 9, IcmpError::prohibited},
      {3, 10, IcmpError::prohibited},
      {3, 11, IcmpError::network_unreachable},
      {3, 12, IcmpError::host_unreachable},
      {3, 13, IcmpError::prohibited},
      {3, 14, IcmpError::prohibited},
      {3, 15, IcmpError::prohibited},
      {3, 255, IcmpError::other},
      {11, 0, IcmpError::time_exceeded},
      {11, 1, IcmpError::time_exceeded},
      {12, 0, IcmpError::other}};
  for (const auto& [type, code, meaning] : kinds) {
    const Decoded error = decoded(icmp(type, code, 0, offending()));
    EXPECT_EQ(error.status, DecodeStatus::icmp_error) << int{type} << ' ' << int{code};
    EXPECT_EQ(error.view.icmp, meaning) << int{type} << ' ' << int{code};
    EXPECT_EQ(error.view.icmp_mtu, 0);
  }
}

TEST(Icmp, NamesEveryKindOfIcmpv6Error) {
  const std::vector<std::tuple<std::uint8_t, std::uint8_t, IcmpError>> kinds{
      {1, 0, IcmpError::network_unreachable},
      {1, 1, IcmpError::prohibited},
      {1, 2, IcmpError::other},
      {1, 3, IcmpError::host_unreachable},
      {1, 4, IcmpError::port_unreachable},
      {1, 5, IcmpError::prohibited},
      {1, 6, IcmpError::prohibited},
      {1, 7, IcmpError::other},
      {2, 0, IcmpError::packet_too_big},
      {3, 0, IcmpError::time_exceeded},
      {3, 1, IcmpError::time_exceeded},
      {4, 1, IcmpError::other}};
  for (const auto& [type, code, meaning] : kinds) {
    const Decoded error = decoded(icmp(type, code, 0, offending(true)));
    EXPECT_EQ(error.status, DecodeStatus::icmp_error) << int{type} << ' ' << int{code};
    EXPECT_EQ(error.view.icmp, meaning) << int{type} << ' ' << int{code};
  }
}

TEST(Icmp, ReadsTheMtuOfPacketTooBigOnly) {
  EXPECT_EQ(decoded(icmp(3, 4, 0xffff'05dc, offending())).view.icmp_mtu, 1500);
  EXPECT_EQ(decoded(icmp(3, 4, 0, offending())).view.icmp_mtu, 0) << "a router of before RFC 1191";
  EXPECT_EQ(decoded(icmp(3, 1, 1500, offending())).view.icmp_mtu, 0);
  EXPECT_EQ(decoded(icmp(2, 0, 65'535, offending(true))).view.icmp_mtu, 65'535);
  EXPECT_EQ(decoded(icmp(2, 0, 65'536, offending(true))).view.icmp_mtu, 65'535);
}

TEST(Icmp, IsNoErrorWithOtherTypes) {
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 4, 5, 8, 9, 13, 255}) {
    const Decoded packet = decoded(icmp(type, 0, 0, offending()));
    EXPECT_EQ(packet.status, DecodeStatus::not_tcp) << int{type};
    EXPECT_EQ(packet.view.detail, Counter::not_tcp_icmp);
  }
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 5, 128, 135, 255}) {
    EXPECT_EQ(decoded(icmp(type, 0, 0, offending(true))).status, DecodeStatus::not_tcp)
        << int{type};
  }
  EXPECT_EQ(decoded(outer_frame(58, ts::Bytes(64, 1))).status, DecodeStatus::not_tcp)
      << "ICMPv6 over IPv4";
}

TEST(Icmp, IsNotAboutTcpWhenItQuotesSomethingElse) {
  const auto status = [](const ts::Bytes& quote) { return decoded(icmp(3, 1, 0, quote)).status; };
  EXPECT_EQ(status(without_ethernet(outer_udp_frame(53, ts::Bytes(40, 0)))), DecodeStatus::not_tcp);
  EXPECT_EQ(status(without_ethernet(outer_udp_frame(4789, ts::Bytes(40, 0)))),
            DecodeStatus::not_tcp);
  EXPECT_EQ(status(without_ethernet(outer_frame(4, offending()))), DecodeStatus::not_tcp)
      << "a tunnel";
  EXPECT_EQ(status(without_ethernet(outer_frame(1, ts::Bytes(40, 3)))), DecodeStatus::not_tcp);
  EXPECT_EQ(
      status(without_ethernet(ts::tcp_frame(kServer, kClient, {}, {}, {.fragment_offset = 8}))),
      DecodeStatus::not_tcp)
      << "a later piece has no ports";
  EXPECT_EQ(status({}), DecodeStatus::not_tcp);
  ts::Bytes wrong_version = offending();
  wrong_version[0] = 0x65;
  EXPECT_EQ(decoded(ts::link_frame(
                        {},
                        ts::ip_packet(
                            kRouter, kServer.address, 1,
                            ts::ByteWriter().u32(0x03010000).u32(0).bytes(wrong_version).view()),
                        false))
                .status,
            DecodeStatus::not_tcp);
}

TEST(Icmp, ReadsQuotesBehindOptionsAndExtensionHeaders) {
  EXPECT_EQ(decoded(icmp(3, 1, 0, offending(false, {.options = ts::Bytes(12, 1)}))).status,
            DecodeStatus::icmp_error);
  ts::IpHeader ip;
  ip.extension_headers.assign(kIpv6ExtensionCountMax, {.type = 60, .body = {}});
  EXPECT_EQ(decoded(icmp(1, 0, 0, offending(true, ip))).status, DecodeStatus::icmp_error);
  ip.extension_headers.push_back({.type = 60, .body = {}});
  EXPECT_EQ(decoded(icmp(1, 0, 0, offending(true, ip))).status, DecodeStatus::not_tcp);
}

TEST(Icmp, KeepsWhatItKnowsOfAQuoteWhoseTcpHeaderContradictsItself) {
  ts::Bytes packet = offending();
  packet[20 + 12] = 4 << 4;
  const Decoded error = decoded(icmp(3, 1, 0, packet));
  EXPECT_EQ(error.status, DecodeStatus::icmp_error);
  EXPECT_EQ(error.view.seq.value, 0xdeadbeefu);
  EXPECT_EQ(error.view.tcp_flags, 0);
  EXPECT_EQ(error.view.payload_length(), 0u);
}

TEST(Icmp, LeavesOutWhatRoutersAddBehindTheQuote) {
  // RFC 4884: padded to 128 bytes, and extension objects behind.
  ts::Bytes quote =
      without_ethernet(ts::tcp_frame(kServer, kClient, {.sequence = 5}, ts::bytes_of("abc")));
  quote.resize(128);
  quote.insert(quote.end(), {0x20, 0, 0, 0, 0, 8, 1, 1, 0, 0, 0, 1});
  const Decoded error = decoded(icmp(11, 0, 32 << 16, quote));
  ASSERT_EQ(error.status, DecodeStatus::icmp_error);
  EXPECT_EQ(error.view.payload_length(), 3u);
}

TEST(Icmp, IsReadInTunnels) {
  const ts::Bytes inner = without_ethernet(icmp(3, 1, 0, offending()));
  const Decoded error =
      decoded(outer_frame(47, ts::ByteWriter().u16(0x2000).u16(0x0800).u32(9).bytes(inner).take()));
  EXPECT_EQ(error.status, DecodeStatus::icmp_error);
  EXPECT_EQ(error.view.tunnel_kind, TunnelKind::gre);
  EXPECT_EQ(error.view.tunnel_id, 9u);
  EXPECT_EQ(error.view.icmp_sender, (IpAddress{{203, 0, 113, 7}}));
}

TEST(Icmp, LeavesNoTraceOfAnEarlierPacketInAReusedView) {
  PacketView view;
  const ts::Bytes first =
      ts::tcp_frame(kClient6, kServer6,
                    {.flags = ts::tcp_flag::syn,
                     .options = ts::TcpOptionsBuilder().mss(1400).window_scale(7).build()},
                    ts::bytes_of("early"));
  ASSERT_EQ(decode(LinkType::ethernet, first, view), DecodeStatus::tcp);
  const ts::Bytes second = icmp(3, 1, 0, cut(offending(), 28));
  ASSERT_EQ(decode(LinkType::ethernet, second, view), DecodeStatus::icmp_error);
  EXPECT_TRUE(view.payload.empty());
  EXPECT_EQ(view.mss, 0);
  EXPECT_EQ(view.window_scale, 255);
  EXPECT_EQ(view.option_bytes, 0);
  EXPECT_EQ(view.tcp_flags, 0);
  EXPECT_EQ(view.window, 0);
  EXPECT_EQ(view.source, (IpAddress{{198, 51, 100, 2}}));
}

}  // namespace
}  // namespace shakedown::packet

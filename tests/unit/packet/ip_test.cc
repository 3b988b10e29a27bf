// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "decode_support.h"
#include "shakedown/limits.h"

namespace shakedown::packet {
namespace {

constexpr std::size_t kIpOffset = 14;
constexpr std::size_t kIpv4Bytes = 20;
constexpr std::size_t kIpv6Bytes = 40;

ts::Bytes ipv6_frame(const std::vector<ts::Ipv6ExtensionHeader>& extensions) {
  ts::IpHeader ip;
  ip.extension_headers = extensions;
  return ts::tcp_frame(kClient6, kServer6, {}, ts::bytes_of(kText), ip);
}

/// A transport header behind hand-made extension bytes.
ts::Bytes ipv6_frame_behind(std::uint8_t first_header, const ts::Bytes& extensions) {
  const ts::Bytes content =
      ts::concatenate({extensions, ts::tcp_segment(kClient6, kServer6, {}, ts::bytes_of(kText))});
  return ts::link_frame(
      {}, ts::ip_packet(kClient6.address, kServer6.address, first_header, content), true);
}

TEST(Ipv4, ReadsTheHeader) {
  const Decoded packet =
      decoded(ts::tcp_frame(kClient, kServer, {}, {},
                            {.ttl = 57, .identification = 0xbeef, .options = ts::Bytes(40, 1)}));
  ASSERT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.family, IpFamily::ipv4);
  EXPECT_EQ(packet.view.ttl, 57);
  EXPECT_EQ(packet.view.ip_id, 0xbeef);
  EXPECT_EQ(packet.view.source, (IpAddress{{192, 0, 2, 1}}));
  EXPECT_EQ(packet.view.destination, (IpAddress{{198, 51, 100, 2}}));
  EXPECT_EQ(packet.view.source_port, 50000);
  EXPECT_EQ(packet.view.destination_port, 443);
}

TEST(Ipv4, LeavesNoTraceOfAnEarlierPacketInAReusedView) {
  PacketView view;
  view.time = UnixNanos{42};
  view.port_index = 3;
  ts::IpHeader ip;
  const ts::Bytes first =
      ts::tcp_frame(kClient6, kServer6,
                    {.flags = ts::tcp_flag::syn,
                     .options = ts::TcpOptionsBuilder().mss(1400).window_scale(7).build()},
                    {}, ip, {.vlan_tags = {{.id = 5}, {.id = 6}}});
  ASSERT_EQ(decode(LinkType::ethernet, first, view), DecodeStatus::tcp);
  ASSERT_EQ(view.mss, 1400);
  const ts::Bytes second = inner_frame();
  ASSERT_EQ(decode(LinkType::ethernet, second, view), DecodeStatus::tcp);
  EXPECT_EQ(view.source, (IpAddress{{192, 0, 2, 1}}));
  EXPECT_EQ(view.mss, 0);
  EXPECT_EQ(view.window_scale, 255);
  EXPECT_EQ(view.vlan_outer, 0);
  EXPECT_EQ(view.vlan_inner, 0);
  EXPECT_EQ(view.time, UnixNanos{42});
  EXPECT_EQ(view.port_index, 3);
}

TEST(Ipv4, DropsEthernetPadding) {
  const Decoded packet =
      decoded(ts::tcp_frame(kClient, kServer, {}, ts::bytes_of("ab"), {}, {.trailer_size = 12}));
  EXPECT_EQ(packet.payload(), "ab");
  EXPECT_EQ(packet.view.payload_missing, 0u);
}

TEST(Ipv4, CountsThePayloadThatTheSnapLengthCut) {
  const ts::Bytes frame = inner_frame();
  const Decoded packet = decoded(cut(frame, frame.size() - 4));
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.payload(), "inner ");
  EXPECT_EQ(packet.view.payload_missing, 4u);
  EXPECT_EQ(packet.view.payload_length(), 10u);
}

TEST(Ipv4, TakesWhatWasCapturedWhenTheLengthIsZero) {
  ts::Bytes frame = inner_frame();
  frame[kIpOffset + 2] = 0;
  frame[kIpOffset + 3] = 0;
  const Decoded packet = decoded(frame);
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.payload(), kText);
  EXPECT_EQ(packet.view.payload_missing, 0u);
}

TEST(Ipv4, IgnoresWrongChecksums) {
  ts::Bytes frame = inner_frame();
  frame[kIpOffset + 10] ^= 0xff;
  frame[kIpOffset + kIpv4Bytes + 16] ^= 0xff;
  EXPECT_EQ(decoded(frame).status, DecodeStatus::tcp);
}

TEST(Ipv4, RefusesAHeaderThatContradictsItself) {
  const auto with_byte = [](std::size_t offset, std::uint8_t value) {
    ts::Bytes frame = inner_frame();
    frame[kIpOffset + offset] = value;
    return decoded(frame).status;
  };
  EXPECT_EQ(with_byte(0, 0x55), DecodeStatus::ip_malformed);  // version
  EXPECT_EQ(with_byte(0, 0x44), DecodeStatus::ip_malformed);  // header of 16 bytes
  EXPECT_EQ(with_byte(0, 0x40), DecodeStatus::ip_malformed);  // header of 0 bytes
  EXPECT_EQ(with_byte(3, 19), DecodeStatus::ip_malformed);    // shorter than its header
  EXPECT_EQ(with_byte(3, 20), DecodeStatus::tcp_malformed);   // exactly its header
  EXPECT_EQ(with_byte(3, 39), DecodeStatus::tcp_malformed);   // one byte of TCP too few
  EXPECT_EQ(with_byte(3, 40), DecodeStatus::tcp);
}

TEST(Ipv4, RefusesAHeaderThatIsCut) {
  const ts::Bytes frame = ts::tcp_frame(kClient, kServer, {}, {}, {.options = ts::Bytes(8, 1)});
  for (std::size_t size = 14; size < 14 + 28; ++size) {
    EXPECT_EQ(decoded(cut(frame, size)).status, DecodeStatus::ip_malformed) << size;
  }
  EXPECT_EQ(decoded(cut(frame, 14 + 28)).status, DecodeStatus::tcp_malformed);
}

TEST(Ipv4, CountsFirstAndLaterFragments) {
  const auto fragment = [](bool more, std::uint16_t offset) {
    return decoded(ts::tcp_frame(kClient, kServer, {}, ts::bytes_of(kText),
                                 {.more_fragments = more, .fragment_offset = offset}))
        .status;
  };
  EXPECT_EQ(fragment(true, 0), DecodeStatus::ip_fragment);
  EXPECT_EQ(fragment(true, 1), DecodeStatus::ip_fragment);
  EXPECT_EQ(fragment(false, 0x1fff), DecodeStatus::ip_fragment);
  EXPECT_EQ(fragment(false, 0), DecodeStatus::tcp);
}

TEST(Ipv4, CountsOtherTransportsAsNotTcp) {
  for (const std::uint8_t protocol :
       std::initializer_list<std::uint8_t>{0, 1, 43, 44, 50, 60, 89, 132, 255}) {
    EXPECT_EQ(decoded(outer_frame(protocol, ts::Bytes(64, 0))).status, DecodeStatus::not_tcp)
        << int{protocol};
  }
}

TEST(Ipv4, ReadsTcpBehindAnAuthenticationHeader) {
  ts::ByteWriter content;
  content.u8(6).u8(4).fill(2 + 4 + 4 + 12, 0);
  content.bytes(ts::tcp_segment(kClient, kServer, {}, ts::bytes_of(kText)));
  EXPECT_EQ(decoded(outer_frame(51, content.take())).payload(), kText);
  EXPECT_EQ(decoded(outer_frame(51, ts::Bytes{6, 4, 0, 0})).status, DecodeStatus::ip_malformed);
}

TEST(Ipv6, ReadsTheHeader) {
  const Decoded packet =
      decoded(ts::tcp_frame(kClient6, kServer6, {}, ts::bytes_of("x"), {.ttl = 3}));
  ASSERT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.family, IpFamily::ipv6);
  EXPECT_EQ(packet.view.ttl, 3);
  EXPECT_EQ(packet.view.ip_id, 0);
  EXPECT_EQ(packet.view.source.bytes, kClient6.address.bytes);
  EXPECT_EQ(packet.view.destination.bytes, kServer6.address.bytes);
}

TEST(Ipv6, RefusesAHeaderThatIsCutOrOfAnotherVersion) {
  ts::Bytes frame = ipv6_frame({});
  for (std::size_t size = 14; size < 14 + kIpv6Bytes; ++size) {
    EXPECT_EQ(decoded(cut(frame, size)).status, DecodeStatus::ip_malformed) << size;
  }
  frame[kIpOffset] = 0x45;
  EXPECT_EQ(decoded(frame).status, DecodeStatus::ip_malformed);
}

TEST(Ipv6, TakesWhatWasCapturedWhenTheLengthIsZero) {
  ts::Bytes frame = ipv6_frame({});
  frame[kIpOffset + 4] = 0;
  frame[kIpOffset + 5] = 0;
  EXPECT_EQ(decoded(frame).payload(), kText);
}

TEST(Ipv6, BoundsPayloadByItsLength) {
  const ts::Bytes frame = ipv6_frame({});
  ts::Bytes padded = frame;
  padded.resize(frame.size() + 6);
  EXPECT_EQ(decoded(padded).payload(), kText);
  EXPECT_EQ(decoded(cut(frame, frame.size() - 3)).view.payload_missing, 3u);
}

TEST(Ipv6, WalksExtensionHeaders) {
  const Decoded packet = decoded(ipv6_frame(
      {{.type = 0, .body = {}}, {.type = 43, .body = ts::Bytes(22, 0)}, {.type = 60, .body = {}}}));
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.payload(), kText);
}

TEST(Ipv6, WalksAsManyExtensionHeadersAsAllowedAndNoMore) {
  const std::vector<ts::Ipv6ExtensionHeader> most(kIpv6ExtensionCountMax, {.type = 60, .body = {}});
  EXPECT_EQ(decoded(ipv6_frame(most)).status, DecodeStatus::tcp);
  std::vector<ts::Ipv6ExtensionHeader> more = most;
  more.push_back({.type = 60, .body = {}});
  EXPECT_EQ(decoded(ipv6_frame(more)).status, DecodeStatus::ipv6_extensions_too_many);
}

TEST(Ipv6, RefusesAnExtensionHeaderThatIsCutOrTooLong) {
  const ts::Bytes frame = ipv6_frame({{.type = 60, .body = ts::Bytes(14, 0)}});
  const std::size_t extension_offset = 14 + kIpv6Bytes;
  for (std::size_t size = extension_offset; size < extension_offset + 16; ++size) {
    EXPECT_EQ(decoded(cut(frame, size)).status, DecodeStatus::ip_malformed) << size;
  }
  EXPECT_EQ(decoded(ipv6_frame_behind(60, {6, 255, 0, 0, 0, 0, 0, 0})).status,
            DecodeStatus::ip_malformed);
}

TEST(Ipv6, GoesOnBehindAnAtomicFragment) {
  const Decoded packet = decoded(ipv6_frame_behind(44, {6, 0, 0, 0, 1, 2, 3, 4}));
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.payload(), kText);
}

TEST(Ipv6, CountsRealFragments) {
  EXPECT_EQ(decoded(ipv6_frame_behind(44, {6, 0, 0, 1, 1, 2, 3, 4})).status,
            DecodeStatus::ip_fragment);
  EXPECT_EQ(decoded(ipv6_frame_behind(44, {6, 0, 0, 8, 1, 2, 3, 4})).status,
            DecodeStatus::ip_fragment);
}

TEST(Ipv6, ReadsTcpBehindAnAuthenticationHeader) {
  const ts::Bytes header = ts::ByteWriter().u8(6).u8(4).fill(22, 0).take();
  EXPECT_EQ(decoded(ipv6_frame_behind(51, header)).payload(), kText);
}

TEST(Ipv6, CountsNoNextHeaderAsNotTcp) {
  EXPECT_EQ(decoded(ipv6_frame_behind(59, {})).status, DecodeStatus::not_tcp);
}

TEST(RawIp, ChoosesByTheVersion) {
  EXPECT_EQ(decoded(inner_ipv4(), LinkType::raw_ip).view.family, IpFamily::ipv4);
  EXPECT_EQ(decoded(inner_ipv6(), LinkType::raw_ip).view.family, IpFamily::ipv6);
  EXPECT_EQ(decoded(ts::Bytes(60, 0x50), LinkType::raw_ip).status, DecodeStatus::not_ip);
}

}  // namespace
}  // namespace shakedown::packet

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tunnel_support.h"

namespace shakedown::packet {
namespace {

TEST(Udp, IsNotTcpOnOtherPortsOrWhenCut) {
  EXPECT_EQ(decoded(outer_udp_frame(53, ts::Bytes(40, 0))).status, DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(outer_udp_frame(443, {})).status, DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(cut(outer_udp_frame(4789, {}), 14 + 20 + 3)).status, DecodeStatus::not_tcp);
}

TEST(Vxlan, OpensBothPortsAndGroupPolicy) {
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{4789, 8472}) {
    expect_inner(
        decoded(outer_udp_frame(port, behind([](auto& w) { write_vxlan(w); }, inner_frame()))),
        TunnelKind::vxlan, 0xabcdef);
  }
  expect_inner(
      decoded(outer_udp_frame(4789, behind([](auto& w) { write_vxlan(w, 0x88); }, inner_frame()))),
      TunnelKind::vxlan, 0xabcdef);
}

TEST(Vxlan, NamesOuterAndInnerVlan) {
  const ts::Bytes inner = ts::tcp_frame(kClient, kServer, {.sequence = 7}, ts::bytes_of(kText), {},
                                        {.vlan_tags = {{.id = 22}}});
  const Decoded packet = decoded(ts::udp_frame(kOuterSource, {kOuterDestination.address, 4789},
                                               behind([](auto& w) { write_vxlan(w); }, inner), {},
                                               {.vlan_tags = {{.id = 11}}}));
  expect_inner(packet, TunnelKind::vxlan, 0xabcdef);
  EXPECT_EQ(packet.view.vlan_outer, 11);
  EXPECT_EQ(packet.view.vlan_inner, 22);
}

TEST(Vxlan, IsNotTcpWithAHeaderThatNoTunnelSends) {
  const auto status = [](std::uint8_t flags, std::uint8_t reserved) {
    return decoded(outer_udp_frame(4789, behind([&](auto& w) { write_vxlan(w, flags, reserved); },
                                                inner_frame())))
        .status;
  };
  EXPECT_EQ(status(0, 0), DecodeStatus::not_tcp);
  EXPECT_EQ(status(0x0c, 0), DecodeStatus::not_tcp);
  EXPECT_EQ(status(0x08, 1), DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(outer_udp_frame(4789, ts::Bytes(7, 8))).status, DecodeStatus::not_tcp);
}

TEST(Vxlan, RefusesAnInnerFrameThatIsCut) {
  EXPECT_EQ(
      decoded(outer_udp_frame(4789, behind([](auto& w) { write_vxlan(w); }, ts::Bytes(13, 0))))
          .status,
      DecodeStatus::link_malformed);
}

ts::Bytes gpe_frame(std::uint8_t flags, std::uint8_t next, const ts::Bytes& content) {
  return outer_udp_frame(
      4790, behind([=](auto& w) { w.u8(flags).u16(0).u8(next).u24(0xabcdef).u8(0); }, content));
}

TEST(VxlanGpe, OpensEveryNextProtocol) {
  expect_inner(decoded(gpe_frame(0x0c, 1, inner_ipv4())), TunnelKind::vxlan, 0xabcdef);
  expect_inner(decoded(gpe_frame(0x0c, 2, inner_ipv6())), TunnelKind::vxlan, 0xabcdef);
  expect_inner(decoded(gpe_frame(0x0c, 3, inner_frame())), TunnelKind::vxlan, 0xabcdef);
  expect_inner(decoded(gpe_frame(0x0e, 3, inner_frame())), TunnelKind::vxlan, 0xabcdef,
               "replicated");
  expect_inner(decoded(gpe_frame(0x08, 0, inner_frame())), TunnelKind::vxlan, 0xabcdef,
               "plain VXLAN");
  expect_inner(decoded(gpe_frame(0x0c, 5, ts::concatenate({{0, 0x3e, 0x91, 64}, inner_ipv4()}))),
               TunnelKind::mpls, 1001);
}

TEST(VxlanGpe, IsNotTcpWithAHeaderThatNoTunnelSends) {
  for (const std::uint8_t flags :
       std::initializer_list<std::uint8_t>{0x00, 0x04, 0x0d, 0x1c, 0x4c}) {
    EXPECT_EQ(decoded(gpe_frame(flags, 1, inner_ipv4())).status, DecodeStatus::not_tcp)
        << int{flags};
  }
  EXPECT_EQ(decoded(gpe_frame(0x0c, 0, inner_ipv4())).status, DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(gpe_frame(0x0c, 6, inner_ipv4())).status, DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(gpe_frame(0x0c, 4, ts::Bytes(40, 0))).status, DecodeStatus::not_ip) << "NSH";
  EXPECT_EQ(decoded(outer_udp_frame(4790, ts::Bytes(7, 12))).status, DecodeStatus::not_tcp);
}

ts::Bytes geneve_frame(std::uint8_t version_and_length, std::uint8_t flags, std::uint16_t protocol,
                       const ts::Bytes& content) {
  return outer_udp_frame(6081, behind(
                                   [=](ts::ByteWriter& w) {
                                     w.u8(version_and_length).u8(flags).u16(protocol).u24(42).u8(0);
                                   },
                                   content));
}

TEST(Geneve, OpensEthernetAndIpBehindOptions) {
  expect_inner(decoded(geneve_frame(0, 0, 0x6558, inner_frame())), TunnelKind::geneve, 42);
  expect_inner(decoded(geneve_frame(0, 0x40, 0x0800, inner_ipv4())), TunnelKind::geneve, 42);
  expect_inner(
      decoded(geneve_frame(63, 0, 0x86dd, ts::concatenate({ts::Bytes(252, 1), inner_ipv6()}))),
      TunnelKind::geneve, 42);
}

TEST(Geneve, RefusesOptionsThatAreCut) {
  EXPECT_EQ(decoded(geneve_frame(2, 0, 0x6558, ts::Bytes(7, 0))).status,
            DecodeStatus::tunnel_malformed);
  EXPECT_EQ(decoded(geneve_frame(2, 0, 0x6558, ts::Bytes(8, 0))).status,
            DecodeStatus::link_malformed);
}

TEST(Geneve, IsNotTcpWithAHeaderThatNoTunnelSends) {
  EXPECT_EQ(decoded(geneve_frame(0x40, 0, 0x6558, inner_frame())).status, DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(geneve_frame(0, 1, 0x6558, inner_frame())).status, DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(geneve_frame(0, 0, 0x0004, inner_frame())).status, DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(outer_udp_frame(6081, ts::Bytes(7, 0))).status, DecodeStatus::not_tcp);
}

ts::Bytes gtp_frame(std::uint8_t flags, std::uint8_t type, const ts::Bytes& content) {
  return outer_udp_frame(
      2152,
      behind([&](ts::ByteWriter& w) { w.u8(flags).u8(type).u16(content.size()).u32(0xdeadbeef); },
             content));
}

TEST(GtpU, OpensUserDataWithAndWithoutOptionalFields) {
  expect_inner(decoded(gtp_frame(0x30, 255, inner_ipv4())), TunnelKind::gtp_u, 0xdeadbeef);
  expect_inner(decoded(gtp_frame(0x32, 255, ts::concatenate({{0, 1, 0, 0x85}, inner_ipv6()}))),
               TunnelKind::gtp_u, 0xdeadbeef, "next type without its flag");
  expect_inner(
      decoded(gtp_frame(0x34, 255, ts::concatenate({{0, 0, 0, 0x85}, {1, 0, 9, 0}, inner_ipv4()}))),
      TunnelKind::gtp_u, 0xdeadbeef, "PDU session container");
}

ts::Bytes gtp_extensions(unsigned count) {
  ts::ByteWriter w;
  w.u24(0).u8(0x85);
  for (unsigned i = 1; i <= count; ++i) w.u8(1).u16(0).u8(i == count ? 0 : 0x85);
  return w.take();
}

TEST(GtpU, WalksEightExtensionHeadersAndNoMore) {
  expect_inner(decoded(gtp_frame(0x34, 255, ts::concatenate({gtp_extensions(8), inner_ipv4()}))),
               TunnelKind::gtp_u, 0xdeadbeef);
  EXPECT_EQ(
      decoded(gtp_frame(0x34, 255, ts::concatenate({gtp_extensions(9), inner_ipv4()}))).status,
      DecodeStatus::tunnel_malformed);
}

TEST(GtpU, RefusesExtensionHeadersThatAreCutOrEmpty) {
  EXPECT_EQ(decoded(gtp_frame(0x34, 255, {0, 0, 0})).status, DecodeStatus::tunnel_malformed);
  EXPECT_EQ(decoded(gtp_frame(0x34, 255, {0, 0, 0, 0x85})).status, DecodeStatus::tunnel_malformed);
  EXPECT_EQ(decoded(gtp_frame(0x34, 255, {0, 0, 0, 0x85, 1, 0, 9})).status,
            DecodeStatus::tunnel_malformed);
  EXPECT_EQ(decoded(gtp_frame(0x34, 255, {0, 0, 0, 0x85, 0, 0, 0, 0})).status,
            DecodeStatus::tunnel_malformed);
  EXPECT_EQ(decoded(gtp_frame(0x30, 255, {})).status, DecodeStatus::tunnel_malformed);
}

TEST(GtpU, IsNotTcpWithSignallingOrAnotherVersion) {
  EXPECT_EQ(decoded(gtp_frame(0x32, 1, {0, 0, 0, 0})).status, DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(gtp_frame(0x50, 255, inner_ipv4())).status, DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(gtp_frame(0x20, 255, inner_ipv4())).status, DecodeStatus::not_tcp);
}

}  // namespace
}  // namespace shakedown::packet

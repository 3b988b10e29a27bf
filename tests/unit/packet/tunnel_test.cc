// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shakedown/limits.h"
#include "tunnel_support.h"

namespace shakedown::packet {
namespace {

ts::Bytes gre_frame(const Write& header, const ts::Bytes& content) {
  return outer_frame(47, behind(header, content));
}

// --- IP in IP ----------------------------------------------------------------------------------

TEST(IpInIp, OpensEveryPairOfFamilies) {
  expect_inner(decoded(outer_frame(4, inner_ipv4())), TunnelKind::ip_in_ip, 0);
  expect_inner(decoded(outer_frame(41, inner_ipv6())), TunnelKind::six_in_four, 0);
  const auto over_ipv6 = [](std::uint8_t protocol, const ts::Bytes& content) {
    return decoded(ts::link_frame(
        {}, ts::ip_packet(kClient6.address, kServer6.address, protocol, content), true));
  };
  expect_inner(over_ipv6(4, inner_ipv4()), TunnelKind::ip_in_ip, 0);
  expect_inner(over_ipv6(41, inner_ipv6()), TunnelKind::ip_in_ip, 0);
}

TEST(IpInIp, TakesAddressesAndTtlOfTheInnermostHeader) {
  const Decoded packet = decoded(outer_frame(4, inner_ipv4(), {.ttl = 9, .identification = 77}));
  EXPECT_EQ(packet.view.source, (IpAddress{{192, 0, 2, 1}}));
  EXPECT_EQ(packet.view.ttl, 64);
  EXPECT_EQ(packet.view.ip_id, 0);
}

ts::Bytes nested_ip(unsigned depth) {
  ts::Bytes packet = inner_ipv4();
  for (unsigned i = 0; i < depth; ++i) {
    packet = ts::ip_packet(kOuterSource.address, kOuterDestination.address, 4, packet);
  }
  return packet;
}

TEST(IpInIp, OpensAsManyAsAllowedAndNoMore) {
  expect_inner(decoded(nested_ip(kTunnelDepthMax), LinkType::raw_ip), TunnelKind::ip_in_ip, 0);
  EXPECT_EQ(decoded(nested_ip(kTunnelDepthMax + 1), LinkType::raw_ip).status,
            DecodeStatus::tunnel_too_deep);
}

TEST(IpInIp, CountsAFragmentOfATunnel) {
  EXPECT_EQ(decoded(outer_frame(4, inner_ipv4(), {.more_fragments = true})).status,
            DecodeStatus::ip_fragment);
}

TEST(IpInIp, TakesAnInnerPacketThatTheMirrorCutBeforeEncapsulating) {
  const ts::Bytes inner = inner_ipv4();
  const Decoded packet = decoded(outer_frame(4, cut(inner, inner.size() - 4)));
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.payload_missing, 4u);
}

// --- GRE ---------------------------------------------------------------------------------------

TEST(Gre, OpensWhatItCarries) {
  expect_inner(decoded(gre_frame([](auto& w) { w.u16(0).u16(0x0800); }, inner_ipv4())),
               TunnelKind::gre, 0);
  expect_inner(decoded(gre_frame([](auto& w) { w.u16(0).u16(0x86dd); }, inner_ipv6())),
               TunnelKind::gre, 0);
  expect_inner(decoded(gre_frame([](auto& w) { w.u16(0).u16(0x6558); }, inner_frame())),
               TunnelKind::gre, 0);
  expect_inner(
      decoded(gre_frame([](auto& w) { w.u16(0).u16(0x8100).u16(9).u16(0x0800); }, inner_ipv4())),
      TunnelKind::gre, 0);
}

TEST(Gre, SkipsEveryCombinationOfOptionalFields) {
  for (unsigned flags = 0; flags < 8; ++flags) {
    const auto header = [flags](ts::ByteWriter& w) {
      w.u16(((flags & 1) != 0 ? 0x8000 : 0) | ((flags & 2) != 0 ? 0x2000 : 0) |
            ((flags & 4) != 0 ? 0x1000 : 0));
      w.u16(0x0800);
      if ((flags & 1) != 0) w.u32(0xffff0000);
      if ((flags & 2) != 0) w.u32(0xcafe0001);
      if ((flags & 4) != 0) w.u32(99);
    };
    expect_inner(decoded(gre_frame(header, inner_ipv4())), TunnelKind::gre,
                 (flags & 2) != 0 ? 0xcafe0001u : 0u, std::to_string(flags));
    const ts::Bytes header_alone = bytes_by(header);
    for (std::size_t size = 0; size < header_alone.size(); ++size) {
      EXPECT_EQ(decoded(outer_frame(47, cut(header_alone, size))).status,
                DecodeStatus::tunnel_malformed);
    }
  }
}

TEST(Gre, RefusesSourceRoutesAndUnknownVersions) {
  EXPECT_EQ(
      decoded(gre_frame([](auto& w) { w.u16(0x4000).u16(0x0800).u32(0); }, inner_ipv4())).status,
      DecodeStatus::tunnel_malformed);
  EXPECT_EQ(decoded(gre_frame([](auto& w) { w.u16(2).u16(0x0800); }, inner_ipv4())).status,
            DecodeStatus::tunnel_malformed);
}

TEST(Gre, CountsKeepalivesAndOtherProtocolsAsNotIp) {
  EXPECT_EQ(decoded(gre_frame([](auto& w) { w.u32(0); }, {})).status, DecodeStatus::not_ip);
  EXPECT_EQ(decoded(gre_frame([](auto& w) { w.u16(0).u16(0x2000); }, ts::Bytes(40, 0))).status,
            DecodeStatus::not_ip);
}

TEST(Gre, OpensPptpWithAndWithoutAcknowledgment) {
  expect_inner(
      decoded(gre_frame(
          [](auto& w) { w.u16(0x3001).u16(0x880b).u16(0).u16(513).u32(1).u32(0xff030021); },
          inner_ipv4())),
      TunnelKind::gre, 513);
  expect_inner(
      decoded(gre_frame(
          [](auto& w) { w.u16(0x3081).u16(0x880b).u16(0).u16(514).u32(1).u32(2).u8(0x21); },
          inner_ipv4())),
      TunnelKind::gre, 514);
}

TEST(Gre, OpensEthernetOverIpOfMikroTik) {
  expect_inner(decoded(gre_frame([](auto& w) { w.u16(0x2001).u16(0x6400).u16(0x36).u16(0x1900); },
                                 inner_frame())),
               TunnelKind::gre, 0x19);
}

TEST(Gre, RefusesPptpThatIsCutAndCountsPureAcknowledgments) {
  EXPECT_EQ(decoded(gre_frame([](auto& w) { w.u16(0x2081).u16(0x880b).u16(0).u16(1).u32(1); }, {}))
                .status,
            DecodeStatus::not_tcp);
  EXPECT_EQ(decoded(gre_frame([](auto& w) { w.u16(0x3001).u16(0x880b).u16(0).u16(1).u16(1); }, {}))
                .status,
            DecodeStatus::tunnel_malformed);
  EXPECT_EQ(decoded(gre_frame([](auto& w) { w.u16(0x3001).u16(0x0800).u16(0).u16(1).u32(1); },
                              inner_ipv4()))
                .status,
            DecodeStatus::tunnel_malformed);
}

// --- ERSPAN ------------------------------------------------------------------------------------

TEST(Erspan, OpensTypeOne) {
  expect_inner(decoded(gre_frame([](auto& w) { w.u16(0).u16(0x88be); }, inner_frame())),
               TunnelKind::erspan, 0);
}

TEST(Erspan, OpensTypeTwo) {
  expect_inner(decoded(gre_frame(
                   [](auto& w) { w.u16(0x1000).u16(0x88be).u32(1).u16(0x1064).u16(0xfbff).u32(5); },
                   inner_frame())),
               TunnelKind::erspan, 1023);
}

TEST(Erspan, OpensTypeThreeWithAndWithoutPlatformHeader) {
  const auto head = [](ts::ByteWriter& w, std::uint16_t flags) {
    w.u16(0x1000).u16(0x22eb).u32(1).u16(0x2064).u16(0x0011).u32(5).u16(0).u16(flags);
  };
  expect_inner(decoded(gre_frame([&](auto& w) { head(w, 0); }, inner_frame())), TunnelKind::erspan,
               17);
  expect_inner(decoded(gre_frame(
                   [&](auto& w) {
                     head(w, 1);
                     w.u64(0);
                   },
                   inner_frame())),
               TunnelKind::erspan, 17);
  expect_inner(decoded(gre_frame([&](auto& w) { head(w, 2 << 10); }, inner_ipv4())),
               TunnelKind::erspan, 17);
  EXPECT_EQ(decoded(gre_frame([&](auto& w) { head(w, 3 << 10); }, inner_ipv4())).status,
            DecodeStatus::not_ip);
}

TEST(Erspan, RefusesHeadersThatAreCutOrOfAnotherVersion) {
  const ts::Bytes header = bytes_by([](auto& w) {
    w.u16(0x1000).u16(0x22eb).u32(1).u16(0x2064).u16(0x0011).u32(5).u16(0).u16(1).u64(0);
  });
  for (std::size_t size = 8; size < header.size(); ++size) {
    EXPECT_EQ(decoded(outer_frame(47, cut(header, size))).status, DecodeStatus::tunnel_malformed);
  }
  for (const std::uint16_t protocol : std::initializer_list<std::uint16_t>{0x88be, 0x22eb}) {
    const auto other = [protocol](ts::ByteWriter& w) {
      w.u16(0x1000).u16(protocol).u32(1).u16(0x3000).u16(0).u64(0);
    };
    EXPECT_EQ(decoded(gre_frame(other, inner_frame())).status, DecodeStatus::tunnel_malformed);
  }
}

// --- MPLS --------------------------------------------------------------------------------------

ts::Bytes mpls_frame(unsigned label_count, const ts::Bytes& content) {
  ts::ByteWriter labels;
  for (unsigned i = 1; i <= label_count; ++i) {
    labels.u32((1000 + i) << 12 | (i == label_count ? 0x100u : 0u) | 64u);
  }
  return ts::ethernet_frame({}, 0x8847, ts::concatenate({labels.take(), content}));
}

TEST(Mpls, OpensIpAndPseudowires) {
  expect_inner(decoded(mpls_frame(1, inner_ipv4())), TunnelKind::mpls, 1001);
  expect_inner(decoded(mpls_frame(2, inner_ipv6())), TunnelKind::mpls, 1002);
  expect_inner(decoded(mpls_frame(1, ts::concatenate({ts::Bytes(4, 0), inner_frame()}))),
               TunnelKind::mpls, 1001, "control word");
  expect_inner(decoded(mpls_frame(1, inner_frame())), TunnelKind::mpls, 1001, "no control word");
}

TEST(Mpls, FindsTheTagsOfAPseudowireWithAndWithoutControlWord) {
  const ts::Bytes tagged = ts::tcp_frame(kClient, kServer, {.sequence = 7}, ts::bytes_of(kText), {},
                                         {.vlan_tags = {{.id = 22}}});
  for (const ts::Bytes& control_word : {ts::Bytes{}, ts::Bytes{0, 0, 0, 9}}) {
    const Decoded packet = decoded(mpls_frame(1, ts::concatenate({control_word, tagged})));
    expect_inner(packet, TunnelKind::mpls, 1001);
    EXPECT_EQ(packet.view.vlan_outer, 22) << control_word.size();
  }
  const ts::Bytes snap =
      ts::ByteWriter().u24(0xaaaa03).u24(0).u16(0x0800).bytes(inner_ipv4()).take();
  expect_inner(
      decoded(mpls_frame(1, ts::ethernet_frame({}, static_cast<std::uint16_t>(snap.size()), snap))),
      TunnelKind::mpls, 1001, "802.3");
}

TEST(Mpls, OpensAsManyLabelsAsAllowedAndNoMore) {
  expect_inner(decoded(mpls_frame(kMplsLabelCountMax, inner_ipv4())), TunnelKind::mpls,
               1000 + kMplsLabelCountMax);
  EXPECT_EQ(decoded(mpls_frame(kMplsLabelCountMax + 1, inner_ipv4())).status,
            DecodeStatus::vlan_too_deep);
}

TEST(Mpls, RefusesWhatIsCutAndCountsWhatIsNotIp) {
  EXPECT_EQ(decoded(mpls_frame(1, {})).status, DecodeStatus::tunnel_malformed);
  EXPECT_EQ(decoded(cut(mpls_frame(2, inner_ipv4()), 14 + 7)).status,
            DecodeStatus::tunnel_malformed);
  EXPECT_EQ(decoded(mpls_frame(1, ts::Bytes(13, 0))).status, DecodeStatus::link_malformed);
  EXPECT_EQ(decoded(mpls_frame(1, ts::Bytes(60, 0x10))).status, DecodeStatus::not_ip);
}

// --- PPPoE -------------------------------------------------------------------------------------

ts::Bytes pppoe_frame(std::uint8_t version, std::uint8_t code, std::uint16_t protocol,
                      const ts::Bytes& content) {
  ts::ByteWriter w;
  w.u8(version).u8(code).u16(321).u16(content.size() + 2).u16(protocol).bytes(content);
  return ts::ethernet_frame({}, 0x8864, w.view());
}

TEST(Pppoe, OpensSessions) {
  expect_inner(decoded(pppoe_frame(0x11, 0, 0x0021, inner_ipv4())), TunnelKind::pppoe, 321);
  expect_inner(decoded(pppoe_frame(0x11, 0, 0x0057, inner_ipv6())), TunnelKind::pppoe, 321);
  expect_inner(
      decoded(without_ethernet(pppoe_frame(0x11, 0, 0x0021, inner_ipv4())), LinkType::pppoe),
      TunnelKind::pppoe, 321);
}

TEST(Pppoe, RefusesWhatIsCutOrOfAnotherVersion) {
  const ts::Bytes frame = pppoe_frame(0x11, 0, 0x0021, inner_ipv4());
  for (std::size_t size = 14; size < 14 + 8; ++size) {
    EXPECT_EQ(decoded(cut(frame, size)).status, DecodeStatus::tunnel_malformed) << size;
  }
  EXPECT_EQ(decoded(cut(frame, 14 + 8)).status, DecodeStatus::ip_malformed);
  EXPECT_EQ(decoded(pppoe_frame(0x21, 0, 0x0021, inner_ipv4())).status,
            DecodeStatus::tunnel_malformed);
}

TEST(Pppoe, CountsControlTrafficAsNotIp) {
  EXPECT_EQ(decoded(pppoe_frame(0x11, 0, 0xc021, ts::Bytes(8, 0))).status, DecodeStatus::not_ip);
  EXPECT_EQ(decoded(pppoe_frame(0x11, 9, 0, {})).status, DecodeStatus::not_ip);
}

// --- MAC in MAC --------------------------------------------------------------------------------

ts::Bytes backbone_frame(unsigned depth, const ts::Bytes& content) {
  ts::Bytes frame = content;
  for (unsigned i = 0; i < depth; ++i) {
    frame = ts::ethernet_frame({}, 0x88e7, ts::concatenate({{0, 0, 0x30, 0x39}, frame}));
  }
  return frame;
}

TEST(ProviderBackbone, OpensTheCustomersFrame) {
  expect_inner(decoded(backbone_frame(1, inner_frame())), TunnelKind::none, 0);
  expect_inner(decoded(backbone_frame(kTunnelDepthMax, inner_frame())), TunnelKind::none, 0);
  EXPECT_EQ(decoded(backbone_frame(kTunnelDepthMax + 1, inner_frame())).status,
            DecodeStatus::tunnel_too_deep);
  EXPECT_EQ(decoded(cut(backbone_frame(1, inner_frame()), 17)).status,
            DecodeStatus::link_malformed);
}

// --- nesting -----------------------------------------------------------------------------------

TEST(Tunnel, NamesTheInnermostOfSeveralKinds) {
  const ts::Bytes vxlan = outer_udp_frame(
      4789, behind([](auto& w) { write_vxlan(w); }, pppoe_frame(0x11, 0, 0x21, inner_ipv4())));
  expect_inner(decoded(gre_frame([](auto& w) { w.u16(0).u16(0x88be); }, vxlan)), TunnelKind::pppoe,
               321);
}

TEST(Tunnel, AllowsTheMostVlanTagsInEveryFrame) {
  const ts::LinkHeader link{.vlan_tags = std::vector<ts::VlanTag>(kVlanTagCountMax)};
  const ts::Bytes inner =
      ts::tcp_frame(kClient, kServer, {.sequence = 7}, ts::bytes_of(kText), {}, link);
  expect_inner(decoded(ts::udp_frame(kOuterSource, {kOuterDestination.address, 4789},
                                     behind([](auto& w) { write_vxlan(w); }, inner), {}, link)),
               TunnelKind::vxlan, 0xabcdef);
}

TEST(Tunnel, TakesNoCutOfANestedFrameForAnotherTcpPacket) {
  const ts::Bytes frame = gre_frame(
      [](auto& w) { w.u16(0).u16(0x6558); },
      outer_udp_frame(6081, behind([](auto& w) { w.u8(0).u8(0).u16(0x6558).u24(1).u8(0); },
                                   mpls_frame(3, inner_ipv6()))));
  const std::size_t payload_offset = frame.size() - std::string(kText).size();
  for (std::size_t size = 0; size <= frame.size(); ++size) {
    const Decoded packet = decoded(cut(frame, size));
    EXPECT_EQ(packet.status == DecodeStatus::tcp, size >= payload_offset) << size;
    if (packet.status == DecodeStatus::tcp) {
      EXPECT_EQ(packet.view.payload_length(), 10u);
    }
  }
}

}  // namespace
}  // namespace shakedown::packet

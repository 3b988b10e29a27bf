// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "decode_support.h"
#include "packet/reassembled_header.h"
#include "shakedown/limits.h"

namespace shakedown::packet {
namespace {

TEST(LinkType, KnowsTheNumbersOfCaptureFiles) {
  const std::vector<std::pair<int, LinkType>> known{
      {1, LinkType::ethernet},        {12, LinkType::raw_ip},       {14, LinkType::raw_ip},
      {101, LinkType::raw_ip},        {228, LinkType::raw_ip},      {229, LinkType::raw_ip},
      {113, LinkType::linux_sll},     {276, LinkType::linux_sll2},  {0, LinkType::null_loopback},
      {108, LinkType::null_loopback}, {9, LinkType::ppp},           {50, LinkType::ppp},
      {51, LinkType::pppoe},          {105, LinkType::unsupported}, {-1, LinkType::unsupported}};
  for (const auto& [dlt, type] : known) EXPECT_EQ(link_type_from_dlt(dlt), type) << dlt;
  EXPECT_EQ(to_string(LinkType::ethernet), "Ethernet");
  EXPECT_EQ(to_string(link_type_from_dlt(105)), "unsupported");
}

TEST(LinkType, GivesNoCaptureTheTypesThatAreMadeInside) {
  for (int dlt = -1; dlt < 70'000; ++dlt) {
    const LinkType type = link_type_from_dlt(dlt);
    EXPECT_NE(type, LinkType::reassembled) << dlt;
    EXPECT_NE(type, LinkType::absorbed_fragment) << dlt;
  }
}

ts::Bytes reassembled(const ReassembledHeader& header, const ts::Bytes& packet) {
  return ts::ByteWriter().bytes(wire_of(header)).bytes(packet).take();
}

TEST(Reassembled, KeepsWhatWasAroundThePieces) {
  const ReassembledHeader header{.tunnel_kind = TunnelKind::geneve,
                                 .tunnel_depth = 2,
                                 .vlan_seen = true,
                                 .tunnel_id = 0x12345678,
                                 .vlan_outer = 4095,
                                 .vlan_inner = 9};
  const Decoded packet = decoded(reassembled(header, inner_ipv6()), LinkType::reassembled);
  ASSERT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.payload(), kText);
  EXPECT_EQ(packet.view.tunnel_kind, TunnelKind::geneve);
  EXPECT_EQ(packet.view.tunnel_id, 0x12345678u);
  EXPECT_EQ(packet.view.vlan_outer, 4095);
  EXPECT_EQ(packet.view.vlan_inner, 9);
}

TEST(Reassembled, CountsTheTunnelsAroundThePieces) {
  ts::Bytes packet = inner_ipv4();
  for (unsigned inside = 0; inside <= kTunnelDepthMax; ++inside) {
    for (std::uint8_t around = 0; around <= kTunnelDepthMax; ++around) {
      EXPECT_EQ(
          decoded(reassembled({.tunnel_depth = around}, packet), LinkType::reassembled).status,
          inside + around <= kTunnelDepthMax ? DecodeStatus::tcp : DecodeStatus::tunnel_too_deep);
    }
    packet = ts::ip_packet(kOuterSource.address, kOuterDestination.address, 4, packet);
  }
}

TEST(Reassembled, RefusesAHeaderThatNobodyWrites) {
  const auto status = [](const ts::Bytes& bytes) {
    return decoded(bytes, LinkType::reassembled).status;
  };
  const ts::Bytes good = reassembled({}, inner_ipv4());
  EXPECT_EQ(status(good), DecodeStatus::tcp);
  for (std::size_t size = 0; size < kReassembledHeaderBytes; ++size) {
    EXPECT_EQ(status(cut(good, size)), DecodeStatus::link_malformed);
  }
  EXPECT_EQ(status(reassembled({.tunnel_kind = TunnelKind{kTunnelKindCount}}, inner_ipv4())),
            DecodeStatus::link_malformed);
  EXPECT_EQ(status(reassembled({.tunnel_depth = kTunnelDepthMax + 1}, inner_ipv4())),
            DecodeStatus::link_malformed);
  EXPECT_EQ(status(reassembled({.vlan_outer = 4096}, inner_ipv4())), DecodeStatus::link_malformed);
  EXPECT_EQ(status(reassembled({.vlan_inner = 4096}, inner_ipv4())), DecodeStatus::link_malformed);
}

TEST(Link, ReadsTheSamePacketUnderEveryLinkHeader) {
  const std::vector<std::pair<ts::LinkType, LinkType>> types{
      {ts::LinkType::ethernet, LinkType::ethernet},
      {ts::LinkType::raw, LinkType::raw_ip},
      {ts::LinkType::linux_sll, LinkType::linux_sll},
      {ts::LinkType::linux_sll2, LinkType::linux_sll2},
      {ts::LinkType::null, LinkType::null_loopback},
      {ts::LinkType::loop, LinkType::null_loopback},
      {ts::LinkType::ppp, LinkType::ppp}};
  for (const auto& [written, read] : types) {
    for (const bool is_ipv6 : {false, true}) {
      const Decoded packet =
          decoded(ts::tcp_frame(is_ipv6 ? kClient6 : kClient, is_ipv6 ? kServer6 : kServer, {},
                                ts::bytes_of("x"), {}, {.type = written}),
                  read);
      EXPECT_EQ(packet.status, DecodeStatus::tcp) << to_string(read) << is_ipv6;
      EXPECT_EQ(packet.view.family, is_ipv6 ? IpFamily::ipv6 : IpFamily::ipv4);
      EXPECT_EQ(packet.payload(), "x");
      EXPECT_EQ(packet.view.tunnel_kind, TunnelKind::none);
    }
  }
}

TEST(Link, RefusesEveryLinkHeaderThatIsCut) {
  const std::vector<std::tuple<ts::LinkType, LinkType, std::size_t>> types{
      {ts::LinkType::ethernet, LinkType::ethernet, 14},
      {ts::LinkType::linux_sll, LinkType::linux_sll, 16},
      {ts::LinkType::linux_sll2, LinkType::linux_sll2, 20},
      {ts::LinkType::null, LinkType::null_loopback, 4},
      {ts::LinkType::ppp, LinkType::ppp, 4},
      {ts::LinkType::raw, LinkType::raw_ip, 1}};
  for (const auto& [written, read, header_size] : types) {
    const ts::Bytes frame = ts::tcp_frame(kClient, kServer, {}, {}, {}, {.type = written});
    for (std::size_t size = 0; size < header_size; ++size) {
      EXPECT_EQ(decoded(cut(frame, size), read).status, DecodeStatus::link_malformed)
          << to_string(read) << size;
    }
    EXPECT_EQ(decoded(cut(frame, header_size), read).status, DecodeStatus::ip_malformed);
  }
}

TEST(Link, GivesUpOnAnUnsupportedLinkType) {
  EXPECT_EQ(decoded(inner_frame(), LinkType::unsupported).status, DecodeStatus::not_ip);
}

TEST(Link, CountsOtherEtherTypesAsNotIp) {
  for (const std::uint16_t type :
       std::initializer_list<std::uint16_t>{0x0806, 0x88cc, 0x8863, 0x0600, 0xffff}) {
    EXPECT_EQ(decoded(ts::ethernet_frame({}, type, inner_ipv4())).status, DecodeStatus::not_ip);
  }
}

TEST(Link, ReadsIpBehindSnap) {
  ts::ByteWriter llc;
  llc.u24(0xaaaa03).u24(0).u16(0x0800).bytes(inner_ipv4());
  const ts::Bytes content = llc.take();
  const Decoded packet =
      decoded(ts::ethernet_frame({}, static_cast<std::uint16_t>(content.size()), content));
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.payload(), kText);
}

TEST(Link, RefusesLlcThatIsNotIpOrIsCut) {
  const auto frame = [](const ts::Bytes& content) {
    return decoded(ts::ethernet_frame({}, 100, content)).status;
  };
  EXPECT_EQ(frame(ts::ByteWriter().u24(0x424203).fill(32, 0).take()), DecodeStatus::not_ip);
  EXPECT_EQ(frame(ts::ByteWriter().u24(0xaaaa03).u24(0x00000c).u16(0x2000).take()),
            DecodeStatus::not_ip);
  EXPECT_EQ(frame(ts::ByteWriter().u24(0xaaaa03).u24(0).u16(0x05dc).fill(32, 0).take()),
            DecodeStatus::not_ip);
  EXPECT_EQ(frame(ts::ByteWriter().u16(0xaaaa).take()), DecodeStatus::link_malformed);
  EXPECT_EQ(frame(ts::ByteWriter().u24(0xaaaa03).u24(0).u8(8).take()),
            DecodeStatus::link_malformed);
}

TEST(Link, KnowsEveryNumberOfIpv6InLoopbackHeadersInBothOrders) {
  for (const std::uint8_t family : std::initializer_list<std::uint8_t>{10, 24, 28, 30}) {
    ts::ByteWriter network_order;
    network_order.u32(family).bytes(inner_ipv6());
    EXPECT_EQ(decoded(network_order.take(), LinkType::null_loopback).status, DecodeStatus::tcp);
    ts::ByteWriter host_order;
    host_order.u8(family).u24(0).bytes(inner_ipv6());
    EXPECT_EQ(decoded(host_order.take(), LinkType::null_loopback).status, DecodeStatus::tcp);
  }
  ts::ByteWriter other;
  other.u32(7).bytes(inner_ipv4());
  EXPECT_EQ(decoded(other.take(), LinkType::null_loopback).status, DecodeStatus::not_ip);
}

TEST(Link, ReadsLlcInCookedCaptures) {
  ts::ByteWriter frame;
  frame.fill(14, 0).u16(4).u24(0xaaaa03).u24(0).u16(0x0800).bytes(inner_ipv4());
  EXPECT_EQ(decoded(frame.take(), LinkType::linux_sll).status, DecodeStatus::tcp);
  ts::ByteWriter loopback_only;
  loopback_only.fill(14, 0).u16(1).bytes(inner_ipv4());
  EXPECT_EQ(decoded(loopback_only.take(), LinkType::linux_sll).status, DecodeStatus::not_ip);
}

std::vector<ts::VlanTag> tags(std::size_t count) {
  std::vector<ts::VlanTag> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back({.id = static_cast<std::uint16_t>(100 + i),
                   .priority = 7,
                   .tpid = static_cast<std::uint16_t>(i == 0 ? 0x88a8 : 0x8100)});
  }
  return out;
}

Decoded decoded_with_tags(std::size_t count) {
  return decoded(
      ts::tcp_frame(kClient, kServer, {}, ts::bytes_of("x"), {}, {.vlan_tags = tags(count)}));
}

TEST(Vlan, NamesNoVlanWithoutTags) {
  const Decoded packet = decoded_with_tags(0);
  EXPECT_EQ(packet.view.vlan_outer, 0);
  EXPECT_EQ(packet.view.vlan_inner, 0);
}

TEST(Vlan, NamesOneTagAsOuter) {
  const Decoded packet = decoded_with_tags(1);
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.vlan_outer, 100);
  EXPECT_EQ(packet.view.vlan_inner, 0);
}

TEST(Vlan, NamesTheFirstAndTheLastOfTheMostTagsAllowed) {
  const Decoded packet = decoded_with_tags(kVlanTagCountMax);
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.vlan_outer, 100);
  EXPECT_EQ(packet.view.vlan_inner, 100 + kVlanTagCountMax - 1);
}

TEST(Vlan, RefusesOneTagTooMany) {
  EXPECT_EQ(decoded_with_tags(kVlanTagCountMax + 1).status, DecodeStatus::vlan_too_deep);
}

TEST(Vlan, KnowsAllThreeTagTypes) {
  for (const std::uint16_t tpid : std::initializer_list<std::uint16_t>{0x8100, 0x88a8, 0x9100}) {
    const Decoded packet = decoded(
        ts::tcp_frame(kClient, kServer, {}, {}, {}, {.vlan_tags = {{.id = 4095, .tpid = tpid}}}));
    EXPECT_EQ(packet.status, DecodeStatus::tcp) << tpid;
    EXPECT_EQ(packet.view.vlan_outer, 4095);
  }
}

TEST(Vlan, RefusesATagThatIsCut) {
  const ts::Bytes frame = ts::tcp_frame(kClient, kServer, {}, {}, {}, {.vlan_tags = tags(1)});
  for (std::size_t size = 14; size < 18; ++size) {
    EXPECT_EQ(decoded(cut(frame, size)).status, DecodeStatus::link_malformed);
  }
}

// --- tags of port extenders ---

/// `tag` stands behind the MAC addresses, and `type` with `content` behind it.
ts::Bytes port_tagged(std::uint16_t tag_type, ts::Bytes tag, std::uint16_t type,
                      ts::Bytes content) {
  return ts::ethernet_frame({}, tag_type,
                            ts::ByteWriter().bytes(tag).u16(type).bytes(content).take());
}

const ts::Bytes kVnTag = ts::ByteWriter().u32(0xc123'0456).take();  // to interface 0x123
const ts::Bytes kETag = ts::ByteWriter().u16(0x0007).u16(0x1234).u8(0).u8(0x02).take();

TEST(PortTag, NamesTheInterfaceOfAVnTag) {
  const Decoded packet = decoded(port_tagged(0x8926, kVnTag, 0x0800, inner_ipv4()));
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.tunnel_kind, TunnelKind::vn_tag);
  EXPECT_EQ(packet.view.tunnel_id, 0x123u);
  EXPECT_EQ(packet.payload(), kText);
}

TEST(PortTag, NamesTheChannelOfAnETagWithItsGroupAndExtension) {
  const Decoded packet = decoded(port_tagged(0x893f, kETag, 0x86dd, inner_ipv6()));
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.tunnel_kind, TunnelKind::e_tag);
  EXPECT_EQ(packet.view.tunnel_id, 0x02u << 14 | 0x1234u);
}

TEST(PortTag, IsFollowedByVlanTags) {
  const ts::Bytes inside = ts::ByteWriter().u16(100).u16(0x0800).bytes(inner_ipv4()).take();
  const Decoded packet = decoded(port_tagged(0x8926, kVnTag, 0x8100, inside));
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.vlan_outer, 100);
  EXPECT_EQ(packet.view.tunnel_kind, TunnelKind::vn_tag);
}

TEST(PortTag, CountsAsATag) {
  ts::Bytes inside = inner_ipv4();
  std::uint16_t type = 0x0800;
  for (unsigned i = 0; i < kVlanTagCountMax; ++i) {
    EXPECT_EQ(decoded(ts::ethernet_frame({}, type, inside)).status, DecodeStatus::tcp) << i;
    inside = ts::ByteWriter().bytes(kVnTag).u16(type).bytes(inside).take();
    type = 0x8926;
  }
  EXPECT_EQ(decoded(ts::ethernet_frame({}, type, inside)).status, DecodeStatus::tcp);
  inside = ts::ByteWriter().bytes(kVnTag).u16(type).bytes(inside).take();
  EXPECT_EQ(decoded(ts::ethernet_frame({}, type, inside)).status, DecodeStatus::vlan_too_deep);
}

TEST(PortTag, RefusesOneThatIsCut) {
  for (const auto& [type, tag] : {std::pair{std::uint16_t{0x8926}, kVnTag}, {0x893f, kETag}}) {
    const ts::Bytes frame = port_tagged(type, tag, 0x0800, inner_ipv4());
    for (std::size_t size = 14; size < 14 + tag.size() + 2; ++size) {
      EXPECT_EQ(decoded(cut(frame, size)).status, DecodeStatus::link_malformed) << type << size;
    }
  }
}

TEST(Ppp, ReadsCompressedHeaders) {
  ts::ByteWriter frame;
  frame.u8(0x21).bytes(inner_ipv4());
  EXPECT_EQ(decoded(frame.take(), LinkType::ppp).status, DecodeStatus::tcp);
  ts::ByteWriter uncompressed;
  uncompressed.u16(0x0057).bytes(inner_ipv6());
  EXPECT_EQ(decoded(uncompressed.take(), LinkType::ppp).status, DecodeStatus::tcp);
}

TEST(Ppp, ReadsCiscoSerialLines) {
  ts::ByteWriter frame;
  frame.u8(0x0f).u8(0).u16(0x0800).bytes(inner_ipv4());
  EXPECT_EQ(decoded(frame.take(), LinkType::ppp).status, DecodeStatus::tcp);
  EXPECT_EQ(
      decoded(ts::ByteWriter().u8(0x8f).u8(0).u16(0x8035).fill(20, 0).take(), LinkType::ppp).status,
      DecodeStatus::not_ip);
}

TEST(Ppp, CountsControlProtocolsAsNotIp) {
  EXPECT_EQ(
      decoded(ts::ByteWriter().u16(0xff03).u16(0xc021).fill(8, 0).take(), LinkType::ppp).status,
      DecodeStatus::not_ip);
}

}  // namespace
}  // namespace shakedown::packet

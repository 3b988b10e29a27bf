// SPDX-License-Identifier: Apache-2.0
//
// Unknown and malformed layers are counted by name, and the names add up to the fates.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "decode_support.h"
#include "shakedown/limits.h"

namespace shakedown::packet {
namespace {

Counter name_of(const ts::Bytes& frame, LinkType link_type = LinkType::ethernet) {
  const Decoded packet = decoded(frame, link_type);
  return has_detail(packet.status) ? packet.view.detail : Counter::end_of_list;
}

ts::Bytes typed(std::uint16_t type, const ts::Bytes& content = ts::Bytes(46, 0)) {
  return ts::ethernet_frame({}, type, content);
}

TEST(Detail, NamesWhatIsNotIp) {
  EXPECT_EQ(name_of(typed(0x0806)), Counter::not_ip_arp);
  EXPECT_EQ(name_of(typed(0x8035)), Counter::not_ip_arp);
  EXPECT_EQ(name_of(typed(0x88cc)), Counter::not_ip_lldp);
  EXPECT_EQ(name_of(typed(0x8809)), Counter::not_ip_slow_protocols);
  EXPECT_EQ(name_of(typed(0x888e)), Counter::not_ip_eapol);
  EXPECT_EQ(name_of(typed(0x88f7)), Counter::not_ip_ptp);
  EXPECT_EQ(name_of(typed(0x88e5)), Counter::not_ip_macsec);
  EXPECT_EQ(name_of(typed(0x894f)), Counter::not_ip_nsh);
  EXPECT_EQ(name_of(typed(0x8863)), Counter::not_ip_ppp_control);
  EXPECT_EQ(name_of(typed(0x8137)), Counter::not_ip_other);
  EXPECT_EQ(name_of(typed(38, ts::ByteWriter().u24(0x424203).fill(35, 0).take())),
            Counter::not_ip_stp);
  EXPECT_EQ(name_of(typed(38, ts::ByteWriter().u24(0xfefe03).fill(35, 0).take())),
            Counter::not_ip_other);
  EXPECT_EQ(name_of(ts::ByteWriter().u16(0xff03).u16(0xc021).fill(8, 0).take(), LinkType::ppp),
            Counter::not_ip_ppp_control);
  EXPECT_EQ(name_of(outer_frame(47, {0, 0, 0, 0})), Counter::not_ip_gre) << "keepalive";
  EXPECT_EQ(name_of(typed(0x8847, ts::ByteWriter().u32(0x1ff).fill(40, 0x11).take())),
            Counter::not_ip_mpls);
  EXPECT_EQ(name_of(inner_frame(), LinkType::unsupported), Counter::not_ip_other);
  EXPECT_EQ(name_of(ts::Bytes(40, 0), LinkType::raw_ip), Counter::not_ip_other);
}

TEST(Detail, NamesWhatIsNotTcp) {
  EXPECT_EQ(name_of(outer_udp_frame(53, ts::Bytes(20, 0))), Counter::not_tcp_udp);
  EXPECT_EQ(name_of(outer_udp_frame(443, ts::Bytes(20, 0))), Counter::not_tcp_udp_443);
  EXPECT_EQ(name_of(ts::udp_frame({kOuterSource.address, 443}, kOuterDestination, {})),
            Counter::not_tcp_udp_443);
  EXPECT_EQ(name_of(outer_udp_frame(4789, ts::Bytes(20, 0))), Counter::not_tcp_tunnel);
  EXPECT_EQ(name_of(outer_udp_frame(4790, ts::Bytes(20, 0))), Counter::not_tcp_tunnel);
  EXPECT_EQ(name_of(outer_udp_frame(6081, ts::Bytes(20, 0xff))), Counter::not_tcp_tunnel);
  EXPECT_EQ(name_of(outer_udp_frame(2152, ts::Bytes(20, 0))), Counter::not_tcp_tunnel);
  EXPECT_EQ(name_of(outer_frame(1, {8, 0, 0, 0, 0, 0, 0, 0})), Counter::not_tcp_icmp);
  EXPECT_EQ(name_of(outer_frame(132, ts::Bytes(20, 0))), Counter::not_tcp_sctp);
  EXPECT_EQ(name_of(outer_frame(50, ts::Bytes(20, 0))), Counter::not_tcp_esp);
  EXPECT_EQ(name_of(outer_frame(89, ts::Bytes(20, 0))), Counter::not_tcp_other);
}

TEST(Detail, NamesTheLayerThatIsMalformed) {
  const auto tagged = [](std::uint16_t type, std::size_t bytes) {
    return cut(typed(type, ts::Bytes(40, 0x11)), 14 + bytes);
  };
  EXPECT_EQ(name_of(ts::Bytes(13, 0)), Counter::malformed_ethernet);
  EXPECT_EQ(name_of(tagged(0x8100, 3)), Counter::malformed_vlan);
  EXPECT_EQ(name_of(tagged(0x8926, 5)), Counter::malformed_port_tag);
  EXPECT_EQ(name_of(tagged(0x88e7, 3)), Counter::malformed_mac_in_mac);
  EXPECT_EQ(name_of(tagged(0x0010, 2)), Counter::malformed_llc);
  EXPECT_EQ(name_of(ts::Bytes(15, 0), LinkType::linux_sll), Counter::malformed_cooked);
  EXPECT_EQ(name_of(ts::Bytes(19, 0), LinkType::linux_sll2), Counter::malformed_cooked);
  EXPECT_EQ(name_of(ts::Bytes(3, 0), LinkType::null_loopback), Counter::malformed_loopback);
  EXPECT_EQ(name_of({0xff}, LinkType::ppp), Counter::malformed_ppp);
  EXPECT_EQ(name_of(tagged(0x8864, 5)), Counter::malformed_pppoe);
  EXPECT_EQ(name_of(cut(typed(0x8864, {0x11, 0, 0, 1, 0, 2, 0xff}), 14 + 7)),
            Counter::malformed_ppp);
  EXPECT_EQ(name_of(cut(typed(0x8847, ts::Bytes(40, 0)), 14 + 6)), Counter::malformed_mpls);
  EXPECT_EQ(name_of(outer_frame(47, {0, 0, 8})), Counter::malformed_gre);
  EXPECT_EQ(name_of(outer_frame(47, {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0})),
            Counter::malformed_erspan);
  EXPECT_EQ(name_of(outer_udp_frame(6081, {2, 0, 8, 0, 0, 0, 1, 0})), Counter::malformed_geneve);
  EXPECT_EQ(name_of(outer_udp_frame(2152, {0x34, 255, 0, 0, 0, 0, 0, 1, 0})),
            Counter::malformed_gtp_u);
  EXPECT_EQ(name_of({}, LinkType::raw_ip), Counter::malformed_empty);
  EXPECT_EQ(name_of({0x45}, LinkType::raw_ip), Counter::malformed_ipv4);
  EXPECT_EQ(name_of({0x60}, LinkType::raw_ip), Counter::malformed_ipv6);
  EXPECT_EQ(name_of(outer_frame(51, {6, 4, 0})), Counter::malformed_ip_extension);
}

TEST(Detail, NamesWhatThereWasTooMuchOf) {
  ts::LinkHeader link;
  link.vlan_tags.resize(kVlanTagCountMax + 1);
  EXPECT_EQ(name_of(ts::tcp_frame(kClient, kServer, {}, {}, {}, link)),
            Counter::too_many_vlan_tags);
  EXPECT_EQ(name_of(typed(0x8847, ts::Bytes(kMplsLabelCountMax * 4 + 4, 0))),
            Counter::too_many_mpls_labels);
}

TEST(Detail, IsOfThisPacketInAReusedView) {
  PacketView view;
  CounterBlock counters;
  for (const auto& frame :
       {typed(0x0806), outer_udp_frame(53, ts::Bytes(20, 0)), ts::Bytes(13, 0)}) {
    count_fate(counters, decode(LinkType::ethernet, frame, view), view);
  }
  EXPECT_EQ(counters.get(Counter::not_ip_arp), 1u);
  EXPECT_EQ(counters.get(Counter::not_tcp_udp), 1u);
  EXPECT_EQ(counters.get(Counter::malformed_ethernet), 1u);
  EXPECT_EQ(sum_of_fates(counters), 3u);
}

std::uint64_t sum_of(const CounterBlock& counters, std::string_view prefix) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    if (kCounterDescriptions[i].name.starts_with(prefix))
      sum += counters.get(static_cast<Counter>(i));
  }
  return sum;
}

TEST(Detail, AddsUpToTheFatesWhateverComes) {
  const auto counters = std::make_unique<CounterBlock>();
  std::mt19937 random(3);
  const std::vector<ts::Bytes> seeds{
      inner_frame(),
      ts::tcp_frame(kClient, kServer, {}, {}, {}, {.vlan_tags = {{.id = 5}, {.id = 6}}}),
      outer_frame(47, ts::concatenate({{0, 0, 0x65, 0x58}, inner_frame()})),
      outer_frame(47, ts::concatenate({{0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 1, 0, 0, 0, 0},
                                       inner_frame()})),
      outer_udp_frame(4789, ts::concatenate({{8, 0, 0, 0, 0, 0, 1, 0}, inner_frame()})),
      outer_udp_frame(6081, ts::concatenate({{0, 0, 0x65, 0x58, 0, 0, 1, 0}, inner_frame()})),
      outer_udp_frame(2152, ts::concatenate({{0x30, 255, 0, 60, 0, 0, 0, 1}, inner_ipv4()})),
      typed(0x8847, ts::concatenate({{0, 1, 1, 64}, inner_ipv6()})),
      typed(0x8864, ts::concatenate({{0x11, 0, 0, 1, 0, 60, 0, 0x21}, inner_ipv4()})),
      typed(0x0806)};
  PacketView view;
  for (unsigned i = 0; i < 200'000; ++i) {
    ts::Bytes frame = seeds[random() % seeds.size()];
    frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
    if (random() % 2 == 0) frame.resize(random() % (frame.size() + 1));
    const auto status = decode(LinkType::ethernet, frame, view);
    if (status != DecodeStatus::tcp) count_fate(*counters, status, view);
  }
  EXPECT_EQ(sum_of(*counters, "malformed_"), counters->get(Counter::fate_link_malformed) +
                                                 counters->get(Counter::fate_tunnel_malformed) +
                                                 counters->get(Counter::fate_ip_malformed));
  EXPECT_EQ(sum_of(*counters, "not_ip_"), counters->get(Counter::fate_not_ip));
  EXPECT_EQ(sum_of(*counters, "not_tcp_"), counters->get(Counter::fate_not_tcp));
  EXPECT_EQ(sum_of(*counters, "too_many_"), counters->get(Counter::fate_vlan_too_deep));
  EXPECT_GT(counters->get(Counter::fate_tunnel_malformed), 0u);
  EXPECT_GT(counters->get(Counter::fate_not_ip), 0u);
}

}  // namespace
}  // namespace shakedown::packet

// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a device that does not exist, by what it would say of itself.
#include "port/device_plan.h"

#include <gtest/gtest.h>

#include "port/packet_buffers.h"

namespace shakedown::port {
namespace {

rte_eth_desc_lim limit_of(std::uint16_t most, std::uint16_t least, std::uint16_t align) {
  rte_eth_desc_lim limit{};
  limit.nb_max = most;
  limit.nb_min = least;
  limit.nb_align = align;
  return limit;
}

rte_eth_dev_info usual_card() {
  rte_eth_dev_info info{};
  info.max_rx_queues = 64;
  info.max_tx_queues = 64;
  info.max_mtu = 9702;
  info.min_mtu = 68;
  info.rx_desc_lim = limit_of(4096, 64, 32);
  info.tx_desc_lim = limit_of(4096, 64, 32);
  info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
  info.hash_key_size = kRssKeyBytes;
  info.reta_size = 128;
  info.flow_type_rss_offloads = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
  return info;
}

TEST(DevicePlan, TakesADeviceAtItsWord) {
  DevicePlan plan;
  plan_card(usual_card(), {.queue_count = 4}, kBufferRoomBytes, plan);
  EXPECT_EQ(plan.refusal, "");
  EXPECT_TRUE(plan.remarks.empty());
  EXPECT_EQ(plan.queue_count, 4);
  EXPECT_EQ(plan.ring_size, kCardRingSize);
  EXPECT_EQ(plan.rss, RssLevel::outer);
  EXPECT_EQ(plan.configuration.rxmode.mq_mode, RTE_ETH_MQ_RX_RSS);
  EXPECT_EQ(plan.configuration.rx_adv_conf.rss_conf.rss_key, plan.key.data());
  EXPECT_EQ(plan.receiving.rx_drop_en, 1);
}

TEST(DevicePlan, KeepsToTheLimitsOfRings) {
  rte_eth_dev_info info = usual_card();
  info.rx_desc_lim = limit_of(1000, 64, 32);
  info.tx_desc_lim = limit_of(8192, 1024, 1);
  DevicePlan plan;
  plan_card(info, {}, kBufferRoomBytes, plan);
  EXPECT_EQ(plan.ring_size, 992);
  EXPECT_EQ(plan.sending_size, 1024);
}

TEST(DevicePlan, DoesNotSpreadOverOneQueue) {
  DevicePlan plan;
  plan_card(usual_card(), {.queue_count = 1}, kBufferRoomBytes, plan);
  EXPECT_EQ(plan.rss, RssLevel::off);
  EXPECT_EQ(plan.configuration.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
  EXPECT_TRUE(plan.remarks.empty());
}

TEST(DevicePlan, RefusesMoreQueuesThanThereAre) {
  rte_eth_dev_info info = usual_card();
  info.max_rx_queues = 4;
  DevicePlan enough;
  plan_card(info, {.queue_count = 4}, kBufferRoomBytes, enough);
  EXPECT_EQ(enough.refusal, "");
  DevicePlan plan;
  plan_card(info, {.queue_count = 5}, kBufferRoomBytes, plan);
  EXPECT_NE(plan.refusal.find("set queues=4"), std::string::npos) << plan.refusal;
}

TEST(DevicePlan, ChainsBuffersOnlyForPacketsThatNeedIt) {
  const unsigned fits = mtu_of_buffer(kBufferRoomBytes);
  const auto scatters = [](std::optional<unsigned> mtu) {
    DevicePlan plan;
    plan_card(usual_card(), {.mtu = mtu}, kBufferRoomBytes, plan);
    EXPECT_EQ(plan.refusal, "");
    return (plan.configuration.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;
  };
  EXPECT_FALSE(scatters(std::nullopt));
  EXPECT_FALSE(scatters(fits));
  EXPECT_TRUE(scatters(fits + 1));
  EXPECT_TRUE(scatters(9702));
  EXPECT_EQ(buffers_of_mtu(fits, kBufferRoomBytes), 1u);
  EXPECT_EQ(buffers_of_mtu(fits + 1, kBufferRoomBytes), 2u);
  EXPECT_EQ(buffers_of_mtu(9000, kBufferRoomBytes), 5u);
}

TEST(DevicePlan, RefusesAnMtuThatTheDeviceCannotHave) {
  for (const unsigned mtu : {67u, 9703u}) {
    DevicePlan plan;
    plan_card(usual_card(), {.mtu = mtu}, kBufferRoomBytes, plan);
    EXPECT_NE(plan.refusal.find("from 68 to 9702"), std::string::npos) << plan.refusal;
  }
  rte_eth_dev_info info = usual_card();
  info.rx_offload_capa = 0;
  DevicePlan plan;
  plan_card(info, {.mtu = 9000}, kBufferRoomBytes, plan);
  EXPECT_NE(plan.refusal.find("at most 2022"), std::string::npos) << plan.refusal;
}

TEST(DevicePlan, SaysWhatTheDeviceCannotDo) {
  rte_eth_dev_info info = usual_card();
  info.rx_offload_capa = 0;
  DevicePlan plan;
  plan_card(info, {.queue_count = 2, .rss = RssLevel::inner, .vlan_strip = true}, kBufferRoomBytes,
            plan);
  EXPECT_EQ(plan.refusal, "");
  EXPECT_EQ(plan.rss, RssLevel::outer);
  ASSERT_EQ(plan.remarks.size(), 2u);
  EXPECT_NE(plan.remarks[0].find("VLAN"), std::string::npos);
  EXPECT_NE(plan.remarks[1].find("tunnels"), std::string::npos);
}

TEST(DevicePlan, AsksForTimestampsWhereThereAreSome) {
  rte_eth_dev_info info = usual_card();
  info.rx_offload_capa |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
  DevicePlan plan;
  plan_card(info, {}, kBufferRoomBytes, plan);
  EXPECT_TRUE(plan.wants_timestamps);
  DevicePlan without;
  plan_card(usual_card(), {}, kBufferRoomBytes, without);
  EXPECT_FALSE(without.wants_timestamps);
}

}  // namespace
}  // namespace shakedown::port

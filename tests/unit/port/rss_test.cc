// SPDX-License-Identifier: Apache-2.0
//
// The hash that brings both directions to one queue: by computation, and on DPDK's null device,
// which has a key and a table.
#include "port/rss.h"

#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <sched.h>

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include "dpdk.h"
#include "port/device.h"
#include "port/device_plan.h"
#include "port/device_queue.h"
#include "port/flow_rules.h"

namespace shakedown::port {
namespace {

constexpr unsigned kQueueCount = 3;

Dpdk& dpdk() {
  static Dpdk instance(1, 48 * 1024 * 1024, kQueueCount * 1024);
  return instance;
}

RssView view_of(RssKey key) {
  RssView view;
  view.key = key;
  view.key_size = kRssKeyBytes;
  view.functions = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
  for (unsigned i = 0; i < 128; ++i) view.table.push_back(static_cast<std::uint16_t>(i % 4));
  return view;
}

TEST(RssSymmetry, HoldsForTheRepeatedWord) {
  EXPECT_EQ(check_symmetry(view_of(symmetric_rss_key()), 100'000), RssStatus::symmetric);
}

TEST(RssSymmetry, HoldsForLongerKeysToo) {
  RssView view = view_of(symmetric_rss_key());
  view.key_size = 52;
  EXPECT_EQ(check_symmetry(view), RssStatus::symmetric);
}

TEST(RssSymmetry, SpreadsOverAllQueues) {
  const RssView view = view_of(symmetric_rss_key());
  std::array<unsigned, 4> counts{};
  for (std::uint32_t i = 0; i < 4000; ++i) {
    std::array<std::uint32_t, 3> tuple{0xc000'0200 + i % 200, 0xc633'6401,
                                       (40'000 + i) << 16 | 443};
    ++counts[view.queue_of(tuple)];
  }
  for (const unsigned count : counts) EXPECT_NEAR(count, 1000, 200);
}

// The key that DPDK's drivers have when nobody gives them one (Microsoft's).
TEST(RssSymmetry, IsMissingFromTheUsualKey) {
  constexpr std::array<std::uint8_t, kRssKeyBytes> kUsual = {
      0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
      0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
      0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
  RssKey key{};
  std::copy(kUsual.begin(), kUsual.end(), key.begin());
  EXPECT_EQ(check_symmetry(view_of(key)), RssStatus::not_symmetric);
}

TEST(RssSymmetry, IsLostWithOneBitOfTheKey) {
  // A bit before these would not reach the lowest bits of the hash, which choose the queue.
  for (std::size_t i = 4; i < 14; ++i) {
    RssKey key = symmetric_rss_key();
    key[i] ^= 1;
    EXPECT_EQ(check_symmetry(view_of(key)), RssStatus::not_symmetric) << i;
  }
}

TEST(RssSymmetry, NeedsTcpOfBothVersionsATableAndAKey) {
  RssView view = view_of(symmetric_rss_key());
  view.functions &= ~RTE_ETH_RSS_NONFRAG_IPV6_TCP;
  EXPECT_EQ(check_symmetry(view), RssStatus::no_tcp);
  view = view_of(symmetric_rss_key());
  view.table.clear();
  EXPECT_EQ(check_symmetry(view), RssStatus::no_table);
  view = view_of(symmetric_rss_key());
  view.key_size = kRssKeyBytes - 1;
  EXPECT_EQ(check_symmetry(view), RssStatus::key_refused);
}

TEST(RssFunctions, AreThoseThatTheCardOffers) {
  RssLevel level = RssLevel::outer;
  EXPECT_EQ(rss_functions(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_ESP, level), RTE_ETH_RSS_IPV4);
  EXPECT_EQ(level, RssLevel::outer);
  EXPECT_EQ(rss_functions(RTE_ETH_RSS_ESP, level), 0u);
  EXPECT_EQ(level, RssLevel::off);
  level = RssLevel::off;
  EXPECT_EQ(rss_functions(~std::uint64_t{0}, level), 0u);
}

TEST(RssFunctions, LookIntoTunnelsWhereTheCardCan) {
  constexpr std::uint64_t kTcp = RTE_ETH_RSS_NONFRAG_IPV4_TCP;
  RssLevel level = RssLevel::inner;
  EXPECT_EQ(rss_functions(kTcp | RTE_ETH_RSS_LEVEL_INNERMOST, level),
            kTcp | RTE_ETH_RSS_LEVEL_INNERMOST);
  EXPECT_EQ(level, RssLevel::inner);
  EXPECT_EQ(rss_functions(kTcp, level), kTcp);
  EXPECT_EQ(level, RssLevel::outer);
}

class NullDevice : public testing::Test {
 protected:
  void SetUp() override {
    dpdk();
    ASSERT_EQ(device_.make("net_null_rss", "size=64"), 0);
    ASSERT_EQ(device_.describe(info_), 0);
  }

  Device device_;
  rte_eth_dev_info info_{};
};

TEST_F(NullDevice, TakesTableAndKeyAndGivesThemBack) {
  DevicePlan plan;
  plan_virtual(kQueueCount, 512, false, plan);
  plan.key = symmetric_rss_key();
  plan.configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
  plan.configuration.rx_adv_conf.rss_conf = {plan.key.data(), kRssKeyBytes, 0};
  ASSERT_EQ(device_.set_up(plan, dpdk().buffers.pool()), 0);
  ASSERT_EQ(device_.start(), 0);
  // The device sets what it is told at any time.
  rte_eth_rss_conf configuration{plan.key.data(), kRssKeyBytes, info_.flow_type_rss_offloads};
  ASSERT_EQ(rte_eth_dev_rss_hash_update(device_.id(), &configuration), 0);
  RssView view;
  const RssStatus status = set_and_check_rss(device_.id(), info_, kQueueCount, view);
  EXPECT_EQ(view.table.size(), info_.reta_size);
  EXPECT_EQ(std::set<std::uint16_t>(view.table.begin(), view.table.end()),
            (std::set<std::uint16_t>{0, 1, 2}));
  EXPECT_TRUE(std::equal(view.key.begin(), view.key.begin() + kRssKeyBytes, plan.key.begin()));
  constexpr std::uint64_t kTcp = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
  const bool hashes_tcp = (view.functions & kTcp) == kTcp;
  EXPECT_EQ(status, hashes_tcp ? RssStatus::symmetric : RssStatus::no_tcp);
}

TEST_F(NullDevice, CountsPacketsOfEachQueueByItself) {
  DevicePlan plan;
  plan_virtual(kQueueCount, 512, false, plan);
  ASSERT_EQ(device_.set_up(plan, dpdk().buffers.pool()), 0);
  ASSERT_EQ(device_.start(), 0);
  std::array<QueueDescription, kQueueCount> descriptions;
  std::array<DeviceQueue, kQueueCount> queues;
  for (std::uint16_t i = 0; i < kQueueCount; ++i) {
    queues[i].set_up({.device = device_.id(), .queue = i, .port_index = 7}, dpdk().buffers,
                     descriptions[i]);
  }
  std::array<rte_mbuf*, 8> packets{};
  for (std::uint16_t i = 0; i < kQueueCount; ++i) {
    for (unsigned turn = 0; turn <= i; ++turn) {
      ASSERT_EQ(queues[i].poll(packets), packets.size());
      EXPECT_EQ(packets[0]->port, 7);
      rte_pktmbuf_free_bulk(packets.data(), packets.size());
    }
    EXPECT_EQ(descriptions[i].packets.load(), packets.size() * (i + 1u));
    EXPECT_EQ(descriptions[i].bytes.load(), packets.size() * (i + 1u) * (64 + 16));
  }
}

TEST_F(NullDevice, HasNoRules) {
  DeviceRules maker(device_.id());
  FlowRules rules;
  rules.begin(maker);
  EXPECT_FALSE(rules.is_usable());
  EXPECT_EQ(drop_unwatched(device_.id()), 0u);
}

// The kernel's filters below a TAP cannot look at TCP's flags, and this kernel may have none at all.
TEST(TapDevice, RefusesRulesThatWouldHideOpenings) {
  dpdk();
  if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network namespace of our own";
  Device device;
  if (device.make("net_tap_rules", "iface=sd-rules") != 0) GTEST_SKIP() << "no TAP";
  DevicePlan plan;
  plan_virtual(2, kTapChainLength, true, plan);
  ASSERT_EQ(device.set_up(plan, dpdk().buffers.pool()), 0);
  ASSERT_EQ(device.start(), 0);
  DeviceRules maker(device.id());
  FlowRules rules;
  rules.begin(maker);
  EXPECT_FALSE(rules.is_usable());
  EXPECT_LE(drop_unwatched(device.id()), 5u);
}

/// What is sent into it comes back as it was sent: here we are the card.
class RingDevice : public testing::Test {
 protected:
  void SetUp() override {
    dpdk();
    ASSERT_EQ(device_.make("net_ring0", ""), 0);
    DevicePlan plan;
    plan_virtual(1, 512, false, plan);
    ASSERT_EQ(device_.set_up(plan, dpdk().buffers.pool()), 0);
    ASSERT_EQ(device_.start(), 0);
  }

  /// Sends `bytes`, changed by `change`, through the device. The packet belongs to the test.
  rte_mbuf* pass(const std::vector<std::uint8_t>& bytes, DeviceQueue& queue,
                 const std::function<void(rte_mbuf*)>& change) {
    rte_mbuf* packet = rte_pktmbuf_alloc(dpdk().buffers.pool());
    std::copy(bytes.begin(), bytes.end(),
              rte_pktmbuf_append(packet, static_cast<std::uint16_t>(bytes.size())));
    change(packet);
    EXPECT_EQ(rte_eth_tx_burst(device_.id(), 0, &packet, 1), 1);
    rte_mbuf* received = nullptr;
    EXPECT_EQ(queue.poll({&received, 1}), 1u);
    return received;
  }

  Device device_;
  QueueDescription description_;
};

TEST_F(RingDevice, PutsTagsBackThatTheCardTookOut) {
  std::vector<std::uint8_t> bytes(60);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  DeviceQueue queue;
  queue.set_up({.device = device_.id(), .restores_tags = true}, dpdk().buffers, description_);
  rte_mbuf* const tagged = pass(bytes, queue, [](rte_mbuf* packet) {
    packet->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    packet->vlan_tci = 0x6123;
  });
  ASSERT_EQ(tagged->data_len, 64);
  const auto* const begin = rte_pktmbuf_mtod(tagged, const std::uint8_t*);
  EXPECT_TRUE(std::equal(begin, begin + 12, bytes.begin()));
  EXPECT_EQ((std::vector<std::uint8_t>(begin + 12, begin + 16)),
            (std::vector<std::uint8_t>{0x81, 0x00, 0x61, 0x23}));
  EXPECT_TRUE(std::equal(begin + 16, begin + 64, bytes.begin() + 12));
  rte_pktmbuf_free(tagged);
  rte_mbuf* const plain = pass(bytes, queue, [](rte_mbuf*) {});
  EXPECT_EQ(plain->data_len, 60);
  rte_pktmbuf_free(plain);
}

TEST_F(RingDevice, TurnsTheCardsTicksIntoTime) {
  const UnixNanos begin{1'700'000'000'000'000'000};
  HardwareClock clock;
  const PacketBuffers& buffers = dpdk().buffers;
  DeviceQueue queue;
  queue.set_up({.device = device_.id(), .clock = &clock, .stamp_flag = buffers.raw_stamp_flag()},
               buffers, description_);
  const std::vector<std::uint8_t> bytes(60);
  const auto stamp = [&](rte_mbuf* packet) {
    packet->ol_flags |= buffers.raw_stamp_flag();
    // Where the card leaves its ticks; set_time() keeps a thousandth of what it is given.
    buffers.set_time(packet, UnixNanos{2'500 * kNanosPerMicro});
  };
  rte_mbuf* const early = pass(bytes, queue, stamp);
  EXPECT_FALSE(buffers.is_stamped(early));
  rte_pktmbuf_free(early);
  clock.update(1'000, begin);
  clock.update(2'000, UnixNanos{begin.value + kNanosPerMilli});
  rte_mbuf* const stamped = pass(bytes, queue, stamp);
  EXPECT_TRUE(buffers.is_stamped(stamped));
  EXPECT_EQ(buffers.time_of(stamped).value, begin.value + 3 * kNanosPerMilli / 2);
  rte_pktmbuf_free(stamped);
  rte_mbuf* const unstamped = pass(bytes, queue, [](rte_mbuf*) {});
  EXPECT_FALSE(buffers.is_stamped(unstamped));
  rte_pktmbuf_free(unstamped);
}

}  // namespace
}  // namespace shakedown::port

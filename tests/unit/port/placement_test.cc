// SPDX-License-Identifier: Apache-2.0
//
// Where threads run, and what the kernel's table of interfaces says: no DPDK is started.
#include <gtest/gtest.h>

#include "port/card_probe.h"
#include "port/eal.h"
#include "port/kernel_link.h"
#include "port/processors.h"

namespace shakedown::port {
namespace {

EalConfig config_of(unsigned lcore_count, std::vector<unsigned> processors) {
  EalConfig config;
  config.lcore_count = lcore_count;
  config.processors = std::move(processors);
  return config;
}

TEST(LcoreMap, FloatsOverAllThatIsAllowed) {
  EXPECT_EQ(lcore_map(config_of(3, {}), {0, 1, 3}), "0@(0,1,3),(1-2)@(0,1,3)");
}

TEST(LcoreMap, BindsWorkersAndLeavesTheirProcessorsToThem) {
  EXPECT_EQ(lcore_map(config_of(3, {4, 6}), {0, 4, 5, 6}), "0@(0,5),1@4,2@6");
  EXPECT_EQ(lcore_map(config_of(4, {4, 6}), {0, 4, 5, 6}), "0@(0,5),1@4,2@6,(3-3)@(0,5)");
}

TEST(LcoreMap, BindsTheMainThread) {
  EalConfig config = config_of(2, {});
  config.main_processor = 1;
  EXPECT_EQ(lcore_map(config, {0, 1}), "0@1,(1-1)@(0,1)");
}

TEST(LcoreMap, SharesWhenNothingIsLeft) {
  EXPECT_EQ(lcore_map(config_of(3, {0, 1}), {0, 1}), "0@(0,1),1@0,2@1");
}

TEST(LcoreMap, LeavesProcessorsWithoutAThreadAlone) {
  EXPECT_EQ(lcore_map(config_of(2, {2, 3, 4}), {0, 2, 3, 4}), "0@(0),1@2");
}

constexpr const char* kTable =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier compressed\n"
    "    lo:  100       1    0    0    0     0          0         0      100       1    0    0    "
    "0 "
    "    0       0          0\n"
    "  eth0: 9000      90    1    2    3     4          5         6     7000      70    8    9   "
    "10 "
    "   11      12         13\n"
    "eth0.5:12345      90    1    2    3     4          5         6     7000      70    8   77   "
    "10 "
    "   11      12         13\n";

TEST(SentDropped, IsTheFourthNumberOfWhatWasSent) {
  EXPECT_EQ(sent_dropped_in(kTable, "eth0"), 9u);
  EXPECT_EQ(sent_dropped_in(kTable, "eth0.5"), 77u);
  EXPECT_EQ(sent_dropped_in(kTable, "lo"), 0u);
}

TEST(SentDropped, IsZeroOfWhatIsNotThere) {
  EXPECT_EQ(sent_dropped_in(kTable, "eth"), 0u);
  EXPECT_EQ(sent_dropped_in(kTable, "eth1"), 0u);
  EXPECT_EQ(sent_dropped_in("", "eth0"), 0u);
  EXPECT_EQ(sent_dropped_in("eth0:", "eth0"), 0u);
  EXPECT_EQ(sent_dropped_in("eth0: 1 2 3", "eth0"), 0u);
}

TEST(CardProbe, SaysWhatIsMissing) {
  const auto spec = [](const char* text) { return parse_port_spec(text).spec.value(); };
  const InterfaceResult card = probe_card(spec("pci:ffff:ff:1f.7"), 2);
  EXPECT_EQ(card.status, InterfaceStatus::missing);
  EXPECT_NE(card.sentence.find("ffff:ff:1f.7"), std::string::npos) << card.sentence;
  EXPECT_EQ(probe_card(spec("nic:none0"), 2).status, InterfaceStatus::missing);
  const InterfaceResult loopback = probe_card(spec("nic:lo"), 2);
  EXPECT_EQ(loopback.status, InterfaceStatus::wrong_driver);
  EXPECT_NE(loopback.sentence.find("af_packet:lo"), std::string::npos) << loopback.sentence;
}

TEST(TapProbe, DoesNotTakeAnInterfaceThatIsThere) {
  const InterfaceResult result = probe_interface(parse_port_spec("tap:lo").spec.value(), 1);
  EXPECT_EQ(result.status, InterfaceStatus::exists);
}

TEST(Processors, ThatAreAllowedAreSome) { EXPECT_FALSE(allowed_processors().empty()); }

}  // namespace
}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
#include "cli/live_port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shakedown::cli {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST(LivePort, TakesAnInterfaceAloneForAfPacket) {
  const LivePort port = parse_live_port("eth1");
  EXPECT_EQ(port.error, "");
  EXPECT_EQ(port.text(), "af_packet:eth1");
}

TEST(LivePort, KeepsTheDriverThatIsGiven) {
  EXPECT_EQ(parse_live_port("af_packet:eth1").text(), "af_packet:eth1");
  EXPECT_EQ(parse_live_port("af_xdp:eth1").driver, "af_xdp");
  EXPECT_EQ(parse_live_port("af_xdp:eth1").interface, "eth1");
}

TEST(LivePort, AcceptsNamesThatTheKernelAccepts) {
  for (const char* good : {"l", "enp3s0f1np1", "veth-a.100", "fifteen-bytes-x", "-"}) {
    EXPECT_EQ(parse_live_port(good).error, "") << good;
  }
  for (const char* bad :
       {"", ".", "..", "a/b", "a b", "sixteen-bytes-xx", "af_xdp:", "af_xdp:a:b"}) {
    EXPECT_THAT(parse_live_port(bad).error, HasSubstr("must be DRIVER:IFACE")) << bad;
  }
}

TEST(LivePort, RefusesDriversThatAreNotSupported) {
  for (const char* bad : {"pcap:eth1", "AF_XDP:eth1", ":eth1", "net_af_packet:eth1"}) {
    EXPECT_THAT(parse_live_port(bad).error, HasSubstr("knows the drivers")) << bad;
  }
}

TEST(LivePort, FindsAnInterfaceThatIsGivenTwice) {
  EXPECT_EQ(find_repeated({"af_packet:a", "af_packet:b"}), "");
  EXPECT_THAT(find_repeated({"af_packet:a", "af_packet:b", "af_xdp:b"}),
              HasSubstr("interface b is given twice"));
}

TEST(LivePort, SuggestsTheInterfaceThatWasMeant) {
  EXPECT_EQ(find_missing({"af_packet:eth1"}, {"lo", "eth1"}), "");
  EXPECT_EQ(find_missing({"af_packet:lo", "af_xdp:eht1"}, {"lo", "eth1"}),
            "there is no interface 'eht1'; did you mean 'eth1'?");
  EXPECT_EQ(find_missing({"af_packet:wlan7"}, {"lo", "eth1"}), "there is no interface 'wlan7'");
}

TEST(LivePort, KnowsTheInterfacesOfThisMachine) { EXPECT_THAT(interface_names(), Contains("lo")); }

}  // namespace
}  // namespace shakedown::cli

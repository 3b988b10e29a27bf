// SPDX-License-Identifier: Apache-2.0
#include "cli/live_port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shakedown::cli {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// As the data plane gets it, or what is wrong with it.
std::string text_of(const std::string& word) {
  const LivePort port = parse_live_port(word);
  return port.error.empty() ? port.settings.text() : port.error;
}

TEST(LivePort, TakesAnInterfaceAloneForAfPacket) {
  EXPECT_EQ(text_of("eth1"), "af_packet:eth1");
  EXPECT_EQ(text_of("eth1,link=core"), "af_packet:eth1,link=core");
}

TEST(LivePort, KeepsTheDriverThatIsGiven) {
  for (const char* word :
       {"af_packet:eth1", "af_xdp:eth1", "nic:eth1", "pci:0000:3b:00.0", "tap:mirror0"}) {
    EXPECT_EQ(text_of(word), word);
  }
}

TEST(LivePort, KeepsEveryKey) {
  EXPECT_EQ(text_of("nic:eth1,cpus=2;3;8,vlan_strip=no,rss=outer,mtu=9000,link=l,queues=4"),
            "nic:eth1,queues=4,link=l,mtu=9000,rss=outer,vlan_strip=off,cpus=2-3;8");
  EXPECT_EQ(text_of("af_xdp:eth1,filter=on"), "af_xdp:eth1,filter=on");
}

TEST(LivePort, ReadsWhatItHasWritten) {
  for (const char* word : {"nic:eth1,queues=4,link=l,mtu=9000,rss=outer,vlan_strip=off,cpus=2-3;8",
                           "pci:0000:3b:00.0,rss=inner", "tap:t,queues=16"}) {
    EXPECT_EQ(text_of(text_of(word)), word);
  }
}

TEST(LivePort, AcceptsNamesThatTheKernelAccepts) {
  for (const char* good : {"l", "enp3s0f1np1", "veth-a.100", "fifteen-bytes-x", "-"}) {
    EXPECT_EQ(parse_live_port(good).error, "") << good;
  }
  for (const char* bad :
       {"", ".", "..", "a/b", "a b", "sixteen-bytes-xx", "af_xdp:", "af_xdp:a:b", ",queues=2"}) {
    EXPECT_THAT(parse_live_port(bad).error, HasSubstr("must be the name of an interface")) << bad;
  }
}

TEST(LivePort, RefusesDriversThatAreNotSupported) {
  for (const char* bad : {"pcap:eth1", "AF_XDP:eth1", ":eth1", "net_af_packet:eth1"}) {
    EXPECT_THAT(parse_live_port(bad).error, HasSubstr("knows the drivers")) << bad;
  }
}

TEST(LivePort, SuggestsTheDriverOfAnAddress) {
  EXPECT_THAT(text_of("0000:3b:00.0"), HasSubstr("; did you mean 'pci:0000:3b:00.0'?"));
  EXPECT_THAT(text_of("3B:00.0"), HasSubstr("; did you mean 'pci:0000:3b:00.0'?"));
  EXPECT_EQ(text_of("pci:eth1"),
            "'pci' must be a PCI address like 0000:3b:00.0, not 'eth1'; by the name of its "
            "interface it is the driver nic");
}

TEST(LivePort, RefusesKeysThatItDoesNotKnow) {
  EXPECT_EQ(text_of("tap:t,queue=2"), "knows no key 'queue'; did you mean 'queues'?");
  EXPECT_EQ(text_of("tap:t,colour=red"),
            "knows no key 'colour'; there are queues, filter, filter_flows, filter_tunnels, "
            "filter_fragments, link, mtu, rss, vlan_strip and cpus");
  EXPECT_EQ(text_of("tap:t,queues"), "takes settings as key=value after the name, not 'queues'");
  EXPECT_EQ(text_of("tap:t,"), "takes settings as key=value after the name, not ''");
  EXPECT_EQ(text_of("tap:t,queues=2,queues=3"), "has 'queues' twice");
}

TEST(LivePort, RefusesValuesThatKeysCannotHave) {
  EXPECT_EQ(text_of("tap:t,queues=0"), "'queues' must be a whole number from 1 to 64, not '0'");
  EXPECT_EQ(text_of("nic:a,rss=iner"),
            "'rss' must be outer, inner or off, not 'iner'; did you mean 'inner'?");
  EXPECT_THAT(text_of("tap:t,cpus=2,3"), HasSubstr("key=value after the name, not '3'"));
  EXPECT_THAT(text_of("tap:t,cpus=3-2"), HasSubstr("each once, like 2-5;8, not '3-2'"));
}

TEST(LivePort, SuggestsTheInterfaceThatWasMeant) {
  EXPECT_EQ(find_missing({"af_packet:eth1"}, {"lo", "eth1"}), "");
  EXPECT_EQ(find_missing({"af_packet:lo", "af_xdp:eht1,queues=2"}, {"lo", "eth1"}),
            "there is no interface 'eht1'; did you mean 'eth1'?");
  EXPECT_EQ(find_missing({"nic:wlan7"}, {"lo", "eth1"}), "there is no interface 'wlan7'");
}

TEST(LivePort, MissesNoInterfaceWhereNoneIsMeant) {
  EXPECT_EQ(find_missing({"tap:mirror0", "pci:0000:3b:00.0"}, {"lo"}), "");
}

TEST(LivePort, KnowsTheInterfacesOfThisMachine) { EXPECT_THAT(interface_names(), Contains("lo")); }

}  // namespace
}  // namespace shakedown::cli

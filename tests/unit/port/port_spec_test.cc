// SPDX-License-Identifier: Apache-2.0
#include "port/port_spec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "port/processors.h"

namespace shakedown::port {
namespace {

PortSpec accepted(const std::string& text) {
  const PortSpecResult result = parse_port_spec(text);
  EXPECT_TRUE(result.spec.has_value()) << text << ": " << result.sentence;
  return result.spec.value_or(PortSpec{});
}

void expect_refused(const std::string& text, const std::string& reason) {
  const PortSpecResult result = parse_port_spec(text);
  EXPECT_FALSE(result.spec.has_value()) << text;
  EXPECT_NE(result.sentence.find(reason), std::string::npos) << text << ": " << result.sentence;
}

TEST(PortSpec, OfANameAloneHasTheDefaults) {
  const PortSpec spec = accepted("af_xdp:eth0");
  EXPECT_EQ(spec.name.text(), "af_xdp:eth0");
  EXPECT_FALSE(spec.queues.has_value());
  EXPECT_TRUE(spec.filter);
  EXPECT_TRUE(spec.link.empty());
  EXPECT_FALSE(spec.mtu.has_value());
  EXPECT_EQ(spec.rss, RssLevel::outer);
  EXPECT_FALSE(spec.vlan_strip);
  EXPECT_TRUE(spec.cpus.empty());
}

TEST(PortSpec, TakesEveryKey) {
  const PortSpec spec =
      accepted("nic:ens1f0np0,queues=8,link=east,mtu=9000,rss=inner,vlan_strip=on,cpus=2-4;9");
  EXPECT_EQ(spec.name.driver, PortDriver::nic);
  EXPECT_EQ(spec.queues, 8u);
  EXPECT_EQ(spec.link, "east");
  EXPECT_EQ(spec.mtu, 9000u);
  EXPECT_EQ(spec.rss, RssLevel::inner);
  EXPECT_TRUE(spec.vlan_strip);
  EXPECT_EQ(spec.cpus, (std::vector<unsigned>{2, 3, 4, 9}));
  EXPECT_FALSE(accepted("af_xdp:eth0,filter=off").filter);
  EXPECT_EQ(accepted("tap:sd0,rss=off").rss, RssLevel::off);
}

TEST(PortSpec, WritesAddressesOfCardsAsTheKernelDoes) {
  EXPECT_EQ(accepted("pci:0000:3b:00.0").name.interface, "0000:3b:00.0");
  EXPECT_EQ(accepted("pci:3B:00.1,queues=2").name.interface, "0000:3b:00.1");
  EXPECT_EQ(accepted("pci:10000:e1:00.7").name.interface, "10000:e1:00.7");
  for (const std::string address : {"", "3b:00", "3b:00.8", "0000:3b:00.0.1", "zz:00.0", "eth0",
                                    "123456789:00:00.0", "000:3b:00.0", "0000:3b:00:0"}) {
    expect_refused("pci:" + address, "0000:3b:00.0");
  }
}

TEST(PortSpec, TakesQueuesFromOneToTheMost) {
  EXPECT_EQ(accepted("nic:a,queues=1").queues, 1u);
  EXPECT_EQ(accepted("nic:a,queues=64").queues, 64u);
  EXPECT_EQ(accepted("tap:a,queues=16").queues, 16u);
  expect_refused("nic:a,queues=0", "from 1 to 64");
  expect_refused("nic:a,queues=65", "from 1 to 64");
  expect_refused("tap:a,queues=17", "from 1 to 16");
  expect_refused("af_packet:a,queues=2", "af_packet has one queue");
  EXPECT_EQ(accepted("af_packet:a,queues=1").queues, 1u);
}

TEST(PortSpec, TakesMtusThatPacketsCanHave) {
  EXPECT_EQ(accepted("tap:a,mtu=68").mtu, 68u);
  EXPECT_EQ(accepted("pci:3b:00.0,mtu=65535").mtu, 65'535u);
  expect_refused("tap:a,mtu=67", "from 68 to 65535");
  expect_refused("tap:a,mtu=65536", "from 68 to 65535");
  expect_refused("af_packet:a,mtu=1500", "ip link set a mtu 1500");
}

TEST(PortSpec, TellsTheFilterWhatToDo) {
  const PortSpec plain = accepted("af_xdp:a");
  EXPECT_FALSE(plain.filter_flows);
  EXPECT_EQ(plain.filter_tunnels, Treatment::open);
  EXPECT_EQ(plain.filter_fragments, Treatment::pass);
  const PortSpec told =
      accepted("af_xdp:a,filter_flows=1024,filter_tunnels=drop,filter_fragments=drop");
  EXPECT_EQ(told.filter_flows, 1024u);
  EXPECT_EQ(told.filter_tunnels, Treatment::drop);
  EXPECT_EQ(told.filter_fragments, Treatment::drop);
  EXPECT_EQ(accepted("af_xdp:a,filter_tunnels=pass").filter_tunnels, Treatment::pass);
  EXPECT_EQ(accepted("af_xdp:a,filter_flows=16777216").filter_flows, 16'777'216u);
  expect_refused("af_xdp:a,filter_flows=1023", "from 1024 to 16777216");
  expect_refused("af_xdp:a,filter_flows=16777217", "from 1024 to 16777216");
  expect_refused("af_xdp:a,filter_tunnels=on", "open, pass or drop");
  expect_refused("af_xdp:a,filter_fragments=open", "pass or drop");
}

TEST(PortSpec, RefusesKeysThatTheDriverHasNoUseFor) {
  expect_refused("af_packet:a,filter=on", "filter is for af_xdp");
  expect_refused("tap:a,filter_flows=2000", "filter_flows is for af_xdp");
  expect_refused("nic:a,filter_tunnels=pass", "filter_tunnels is for af_xdp");
  expect_refused("pci:3b:00.0,filter_fragments=drop", "filter_fragments is for af_xdp");
  expect_refused("tap:a,rss=inner", "for nic and pci");
  expect_refused("af_xdp:a,vlan_strip=on", "for nic and pci");
  EXPECT_FALSE(accepted("af_xdp:a,vlan_strip=off").vlan_strip);
}

TEST(PortSpec, SuggestsTheKeyThatWasMeant) {
  expect_refused("af_xdp:a,queue=2", "did you mean queues?");
  expect_refused("af_xdp:a,filters=on", "did you mean filter?");
  expect_refused("nic:a,vlan=on", "did you mean vlan_strip?");
  expect_refused("nic:a,speed=10", "there are queues, filter, filter_flows");
}

TEST(PortSpec, RefusesWhatIsNoSetting) {
  expect_refused("af_xdp:a,", "key=value");
  expect_refused("af_xdp:a,filter", "key=value");
  expect_refused("af_xdp:a,=on", "unknown key");
  expect_refused("af_xdp:a,filter=on,filter=off", "set twice");
  for (const std::string value : {"", "yes", "ON", "on "}) {
    expect_refused("af_xdp:a,filter=" + value, "filter is on or off");
  }
  for (const std::string value : {"", " 2", "+2", "2x", "-1", "4294967297"}) {
    expect_refused("nic:a,queues=" + value, "queues is a number");
  }
}

TEST(PortSpec, TakesNamesOfLinksThatFitTheirField) {
  EXPECT_EQ(accepted("tap:a,link=" + std::string(31, 'x')).link.size(), 31u);
  expect_refused("tap:a,link=" + std::string(32, 'x'), "1 to 31 letters");
  expect_refused("tap:a,link=", "1 to 31 letters");
  expect_refused("tap:a,link=two words", "1 to 31 letters");
}

TEST(PortSpec, PrintsNothingThatATerminalWouldObey) {
  for (const std::string text : {"tap:a,\x1b[2J=1", "tap:a,queues=\x1b[2J", "tap:a,\x1b"}) {
    EXPECT_EQ(parse_port_spec(text).sentence.find('\x1b'), std::string::npos);
  }
}

TEST(Processors, AreRangesAndSingleOnesInTheirOrder) {
  EXPECT_EQ(parse_processors("0", ','), (std::vector<unsigned>{0}));
  EXPECT_EQ(parse_processors("5,2-4,0", ','), (std::vector<unsigned>{5, 2, 3, 4, 0}));
  EXPECT_EQ(parse_processors("7;3-3", ';'), (std::vector<unsigned>{7, 3}));
  EXPECT_EQ(parse_processors("1023", ','), (std::vector<unsigned>{1023}));
}

TEST(Processors, AreNoneInAnythingElse) {
  for (const std::string text : {"", ",", "1,", ",1", "1-", "-1", "3-2", "1,1", "1-3,2", "a", "1 ",
                                 "1024", "0x1", "1;2", "1-2-3"}) {
    EXPECT_FALSE(parse_processors(text, ',').has_value()) << text;
  }
}

}  // namespace
}  // namespace shakedown::port

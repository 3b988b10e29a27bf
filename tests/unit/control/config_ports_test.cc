// SPDX-License-Identifier: Apache-2.0
//
// The section `ports`: devices and their keys, and the words that the data plane gets of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config_reading.h"

namespace shakedown::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> texts_of(const std::string& text) {
  const Configuration configuration = configuration_of(text);
  if (configuration.sensor.name) return {*configuration.sensor.name};
  std::vector<std::string> texts;
  for (const PortSettings& port : configuration.ports) texts.push_back(port.text());
  return texts;
}

/// The problems of one port.
std::vector<std::string> problems_of_port(const std::string& keys) {
  return problems_of("ports: [{" + keys + "}]\n");
}

TEST(ConfigPorts, ReadsEveryDriver) {
  EXPECT_THAT(texts_of("ports:\n"
                       "  - af_packet: eth1\n"
                       "  - { af_xdp: eth2 }\n"
                       "  - nic: enp3s0f1np1\n"
                       "  - pci: 0000:3b:00.0\n"
                       "  - tap: mirror0\n"),
              ElementsAre("af_packet:eth1", "af_xdp:eth2", "nic:enp3s0f1np1", "pci:0000:3b:00.0",
                          "tap:mirror0"));
}

TEST(ConfigPorts, ReadsEveryKey) {
  EXPECT_THAT(
      texts_of(
          "ports:\n"
          "  - { af_xdp: eth1, queues: 4, filter: no, link: core, cpus: [2, 3, 8] }\n"
          "  - { nic: eth2, mtu: 9000, rss: inner, vlan_strip: yes, link: core, cpus: 4-7 }\n"),
      ElementsAre("af_xdp:eth1,queues=4,filter=off,link=core,cpus=2-3;8",
                  "nic:eth2,link=core,mtu=9000,rss=inner,vlan_strip=on,cpus=4-7"));
}

TEST(ConfigPorts, WritesAddressesOfCardsWithTheirDomain) {
  EXPECT_THAT(texts_of("ports: [{pci: 3B:1f.7}]"), ElementsAre("pci:0000:3b:1f.7"));
  EXPECT_THAT(texts_of("ports: [{pci: 10000:e1:00.0}]"), ElementsAre("pci:10000:e1:00.0"));
  for (const char* bad : {"0000:3b:20.0", "0000:3b:00.8", "0000:3b:00", "3b:00:0", "g0:00.0",
                          "000:3b:00.0", "0000:3b:00.00", "''"}) {
    EXPECT_THAT(problems_of_port(std::string("pci: ") + bad),
                ElementsAre(HasSubstr("'pci' must be a PCI address like 0000:3b:00.0, not '")))
        << bad;
  }
}

TEST(ConfigPorts, SuggestsTheOtherWayToNameACard) {
  EXPECT_THAT(problems_of_port("pci: eth1"),
              ElementsAre(HasSubstr("by the name of its interface it is the driver nic")));
  EXPECT_THAT(problems_of_port("nic: 0000:3b:00.0"),
              ElementsAre(HasSubstr("by its PCI address it is the driver pci")));
}

TEST(ConfigPorts, TakesNamesThatInterfacesCanHave) {
  for (const char* good : {"l", "veth-a.100", "fifteen-bytes-x"}) {
    EXPECT_THAT(problems_of_port(std::string("af_packet: ") + good), IsEmpty()) << good;
  }
  for (const char* bad : {"''", ".", "..", "a/b", "a b", "sixteen-bytes-xx", "a:b", "'a,b'"}) {
    EXPECT_THAT(problems_of_port(std::string("tap: ") + bad),
                ElementsAre(HasSubstr("'tap' must be the name of an interface (1 to 15 bytes")))
        << bad;
  }
}

TEST(ConfigPorts, RefusesPortsWithoutADevice) {
  EXPECT_THAT(problems_of("ports:\n  - queues: 2\n"),
              ElementsAre("s.yaml:2:5: a port needs its device: one of the keys af_packet, af_xdp, "
                          "nic, pci and tap"));
  EXPECT_THAT(problems_of("ports:\n  - {}\n"), ElementsAre(HasSubstr("a port needs its device")));
}

TEST(ConfigPorts, SuggestsTheDriverThatWasMeant) {
  EXPECT_THAT(problems_of("ports:\n  - afxdp: eth1\n"),
              ElementsAre("s.yaml:2:5: unknown key 'afxdp'; did you mean 'af_xdp'?"));
}

TEST(ConfigPorts, RefusesPortsWithTwoDevices) {
  EXPECT_THAT(problems_of("ports:\n  - af_packet: eth1\n    af_xdp: eth2\n"),
              ElementsAre("s.yaml:3:13: 'af_xdp' cannot be here: the port has af_packet already, "
                          "and a port is one device"));
}

TEST(ConfigPorts, RefusesTheSameDeviceTwice) {
  EXPECT_THAT(problems_of("ports:\n  - af_packet: eth1\n  - af_xdp: eth1\n"),
              ElementsAre("s.yaml:3:13: the interface eth1 is given twice; each packet would count "
                          "twice"));
  EXPECT_THAT(problems_of("ports: [{pci: 0000:3b:00.0}, {pci: 3B:00.0}]\n"),
              ElementsAre(HasSubstr("the device 0000:3b:00.0 is given twice")));
}

TEST(ConfigPorts, RefusesOtherShapes) {
  EXPECT_THAT(problems_of("ports: eth1\n"),
              ElementsAre("s.yaml:1:8: 'ports' must be a list of ports, not text"));
  EXPECT_THAT(problems_of("ports: {af_packet: eth1}\n"),
              ElementsAre(HasSubstr("'ports' must be a list of ports, not keys with values")));
  EXPECT_THAT(problems_of("ports: [eth1]\n"),
              ElementsAre("s.yaml:1:9: a port must be keys with values, like 'af_packet: eth1', "
                          "not text"));
  EXPECT_THAT(problems_of("ports: []\n"), ElementsAre("s.yaml:1:8: 'ports' has no port"));
}

TEST(ConfigPorts, AreAsManyAsTheSensorCanHave) {
  std::string text = "ports:\n";
  for (unsigned i = 0; i < kPortCountMax; ++i) text += "  - tap: t" + std::to_string(i) + "\n";
  EXPECT_EQ(configuration_of(text).ports.size(), kPortCountMax);
  EXPECT_THAT(problems_of(text + "  - tap: more\n"),
              ElementsAre("s.yaml:66:5: more than 64 ports"));
}

TEST(ConfigPorts, NamesThePlaceOfEachMistake) {
  EXPECT_THAT(problems_of("ports:\n"
                          "  - eth1\n"
                          "  - { af_packet: eth2, filter: on, queue: 2 }\n"
                          "  - { tap: t, mtu: 67, rss: outer }\n"),
              ElementsAre(HasSubstr("s.yaml:2:5: a port must be keys"),
                          "s.yaml:3:32: 'filter' is for af_xdp; af_packet has none",
                          "s.yaml:3:36: unknown key 'queue'; did you mean 'queues'?",
                          "s.yaml:4:20: 'mtu' must be a whole number from 68 to 65535, not '67'",
                          "s.yaml:4:29: 'rss' is for nic and pci; with tap the kernel chooses the "
                          "queue"));
}

TEST(ConfigPorts, TakesNumbersUpToTheirLimitsOnly) {
  for (const char* good : {"af_xdp: a, queues: 64", "tap: a, queues: 16", "af_packet: a, queues: 1",
                           "nic: a, mtu: 68", "nic: a, mtu: 65535"}) {
    EXPECT_THAT(problems_of_port(good), IsEmpty()) << good;
  }
  for (const char* bad : {"af_xdp: a, queues: 65", "af_xdp: a, queues: 0", "tap: a, queues: 17",
                          "af_packet: a, queues: 2", "nic: a, mtu: 67", "nic: a, mtu: 65536"}) {
    EXPECT_EQ(problems_of_port(bad).size(), 1u) << bad;
  }
}

TEST(ConfigPorts, TakesNamesOfLinksThatFit) {
  const std::string longest(kPortLinkSizeMax, 'a');
  EXPECT_THAT(texts_of("ports: [{tap: t, link: " + longest + "}]"),
              ElementsAre("tap:t,link=" + longest));
  for (const std::string& bad : std::vector<std::string>{longest + "a", "''", "a b", "'a,b'"}) {
    EXPECT_THAT(problems_of_port("tap: t, link: " + bad),
                ElementsAre(HasSubstr("'link' must be 1 to 31 of")))
        << bad;
  }
}

TEST(ConfigPorts, TellsTheFilterWhatToDo) {
  EXPECT_THAT(texts_of("ports: [{af_xdp: a, filter_flows: 1024, filter_tunnels: drop, "
                       "filter_fragments: drop}]"),
              ElementsAre("af_xdp:a,filter_flows=1024,filter_tunnels=drop,filter_fragments=drop"));
  EXPECT_THAT(problems_of_port("af_xdp: a, filter_flows: 1023"),
              ElementsAre(HasSubstr("'filter_flows'")));
  EXPECT_THAT(problems_of_port("af_xdp: a, filter_tunnels: maybe"),
              ElementsAre(HasSubstr("open, pass")));
  EXPECT_THAT(problems_of_port("af_xdp: a, filter_fragments: open"),
              ElementsAre(HasSubstr("pass")));
}

TEST(ConfigPorts, RefusesKeysThatTheDriverHasNoUseFor) {
  for (const char* driver : {"af_packet: a", "nic: a", "pci: 3b:00.0", "tap: a"}) {
    EXPECT_THAT(problems_of_port(std::string(driver) + ", filter: off"),
                ElementsAre(HasSubstr("'filter' is for af_xdp")))
        << driver;
    EXPECT_THAT(problems_of_port(std::string(driver) + ", filter_flows: 2048"),
                ElementsAre(HasSubstr("'filter_flows' is for af_xdp")))
        << driver;
  }
  EXPECT_THAT(problems_of_port("af_xdp: a, filter: off, filter_tunnels: pass"),
              ElementsAre(HasSubstr("of a filter that is off")));
  for (const char* driver : {"af_packet: a", "af_xdp: a", "tap: a"}) {
    EXPECT_THAT(problems_of_port(std::string(driver) + ", rss: off"),
                ElementsAre(HasSubstr("'rss' is for nic and pci")))
        << driver;
    EXPECT_THAT(problems_of_port(std::string(driver) + ", vlan_strip: on"),
                ElementsAre(HasSubstr("'vlan_strip' is for nic and pci")))
        << driver;
  }
  EXPECT_THAT(problems_of_port("af_xdp: eth1, mtu: 9000"),
              ElementsAre(HasSubstr("ip link set eth1 mtu 9000")));
  EXPECT_THAT(problems_of_port("pci: 3b:00.0, rss: outer, vlan_strip: on, mtu: 9000"), IsEmpty());
}

TEST(ConfigPorts, RefusesProcessorsThatTheDistributorWouldNotUse) {
  EXPECT_THAT(problems_of("workers: {distribution: distributor}\nports: [{tap: t, cpus: [2]}]\n"),
              ElementsAre(HasSubstr("s.yaml:2:24: a port has processors of its own with "
                                    "'distribution: queues' only")));
}

TEST(ConfigPorts, SharesKeysThroughAliasesOfValues) {
  EXPECT_THAT(texts_of("ports: [{tap: a, queues: &n 4}, {tap: b, queues: *n}]"),
              ElementsAre("tap:a,queues=4", "tap:b,queues=4"));
}

}  // namespace
}  // namespace shakedown::config

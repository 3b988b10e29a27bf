// SPDX-License-Identifier: Apache-2.0
#include "port/port_name.h"

#include <gtest/gtest.h>

#include <string>

namespace shakedown::port {
namespace {

TEST(PortName, NamesDriverAndInterface) {
  const auto packet = parse_port_name("af_packet:eth0");
  ASSERT_EQ(packet.status, PortNameStatus::ok);
  EXPECT_EQ(packet.name, (PortName{PortDriver::af_packet, "eth0"}));
  EXPECT_EQ(packet.name.text(), "af_packet:eth0");
  const auto xdp = parse_port_name("af_xdp:enp3s0f1.100");
  ASSERT_EQ(xdp.status, PortNameStatus::ok);
  EXPECT_EQ(xdp.name, (PortName{PortDriver::af_xdp, "enp3s0f1.100"}));
}

TEST(PortName, TakesNamesUpToTheKernelsLimit) {
  EXPECT_EQ(parse_port_name("af_xdp:a").status, PortNameStatus::ok);
  EXPECT_EQ(parse_port_name("af_xdp:" + std::string(14, 'a')).status, PortNameStatus::ok);
  EXPECT_EQ(parse_port_name("af_xdp:" + std::string(15, 'a')).status, PortNameStatus::ok);
  EXPECT_EQ(parse_port_name("af_xdp:" + std::string(16, 'a')).status,
            PortNameStatus::bad_interface);
  EXPECT_EQ(parse_port_name("af_xdp:").status, PortNameStatus::bad_interface);
}

TEST(PortName, SaysHowToWriteAnInterfaceWithoutDriver) {
  const auto parsed = parse_port_name("eth7");
  EXPECT_EQ(parsed.status, PortNameStatus::no_driver);
  EXPECT_NE(parsed.sentence.find("af_packet:eth7"), std::string::npos) << parsed.sentence;
  EXPECT_EQ(parse_port_name("").status, PortNameStatus::no_driver);
}

TEST(PortName, SuggestsTheDriverThatWasMeant) {
  for (const std::string driver : {"afpacket", "AF_PACKET", "net_af_packet", "packet", "af-pack"}) {
    const auto parsed = parse_port_name(driver + ":eth0");
    EXPECT_EQ(parsed.status, PortNameStatus::unknown_driver) << driver;
    EXPECT_NE(parsed.sentence.find("did you mean af_packet:eth0?"), std::string::npos)
        << parsed.sentence;
  }
  for (const std::string driver : {"xdp", "afxdp", "AF-XDP"}) {
    const auto parsed = parse_port_name(driver + ":eth0");
    EXPECT_NE(parsed.sentence.find("did you mean af_xdp:eth0?"), std::string::npos)
        << parsed.sentence;
  }
}

TEST(PortName, SuggestsNothingForADriverThatIsLikeNone) {
  for (const std::string driver : {"quic", "", "af", "af_"}) {
    const auto parsed = parse_port_name(driver + ":eth0");
    EXPECT_EQ(parsed.status, PortNameStatus::unknown_driver) << driver;
    EXPECT_NE(parsed.sentence.find("there are af_packet, af_xdp, nic, pci and tap"),
              std::string::npos)
        << parsed.sentence;
  }
  EXPECT_NE(parse_port_name("pcap:x").sentence.find("--read"), std::string::npos);
}

TEST(PortName, RefusesWhatWouldMeanSomethingToTheDriver) {
  for (const char letter : std::string(",=[]()\"'\\/: \t\n\x7f")) {
    EXPECT_EQ(parse_port_name(std::string("af_packet:e") + letter).status,
              PortNameStatus::bad_interface)
        << static_cast<int>(letter);
  }
}

TEST(PortName, PrintsNothingThatATerminalWouldObey) {
  for (const std::string text : {"\x1b[2J", "\x1b[2J:eth0", "af_xdp:\x1b[2J", "af_xdp:\x9b"}) {
    const auto parsed = parse_port_name(text);
    EXPECT_EQ(parsed.sentence.find('\x1b'), std::string::npos);
    EXPECT_EQ(parsed.sentence.find('\x9b'), std::string::npos);
  }
}

}  // namespace
}  // namespace shakedown::port

// SPDX-License-Identifier: Apache-2.0
//
// The short cut for common packets says the same as the walk over the layers, for every packet and
// every cut of it.
#include <gtest/gtest.h>

#include "decode_support.h"
#include "deterministic_random.h"
#include "handshake_scripts.h"
#include "packet/decode.h"
#include "packet/decode_common.h"

namespace shakedown::packet {
namespace {

using namespace test_support;

void expect_same(shakedown::Bytes captured) {
  PacketView quick;
  PacketView thorough;
  const DecodeStatus status = decode(LinkType::ethernet, captured, quick);
  ASSERT_EQ(status, decode_by_layers(LinkType::ethernet, captured, thorough));
  if (status != DecodeStatus::tcp) return;
  EXPECT_EQ(quick.payload.data(), thorough.payload.data());
  EXPECT_EQ(quick.payload.size(), thorough.payload.size());
  EXPECT_EQ(quick.payload_missing, thorough.payload_missing);
  EXPECT_EQ(quick.source, thorough.source);
  EXPECT_EQ(quick.destination, thorough.destination);
  EXPECT_EQ(quick.source_port, thorough.source_port);
  EXPECT_EQ(quick.destination_port, thorough.destination_port);
  EXPECT_EQ(quick.family, thorough.family);
  EXPECT_EQ(quick.tcp_flags, thorough.tcp_flags);
  EXPECT_EQ(quick.ttl, thorough.ttl);
  EXPECT_EQ(quick.seq, thorough.seq);
  EXPECT_EQ(quick.ack, thorough.ack);
  EXPECT_EQ(quick.ip_id, thorough.ip_id);
  EXPECT_EQ(quick.window, thorough.window);
  EXPECT_EQ(quick.mss, thorough.mss);
  EXPECT_EQ(quick.option_bytes, thorough.option_bytes);
  EXPECT_EQ(quick.window_scale, thorough.window_scale);
  EXPECT_EQ(quick.vlan_outer, thorough.vlan_outer);
}

class CommonPacket : public testing::TestWithParam<bool> {};

TEST_P(CommonPacket, AgreesWithTheLayersAtEveryCut) {
  const auto options = GetParam() ? TcpConversationOptions::ipv6() : TcpConversationOptions::ipv4();
  for (const TimedFrame& frame : play(tls12_full(), options)) {
    for (std::size_t size = 0; size <= frame.bytes.size(); size += size < 90 ? 1 : 97) {
      expect_same(shakedown::Bytes(frame.bytes).first(size));
    }
  }
}

TEST_P(CommonPacket, AgreesWithTheLayersWhenAnyHeaderByteIsWrong) {
  const auto options = GetParam() ? TcpConversationOptions::ipv6() : TcpConversationOptions::ipv4();
  for (const TimedFrame& frame :
       play(reset_after_client_hello(HandshakeParameters::tls12()), options)) {
    for (std::size_t at = 0; at < std::min<std::size_t>(frame.bytes.size(), 80); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        auto spoiled = frame.bytes;
        spoiled[at] = static_cast<std::uint8_t>(spoiled[at] ^ (1u << bit));
        expect_same(spoiled);
      }
    }
  }
}

TEST_P(CommonPacket, IsTakenForDataSegments) {
  const auto options = GetParam() ? TcpConversationOptions::ipv6() : TcpConversationOptions::ipv4();
  const Frames frames = play(tls12_full(), options);
  PacketView view;
  EXPECT_FALSE(decode_common(frames[0].bytes, view)) << "a SYN has options to read";
  EXPECT_TRUE(decode_common(frames[3].bytes, view));
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, CommonPacket, testing::Bool());

}  // namespace
}  // namespace shakedown::packet

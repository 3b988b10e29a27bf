// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "decode_support.h"
#include "shakedown/limits.h"

namespace shakedown::packet {
namespace {

constexpr std::size_t kTcpOffset = 14 + 20;

Decoded decoded_syn(const ts::Bytes& options, std::uint8_t flags = ts::tcp_flag::syn) {
  return decoded(ts::tcp_frame(kClient, kServer, {.flags = flags, .options = options}));
}

TEST(Tcp, ReadsTheHeader) {
  const Decoded packet = decoded(ts::tcp_frame(
      kClient, kServer,
      {.sequence = 0xfffffff0, .acknowledgment = 0x80000001, .flags = 0xff, .window = 513},
      ts::bytes_of("data")));
  ASSERT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.seq.value, 0xfffffff0u);
  EXPECT_EQ(packet.view.ack.value, 0x80000001u);
  EXPECT_EQ(packet.view.tcp_flags, 0xff);
  EXPECT_EQ(packet.view.window, 513);
  EXPECT_EQ(packet.view.option_bytes, 0);
  EXPECT_EQ(packet.payload(), "data");
}

TEST(Tcp, RefusesAHeaderThatIsCutAndTakesOneWhosePayloadIsCut) {
  const ts::Bytes frame = ts::tcp_frame(
      kClient, kServer, {.options = ts::TcpOptionsBuilder().timestamps(1, 2).nop(2).build()},
      ts::bytes_of("data"));
  const std::size_t payload_offset = kTcpOffset + 32;
  for (std::size_t size = kTcpOffset; size < payload_offset; ++size) {
    EXPECT_EQ(decoded(cut(frame, size)).status, DecodeStatus::tcp_malformed) << size;
  }
  for (std::size_t size = payload_offset; size <= frame.size(); ++size) {
    const Decoded packet = decoded(cut(frame, size));
    EXPECT_EQ(packet.status, DecodeStatus::tcp) << size;
    EXPECT_EQ(packet.view.payload.size(), size - payload_offset);
    EXPECT_EQ(packet.view.payload_length(), 4u);
  }
}

TEST(Tcp, RefusesADataOffsetBelowFiveAndBeyondThePacket) {
  ts::Bytes frame = ts::tcp_frame(kClient, kServer, {}, ts::bytes_of("data"));
  frame[kTcpOffset + 12] = 4 << 4;
  EXPECT_EQ(decoded(frame).status, DecodeStatus::tcp_malformed);
  frame[kTcpOffset + 12] = 6 << 4;
  EXPECT_EQ(decoded(frame).status, DecodeStatus::tcp);
  EXPECT_EQ(decoded(frame).view.payload_length(), 0u);
  frame[kTcpOffset + 12] = 7 << 4;
  EXPECT_EQ(decoded(frame).status, DecodeStatus::tcp_malformed);
}

TEST(Tcp, NeverTakesPaddingForOptions) {
  ts::Bytes frame = ts::tcp_frame(kClient, kServer, {}, {}, {}, {.trailer_size = 6});
  frame[kTcpOffset + 12] = 6 << 4;
  EXPECT_EQ(decoded(frame).status, DecodeStatus::tcp_malformed);
}

TEST(Tcp, ReadsMssAndWindowScaleOfASyn) {
  const Decoded packet = decoded_syn(ts::TcpOptionsBuilder()
                                         .mss(1460)
                                         .sack_permitted()
                                         .timestamps(1, 0)
                                         .nop()
                                         .window_scale(0)
                                         .build());
  ASSERT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.mss, 1460);
  EXPECT_EQ(packet.view.window_scale, 0);
}

TEST(Tcp, ReadsOptionsOfASynAckToo) {
  const Decoded packet = decoded_syn(ts::TcpOptionsBuilder().window_scale(14).mss(8960).build(),
                                     ts::tcp_flag::syn | ts::tcp_flag::ack);
  EXPECT_EQ(packet.view.mss, 8960);
  EXPECT_EQ(packet.view.window_scale, 14);
}

TEST(Tcp, SaysWhichOptionsAreAbsent) {
  const Decoded packet = decoded_syn({});
  EXPECT_EQ(packet.view.mss, 0);
  EXPECT_EQ(packet.view.window_scale, 255);
}

TEST(Tcp, ReadsNoOptionsBehindASyn) {
  const Decoded packet = decoded_syn(ts::TcpOptionsBuilder().mss(1460).build(), ts::tcp_flag::ack);
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.mss, 0);
}

TEST(Tcp, ReadsOptionsThatFillTheWholeArea) {
  const Decoded packet = decoded_syn(ts::TcpOptionsBuilder().nop(36).mss(536).build());
  EXPECT_EQ(packet.view.option_bytes, kTcpOptionBytesMax);
  EXPECT_EQ(packet.view.mss, 536);
}

TEST(Tcp, EndsTheListAtOptionsThatContradictThemselves) {
  const ts::Bytes mss{2, 4, 5, 0xb4};
  for (const ts::Bytes& bad : {ts::Bytes{8, 0, 1, 1}, ts::Bytes{8, 1, 1, 1}, ts::Bytes{8, 99, 1, 1},
                               ts::Bytes{0, 0, 0, 0}}) {
    const Decoded before = decoded_syn(ts::concatenate({mss, bad}));
    EXPECT_EQ(before.status, DecodeStatus::tcp);
    EXPECT_EQ(before.view.mss, 1460);
    const Decoded behind = decoded_syn(ts::concatenate({bad, mss}));
    EXPECT_EQ(behind.status, DecodeStatus::tcp);
    EXPECT_EQ(behind.view.mss, 0);
  }
}

TEST(Tcp, IgnoresKnownOptionsOfTheWrongLength) {
  const Decoded packet = decoded_syn({2, 3, 9, 3, 4, 9, 9, 1});
  EXPECT_EQ(packet.status, DecodeStatus::tcp);
  EXPECT_EQ(packet.view.mss, 0);
  EXPECT_EQ(packet.view.window_scale, 255);
}

TEST(Tcp, GivesEveryStatusItsOwnFate) {
  EXPECT_EQ(fate_of(DecodeStatus::tcp), Counter::fate_untracked);
  for (int i = static_cast<int>(DecodeStatus::link_malformed);
       i <= static_cast<int>(DecodeStatus::tcp_malformed); ++i) {
    const Counter fate = fate_of(static_cast<DecodeStatus>(i));
    EXPECT_TRUE(kCounterDescriptions[static_cast<std::size_t>(fate)].packet_fate);
    EXPECT_NE(fate, Counter::fate_untracked);
  }
}

}  // namespace
}  // namespace shakedown::packet

// SPDX-License-Identifier: Apache-2.0
//
// Copies that the mirror makes, beside repetitions that a host makes.
#include <gtest/gtest.h>

#include "wire.h"

namespace shakedown::path {
namespace {

TEST(Duplicate, KnowsTheSamePacketWithAnotherTtl) {
  Wire wire;
  wire.open().send({.flags = kPush, .length = kHello, .ip_id = 9});
  EXPECT_FALSE(wire.shown);
  wire.after(0.005).send({.flags = kPush, .length = kHello, .ip_id = 9, .ttl = kClientTtl - 1});
  EXPECT_TRUE(wire.shown);
  EXPECT_EQ(wire.trace.duplicate_count, 1);
}

TEST(Duplicate, KnowsEachOfManyCopies) {
  Wire wire;
  wire.open().send({.flags = kPush, .length = kHello, .ip_id = 9});
  for (int copy = 0; copy < 3; ++copy) {
    wire.after(0.005).send({.flags = kPush, .length = kHello, .ip_id = 9});
    EXPECT_TRUE(wire.shown);
  }
  EXPECT_EQ(wire.reset_by_server().duplicate_count, 3);
}

TEST(Duplicate, LeavesARetransmissionWithItsOwnIpIdAlone) {
  Wire wire;
  wire.open().send(Wire::hello()).after(0.005).send(Wire::hello());
  EXPECT_FALSE(wire.shown);
  EXPECT_EQ(wire.trace.duplicate_count, 0);
}

TEST(Duplicate, CountsEveryFieldThatMakesAPacketAnother) {
  const Segment original{.flags = kPush, .seq = 5, .ack = 6, .length = 100, .ip_id = 9};
  const auto is_copy = [&](Segment changed) {
    Wire wire;
    wire.open().send(original).after(0.005).send(changed);
    return wire.shown;
  };
  EXPECT_TRUE(is_copy(original));
  Segment changed = original;
  changed.seq = 6;
  EXPECT_FALSE(is_copy(changed));
  changed = original;
  changed.ack = 7;
  EXPECT_FALSE(is_copy(changed));
  changed = original;
  changed.flags = kAck;
  EXPECT_FALSE(is_copy(changed));
  changed = original;
  changed.length = 101;
  EXPECT_FALSE(is_copy(changed));
  changed = original;
  changed.window = 502;
  EXPECT_FALSE(is_copy(changed));
  changed = original;
  changed.options = 24;
  EXPECT_FALSE(is_copy(changed));
  changed = original;
  changed.ip_id = 10;
  EXPECT_FALSE(is_copy(changed));
}

// Forged under the same numbers, or with more of it captured: there is something new to see.
TEST(Duplicate, NeverSwallowsOtherBytes) {
  Wire wire;
  wire.open().send({.flags = kPush, .length = 100, .ip_id = 9});
  wire.after(0.005).send({.flags = kPush, .length = 100, .ip_id = 9, .fill = 0x17});
  EXPECT_FALSE(wire.shown);

  packet::PacketView cut = wire.view({.flags = kPush, .seq = 100, .length = 100, .ip_id = 10});
  cut.payload = cut.payload.first(60);
  cut.payload_missing = 40;
  EXPECT_FALSE(shown_before(wire.trace, cut, Party::client));
  EXPECT_FALSE(shown_before(wire.trace,
                            wire.view({.flags = kPush, .seq = 100, .length = 100, .ip_id = 10}),
                            Party::client));
}

TEST(Duplicate, IsOfOneSide) {
  Wire wire;
  wire.open();
  packet::PacketView view = wire.view({.flags = kPush, .length = 100, .ip_id = 9});
  EXPECT_FALSE(shown_before(wire.trace, view, Party::client));
  EXPECT_FALSE(shown_before(wire.trace, view, Party::server));
  EXPECT_TRUE(shown_before(wire.trace, view, Party::client));
}

// A switch that mirrors a fast ingress and a slow egress: the whole flight, then all of it again.
TEST(Duplicate, RemembersAWholeFlight) {
  Wire wire;
  wire.open();
  for (int round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < kSeenCount; ++i) {
      wire.after(0.001).send({.from = Party::server,
                              .seq = i * 1448,
                              .length = 1448,
                              .ip_id = static_cast<std::uint16_t>(100 + i)});
      EXPECT_EQ(wire.shown, round == 1) << i;
    }
  }
}

TEST(Duplicate, ForgetsWhatIsOlderThanThat) {
  Wire wire;
  wire.open();
  for (std::uint32_t i = 0; i <= kSeenCount; ++i) {
    wire.after(0.001).send({.from = Party::server,
                            .seq = i * 1448,
                            .length = 1448,
                            .ip_id = static_cast<std::uint16_t>(100 + i)});
  }
  wire.send({.from = Party::server, .seq = 0, .length = 1448, .ip_id = 100});
  EXPECT_FALSE(wire.shown);
}

TEST(Duplicate, WithAnIpIdMayComeATenthOfASecondLater) {
  for (const double millis : {99.8, 100.2}) {
    Wire wire;
    wire.open().send({.flags = kPush, .length = kHello, .ip_id = 9});
    wire.after(millis).send({.flags = kPush, .length = kHello, .ip_id = 9});
    EXPECT_EQ(wire.shown, millis < 100) << millis;
  }
}

TEST(Duplicate, WithoutAnIpIdMustComeWithinTwoMilliseconds) {
  for (const double millis : {1.8, 2.2}) {
    Wire wire;
    wire.ipv6 = true;
    wire.open().send(Wire::hello()).after(millis).send(Wire::hello());
    EXPECT_EQ(wire.shown, millis < 2) << millis;
  }
}

TEST(Duplicate, TreatsIpv4WithoutIpIdsLikeIpv6) {
  Wire wire;
  wire.open().send({.flags = kPush, .length = kHello, .ip_id = 0});
  wire.after(200).send({.flags = kPush, .length = kHello, .ip_id = 0});
  EXPECT_FALSE(wire.shown);
}

// Some stacks put one number on all their packets.
TEST(Duplicate, FindsOutThatIpIdsSayNothing) {
  Wire wire;
  wire.open().send({.flags = kPush, .length = kHello, .ip_id = 54321});
  wire.after(1).send({.seq = kHello, .ack = 100, .ip_id = 54321});
  wire.after(50).send({.seq = kHello, .ack = 100, .ip_id = 54321});
  EXPECT_FALSE(wire.shown);
}

TEST(Duplicate, MayComeBeforeItsTime) {
  Wire wire;
  wire.open().send({.flags = kPush, .length = kHello, .ip_id = 9});
  wire.after(-0.5).send({.flags = kPush, .length = kHello, .ip_id = 9});
  EXPECT_TRUE(wire.shown);
}

// RFC 5681 §4.2: the same acknowledgment again, at once, because a segment came out of order.
TEST(Duplicate, LeavesADuplicateAcknowledgmentAlone) {
  Wire wire;
  wire.ipv6 = true;
  wire.open().send({.seq = kHello, .ack = 0});
  wire.after(0.1).send({.from = Party::server, .seq = 1448, .ack = kHello, .length = 700});
  wire.after(0.1).send({.seq = kHello, .ack = 0});
  EXPECT_FALSE(wire.shown);
}

TEST(Duplicate, KnowsTheCopyOfAnAcknowledgmentThatNothingCameBetween) {
  Wire wire;
  wire.ipv6 = true;
  wire.open().send({.seq = kHello, .ack = 0}).after(0.1).send({.seq = kHello, .ack = 0});
  EXPECT_TRUE(wire.shown);
}

// Copies of both sides take turns.
TEST(Duplicate, KnowsTheCopyOfDataThatWasAnsweredMeanwhile) {
  Wire wire;
  wire.ipv6 = true;
  wire.open().send(Wire::hello()).after(0.1).send(Wire::server_ack());
  wire.after(0.1).send(Wire::hello());
  EXPECT_TRUE(wire.shown);
  wire.after(0.1).send(Wire::server_ack());
  EXPECT_TRUE(wire.shown);
}

// A closed socket answers each segment, and each answer is the same.
TEST(Duplicate, LeavesTheResetForTheNextSegmentAlone) {
  Wire wire;
  wire.open().send(Wire::hello());
  const Segment reset{.from = Party::server, .flags = kRst, .ip_id = 0, .window = 0, .options = 0};
  wire.after(0.1).send(reset).after(0.1).send({.flags = kPush, .seq = kHello, .length = 50});
  wire.after(0.1).send(reset);
  EXPECT_FALSE(wire.shown);
  wire.after(0.1).send(reset);
  EXPECT_TRUE(wire.shown);
}

TEST(Duplicate, OfAnEndingIsNoSecondEnding) {
  Wire wire;
  wire.open_and_hello().at(70);
  wire.send({.from = Party::server, .flags = kRstAck, .ack = kHello, .ip_id = 20'001});
  wire.after(0.01).send({.from = Party::server, .flags = kRstAck, .ack = kHello, .ip_id = 20'001});
  EXPECT_TRUE(wire.shown);
  EXPECT_EQ(wire.reset_by_server().signature, TamperingSignature::psh_rst_ack);
}

}  // namespace
}  // namespace shakedown::path

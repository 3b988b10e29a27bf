// SPDX-License-Identifier: Apache-2.0
//
// Large segments that do not arrive while small ones do, and what merely looks like it.
#include <gtest/gtest.h>

#include "wire.h"

namespace shakedown::path {
namespace {

constexpr std::uint32_t kLarge = 1448;

/// The hello of a browser: a full segment and the rest.
Wire large_hello() {
  Wire wire;
  wire.open().at(40).send({.length = kLarge}).send({.flags = kPush, .seq = kLarge, .length = 300});
  return wire;
}
/// RFC 5681 §4.2, with SACK.
Segment asks_again() { return {.from = Party::server, .options = 24}; }

TEST(LargeSegments, RepeatedAndNeverAcknowledgedAreLostToTheServer) {
  Wire wire = large_hello();
  wire.at(70).send(asks_again());
  wire.at(250).send({.length = kLarge}).at(650).send({.length = kLarge});
  const PathFacts facts = wire.silence_of_server();
  EXPECT_EQ(facts.evidence, evidence::large_segments_lost_to_server);
  EXPECT_EQ(facts.stalled_segment_bytes, kLarge);
  EXPECT_EQ(facts.stalled_segment_count, 3);
  EXPECT_EQ(facts.confidence, PathConfidence::likely);
  EXPECT_EQ(wire.record.outcome.by, Party::path);
}

TEST(LargeSegments, MustBeSentThreeTimes) {
  Wire wire = large_hello();
  wire.at(70).send(asks_again()).at(250).send({.length = kLarge});
  const PathFacts facts = wire.silence_of_server();
  EXPECT_EQ(facts.evidence, 0u);
  EXPECT_EQ(facts.stalled_segment_bytes, 0);
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}

TEST(LargeSegments, ArriveInTheEnd) {
  Wire wire = large_hello();
  wire.at(70).send(asks_again());
  wire.at(250).send({.length = kLarge}).at(650).send({.length = kLarge});
  wire.at(680).send({.from = Party::server, .ack = kLarge + 300});
  EXPECT_EQ(wire.silence_of_server().evidence, 0u);
}

// A filter that drops the hello, or a host that went down: nothing says that it is alive.
TEST(LargeSegments, ToASilentHostMayBeLostForAnyReason) {
  Wire wire;
  wire.open().at(40).send({.flags = kPush, .length = 1400});
  for (const double millis : {240.0, 640.0, 1'440.0}) {
    wire.at(millis).send({.flags = kPush, .length = 1400});
  }
  const PathFacts facts = wire.silence_of_server();
  EXPECT_EQ(facts.evidence, 0u);
  EXPECT_EQ(facts.stalled_segment_bytes, 1400);
  EXPECT_EQ(facts.stalled_segment_count, 4);
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}

// A full backlog: the server repeats its SYN-ACK, because it dropped everything after the SYN.
TEST(LargeSegments, ToAServerThatRepeatsItsSynAckAreNotProvenLost) {
  Wire wire = large_hello();
  for (const double millis : {250.0, 650.0, 1'450.0}) wire.at(millis).send({.length = kLarge});
  wire.at(1'060).send({.from = Party::server, .flags = tcp_flag::syn | tcp_flag::ack, .seq = 0});
  EXPECT_EQ(wire.silence_of_server().evidence, 0u);
}

TEST(LargeSegments, AreAtLeast1200Bytes) {
  for (const std::uint32_t length : {1'199u, 1'200u}) {
    Wire wire;
    wire.open().at(40).send({.length = length}).at(70).send(asks_again());
    wire.at(250).send({.length = length}).at(650).send({.length = length});
    EXPECT_EQ(wire.silence_of_server().evidence != 0, length == 1'200) << length;
  }
}

TEST(LargeSegments, OrFillWhatThePeerTakes) {
  for (const std::uint32_t length : {850u, 851u}) {
    Wire wire;
    wire.record.server_tcp.mss = 1'000;
    wire.open().at(40).send({.length = length}).at(70).send(asks_again());
    wire.at(250).send({.length = length}).at(650).send({.length = length});
    EXPECT_EQ(wire.silence_of_server().evidence != 0, length == 851) << length;
  }
}

TEST(LargeSegments, LostToTheClient) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  wire.send({.from = Party::server, .ack = kHello, .length = kLarge});
  wire.send({.from = Party::server, .flags = kPush, .seq = kLarge, .ack = kHello, .length = 760});
  wire.after(0.1).send({.seq = kHello, .options = 24});
  for (const double millis : {75.0, 280.0, 690.0}) {
    wire.at(millis).send({.from = Party::server, .ack = kHello, .length = kLarge});
  }
  const PathFacts facts = wire.conclude_as(OutcomeKind::silence, Party::client);
  EXPECT_EQ(facts.evidence, evidence::large_segments_lost_to_client);
  EXPECT_EQ(facts.stalled_segment_count, 4);
  EXPECT_EQ(wire.record.outcome.by, Party::path);
}

// The client closed because of it: that it did so is its own doing.
TEST(LargeSegments, LeaveAClosingWithWhoCloses) {
  Wire wire = large_hello();
  wire.at(70).send(asks_again());
  wire.at(250).send({.length = kLarge}).at(650).send({.length = kLarge});
  wire.at(6'000).send({.flags = kFinAck, .seq = kLarge + 300});
  const PathFacts facts = wire.conclude_as(OutcomeKind::closed, Party::client);
  EXPECT_EQ(facts.evidence, evidence::large_segments_lost_to_server);
  EXPECT_EQ(facts.confidence, PathConfidence::none);
  EXPECT_EQ(wire.record.outcome.by, Party::client);
}

// The small beginning of a flight has arrived; what follows was sent once before.
TEST(LargeSegments, BehindASmallOneThatArrived) {
  Wire wire;
  wire.open_and_hello().at(70);
  wire.send({.from = Party::server, .flags = kPush, .ack = kHello, .length = 127});
  wire.send({.from = Party::server, .flags = kPush, .seq = 127, .ack = kHello, .length = kLarge});
  wire.after(0.1).send({.seq = kHello, .ack = 127});
  wire.after(0.1).send({.seq = kHello, .ack = 127});
  for (const double millis : {280.0, 690.0}) {
    wire.at(millis).send({.from = Party::server, .seq = 127, .ack = kHello, .length = kLarge});
  }
  EXPECT_EQ(wire.conclude_as(OutcomeKind::silence, Party::client).evidence,
            evidence::large_segments_lost_to_client);
}

// Both sides' segments crossed; then the client was gone.
TEST(LargeSegments, ThatCrossedDataOfAPeerWhoLeftAreNotProvenLost) {
  Wire wire;
  wire.open_and_hello().at(70);
  wire.send({.from = Party::server, .ack = kHello, .length = kLarge});
  wire.send({.flags = kPush, .seq = kHello, .length = 50});
  for (const double millis : {280.0, 690.0}) {
    wire.at(millis).send({.from = Party::server, .ack = kHello, .length = kLarge});
  }
  EXPECT_EQ(wire.conclude_as(OutcomeKind::silence, Party::client).evidence, 0u);
}

// --- a sensor behind the hole

Wire behind_the_hole() {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  wire.send({.from = Party::server, .flags = kPush, .seq = kLarge, .ack = kHello, .length = 760});
  wire.after(0.1).send({.seq = kHello, .options = 24});
  return wire;
}

TEST(LargeSegments, ThatWereNeverMirroredAreAskedForAllTheTime) {
  for (const double millis : {1'069.0, 1'070.0}) {
    Wire wire = behind_the_hole();
    wire.at(millis).send({.seq = kHello, .options = 24});
    const PathFacts facts = wire.silence_of_server();
    EXPECT_EQ(facts.evidence == evidence::large_segments_lost_to_client, millis >= 1'070);
    EXPECT_EQ(facts.stalled_segment_bytes, millis >= 1'070 ? kLarge : 0);
    EXPECT_EQ(facts.stalled_segment_count, 0);
  }
}

TEST(LargeSegments, ThatTheMirrorLostAreAcknowledged) {
  Wire wire = behind_the_hole();
  wire.at(300).send({.seq = kHello, .ack = kLarge + 760});
  wire.at(2'000).send({.flags = kPush, .seq = kHello, .ack = kLarge + 760, .length = 80});
  EXPECT_EQ(wire.silence_of_server().evidence, 0u);
}

TEST(LargeSegments, ThatCameLateAreWatchedFromThenOn) {
  Wire wire = behind_the_hole();
  wire.at(71).send({.from = Party::server, .ack = kHello, .length = kLarge});
  wire.at(1'500).send({.seq = kHello, .options = 24});
  EXPECT_EQ(wire.silence_of_server().evidence, 0u);
  EXPECT_EQ(wire.trace.sides[1].stalled_count, 1);
}

TEST(LargeSegments, ASmallHoleIsNone) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  wire.send({.from = Party::server, .flags = kPush, .seq = 500, .ack = kHello, .length = 760});
  wire.at(3'000).send({.seq = kHello, .options = 24});
  EXPECT_EQ(wire.silence_of_server().evidence, 0u);
}

TEST(LargeSegments, SentTwiceAreWatchedInSpiteOfAHole) {
  Wire wire = large_hello();
  wire.at(70).send(asks_again()).at(250).send({.length = kLarge});
  wire.at(260).send({.flags = kPush, .seq = 5'000, .length = 100});
  wire.at(650).send({.length = kLarge});
  EXPECT_EQ(wire.silence_of_server().evidence, evidence::large_segments_lost_to_server);
}

TEST(LargeSegments, InFrontOfAHoleAreWatchedOnceRepeated) {
  Wire wire = large_hello();
  wire.at(41).send({.flags = kPush, .seq = 5'000, .length = 100}).at(70).send(asks_again());
  wire.at(250).send({.length = kLarge}).at(280).send(asks_again());
  wire.at(650).send({.length = kLarge});
  const PathFacts facts = wire.silence_of_server();
  EXPECT_EQ(facts.evidence, evidence::large_segments_lost_to_server);
  EXPECT_EQ(facts.stalled_segment_count, 3);
}

// --- with ICMP

TEST(LargeSegments, ThatIcmpCallsTooBigAreCertainlyLost) {
  Wire wire = large_hello();
  packet::PacketView error = wire.view({.length = kLarge});
  error.icmp = IcmpError::packet_too_big;
  error.icmp_type = 3;
  error.icmp_code = 4;
  error.icmp_mtu = 1'400;
  error.icmp_sender.bytes = {203, 0, 113, 1};
  observe_icmp(wire.trace, error, Party::client);
  wire.at(250).send({.length = kLarge}).at(650).send({.length = kLarge});
  const PathFacts facts = wire.silence_of_server();
  EXPECT_EQ(facts.evidence, evidence::large_segments_lost_to_server | evidence::icmp_error);
  EXPECT_EQ(facts.confidence, PathConfidence::certain);
  EXPECT_EQ(facts.icmp_mtu, 1'400);
}

}  // namespace
}  // namespace shakedown::path

// SPDX-License-Identifier: Apache-2.0
//
// Each kind of evidence that a reset or FIN bears itself, and beside it what a genuine host does that
// looks alike.
#include <gtest/gtest.h>

#include "resets.h"

namespace shakedown::path {
namespace {

// --- too early

Segment forged_reset() {
  return {.from = Party::server,
          .flags = kRstAck,
          .ack = kHello,
          .ip_id = 0,
          .window = 0,
          .options = 0};
}
/// With everything as the server would have it, but for what a test says.
Segment careful_reset() { return active_reset(); }

TEST(EarlyReset, WithoutTheServersOptionsIsLikelyThePath) {
  Wire wire;
  wire.open_and_hello().after(0.2).send(forged_reset());
  expect_forged(wire, evidence::reset_too_early | evidence::options_differ, PathConfidence::likely);
  EXPECT_EQ(wire.record.path.round_trip_micros, 30'000u);
  EXPECT_EQ(wire.record.path.ending_delay_micros, 200u);
}

// The SYN-ACK had to wait for ARP, say, and this server does not acknowledge before it resets.
TEST(EarlyReset, AloneIsOnlyPossibleAfterOneMeasurement) {
  Wire wire;
  wire.open_and_hello().after(0.2).send(careful_reset());
  expect_genuine(wire, PathConfidence::possible);
  EXPECT_EQ(wire.record.path.evidence, evidence::reset_too_early);
}

TEST(EarlyReset, AloneIsLikelyAfterTwoMeasurements) {
  Wire wire;
  wire.open_and_hello().server_flight().at(80);
  wire.send({.flags = kPush, .seq = kHello, .ack = 2148, .length = 80});
  wire.after(0.2).send({.from = Party::server, .flags = kRstAck, .seq = 2148, .ack = kHello + 80});
  expect_forged(wire, evidence::reset_too_early, PathConfidence::likely);
}

TEST(EarlyReset, MeansAThirdOfTheRoundTrip) {
  for (const double millis : {10.0, 10.001}) {
    Wire wire;
    wire.open_and_hello().after(millis).send(careful_reset());
    EXPECT_EQ(wire.reset_by_server().evidence != 0, millis <= 10) << millis;
  }
}

// Live stamps are as coarse as a millisecond, and a burst may share one.
TEST(EarlyReset, MeansAtLeastTwoMilliseconds) {
  for (const double round_trip : {1.999, 2.0}) {
    Wire wire;
    wire.open(round_trip).after(1).send(Wire::hello()).send(forged_reset());
    const bool early = (wire.reset_by_server().evidence & evidence::reset_too_early) != 0;
    EXPECT_EQ(early, round_trip >= 2) << round_trip;
  }
}

TEST(EarlyReset, IsNoneOnceTheServerAcknowledgedTheHello) {
  Wire wire;
  wire.open(500).after(5).send(Wire::hello()).after(0.2).send(Wire::server_ack());
  wire.after(0.1).send(active_reset());
  expect_genuine(wire);
  EXPECT_EQ(wire.record.path.evidence, 0u);
}

TEST(EarlyReset, IsNoneWhereTheSynWasRepeated) {
  Wire wire;
  wire.open(1030, true).after(5).send(Wire::hello()).after(0.2).send(careful_reset());
  expect_genuine(wire);
}

// RFC 6298 §3: nobody knows which of the two was answered.
TEST(EarlyReset, IsNotMeasuredByRepeatedData) {
  Wire wire;
  wire.open_and_hello().at(240).send(Wire::hello()).at(270).send(Wire::server_ack());
  EXPECT_FALSE(wire.trace.sides[1].has(SideTrace::data_timed));
}

// The mirror turned the order around: it acknowledges what was not there yet.
TEST(EarlyReset, IsNoneForBytesThatWereNotSeen) {
  Wire wire;
  wire.open().at(40).send({.flags = kAck, .length = 400}).after(0.1).send(active_reset());
  EXPECT_EQ(wire.reset_by_server().evidence, 0u);
}

TEST(EarlyReset, MissingPacketsMakeItPossibleAtMost) {
  Wire wire;
  wire.open_and_hello().after(0.2).send(forged_reset());
  wire.record.flags |= HandshakeRecord::capture_gap;
  expect_genuine(wire, PathConfidence::possible);
}

// Without ACK it tells by its number which segment it answers, or one before.
TEST(EarlyReset, WithoutAckIsMeasuredFromTheSynAck) {
  for (const double millis : {40.0, 40.1}) {
    Wire wire;
    wire.open().at(35).send(Wire::hello()).at(millis).send(reset_of_closed_socket());
    EXPECT_EQ(wire.reset_by_server().evidence != 0, millis <= 40) << millis;
    EXPECT_EQ(wire.record.outcome.by, Party::server);
  }
}

// --- TTL

TEST(TtlOfReset, DiffersFromTheServersPackets) {
  for (const int distance : {-3, -2, -1, 0, 1, 2, 3}) {
    Wire wire;
    wire.open_and_hello().at(70).send(Wire::server_ack()).after(0.1);
    Segment reset = active_reset();
    reset.ttl = static_cast<std::uint8_t>(kServerTtl + distance);
    wire.send(reset);
    if (distance * distance >= 4) {
      expect_forged(wire, evidence::ttl_differs, PathConfidence::likely);
    } else {
      expect_genuine(wire);
    }
  }
}

TEST(TtlOfReset, NeedsAWiderDistanceFromASynAckAlone) {
  for (const int distance : {2, 3}) {
    Wire wire;
    wire.open_and_hello().at(70);
    Segment reset = active_reset();
    reset.ttl = static_cast<std::uint8_t>(kServerTtl + distance);
    wire.send(reset);
    if (distance == 3) {
      expect_forged(wire, evidence::ttl_differs, PathConfidence::likely);
    } else {
      expect_genuine(wire, PathConfidence::possible);
    }
  }
}

// A load balancer answers SYNs for its servers, and resets for them too.
TEST(TtlOfReset, MayBeThatOfTheSynAckOrThatOfTheServer) {
  for (const std::uint8_t ttl : {kServerTtl, std::uint8_t{60}}) {
    Wire wire;
    wire.open_and_hello().at(70);
    Segment answer = Wire::server_ack();
    answer.ttl = 60;
    wire.send(answer).after(0.1);
    Segment reset = active_reset();
    reset.ttl = ttl;
    wire.send(reset);
    expect_genuine(wire);
  }
}

TEST(TtlOfReset, SaysLittleWhereTtlsVary) {
  Wire wire;
  wire.open_and_hello().at(70);
  for (const std::uint8_t ttl : {std::uint8_t{52}, std::uint8_t{57}}) {
    Segment answer = Wire::server_ack();
    answer.ttl = ttl;
    wire.send(answer);
  }
  Segment reset = active_reset();
  reset.ttl = 64;
  wire.send(reset);
  expect_genuine(wire, PathConfidence::possible);
}

TEST(TtlOfReset, IsNotComparedWithNothing) {
  Wire wire;
  wire.at(40).send(Wire::hello()).after(30);
  Segment reset = active_reset();
  reset.ttl = 200;
  wire.send(reset);
  expect_genuine(wire);
}

// Copies from the other side of two routers say what TTLs this side has there.
TEST(TtlOfReset, MayBeThatOfACopy) {
  Wire wire;
  wire.open_and_hello().at(70);
  Segment answer = Wire::server_ack();
  answer.ip_id = 20'000;
  wire.send(answer);
  answer.ttl = kServerTtl - 2;
  wire.send(answer);
  EXPECT_TRUE(wire.shown);
  Segment reset = active_reset();
  reset.ttl = kServerTtl - 2;
  wire.send(reset);
  expect_genuine(wire);
}

TEST(TtlOfReset, IsExcusedByItsOwnCopy) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  Segment reset = active_reset();
  reset.ip_id = 20'001;
  reset.ttl = kServerTtl - 2;
  wire.send(reset);
  reset.ttl = kServerTtl;
  wire.send(reset);
  expect_genuine(wire);
}

TEST(TtlOfReset, AndItsTimeAreTwoWitnesses) {
  Wire wire;
  wire.open_and_hello().after(0.2);
  Segment reset = forged_reset();
  reset.ttl = 37;
  wire.send(reset);
  expect_forged(wire, evidence::ttl_differs | evidence::reset_too_early, PathConfidence::certain);
}

// --- IPID, window, options: where a stack makes its resets in another place, all differ

Wire answered_thrice() {
  Wire wire;
  wire.open_and_hello().at(70);
  for (std::uint32_t i = 0; i < 3; ++i) {
    wire.send({.from = Party::server, .seq = i * 100, .ack = kHello, .length = 100});
  }
  return wire;
}

TEST(LooksOfReset, AreOnlyPossibleEvidence) {
  Wire wire = answered_thrice();
  wire.send({.from = Party::server,
             .flags = kRstAck,
             .seq = 300,
             .ack = kHello,
             .ip_id = 1'234,
             .window = 2'048,
             .options = 0});
  expect_genuine(wire, PathConfidence::possible);
  EXPECT_EQ(wire.record.path.evidence,
            evidence::ip_id_differs | evidence::window_differs | evidence::options_differ);
  EXPECT_EQ(wire.record.path.confidence, PathConfidence::possible);
}

TEST(LooksOfReset, IpIdMayBeAThousandAway) {
  for (const int distance : {1'000, 1'001}) {
    Wire wire = answered_thrice();
    wire.send({.from = Party::server,
               .flags = kRstAck,
               .seq = 300,
               .ack = kHello,
               .ip_id = static_cast<std::uint16_t>(20'002 + distance)});
    EXPECT_EQ((wire.reset_by_server().evidence & evidence::ip_id_differs) != 0, distance > 1'000);
  }
}

TEST(LooksOfReset, IpIdOfZeroOrOfAHostThatDoesNotCountSaysNothing) {
  Wire zero = answered_thrice();
  zero.send({.from = Party::server, .flags = kRstAck, .seq = 300, .ack = kHello, .ip_id = 0});
  EXPECT_EQ(zero.reset_by_server().evidence, 0u);

  Wire random;
  random.open_and_hello().at(70);
  for (const int ip_id : {500, 40'000, 12'000, 12'001}) {
    random.send({.from = Party::server, .ack = kHello, .ip_id = static_cast<std::uint16_t>(ip_id)});
  }
  random.send({.from = Party::server, .flags = kRstAck, .ack = kHello, .ip_id = 60'000});
  EXPECT_EQ(random.reset_by_server().evidence, 0u);
}

TEST(LooksOfReset, WindowMayBeHalfOrTwice) {
  for (const int window : {249, 250, 1'000, 1'001, 0}) {
    Wire wire;
    wire.open_and_hello().at(70).send({.from = Party::server, .ack = kHello, .window = 500});
    wire.send({.from = Party::server,
               .flags = kRstAck,
               .ack = kHello,
               .window = static_cast<std::uint16_t>(window)});
    const bool differs = window == 249 || window == 1'001;
    EXPECT_EQ((wire.reset_by_server().evidence & evidence::window_differs) != 0, differs) << window;
  }
}

// Reordered by the mirror, and with a packet of no socket between (RFC 6864 §4.1).
TEST(LooksOfReset, IpIdIsCountedPastDisorder) {
  for (const int last : {20'006, 30'000}) {
    Wire wire;
    wire.open_and_hello().at(70);
    for (const int ip_id : {20'001, 20'002, 20'004, 20'003, 0, 20'005}) {
      wire.send({.from = Party::server,
                 .ack = kHello,
                 .length = 10,
                 .ip_id = static_cast<std::uint16_t>(ip_id)});
    }
    EXPECT_GE(wire.trace.sides[1].id_steps, 3);
    wire.send({.from = Party::server,
               .flags = kRstAck,
               .ack = kHello,
               .ip_id = static_cast<std::uint16_t>(last)});
    EXPECT_EQ((wire.reset_by_server().evidence & evidence::ip_id_differs) != 0, last == 30'000);
  }
}

TEST(LooksOfReset, HasNoOptionsWithoutAck) {
  Wire wire = answered_thrice();
  wire.after(5).send(reset_of_closed_socket());
  EXPECT_EQ(wire.reset_by_server().evidence, 0u);
}

TEST(LooksOfReset, HasNoOptionsWhereNobodyUsesTimestamps) {
  Wire wire;
  wire.open().at(40).send({.flags = kPush, .length = kHello, .options = 0});
  wire.at(70).send({.from = Party::server, .ack = kHello, .options = 0});
  wire.send({.from = Party::server, .flags = kRstAck, .ack = kHello, .options = 0});
  EXPECT_EQ(wire.reset_by_server().evidence, 0u);
}

// --- payload

TEST(PayloadInReset, IsLikelyThePath) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  Segment reset = active_reset();
  reset.length = 10;
  wire.send(reset);
  expect_forged(wire, evidence::payload_in_reset, PathConfidence::likely);
}

}  // namespace
}  // namespace shakedown::path

// SPDX-License-Identifier: Apache-2.0
//
// What comes after a reset or FIN: bytes that its sender would not send, and more resets.
#include <gtest/gtest.h>

#include "resets.h"

namespace shakedown::path {
namespace {

// --- life after the end

TEST(DataAfterReset, BehindItsNumberIsCertain) {
  Wire wire;
  wire.open_and_hello().at(70).send(active_reset());
  wire.after(0.1).send({.from = Party::server, .ack = kHello, .length = 1448});
  expect_forged(wire, evidence::data_after_reset, PathConfidence::certain);
}

// Segments that were sent before it, shown after it by a mirror that mixes them up.
TEST(DataAfterReset, BelowItsNumberIsNone) {
  Wire wire;
  wire.open_and_hello().at(70);
  wire.send({.from = Party::server, .ack = kHello, .length = 1448});
  wire.send({.from = Party::server, .flags = kRstAck, .seq = 2148, .ack = kHello});
  wire.send({.from = Party::server, .seq = 1448, .ack = kHello, .length = 700});
  wire.after(200).send({.from = Party::server, .ack = kHello, .length = 1448});
  expect_genuine(wire);
}

TEST(DataAfterReset, OneByteBehindItsNumberIsEnough) {
  Wire wire;
  wire.open_and_hello().at(70);
  wire.send({.from = Party::server, .flags = kRstAck, .seq = 1447, .ack = kHello});
  wire.send({.from = Party::server, .ack = kHello, .length = 1448});
  expect_forged(wire, evidence::data_after_reset, PathConfidence::certain);
}

// Its number is the one that the client asked for; the server had sent more by then.
TEST(DataAfterReset, OfAClosedSocketMayBeReordered) {
  Wire wire;
  wire.open_and_hello().at(70).send({.from = Party::server, .ack = kHello, .length = 1448});
  wire.send(reset_of_closed_socket(1448));
  wire.after(0.5).send({.from = Party::server, .seq = 1448, .ack = kHello, .length = 700});
  expect_genuine(wire);
}

// `reject with tcp reset` on the server's host for one packet, of which the server never hears.
TEST(DataAfterReset, LongAfterOneWithoutAckIsOnlyPossible) {
  for (const double millis : {1.999, 2.0}) {
    Wire wire;
    wire.open_and_hello().at(70).send(Wire::server_ack()).send(reset_of_closed_socket());
    wire.after(millis).send({.from = Party::server, .ack = kHello, .length = 1448});
    EXPECT_EQ(wire.reset_by_server().confidence,
              millis < 2 ? PathConfidence::none : PathConfidence::possible);
    EXPECT_EQ(wire.record.outcome.by, Party::server);
  }
}

TEST(DataAfterReset, LongAfterOneWithoutAckMakesALikelyForgeryCertain) {
  for (const bool goes_on : {false, true}) {
    Wire wire;
    wire.open_and_hello().at(70).send(Wire::server_ack());
    Segment forged = reset_of_closed_socket();
    forged.ttl = 30;
    wire.send(forged);
    if (goes_on) wire.after(5).send({.from = Party::server, .ack = kHello, .length = 1448});
    EXPECT_EQ(wire.reset_by_server().confidence,
              goes_on ? PathConfidence::certain : PathConfidence::likely);
  }
}

// The next connection between the same ports, whose SYN was lost, has numbers of its own.
TEST(DataAfterReset, ThatWasSeenBeforeIsNone) {
  Wire wire;
  wire.open_and_hello().server_flight();
  wire.send({.from = Party::server, .flags = kRstAck, .seq = 1448, .ack = kHello});
  wire.after(200).send({.from = Party::server, .seq = 1448, .ack = kHello, .length = 700});
  expect_genuine(wire);
}

// It answers one segment with the number asked for, then closes with its own.
TEST(DataAfterReset, IsHeldAgainstTheOneWithAck) {
  Wire wire;
  wire.open_and_hello().at(70).send({.from = Party::server, .ack = kHello, .length = 1448});
  wire.send(reset_of_closed_socket(1448));
  wire.send({.from = Party::server, .flags = kRstAck, .seq = 2148, .ack = kHello});
  wire.after(0.5).send({.from = Party::server, .seq = 1448, .ack = kHello, .length = 700});
  EXPECT_EQ(wire.reset_by_server().evidence & evidence::data_after_reset, 0u);
}

TEST(DataAfterReset, FarAwayIsAnotherConnection) {
  Wire wire;
  wire.open_and_hello().at(70).send(active_reset());
  wire.after(5'000).send({.from = Party::server, .seq = 300'000, .ack = 70'000, .length = 1448});
  expect_genuine(wire);
}

TEST(DataAfterReset, OfTheOtherSideIsNone) {
  Wire wire;
  wire.open_and_hello().at(70).send(active_reset());
  wire.after(0.1).send({.flags = kPush, .seq = kHello, .length = 100});
  expect_genuine(wire);
}

TEST(DataAfterFin, BehindItIsCertain) {
  Wire wire;
  wire.open_and_hello().at(70);
  wire.send({.from = Party::server, .flags = kFinAck, .ack = kHello});
  wire.after(5).send({.from = Party::server, .ack = kHello, .length = 1448});
  const PathFacts facts = wire.conclude_as(OutcomeKind::closed, Party::server);
  EXPECT_EQ(facts.evidence, evidence::data_after_fin);
  EXPECT_EQ(facts.confidence, PathConfidence::certain);
  EXPECT_EQ(wire.record.outcome.by, Party::path);
}

// A forgery that is late, or a small stack that forgot to count its last segment.
TEST(DataAfterFin, InFrontOfOldDataIsOnlyPossible) {
  Wire wire;
  wire.open_and_hello().at(70);
  wire.send({.from = Party::server, .ack = kHello, .length = 1448});
  wire.send({.from = Party::server, .flags = kFinAck, .seq = 100, .ack = kHello});
  const PathFacts facts = wire.conclude_as(OutcomeKind::closed, Party::server);
  EXPECT_EQ(facts.evidence, evidence::data_after_fin);
  EXPECT_EQ(facts.confidence, PathConfidence::possible);
}

TEST(DataAfterFin, ReorderedRepeatedOrKeptAliveIsNone) {
  Wire wire;
  wire.open_and_hello().at(70);
  wire.send({.from = Party::server, .flags = kFinAck, .seq = 1448, .ack = kHello});
  wire.send({.from = Party::server, .ack = kHello, .length = 1448});
  wire.after(200).send({.from = Party::server, .flags = kFinAck, .ack = kHello, .length = 1448});
  wire.after(200).send({.from = Party::server, .seq = 1448, .ack = kHello, .length = 1});
  wire.after(1).send({.from = Party::server, .seq = 1449, .ack = kHello});
  EXPECT_EQ(wire.conclude_as(OutcomeKind::closed, Party::server).evidence, 0u);
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}

// --- several resets

TEST(Resets, ThatStepAheadAreGuesses) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  for (const std::uint32_t step : {0u, 1460u, 4380u}) {
    wire.send({.from = Party::server, .flags = kRstAck, .seq = step, .ack = kHello});
  }
  expect_forged(wire, evidence::resets_disagree, PathConfidence::likely);
}

TEST(Resets, MustStepAheadByMoreThanAFin) {
  for (const std::uint32_t step : {1u, 2u}) {
    Wire wire;
    wire.open_and_hello().at(70).send(Wire::server_ack());
    wire.send(reset_of_closed_socket(0)).send(reset_of_closed_socket(step));
    EXPECT_EQ(wire.reset_by_server().evidence != 0, step == 2) << step;
  }
}

TEST(Resets, MayBeAheadByAFinThatWasNotSeen) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  wire.send(reset_of_closed_socket(0)).send(reset_of_closed_socket(1));
  expect_genuine(wire);
}

TEST(Resets, BehindAFinThatWasNotSeenAreAnswers) {
  Wire wire;
  wire.open_and_hello().server_flight();
  wire.send(reset_of_closed_socket(1448)).send(reset_of_closed_socket(2149));
  expect_genuine(wire);
}

TEST(Resets, AheadOfBytesThatMayBeMissingAreOnlyPossible) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  wire.send(reset_of_closed_socket(0)).send(reset_of_closed_socket(1448));
  wire.record.flags |= HandshakeRecord::client_ack_beyond;
  expect_genuine(wire, PathConfidence::possible);
}

TEST(Resets, ThatAcknowledgeWhatWasNeverSentDisagree) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack()).send(active_reset());
  wire.send({.from = Party::server, .flags = kRstAck, .ack = kHello + 1460});
  expect_forged(wire, evidence::resets_disagree, PathConfidence::likely);
}

TEST(Resets, ThatAcknowledgeLessThanBeforeDisagree) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack()).send(active_reset());
  wire.send({.from = Party::server, .flags = kRstAck, .ack = 0});
  expect_forged(wire, evidence::resets_disagree, PathConfidence::likely);
}

// lwIP answers each segment of a client like this.
TEST(Resets, ThatAcknowledgeOneSegmentAfterTheOtherAreOnlyPossible) {
  Wire wire;
  wire.open_and_hello().send({.flags = kPush, .seq = kHello, .length = 80});
  wire.at(70).send(active_reset());
  wire.send({.from = Party::server, .flags = kRstAck, .ack = kHello + 80});
  expect_genuine(wire, PathConfidence::possible);
  EXPECT_EQ(wire.record.path.evidence, evidence::resets_disagree);
}

TEST(Resets, OfBothSidesThatDoNotAnswerEachOtherArePossible) {
  Wire wire;
  wire.open_and_hello().at(70).send(active_reset());
  wire.send({.flags = kRstAck, .seq = kHello});
  expect_genuine(wire, PathConfidence::possible);
  EXPECT_EQ(wire.record.path.evidence, evidence::both_sides_reset);
}

// The client is gone already, and answers the flight that was under way.
TEST(Resets, OfAClosedClientThatWasStillSentDataAreNone) {
  Wire wire;
  wire.open_and_hello().at(70).send({.from = Party::server, .ack = kHello, .length = 1448});
  wire.send({.from = Party::server, .flags = kRstAck, .seq = 1448, .ack = kHello});
  wire.after(0.3).send({.flags = kRst, .seq = kHello, .ip_id = 0, .window = 0, .options = 0});
  expect_genuine(wire);
}

TEST(Resets, OfTheOtherSideSayNothingAboutTheOneThatDecided) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  wire.send({.flags = kRstAck, .seq = kHello});
  Segment reset = reset_of_closed_socket();
  reset.ttl = 200;
  wire.send(reset);
  wire.conclude_as(OutcomeKind::reset, Party::client);
  EXPECT_EQ(wire.record.outcome.by, Party::client);
}

}  // namespace
}  // namespace shakedown::path

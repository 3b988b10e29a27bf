// SPDX-License-Identifier: Apache-2.0
//
// What the trace makes of an outcome: ICMP, the facts of the record, and the outcomes that are not
// the path's to take.
#include <gtest/gtest.h>

#include "packet/decode.h"
#include "tcp_conversation.h"
#include "wire.h"

namespace shakedown::path {
namespace {

constexpr IpAddress kRouter{{203, 0, 113, 1}};

void icmp(Wire& wire, IcmpError error, const IpAddress& sender, Party about = Party::client) {
  packet::PacketView view = wire.view({.flags = kPush, .length = kHello});
  view.icmp = error;
  view.icmp_type = 3;
  view.icmp_code = 13;
  view.icmp_sender = sender;
  observe_icmp(wire.trace, view, about);
}

TEST(IcmpEvidence, OfSomebodyElseExplainsASilence) {
  for (const IcmpError error :
       {IcmpError::network_unreachable, IcmpError::host_unreachable, IcmpError::port_unreachable,
        IcmpError::prohibited, IcmpError::time_exceeded}) {
    Wire wire;
    wire.open_and_hello();
    icmp(wire, error, kRouter);
    const PathFacts facts = wire.silence_of_server();
    EXPECT_EQ(facts.evidence, evidence::icmp_error);
    EXPECT_EQ(facts.confidence, PathConfidence::likely);
    EXPECT_EQ(facts.icmp, error);
    EXPECT_EQ(facts.icmp_type, 3);
    EXPECT_EQ(facts.icmp_code, 13);
    EXPECT_EQ(facts.icmp_count, 1);
    EXPECT_EQ(wire.record.icmp_sender, kRouter);
    EXPECT_EQ(wire.record.outcome.by, Party::path);
  }
}

TEST(IcmpEvidence, OfTheServerIsItsOwnAnswer) {
  Wire wire;
  wire.open_and_hello();
  icmp(wire, IcmpError::prohibited, wire.record.server_address);
  EXPECT_EQ(wire.silence_of_server().confidence, PathConfidence::possible);
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}

TEST(IcmpEvidence, ExplainsAnUnansweredSyn) {
  Wire wire;
  icmp(wire, IcmpError::host_unreachable, kRouter);
  wire.conclude_as(OutcomeKind::unanswered, Party::server);
  EXPECT_EQ(wire.record.outcome.by, Party::path);
}

TEST(IcmpEvidence, AboutTheOtherDirectionDoesNot) {
  Wire wire;
  wire.open_and_hello();
  icmp(wire, IcmpError::host_unreachable, kRouter, Party::server);
  wire.silence_of_server();
  EXPECT_EQ(wire.record.outcome.by, Party::server);
  wire.conclude_as(OutcomeKind::silence, Party::client);
  EXPECT_EQ(wire.record.outcome.by, Party::path);
}

// RFC 1191: it is how a sender learns the MTU, and it learned it.
TEST(IcmpEvidence, OfPacketsTooBigAloneDoesNot) {
  Wire wire;
  wire.open_and_hello();
  icmp(wire, IcmpError::packet_too_big, kRouter);
  wire.silence_of_server();
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}

TEST(IcmpEvidence, ThatThePathRecoveredFromDoesNot) {
  Wire wire;
  wire.open_and_hello();
  icmp(wire, IcmpError::host_unreachable, kRouter);
  wire.at(300).send(Wire::hello()).at(330).send(Wire::server_ack());
  EXPECT_EQ(wire.silence_of_server().confidence, PathConfidence::possible);
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}

TEST(IcmpEvidence, IsCountedOncePerQuotedPacket) {
  Wire wire;
  wire.open_and_hello();
  packet::PacketView view = wire.view({.flags = kPush, .length = kHello});
  view.icmp = IcmpError::prohibited;
  observe_icmp(wire.trace, view, Party::client);
  observe_icmp(wire.trace, view, Party::client);
  EXPECT_EQ(wire.trace.icmp.icmp_count, 1);
  ++view.ip_id;
  observe_icmp(wire.trace, view, Party::client);
  EXPECT_EQ(wire.trace.icmp.icmp_count, 2);
}

TEST(IcmpEvidence, LeavesAResetWithItsSender) {
  Wire wire;
  wire.open_and_hello();
  icmp(wire, IcmpError::prohibited, kRouter);
  wire.at(70).send({.from = Party::server, .flags = kRstAck, .ack = kHello});
  EXPECT_EQ(wire.reset_by_server().confidence, PathConfidence::none);
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}

TEST(Verdict, TellsWhatTheSideLookedLikeBeforeItsEnding) {
  Wire wire;
  wire.open_and_hello().at(70);
  wire.send({.from = Party::server, .ack = kHello, .ip_id = 900, .ttl = 51, .window = 400});
  wire.send({.from = Party::server, .ack = kHello, .ip_id = 901, .window = 300});
  wire.after(4).send(
      {.from = Party::server, .flags = kRstAck, .ack = kHello, .ip_id = 902, .window = 1});
  const PathFacts facts = wire.reset_by_server();
  EXPECT_EQ(facts.side_ip_id, 901);
  EXPECT_EQ(facts.side_window, 300);
  EXPECT_EQ(facts.side_ttl_min, 51);
  EXPECT_EQ(facts.side_ttl_max, kServerTtl);
  EXPECT_EQ(facts.round_trip_micros, 30'000u);
  EXPECT_EQ(facts.ending_delay_micros, 34'000u);
}

TEST(Verdict, MeasuresTheDelayFromTheLastPacketWhereNothingIsAcknowledged) {
  Wire wire;
  wire.open_and_hello().server_flight().after(500);
  wire.send({.from = Party::server, .flags = kRst, .seq = 2148});
  EXPECT_EQ(wire.reset_by_server().ending_delay_micros, 500'000u);
}

TEST(Verdict, PrefersTheResetToTheFin) {
  Wire wire;
  wire.open_and_hello().at(70).send({.from = Party::server, .flags = kFinAck, .ack = kHello});
  wire.after(1).send({.flags = kRstAck, .seq = kHello, .ack = 1});
  wire.reset_by_server();
  EXPECT_EQ(wire.trace.ending_from, Party::client);
  EXPECT_EQ(wire.record.path.ending_delay_micros, 1'000u);
}

TEST(Verdict, TakesTheRoundTripOfWhoWasAwaited) {
  Wire wire;
  wire.open_and_hello();
  EXPECT_EQ(wire.silence_of_server().round_trip_micros, 30'000u);
  EXPECT_EQ(wire.record.path.side_ttl_min, kServerTtl);
}

// An alert says more than the reset that comes after it; what never was a handshake is no failure.
TEST(Verdict, LeavesOtherOutcomesAsTheyAre) {
  for (const OutcomeKind kind :
       {OutcomeKind::established, OutcomeKind::alert, OutcomeKind::encrypted_alert,
        OutcomeKind::non_tls_reply, OutcomeKind::refused, OutcomeKind::no_hello,
        OutcomeKind::unseen, OutcomeKind::starttls_refused}) {
    Wire wire;
    wire.open_and_hello().at(70).send(Wire::server_ack());
    wire.send({.from = Party::server, .flags = kRstAck, .ack = kHello, .length = 9, .ttl = 30});
    const PathFacts facts = wire.conclude_as(kind, Party::server);
    EXPECT_EQ(facts.evidence, evidence::ttl_differs | evidence::payload_in_reset);
    EXPECT_EQ(facts.confidence, PathConfidence::possible);
    EXPECT_EQ(wire.record.outcome.by, Party::server);
  }
}

// A page of a filter, whose reader closes first, and then the server after all.
TEST(Verdict, TellsWhatSpeaksAgainstTheAuthorOfAReply) {
  Wire wire;
  wire.open_and_hello().at(41);
  wire.send({.from = Party::server, .flags = kPush, .ack = kHello, .length = 160});
  wire.send({.flags = kFinAck, .seq = kHello, .ack = 160});
  wire.send({.from = Party::server, .flags = kFinAck, .seq = 160, .ack = kHello});
  wire.at(70).send({.from = Party::server, .ack = kHello, .length = 1448});
  const PathFacts facts = wire.conclude_as(OutcomeKind::non_tls_reply, Party::server);
  EXPECT_NE(facts.evidence & evidence::data_after_fin, 0u);
  EXPECT_EQ(facts.confidence, PathConfidence::possible);
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}

TEST(Verdict, OnAnEmptyTraceIsNone) {
  Wire wire;
  for (unsigned kind = 0; kind < kOutcomeKindCount; ++kind) {
    const PathFacts facts = wire.conclude_as(static_cast<OutcomeKind>(kind), Party::server);
    EXPECT_EQ(facts.evidence, 0u);
    EXPECT_EQ(facts.confidence, PathConfidence::none);
  }
}

/// Frames through the decoder, as the worker sees them after the opening.
PathFacts verdict_on(const test_support::Frames& frames, HandshakeRecord& record) {
  Trace trace;
  begin(trace, {.syn = {static_cast<std::int64_t>(frames[0].time_ns)},
                .syn_ack = {static_cast<std::int64_t>(frames[1].time_ns)},
                .client_isn = SeqNum{0x10000000},
                .server_isn = SeqNum{0x20000000},
                .client_ttl = 64,
                .server_ttl = 64});
  for (std::size_t i = 3; i < frames.size(); ++i) {
    packet::PacketView view;
    EXPECT_EQ(packet::decode(packet::LinkType::ethernet, Bytes(frames[i].bytes), view),
              packet::DecodeStatus::tcp);
    view.time = {static_cast<std::int64_t>(frames[i].time_ns)};
    const Party from = frames[i].from == test_support::Side::client ? Party::client : Party::server;
    if (!shown_before(trace, view, from)) observe(trace, view, from);
  }
  record.outcome = {.kind = OutcomeKind::reset, .by = Party::server, .stage = Stage::client_hello};
  conclude(trace, record);
  return record.path;
}

TEST(Verdict, OnRealFrames) {
  using test_support::Side;
  test_support::TcpConversation genuine;
  genuine.handshake().send(Side::client, test_support::Bytes(300, 0x16)).rst(Side::server);
  HandshakeRecord record;
  EXPECT_LE(verdict_on(genuine.frames(), record).confidence, PathConfidence::possible);
  EXPECT_EQ(record.outcome.by, Party::server);

  test_support::TcpConversation forged;
  forged.handshake().send(Side::client, test_support::Bytes(300, 0x16)).rst(Side::server);
  forged.send(Side::server, test_support::Bytes(1'000, 0x16));
  EXPECT_EQ(verdict_on(forged.frames(), record).confidence, PathConfidence::certain);
  EXPECT_EQ(record.outcome.by, Party::path);
}

TEST(Verdict, IsTheSameWithEveryFrameTwice) {
  using test_support::Side;
  test_support::TcpConversation conversation;
  conversation.handshake().send(Side::client, test_support::Bytes(300, 0x16));
  conversation.send(Side::server, test_support::Bytes(4'000, 0x16)).rst(Side::server);
  test_support::Frames frames = conversation.take_frames();
  HandshakeRecord once;
  PathFacts facts = verdict_on(frames, once);
  const std::size_t count = frames.size();
  for (std::size_t i = count; i-- > 3;) test_support::duplicate_frame(frames, i);
  HandshakeRecord twice;
  const PathFacts doubled = verdict_on(frames, twice);
  EXPECT_EQ(doubled.duplicate_count, count - 3);
  EXPECT_EQ(doubled.evidence, facts.evidence);
  EXPECT_EQ(doubled.signature, facts.signature);
  EXPECT_EQ(doubled.confidence, facts.confidence);
}

}  // namespace
}  // namespace shakedown::path

// SPDX-License-Identifier: Apache-2.0
//
// The 19 shapes of the paper, each once, and what has no name there.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "path/signature.h"
#include "wire.h"

namespace shakedown::path {
namespace {

using Signature = TamperingSignature;

Segment rst(std::uint32_t ack_number = 0) {
  return {.from = Party::server, .flags = kRst, .ack_number = ack_number};
}
Segment rst_ack() { return {.from = Party::server, .flags = kRstAck, .ack = kHello}; }

Signature after(Wire wire, const std::vector<Segment>& resets,
                OutcomeKind kind = OutcomeKind::reset) {
  for (const Segment& reset : resets) wire.after(30).send(reset);
  return wire.conclude_as(kind, Party::server).signature;
}
Wire hello() {
  Wire wire;
  wire.open_and_hello();
  return wire;
}
Wire more_data() {
  Wire wire;
  wire.open_and_hello().server_flight();
  wire.send({.flags = kPush, .seq = kHello, .ack = 2148, .length = 80});
  return wire;
}

TEST(Signature, AfterTheSyn) {
  EXPECT_EQ(signature_of(OpeningEnd{}), Signature::syn_nothing);
  EXPECT_EQ(signature_of(OpeningEnd{.rst = 1}), Signature::syn_rst);
  EXPECT_EQ(signature_of(OpeningEnd{.rst_ack = 2}), Signature::syn_rst_ack);
  EXPECT_EQ(signature_of(OpeningEnd{.rst = 1, .rst_ack = 1}), Signature::syn_rst_and_rst_ack);
  EXPECT_EQ(after(Wire(), {}, OutcomeKind::unanswered), Signature::syn_nothing);
}

TEST(Signature, AfterTheAck) {
  EXPECT_EQ(signature_of(OpeningEnd{.client_acked = true}), Signature::ack_nothing);
  EXPECT_EQ(signature_of(OpeningEnd{.client_acked = true, .rst = 1}), Signature::ack_rst);
  EXPECT_EQ(signature_of(OpeningEnd{.client_acked = true, .rst = 2}), Signature::ack_rst_rst);
  EXPECT_EQ(signature_of(OpeningEnd{.client_acked = true, .rst_ack = 1}), Signature::ack_rst_ack);
  EXPECT_EQ(signature_of(OpeningEnd{.client_acked = true, .rst_ack = 3}),
            Signature::ack_rst_ack_rst_ack);
  EXPECT_EQ(signature_of(OpeningEnd{.client_acked = true, .rst = 1, .rst_ack = 1}),
            Signature::none);
  Wire wire;
  wire.open();
  EXPECT_EQ(after(wire, {rst()}, OutcomeKind::no_hello), Signature::ack_rst);
}

TEST(Signature, AfterTheFirstData) {
  EXPECT_EQ(after(hello(), {}, OutcomeKind::silence), Signature::psh_nothing);
  EXPECT_EQ(after(hello(), {rst()}), Signature::psh_rst);
  EXPECT_EQ(after(hello(), {rst_ack()}), Signature::psh_rst_ack);
  EXPECT_EQ(after(hello(), {rst(), rst_ack()}), Signature::psh_rst_and_rst_ack);
  EXPECT_EQ(after(hello(), {rst_ack(), rst_ack()}), Signature::psh_rst_ack_rst_ack);
  EXPECT_EQ(after(hello(), {rst(7), rst(7)}), Signature::psh_rst_same_rst);
  EXPECT_EQ(after(hello(), {rst(7), rst(8)}), Signature::psh_rst_different_rst);
  EXPECT_EQ(after(hello(), {rst(7), rst(0)}), Signature::psh_rst_rst_zero);
  EXPECT_EQ(after(hello(), {rst(0), rst(7)}), Signature::psh_rst_rst_zero);
  EXPECT_EQ(after(hello(), {rst(0), rst(0)}), Signature::psh_rst_same_rst);
}

TEST(Signature, AfterMoreData) {
  EXPECT_EQ(after(more_data(), {rst()}), Signature::data_rst);
  EXPECT_EQ(after(more_data(), {rst_ack()}), Signature::data_rst_ack);
  EXPECT_EQ(after(more_data(), {rst(), rst_ack()}), Signature::none);
  EXPECT_EQ(after(more_data(), {}, OutcomeKind::silence), Signature::none);
}

TEST(Signature, CountsAHelloOfTwoSegmentsOnce) {
  Wire wire;
  wire.open().at(40).send({.length = 1448}).send({.flags = kPush, .seq = 1448, .length = 300});
  EXPECT_EQ(after(wire, {rst()}), Signature::psh_rst);
}

TEST(Signature, CountsARepeatedHelloOnce) {
  Wire wire;
  wire.open_and_hello().at(240).send(Wire::hello());
  EXPECT_EQ(after(wire, {rst()}), Signature::psh_rst);
}

TEST(Signature, IsOfWhoResetFirst) {
  Wire wire = hello();
  wire.after(5).send({.flags = kRstAck, .seq = kHello});
  wire.after(5).send(rst()).after(5).send(rst());
  EXPECT_EQ(wire.conclude_as(OutcomeKind::reset, Party::client).signature, Signature::psh_rst_ack);
}

TEST(Signature, IsNotGivenToOtherEndings) {
  for (const OutcomeKind kind : {OutcomeKind::established, OutcomeKind::alert, OutcomeKind::closed,
                                 OutcomeKind::non_tls_reply, OutcomeKind::unseen}) {
    EXPECT_EQ(after(hello(), {rst()}, kind), Signature::none) << static_cast<int>(kind);
  }
}

// Whoever waits long enough closes; sooner, nobody waited for the client.
TEST(Signature, OfAClientThatNeverSpoke) {
  for (const double millis : {2'999.0, 3'001.0}) {
    Wire wire;
    wire.open().send({}).after(millis).send({.from = Party::server, .flags = kFinAck});
    EXPECT_EQ(wire.conclude_as(OutcomeKind::no_hello, Party::server).signature,
              millis < 3'000 ? Signature::none : Signature::ack_nothing);
    EXPECT_EQ(wire.conclude_as(OutcomeKind::no_hello, Party::client).signature, Signature::none);
  }
}

// Connections that were never followed have an ending, but no trace.
TEST(Signature, OfAnEndingWithoutATrace) {
  Wire wire;
  wire.record.ending.tcp_flags = kRstAck;
  EXPECT_EQ(after(wire, {}, OutcomeKind::no_hello), Signature::ack_rst_ack);
  EXPECT_EQ(after(wire, {}, OutcomeKind::refused), Signature::syn_rst_ack);
  wire.record.ending.tcp_flags = kFinAck;
  EXPECT_EQ(after(wire, {}, OutcomeKind::no_hello), Signature::none);
}

}  // namespace
}  // namespace shakedown::path

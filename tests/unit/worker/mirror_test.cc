// SPDX-License-Identifier: Apache-2.0
//
// What a mirror adds to a connection, through a whole worker: copies, VLAN tags, ICMP errors.
#include <gtest/gtest.h>

#include <array>

#include "handshake_scripts.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::outcome_text;
using test_harness::WorkerHarness;

using Content = test_support::Bytes;

std::vector<HandshakeRecord> follow(const Frames& frames) {
  WorkerHarness harness;
  harness.feed(frames);
  harness.finish();
  EXPECT_EQ(harness.conservation_error(), "");
  return harness.records();
}

TcpConversationOptions tagged(std::uint16_t vlan) {
  auto options = TcpConversationOptions::ipv4();
  options.link.vlan_tags = {VlanTag{.id = vlan}};
  return options;
}

TEST(Mirror, ConnectionThatNobodyAnswersKeepsItsVlan) {
  TcpConversation conversation(tagged(312));
  conversation.syn().wait(1 * kSecond).syn().wait(2 * kSecond).syn();
  const auto records = follow(conversation.take_frames());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(outcome_text(records[0]), "unanswered");
  EXPECT_EQ(records[0].vlan_outer, 312);
}

TEST(Mirror, RefusedConnectionKeepsItsVlan) {
  TcpConversation conversation(tagged(7));
  conversation.syn().refuse();
  const auto records = follow(conversation.take_frames());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(outcome_text(records[0]), "refused");
  EXPECT_EQ(records[0].vlan_outer, 7);
  EXPECT_EQ(records[0].path.signature, TamperingSignature::syn_rst_ack);
}

/// Answers to the SYN that an injector sends in the server's name.
Frames refused_by(const std::vector<std::uint8_t>& flags) {
  TcpConversation conversation;
  conversation.syn();
  for (const std::uint8_t each : flags) {
    conversation.wait(kMillisecond).segment_at(Side::server, 0, {}, each);
  }
  return conversation.take_frames();
}

TEST(Mirror, SeveralResetsInAnswerToASynAreOneRefusal) {
  const auto rst = tcp_flag::rst;
  const std::uint8_t rst_ack = tcp_flag::rst | tcp_flag::ack;
  const struct {
    std::vector<std::uint8_t> resets;
    TamperingSignature signature;
  } cases[] = {{{rst}, TamperingSignature::syn_rst},
               {{rst_ack}, TamperingSignature::syn_rst_ack},
               {{rst, rst_ack}, TamperingSignature::syn_rst_and_rst_ack}};
  for (const auto& each : cases) {
    const auto records = follow(refused_by(each.resets));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(outcome_text(records[0]), "refused");
    EXPECT_EQ(records[0].path.signature, each.signature)
        << unsigned{records[0].ending.rst_count_server};
  }
}

TEST(Mirror, NumbersThatAnInjectorGuessesAreNoGap) {
  const std::uint8_t rst_ack = tcp_flag::rst | tcp_flag::ack;
  const Dialogue dialogue = tls12_full();
  TcpConversation conversation;
  conversation.handshake().send(Side::client, dialogue.steps.front().bytes);
  conversation.segment_at(Side::server, 0, {}, rst_ack);
  for (int guess = 0; guess < 2; ++guess) {
    conversation.lose(Side::client, 1460).segment_at(Side::server, 0, {}, rst_ack);
  }
  const auto records = follow(conversation.take_frames());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(outcome_text(records[0]), "reset_after_client_hello");
  EXPECT_NE(records[0].path.evidence & path_evidence::resets_disagree, 0u);
}

// Two live ports with one direction each: all that one has may be read before anything of the other.
TEST(Mirror, DirectionsOfTwoPortsMayBeReadOneAfterTheOther) {
  for (const Dialogue& dialogue : {alert_after_client_hello(HandshakeParameters::tls12(), 40),
                                   tls12_client_alert(HandshakeParameters::tls12(), 48)}) {
    const Frames frames = play(dialogue);
    Frames apart = only_from(frames, Side::client);
    for (const TimedFrame& frame : only_from(frames, Side::server)) apart.push_back(frame);
    for (TimedFrame& frame : apart) frame.time_ns = frames.front().time_ns;
    WorkerConfig config = test_harness::small_config();
    config.ports_apart = true;
    WorkerHarness harness(config);
    harness.feed(apart);
    harness.finish();
    EXPECT_EQ(harness.conservation_error(), "");
    ASSERT_EQ(harness.records().size(), 1u);
    EXPECT_EQ(outcome_text(harness.records()[0]), dialogue.expected.name);
  }
}

/// A SYN that is sent `syn_count` times a millisecond apart, as in traffic that is played back.
Frames hurried_syns(unsigned syn_count, std::uint32_t client_isn) {
  TcpConversationOptions options = TcpConversationOptions::ipv4();
  options.client.initial_sequence = client_isn;
  TcpConversation conversation(options);
  for (unsigned i = 0; i < syn_count; ++i) conversation.syn().wait(kMillisecond);
  return conversation.take_frames();
}

TEST(Mirror, SynShownTwiceIsNotRepeated) {
  for (const std::uint32_t client_isn : {0u, 0x1234'5678u, 0x00ff'ff00u, 0xffff'ffffu}) {
    Frames frames = hurried_syns(1, client_isn);
    frames.push_back(frames.front());
    frames.back().time_ns += 50 * kMicrosecond;
    const auto records = follow(frames);
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(outcome_text(records[0]), "unseen") << "the capture ends right after one SYN";
    EXPECT_EQ(records[0].client_tcp.retransmission_count, 0) << client_isn;
  }
}

TEST(Mirror, SynsThatAreRepeatedInHasteAreNoCopies) {
  for (const std::uint32_t client_isn : {0u, 0x1234'5678u, 0x00ff'ff00u, 0xffff'ffffu}) {
    const Frames once = hurried_syns(4, client_isn);
    const auto records = follow(once);
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(outcome_text(records[0]), "unanswered") << client_isn;

    Frames twice = once;
    for (TimedFrame frame : once) {
      frame.time_ns += 5 * kMillisecond;
      twice.push_back(frame);
    }
    const auto seen = follow(twice);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].client_tcp.retransmission_count, records[0].client_tcp.retransmission_count)
        << "copies of earlier ones are no repetitions";
  }
}

TEST(Mirror, PacketsShownTwiceChangeNothing) {
  for (const Dialogue& dialogue : {tls12_full(), tls13_full(),
                                   alert_after_client_hello(HandshakeParameters::tls12(), 40),
                                   reset_after_client_hello(HandshakeParameters::tls12(),
                                                            Side::server)}) {
    const Frames once = play(dialogue);
    Frames twice;
    for (const TimedFrame& frame : once) {
      twice.push_back(frame);
      twice.push_back(frame);
      twice.back().time_ns += 3 * kMicrosecond;
    }
    const auto expected = follow(once);
    const auto seen = follow(twice);
    ASSERT_EQ(seen.size(), expected.size());
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].outcome, expected[0].outcome);
    EXPECT_GT(seen[0].path.duplicate_count, 0);
    EXPECT_EQ(seen[0].client_tcp.retransmission_count, 0);
    EXPECT_EQ(seen[0].server_tcp.payload_bytes, expected[0].server_tcp.payload_bytes);
  }
}

}  // namespace
}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
//
// What a path or a peer does to a connection beyond TLS: text inside a RST, segments that never
// arrive, and clients that never meant TLS.
#include <gtest/gtest.h>

#include <string_view>

#include "handshake_scripts.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::outcome_text;
using test_harness::WorkerHarness;

using Content = test_support::Bytes;

Content text(std::string_view characters) { return {characters.begin(), characters.end()}; }

Content client_hello_record() { return tls12_full().steps.front().bytes; }

HandshakeRecord only_record(const Frames& frames, bool long_after = false) {
  WorkerHarness harness;
  harness.feed(frames);
  if (long_after) {
    auto options = TcpConversationOptions::ipv4();
    options.client.endpoint.port = 50001;
    options.start_ns += 120 * kSecond;
    harness.feed(play(tls12_full(), options));
  }
  harness.finish();
  EXPECT_EQ(harness.conservation_error(), "");
  EXPECT_EQ(harness.records().size(), long_after ? 2u : 1u);
  return harness.records().empty() ? HandshakeRecord{} : harness.records()[0];
}

TEST(Path, TextInsideAResetIsNoReply) {
  TcpConversation conversation;
  conversation.handshake().send(Side::client, client_hello_record());
  conversation.segment_at(Side::server, 0, text("blocked"), tcp_flag::rst | tcp_flag::ack);
  const HandshakeRecord record = only_record(conversation.take_frames());
  EXPECT_EQ(outcome_text(record), "reset_after_client_hello");
  // No stack that is in use puts text there.
  EXPECT_EQ(record.outcome.by, Party::path);
  EXPECT_EQ(record.path.evidence & path_evidence::payload_in_reset, path_evidence::payload_in_reset);
}

// An MTU black hole before the mirror: the large segments of the flight are lost, its small end is
// not, and the client goes on asking for the beginning.
TEST(Path, AHoleThatTheReceiverStillAsksForIsSilence) {
  TcpConversation conversation;
  conversation.handshake().send(Side::client, client_hello_record());
  conversation.segment_at(Side::server, 2 * 1448, text("the end of the flight"));
  conversation.ack(Side::client).wait(kSecond);
  const HandshakeRecord record = only_record(conversation.take_frames(), true);
  EXPECT_EQ(outcome_text(record), "silence_after_client_hello");
  EXPECT_EQ(record.outcome.by, Party::server);
}

TEST(Path, AHoleThatTheReceiverAcknowledgedIsUnseen) {
  TcpConversation conversation;
  conversation.handshake().send(Side::client, client_hello_record());
  conversation.lose(Side::server, 2 * 1448);
  conversation.send(Side::server, text("the end of the flight"));
  conversation.ack(Side::client).wait(kSecond);
  EXPECT_EQ(only_record(conversation.take_frames(), true).outcome.kind, OutcomeKind::unseen);
}

TEST(Path, PlainTextToAWatchedPortIsNoHello) {
  TcpConversation conversation;
  conversation.handshake().send(Side::client, text("GET / HTTP/1.0\r\n\r\n"));
  conversation.send(Side::server, text("HTTP/1.1 400 Bad Request\r\n\r\n")).close(Side::server);
  const HandshakeRecord record = only_record(conversation.take_frames());
  EXPECT_EQ(outcome_text(record), "no_hello");
  EXPECT_EQ(record.outcome.by, Party::server);
}

TEST(Path, HalfAClientHelloIsNoHello) {
  Content hello = client_hello_record();
  hello.resize(hello.size() / 2);
  TcpConversation conversation;
  conversation.handshake().send(Side::client, hello).close(Side::client);
  const HandshakeRecord record = only_record(conversation.take_frames());
  EXPECT_EQ(outcome_text(record), "no_hello");
  EXPECT_EQ(record.outcome.by, Party::client);
}

}  // namespace
}  // namespace shakedown

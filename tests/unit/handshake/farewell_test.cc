// SPDX-License-Identifier: Apache-2.0
//
// Clients that finish the handshake and turn away without a word; and servers that close before
// their client has said its first.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "handshake_scripts.h"
#include "record_builder.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::outcome_text;
using test_harness::WorkerHarness;

constexpr std::uint16_t kUnwatchedPort = 5000;

std::vector<HandshakeRecord> records_in(const Frames& frames) {
  WorkerHarness harness;
  harness.feed(frames);
  harness.finish();
  EXPECT_EQ(harness.conservation_error(), "");
  return harness.records();
}

bool late(HandshakeScript& script) {
  const auto records = records_in(play(script.take()));
  EXPECT_EQ(records.size(), 1u);
  if (records.empty()) return false;
  EXPECT_EQ(outcome_text(records[0]), "established");
  return (records[0].flags & HandshakeRecord::late_rejection) != 0;
}

HandshakeScript finished(HandshakeParameters parameters) {
  HandshakeScript script(std::move(parameters));
  script.client_hello().server_flight().client_flight().server_finish();
  return script;
}

class Farewell : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] static HandshakeScript script() {
    return finished(GetParam() ? HandshakeParameters::tls13() : HandshakeParameters::tls12());
  }
};

TEST_P(Farewell, WithoutDataIsALateRejectionWhoeverClosesFirst) {
  EXPECT_TRUE(late(script().encrypted_alert(Side::client).fin(Side::client).fin(Side::server)));
  EXPECT_TRUE(late(script().encrypted_alert(Side::client).fin(Side::server).fin(Side::client)));
  EXPECT_TRUE(late(script().encrypted_alert(Side::client).rst(Side::client)));
  EXPECT_TRUE(late(script().encrypted_alert(Side::client).rst(Side::server)));
}

TEST_P(Farewell, AnsweredByTheServerIsStillOne) {
  EXPECT_TRUE(late(script()
                       .encrypted_alert(Side::client)
                       .encrypted_alert(Side::server)
                       .fin(Side::server)
                       .fin(Side::client)));
}

TEST_P(Farewell, AfterDataIsNone) {
  EXPECT_FALSE(late(script()
                        .application_data()
                        .encrypted_alert(Side::client)
                        .fin(Side::server)
                        .fin(Side::client)));
}

TEST_P(Farewell, FollowedByDataIsNone) {
  EXPECT_FALSE(late(script()
                        .encrypted_alert(Side::client)
                        .application_data()
                        .fin(Side::client)
                        .fin(Side::server)));
}

TEST_P(Farewell, ToAServerThatEndsItIsNone) {
  EXPECT_FALSE(late(script()
                        .encrypted_alert(Side::server)
                        .encrypted_alert(Side::client)
                        .fin(Side::server)
                        .fin(Side::client)));
  EXPECT_FALSE(late(script().fin(Side::server).encrypted_alert(Side::client).fin(Side::client)));
}

TEST_P(Farewell, BeforeTheTicketsArriveIsOne) {
  if (!GetParam()) return;  // of TLS 1.3
  HandshakeScript script(HandshakeParameters::tls13());
  script.client_hello().server_flight().client_flight().encrypted_alert(Side::client);
  EXPECT_TRUE(late(script.server_finish().fin(Side::server).fin(Side::client)));
}

INSTANTIATE_TEST_SUITE_P(BothVersions, Farewell, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "Tls13" : "Tls12"; });

// --- early data ---

HandshakeScript resumed_with_early_data() {
  auto parameters = HandshakeParameters::tls13();
  parameters.client_hello.early_data().pre_shared_key();
  HandshakeScript script(std::move(parameters));
  script.client_hello().data(Side::client, application_data_record(200));
  script.server_resumed_flight().data(Side::server, application_data_record(300));
  return script;
}

TEST(EarlyData, AnsweredBeforeTheClientHasFinishedIsEstablished) {
  auto script = resumed_with_early_data();
  script.encrypted_alert(Side::server).fin(Side::server).client_flight().fin(Side::client);
  const auto records = records_in(play(script.take()));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(outcome_text(records[0]), "established");
}

TEST(EarlyData, AnsweredByAnAlertThatTheClientDoesNotOutliveIsRefused) {
  auto script = resumed_with_early_data();
  script.encrypted_alert(Side::server).fin(Side::server).fin(Side::client);
  const auto records = records_in(play(script.take()));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(outcome_text(records[0]), "encrypted_alert_after_server_hello");
  EXPECT_EQ(records[0].outcome.by, Party::server);
}

// --- the server closes first of all ---

test_support::Bytes text(std::string_view characters) {
  return {characters.begin(), characters.end()};
}

test_support::Bytes hello() { return tls13_full().steps.front().bytes; }

TcpConversation opened(std::uint16_t port = 443) {
  auto options = TcpConversationOptions::ipv4();
  options.server.endpoint.port = port;
  TcpConversation conversation(options);
  conversation.handshake();
  return conversation;
}

std::string only_outcome(TcpConversation& conversation, Party by = Party::server) {
  const auto records = records_in(conversation.take_frames());
  if (records.size() != 1) return std::to_string(records.size()) + " records";
  EXPECT_EQ(records[0].outcome.by, by);
  return outcome_text(records[0]);
}

TEST(EarlyClose, ThenAHelloIsOneEventOfTheServer) {
  for (const std::uint64_t delay : {std::uint64_t{0}, 10 * kMillisecond, 400 * kMillisecond}) {
    auto conversation = opened();
    conversation.fin(Side::server).ack(Side::client).wait(delay).send(Side::client, hello());
    EXPECT_EQ(only_outcome(conversation.rst(Side::server)), "closed_after_client_hello") << delay;
  }
}

TEST(EarlyClose, KeepsTheNameOfTheHello) {
  auto conversation = opened();
  conversation.fin(Side::server).ack(Side::client).send(Side::client, hello()).rst(Side::server);
  const auto records = records_in(conversation.take_frames());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(test_harness::server_name_text(records[0]), "www.example.com");
  EXPECT_EQ(records[0].outcome.stage, Stage::client_hello);
  EXPECT_TRUE(records[0].syn.known());
  EXPECT_EQ(records[0].flags & HandshakeRecord::midstream, 0u);
}

TEST(EarlyClose, ByResetIsAReset) {
  auto conversation = opened();
  conversation.rst(Side::server).wait(10 * kMillisecond).send(Side::client, hello());
  EXPECT_EQ(only_outcome(conversation), "reset_after_client_hello");
}

TEST(EarlyClose, AHelloInTwoSegmentsAroundItIsOneEventToo) {
  auto whole = hello();
  const auto half = static_cast<std::ptrdiff_t>(whole.size() / 2);
  auto conversation = opened();
  conversation.send(Side::client, {whole.begin(), whole.begin() + half}).fin(Side::server);
  conversation.send(Side::client, {whole.begin() + half, whole.end()}).rst(Side::server);
  EXPECT_EQ(only_outcome(conversation), "closed_after_client_hello");
}

TEST(EarlyClose, WithoutAHelloIsNoHello) {
  auto conversation = opened();
  conversation.close(Side::server);
  EXPECT_EQ(only_outcome(conversation), "no_hello");
  auto reset = opened();
  reset.rst(Side::server);
  EXPECT_EQ(only_outcome(reset), "no_hello");
  auto greeted = opened();
  greeted.send(Side::server, text("220 mail.example.com\r\n")).close(Side::server);
  EXPECT_EQ(only_outcome(greeted), "no_hello");
}

TEST(EarlyClose, AHelloLongAfterItIsNoSecondEvent) {
  auto conversation = opened();
  conversation.fin(Side::server).ack(Side::client).wait(3 * kSecond).send(Side::client, hello());
  EXPECT_EQ(only_outcome(conversation.rst(Side::server)), "no_hello");
}

TEST(EarlyClose, ByTheClientStaysItsOwn) {
  auto conversation = opened();
  conversation.close(Side::client);
  EXPECT_EQ(only_outcome(conversation, Party::client), "no_hello");
}

TEST(EarlyClose, OnAnUnwatchedPortIsReportedWithAHelloOnly) {
  auto silent = opened(kUnwatchedPort);
  silent.close(Side::server);
  EXPECT_TRUE(records_in(silent.take_frames()).empty());
  auto plain = opened(kUnwatchedPort);
  plain.fin(Side::server).send(Side::client, text("GET / HTTP/1.0\r\n\r\n")).rst(Side::server);
  EXPECT_TRUE(records_in(plain.take_frames()).empty());
  auto tls = opened(kUnwatchedPort);
  tls.fin(Side::server).ack(Side::client).send(Side::client, hello()).rst(Side::server);
  EXPECT_EQ(only_outcome(tls), "closed_after_client_hello");
}

TEST(EarlyClose, ThatAcknowledgesUnseenBytesIsUnseen) {
  auto conversation = opened();
  conversation.lose(Side::client, 400).fin(Side::server);
  const auto records = records_in(conversation.take_frames());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].outcome.kind, OutcomeKind::unseen);
}

}  // namespace
}  // namespace shakedown

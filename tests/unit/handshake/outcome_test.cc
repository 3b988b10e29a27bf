// SPDX-License-Identifier: Apache-2.0
//
// Whole conversations through a whole worker: the outcome, who, and how far it had come.
#include <gtest/gtest.h>

#include "handshake_scripts.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::history_text;
using test_harness::outcome_text;
using test_harness::party_text;
using test_harness::WorkerHarness;

struct Scenario {
  const char* name;
  Dialogue dialogue;
  const char* history;
};

std::vector<Scenario> scenarios() {
  const auto tls12 = HandshakeParameters::tls12();
  const auto tls13 = HandshakeParameters::tls13();
  std::vector<Scenario> list;
  list.push_back({"tls12_full", tls12_full(), "CsxknGIFtifD"});
  list.push_back({"tls12_resumed", tls12_resumed(), "CsifIFD"});
  list.push_back({"tls12_mutual", tls12_mutual(), "CsxkrnXGYIFtifD"});
  list.push_back({"tls12_with_warning", tls12_with_warning(), "ClsxknGIFtifD"});
  list.push_back({"tls13_full", tls13_full(), "CsidIDdD"});
  list.push_back({"tls13_resumed", tls13_resumed(), "CsidID"});
  list.push_back({"tls13_hello_retry", tls13_hello_retry(), ""});
  list.push_back({"tls13_mutual", tls13_mutual(), ""});
  list.push_back({"reset_by_server", reset_after_client_hello(tls12), "C"});
  list.push_back({"reset_by_client", reset_after_client_hello(tls12, Side::client), "C"});
  list.push_back({"closed_by_server", closed_after_client_hello(tls13), ""});
  list.push_back({"closed_by_client", closed_after_client_hello(tls13, Side::client), "C"});
  list.push_back({"silence", silence_after_client_hello(tls12), "C"});
  list.push_back({"alert_70", alert_after_client_hello(tls12, 70), "Cl"});
  list.push_back({"alert_40", alert_after_client_hello(tls13, 40), "Cl"});
  list.push_back({"client_alert_48", tls12_client_alert(tls12, 48), "CsxknL"});
  list.push_back({"client_certificate_42", tls12_client_certificate_rejected(tls12), ""});
  list.push_back({"tls13_encrypted_alert", tls13_encrypted_alert(), "CsidID"});
  list.push_back({"tls13_plaintext_alert", tls13_plaintext_alert(tls13), ""});
  list.push_back({"tls13_closed", tls13_closed_after_server_flight(tls13), ""});
  list.push_back({"no_hello", no_hello(), ""});
  list.push_back({"no_hello_by_server", no_hello(Side::server), ""});
  list.push_back({"refused", refused(), ""});
  list.push_back({"non_tls_reply", non_tls_reply(tls12), "C"});
  return list;
}

class Outcomes : public testing::TestWithParam<bool> {};

TEST_P(Outcomes, AreThoseOfTheScript) {
  for (const Scenario& scenario : scenarios()) {
    SCOPED_TRACE(scenario.name);
    const auto options =
        GetParam() ? TcpConversationOptions::ipv6() : TcpConversationOptions::ipv4();
    WorkerHarness harness;
    harness.feed(play(scenario.dialogue, options));
    harness.finish();
    EXPECT_EQ(harness.conservation_error(), "");
    ASSERT_EQ(harness.records().size(), 1u);
    const HandshakeRecord& record = harness.records()[0];
    const ExpectedOutcome& expected = scenario.dialogue.expected;
    EXPECT_EQ(outcome_text(record), expected.name);
    if (expected.by != "none") {
      EXPECT_EQ(party_text(record.outcome.by), expected.by);
    }
    if (expected.alert_description >= 0) {
      ASSERT_GE(record.alert_count, 1);
      EXPECT_EQ(static_cast<int>(record.alerts[0].description), expected.alert_description);
      EXPECT_EQ(party_text(record.alerts[0].from), expected.alert_from);
    }
    if (*scenario.history != 0) {
      EXPECT_EQ(history_text(record), scenario.history);
    }
    EXPECT_EQ(record.client_port, options.client.endpoint.port);
    EXPECT_EQ(record.server_port, options.server.endpoint.port);
  }
}

TEST(Outcomes, OfNamedDialoguesAreThoseOfTheirScripts) {
  for (const NamedDialogue& each : dialogues_with_hello()) {
    SCOPED_TRACE(each.name);
    const auto records = test_harness::records_of(play(each.dialogue));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(outcome_text(records[0]), each.dialogue.expected.name);
    EXPECT_EQ(party_text(records[0].outcome.by), each.dialogue.expected.by);
  }
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, Outcomes, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "Ipv6" : "Ipv4"; });

// The mirror shows nothing of a server that does not answer; control decides whether others were
// seen answering.
TEST(Outcomes, UnansweredNeedsTheTimeOut) {
  Frames frames = play(unanswered());
  WorkerHarness harness;
  harness.feed(frames);
  EXPECT_TRUE(harness.records().empty());
  Frames later = play(tls12_full(), [] {
    auto options = TcpConversationOptions::ipv4();
    options.client.endpoint.port = 50001;
    options.start_ns += 120 * kSecond;
    return options;
  }());
  harness.feed(later);
  harness.finish();
  ASSERT_EQ(harness.records().size(), 2u);
  EXPECT_EQ(outcome_text(harness.records()[0]), "unanswered");
  EXPECT_EQ(outcome_text(harness.records()[1]), "established");
  EXPECT_EQ(harness.conservation_error(), "");
}

TEST(Outcomes, CaptureEndingInMidHandshakeIsUnseen) {
  const Frames whole = play(tls12_full());
  for (std::size_t count = 5; count < 10; ++count) {
    const Frames cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(count));
    const auto records = test_harness::records_of(cut);
    ASSERT_EQ(records.size(), 1u) << count;
    EXPECT_EQ(records[0].outcome.kind, OutcomeKind::unseen) << count;
  }
}

}  // namespace
}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
//
// A worker that is told to leave clients out: who is followed, who is not, and what becomes of the
// packets of both.
#include <gtest/gtest.h>

#include <algorithm>

#include "handshake_scripts.h"
#include "overload/client_choice.h"
#include "worker_harness.h"

namespace shakedown::test_harness {
namespace {

namespace support = test_support;

class Shedding : public testing::Test {
 protected:
  void shed(OverloadLevel level, std::uint32_t kept_share) {
    status_.level.store(level);
    status_.kept_share.store(kept_share);
  }
  static support::TcpConversationOptions options_of(std::uint8_t client) {
    auto options = support::TcpConversationOptions::ipv4();
    options.client.endpoint.address.bytes[3] = client;
    return options;
  }
  static support::Frames frames_of(std::uint8_t client,
                                   const support::Dialogue& dialogue = support::tls13_full()) {
    return support::play(dialogue, options_of(client));
  }
  /// Whether this client is kept at half the share.
  static bool kept(std::uint8_t client) {
    IpAddress address;
    const auto& bytes = options_of(client).client.endpoint.address.bytes;
    std::copy_n(bytes.begin(), 4, address.bytes.begin());
    return overload::is_kept(address, 128, small_config().seed);
  }
  static std::uint8_t a_client(bool kept_at_half) {
    std::uint8_t client = 1;
    while (kept(client) != kept_at_half) ++client;
    return client;
  }
  void finish() {
    harness_.finish();
    EXPECT_EQ(harness_.conservation_error(), "");
  }
  static Worker::Tools tools(overload::Controller& controller) {
    Worker::Tools tools = plain_tools();
    tools.overload = &controller;
    return tools;
  }
  [[nodiscard]] std::uint64_t count(Counter counter) const { return harness_.counter(counter); }

  OverloadStatus status_;
  overload::Controller controller_{status_};
  WorkerHarness harness_{small_config(), tools(controller_)};
};

TEST_F(Shedding, FollowsThoseThatAreKeptAndNobodyElse) {
  shed(OverloadLevel::clients, 128);
  unsigned kept_count = 0;
  for (std::uint8_t client = 1; client <= 200; ++client) {
    harness_.feed(frames_of(client));
    kept_count += kept(client) ? 1u : 0u;
  }
  finish();
  ASSERT_EQ(harness_.records().size(), kept_count);
  for (const HandshakeRecord& record : harness_.records()) {
    EXPECT_TRUE(kept(record.client_address.bytes[3]));
    EXPECT_EQ(outcome_text(record), "established");
    EXPECT_EQ(record.kept_share, 127);
  }
  EXPECT_EQ(count(Counter::connections_shed), 200u - kept_count);
  EXPECT_EQ(count(Counter::fate_shed), 200u - kept_count);
}

TEST_F(Shedding, CountsTheRestOfAShedConnectionAsDecided) {
  shed(OverloadLevel::clients, 128);
  const auto frames = frames_of(a_client(false));
  harness_.feed(frames);
  finish();
  EXPECT_EQ(count(Counter::fate_shed), 1u);
  EXPECT_EQ(count(Counter::fate_decided), frames.size() - 1);
  EXPECT_EQ(count(Counter::embryos_begun), 0u);
}

TEST_F(Shedding, CountsARepeatedSynOnce) {
  shed(OverloadLevel::clients, 128);
  const auto options = options_of(a_client(false));
  harness_.feed(support::TcpConversation(options)
                    .syn()
                    .wait(support::kSecond)
                    .syn()
                    .wait(2 * support::kSecond)
                    .syn()
                    .take_frames());
  finish();
  EXPECT_EQ(count(Counter::connections_shed), 1u);
  EXPECT_EQ(count(Counter::fate_decided), 2u);
}

TEST_F(Shedding, CountsANewConnectionOfTheSameEndpointsAnew) {
  shed(OverloadLevel::clients, 128);
  auto options = options_of(a_client(false));
  harness_.feed(support::play(support::tls13_full(), options));
  options.client.initial_sequence += 1'000'000;
  options.start_ns += 60 * support::kSecond;
  harness_.feed(support::play(support::tls13_full(), options));
  finish();
  EXPECT_EQ(count(Counter::connections_shed), 2u);
  EXPECT_TRUE(harness_.records().empty());
}

TEST_F(Shedding, GoesOnWithWhatWasBegunBefore) {
  const std::uint8_t client = a_client(false);
  const auto frames = frames_of(client);
  for (const std::size_t cut : {std::size_t{1}, std::size_t{3}, frames.size() / 2}) {
    SCOPED_TRACE(cut);
    OverloadStatus status;
    overload::Controller controller(status);
    WorkerHarness harness(small_config(), tools(controller));
    const auto middle = frames.begin() + static_cast<std::ptrdiff_t>(cut);
    harness.feed({frames.begin(), middle});
    status.level.store(OverloadLevel::clients);
    status.kept_share.store(1);
    harness.feed({middle, frames.end()});
    harness.finish();
    EXPECT_EQ(harness.conservation_error(), "");
    ASSERT_EQ(harness.records().size(), 1u);
    EXPECT_EQ(outcome_text(harness.records()[0]), "established");
    // It stands for itself: when it began everybody was followed.
    EXPECT_EQ(harness.records()[0].kept_share, 255);
    EXPECT_EQ(harness.counter(Counter::connections_shed), 0u);
  }
}

TEST_F(Shedding, RemembersTheShareThatAnEmbryoBeganWith) {
  shed(OverloadLevel::clients, 128);
  const std::uint8_t client = a_client(true);
  const auto frames = frames_of(client, support::refused());
  harness_.feed({frames.begin(), frames.begin() + 1});
  shed(OverloadLevel::none, kAllClients);
  harness_.feed({frames.begin() + 1, frames.end()});
  finish();
  ASSERT_EQ(harness_.records().size(), 1u);
  EXPECT_EQ(outcome_text(harness_.records()[0]), "refused");
  EXPECT_EQ(harness_.records()[0].kept_share, 127);
}

TEST_F(Shedding, LooksAtTheClientOfASynAckOrAHelloInMidstream) {
  shed(OverloadLevel::clients, 128);
  for (const bool kept_at_half : {false, true}) {
    const auto frames = frames_of(a_client(kept_at_half));
    for (const std::size_t lost : {std::size_t{1}, std::size_t{3}}) {
      OverloadStatus status;
      status.level.store(OverloadLevel::clients);
      status.kept_share.store(128);
      overload::Controller controller(status);
      WorkerHarness harness(small_config(), tools(controller));
      harness.feed({frames.begin() + static_cast<std::ptrdiff_t>(lost), frames.end()});
      harness.finish();
      EXPECT_EQ(harness.conservation_error(), "");
      EXPECT_EQ(harness.records().size(), kept_at_half ? 1u : 0u);
      EXPECT_EQ(harness.counter(Counter::connections_shed), kept_at_half ? 0u : 1u);
      for (const HandshakeRecord& record : harness.records()) EXPECT_EQ(record.kept_share, 127);
    }
  }
}

TEST_F(Shedding, LooksAtTheClientOfAServerHelloInMidstream) {
  shed(OverloadLevel::clients, 128);
  for (const bool kept_at_half : {false, true}) {
    const auto frames = frames_of(a_client(kept_at_half));
    const std::size_t hello = support::data_frame(frames, support::Side::server, 0);
    harness_.feed({frames.begin() + static_cast<std::ptrdiff_t>(hello), frames.end()});
  }
  finish();
  EXPECT_EQ(harness_.records().size(), 1u);
  EXPECT_EQ(count(Counter::connections_shed), 1u);
}

// --- tails ---

TEST_F(Shedding, DecidesAnEstablishedConnectionAtOnce) {
  shed(OverloadLevel::tails, kAllClients);
  harness_.feed(frames_of(1));
  EXPECT_EQ(count(Counter::handshakes_open), 0u);
  finish();
  ASSERT_EQ(harness_.records().size(), 1u);
  const HandshakeRecord& record = harness_.records()[0];
  EXPECT_EQ(outcome_text(record), "established");
  EXPECT_EQ(record.kept_share, 255);
  EXPECT_NE(record.flags & HandshakeRecord::tail_not_followed, 0u);
  EXPECT_EQ(record.flags & HandshakeRecord::client_data_seen, 0u);
  EXPECT_EQ(count(Counter::tails_shed), 1u);
}

TEST_F(Shedding, ChangesNoOutcomeByGivingUpTails) {
  for (const support::NamedDialogue& named : support::dialogues_with_hello()) {
    SCOPED_TRACE(named.name);
    OverloadStatus status;
    status.level.store(OverloadLevel::tails);
    overload::Controller controller(status);
    WorkerHarness harness(small_config(), tools(controller));
    harness.feed(support::play(named.dialogue));
    harness.finish();
    EXPECT_EQ(harness.conservation_error(), "");
    ASSERT_EQ(harness.records().size(), 1u);
    const HandshakeRecord& record = harness.records()[0];
    EXPECT_EQ(outcome_text(record), named.dialogue.expected.name);
    EXPECT_EQ(party_text(record.outcome.by), named.dialogue.expected.by);
  }
}

TEST_F(Shedding, WaitsForTheVerdictOnAClientCertificate) {
  shed(OverloadLevel::clients, kAllClients);
  harness_.feed(frames_of(1, support::tls13_mutual()));
  finish();
  EXPECT_EQ(count(Counter::tails_shed), 0u);
  EXPECT_EQ(outcome_text(harness_.records()[0]), "established");
}

TEST_F(Shedding, NeverHappensWithoutAController) {
  WorkerHarness harness;
  for (std::uint8_t client = 1; client <= 20; ++client) harness.feed(frames_of(client));
  harness.finish();
  EXPECT_EQ(harness.records().size(), 20u);
  EXPECT_EQ(harness.counter(Counter::full_bursts), 0u);
}

}  // namespace
}  // namespace shakedown::test_harness

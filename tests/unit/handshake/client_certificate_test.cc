// SPDX-License-Identifier: Apache-2.0
//
// TLS 1.3 with client certificates, record by record as real stacks send them: who was refused, and
// who was not.
#include <gtest/gtest.h>

#include <string>

#include "handshake_scripts.h"
#include "record_builder.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::outcome_text;
using test_harness::party_text;
using test_harness::WorkerHarness;

constexpr Code8 kApplicationData{23};
constexpr std::size_t kAlert = 19;
constexpr std::size_t kPaddedAlert = 35;  // Java
constexpr std::size_t kEmptyCertificate = 25;
constexpr std::size_t kFinished = 53;
constexpr std::size_t kTicket = 298;
constexpr std::size_t kData = 58;

/// A conversation after the server's flight, by the lengths of its records.
class Conversation {
 public:
  Conversation() : script_(HandshakeParameters::tls13()) { script_.client_hello().server_flight(); }

  Conversation& client(std::initializer_list<std::size_t> lengths) {
    return say(Side::client, lengths);
  }
  Conversation& server(std::initializer_list<std::size_t> lengths) {
    return say(Side::server, lengths);
  }
  Conversation& part_of_a_server_record() {
    Content bytes = encrypted_record(kApplicationData, 4000);
    bytes.resize(1000);
    script_.data(Side::server, bytes);
    return *this;
  }
  Conversation& fin(Side side) { return script_.fin(side), *this; }
  Conversation& rst(Side side) { return script_.rst(side), *this; }

  [[nodiscard]] Frames frames() { return play(script_.take()); }
  /// `name by party`, `, inferred`, `, late` as they apply.
  [[nodiscard]] std::string seen() { return seen_in(frames()); }

  [[nodiscard]] static std::string seen_in(const Frames& frames) {
    WorkerHarness harness;
    harness.feed(frames);
    harness.finish();
    EXPECT_EQ(harness.conservation_error(), "");
    if (harness.records().size() != 1) return std::to_string(harness.records().size()) + " records";
    const HandshakeRecord& record = harness.records()[0];
    std::string text = outcome_text(record);
    if (record.outcome.by != Party::none) text += " by " + party_text(record.outcome.by);
    if ((record.flags & HandshakeRecord::inferred) != 0) text += ", inferred";
    if ((record.flags & HandshakeRecord::late_rejection) != 0) text += ", late";
    return text;
  }

 private:
  using Content = test_support::Bytes;

  Conversation& say(Side side, std::initializer_list<std::size_t> lengths) {
    Content bytes;
    for (const std::size_t length : lengths) {
      bytes = concatenate({bytes, encrypted_record(kApplicationData, length)});
    }
    script_.data(side, bytes);
    return *this;
  }

  HandshakeScript script_;
};

constexpr const char* kRefused = "encrypted_alert_after_client_finished by server, inferred";

// --- the client's flight in one record ---

TEST(CoalescedFlight, WithoutCertificateIsRefusedByTheAlert) {
  EXPECT_EQ(Conversation().client({61}).server({kAlert}).fin(Side::server).seen(), kRefused);
  EXPECT_EQ(Conversation().client({61, kData}).server({kAlert}).fin(Side::server).seen(), kRefused);
  EXPECT_EQ(Conversation().client({61}).server({kAlert}).fin(Side::client).seen(), kRefused);
}

TEST(CoalescedFlight, WithoutCertificateIsEstablishedByTheTicket) {
  EXPECT_EQ(Conversation().client({61}).server({kTicket}).client({kData}).seen(), "established");
}

TEST(CoalescedFlight, WithCertificateIsRefusedByTheAlert) {
  EXPECT_EQ(Conversation().client({628}).server({kAlert}).fin(Side::server).seen(), kRefused);
  EXPECT_EQ(Conversation().client({628}).server({kAlert}).rst(Side::server).seen(), kRefused);
  EXPECT_EQ(Conversation()
                .client({628})
                .server({kAlert})
                .client({kData, kAlert})
                .fin(Side::server)
                .seen(),
            kRefused);
}

TEST(CoalescedFlight, WithCertificateIsEstablishedByTheTicket) {
  Conversation conversation;
  conversation.client({812}).server({906}).client({kData}).server({906, 8524, kAlert});
  EXPECT_EQ(conversation.client({kAlert}).fin(Side::client).fin(Side::server).seen(),
            "established");
}

TEST(CoalescedFlight, DataAfterItIsNoLateRejection) {
  for (const std::size_t data : {std::size_t{35}, kData, std::size_t{400}}) {
    Conversation conversation;
    conversation.client({812}).client({data}).server({906, 906});
    EXPECT_EQ(conversation.fin(Side::client).fin(Side::server).seen(), "established") << data;
  }
}

TEST(CoalescedFlight, ClosingAfterTheTicketIsALateRejection) {
  EXPECT_EQ(Conversation().client({812}).server({906}).fin(Side::client).seen(),
            "established, late");
}

// Java's records come one by one, and the server speaks as soon as it has seen the first.
TEST(CoalescedFlight, AVerdictInTheMiddleOfTheFlightIsARefusal) {
  EXPECT_EQ(Conversation().client({41}).server({kAlert}).fin(Side::server).client({69, 74}).seen(),
            kRefused);
  EXPECT_EQ(Conversation()
                .client({529})
                .server({kAlert})
                .client({113})
                .fin(Side::server)
                .client({69})
                .seen(),
            kRefused);
}

TEST(CoalescedFlight, AClientThatClosesAfterItsCertificateHasNotFinished) {
  EXPECT_EQ(Conversation().client({628}).fin(Side::client).seen(),
            "closed_after_server_hello by client");
}

// --- an alert that is padded ---

TEST(PaddedAlert, RefusesWhoeverClosesFirst) {
  EXPECT_EQ(Conversation()
                .client({kEmptyCertificate, kFinished, kData})
                .server({kPaddedAlert})
                .fin(Side::client)
                .fin(Side::server)
                .seen(),
            kRefused);
  EXPECT_EQ(Conversation()
                .client({1001, 97, kFinished, kData})
                .server({kPaddedAlert})
                .fin(Side::server)
                .seen(),
            kRefused);
}

TEST(PaddedAlert, OfAnotherLengthRefusesOnlyWhenTheServerCloses) {
  for (const std::size_t length :
       {std::size_t{20}, std::size_t{34}, std::size_t{36}, std::size_t{65}}) {
    SCOPED_TRACE(length);
    EXPECT_EQ(
        Conversation().client({1001, 97, kFinished}).server({length}).fin(Side::server).seen(),
        kRefused);
    EXPECT_EQ(
        Conversation().client({1001, 97, kFinished}).server({length}).fin(Side::client).seen(),
        "established, late");
  }
}

TEST(PaddedAlert, NeedsACertificate) {
  EXPECT_EQ(Conversation().client({kFinished}).server({kPaddedAlert}).fin(Side::server).seen(),
            "established");
}

TEST(PaddedAlert, IsNotOneWhenItMayBeATicket) {
  EXPECT_EQ(Conversation().client({1001, 97, kFinished}).server({66}).fin(Side::server).seen(),
            "established");
}

// A server that speaks first, as for mail, may greet in few bytes.
TEST(PaddedAlert, IsNotOneWhenTheServerGoesOn) {
  for (const std::size_t second : {kAlert, kPaddedAlert, kTicket}) {
    EXPECT_EQ(Conversation()
                  .client({1001, 97, kFinished})
                  .server({kPaddedAlert})
                  .server({second})
                  .fin(Side::server)
                  .seen(),
              "established");
  }
}

TEST(PaddedAlert, IsNotOneWhenTheClientGoesOn) {
  EXPECT_EQ(Conversation()
                .client({1001, 97, kFinished})
                .server({kPaddedAlert})
                .client({kData})
                .fin(Side::server)
                .seen(),
            "established");
  EXPECT_EQ(Conversation()
                .client({1001, 97, kFinished})
                .server({kPaddedAlert})
                .client({kAlert})
                .fin(Side::server)
                .seen(),
            "established, late");
}

// --- no word at all ---

TEST(SilentRefusal, IsAServerThatClosesOnACertificate) {
  EXPECT_EQ(Conversation().client({1001, 97, kFinished}).fin(Side::server).client({kAlert}).seen(),
            "closed_after_client_finished by server, inferred");
  EXPECT_EQ(Conversation().client({1377, 95, kFinished}).client({kData}).rst(Side::server).seen(),
            "reset_after_client_finished by server, inferred");
  EXPECT_EQ(Conversation().client({kEmptyCertificate, kFinished}).fin(Side::server).seen(),
            "closed_after_client_finished by server, inferred");
  EXPECT_EQ(Conversation().client({61}).fin(Side::server).seen(),
            "closed_after_client_finished by server, inferred");
  EXPECT_EQ(Conversation().client({628}).rst(Side::server).seen(),
            "reset_after_client_finished by server, inferred");
}

TEST(SilentRefusal, NeedsACertificate) {
  EXPECT_EQ(Conversation().client({kFinished}).fin(Side::server).seen(), "established");
  EXPECT_EQ(Conversation().client({kFinished, kData}).rst(Side::server).seen(), "established");
}

TEST(SilentRefusal, NeedsAServerThatClosesFirst) {
  EXPECT_EQ(Conversation().client({1001, 97, kFinished}).fin(Side::client).fin(Side::server).seen(),
            "established, late");
  EXPECT_EQ(Conversation()
                .client({1001, 97, kFinished, kData})
                .fin(Side::client)
                .rst(Side::server)
                .seen(),
            "established");
}

TEST(SilentRefusal, IsNoneWhenTheClientSaidGoodbye) {
  EXPECT_EQ(Conversation().client({1001, 97, kFinished}).client({kAlert}).fin(Side::server).seen(),
            "established, late");
}

TEST(SilentRefusal, IsNoneWhenTheServerHadSpoken) {
  EXPECT_EQ(Conversation().client({1001, 97, kFinished}).server({kTicket}).fin(Side::server).seen(),
            "established");
  EXPECT_EQ(Conversation()
                .client({1001, 97, kFinished})
                .part_of_a_server_record()
                .rst(Side::server)
                .seen(),
            "established");
}

TEST(SilentRefusal, IsNotGuessedFromLoss) {
  Frames frames =
      Conversation().client({1001, 97, kFinished}).server({kTicket}).fin(Side::server).frames();
  // The ticket is the last data frame of the server.
  std::size_t last = 0;
  while (data_frame(frames, Side::server, last + 1) != frames.size()) ++last;
  drop_frame(frames, data_frame(frames, Side::server, last));
  EXPECT_EQ(Conversation::seen_in(frames), "unseen");
}

// The mirror shows the server's answer before the client's flight that it answers.
TEST(SilentRefusal, DoesNotDependOnTheOrderOfTheMirror) {
  for (const std::size_t word : {kTicket, kAlert, kPaddedAlert}) {
    Frames frames =
        Conversation().client({1001, 97, kFinished}).server({word}).fin(Side::server).frames();
    const std::string in_order = Conversation::seen_in(frames);
    std::size_t last = 0;
    while (data_frame(frames, Side::server, last + 1) != frames.size()) ++last;
    swap_frames(frames, data_frame(frames, Side::client, 1),
                data_frame(frames, Side::server, last));
    EXPECT_EQ(Conversation::seen_in(frames), in_order) << word;
  }
}

}  // namespace
}  // namespace shakedown

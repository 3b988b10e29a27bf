// SPDX-License-Identifier: Apache-2.0
#include "ingest/visibility.h"

#include <gtest/gtest.h>

#include "handshake_records.h"

namespace shakedown::ingest {
namespace {

constexpr std::uint8_t kUsualClient = 7;

HandshakeRecord between(std::uint8_t client, std::uint8_t server, std::uint16_t vlan) {
  HandshakeRecord record = test::a_handshake();
  record.client_address = test::ipv4(192, 0, 2, client);
  record.server_address = test::ipv4(10, 0, 0, server);
  record.vlan_outer = vlan;
  return record;
}

/// A connection of which both directions were shown.
HandshakeRecord answered_by(std::uint8_t server, std::uint16_t vlan,
                            std::uint8_t client = kUsualClient) {
  return between(client, server, vlan);
}

/// SYNs, and no answer to any of them.
HandshakeRecord unanswered_by(std::uint8_t server, std::uint16_t vlan,
                              std::uint8_t client = kUsualClient) {
  HandshakeRecord record = between(client, server, vlan);
  record.outcome = {.kind = OutcomeKind::unanswered, .by = Party::server, .stage = Stage::tcp};
  record.flags = HandshakeRecord::client_seen | HandshakeRecord::one_way;
  record.client_hello = record.server_hello = {};
  record.server_hello_facts = {};
  record.syn = record.first_seen;
  record.client_tcp.retransmission_count = 3;
  return record;
}

/// A ClientHello of a connection that began before the capture, repeated in vain.
HandshakeRecord silence_of(std::uint8_t server, std::uint16_t vlan) {
  HandshakeRecord record = between(kUsualClient, server, vlan);
  record.outcome = {
      .kind = OutcomeKind::silence, .by = Party::server, .stage = Stage::client_hello};
  record.flags = HandshakeRecord::client_seen | HandshakeRecord::midstream;
  record.server_hello = {};
  record.server_hello_facts = {};
  record.client_tcp.retransmission_count = 3;
  return record;
}

/// The client goes on as one that was answered, and nothing of the server is shown.
HandshakeRecord one_way_to(std::uint8_t server, std::uint16_t vlan,
                           std::uint8_t client = kUsualClient) {
  HandshakeRecord record = between(client, server, vlan);
  record.outcome = {.kind = OutcomeKind::unseen,
                    .stage = Stage::client_hello,
                    .unseen_reason = UnseenReason::one_way};
  record.flags = HandshakeRecord::client_seen | HandshakeRecord::one_way;
  return record;
}

class VisibilityTest : public testing::Test {
 protected:
  Judgement see(HandshakeRecord record) { return visibility_.judge(record); }
  OutcomeKind kind_of(HandshakeRecord record) {
    visibility_.judge(record);
    return record.outcome.kind;
  }

  Visibility visibility_;
};

TEST_F(VisibilityTest, CallsNoAnswerUnseenWhereNobodyEverAnswered) {
  for (HandshakeRecord record : {unanswered_by(1, 10), silence_of(1, 10)}) {
    const Judgement judgement = visibility_.judge(record);
    EXPECT_TRUE(judgement.withheld);
    EXPECT_EQ(judgement.sight, Sight::not_known);
    EXPECT_EQ(record.outcome.kind, OutcomeKind::unseen);
    EXPECT_EQ(record.outcome.by, Party::none);
    EXPECT_EQ(record.outcome.unseen_reason, UnseenReason::one_way);
    EXPECT_NE(record.flags & HandshakeRecord::one_way, 0u);
  }
}

TEST_F(VisibilityTest, KeepsNoAnswerOfAServerThatAnsweredOnThatLink) {
  see(answered_by(1, 10, 200));
  EXPECT_EQ(kind_of(unanswered_by(1, 10)), OutcomeKind::unanswered);
  EXPECT_EQ(kind_of(silence_of(1, 10)), OutcomeKind::silence);
  EXPECT_EQ(see(unanswered_by(1, 10)).sight, Sight::no_answer);
}

TEST_F(VisibilityTest, KnowsThatAServerMayAnswerAnotherLinkByAnotherWay) {
  see(answered_by(1, 10));
  EXPECT_EQ(kind_of(unanswered_by(1, 20)), OutcomeKind::unseen);
  HandshakeRecord other_port = unanswered_by(1, 10);
  other_port.port_index = 1;
  EXPECT_EQ(kind_of(other_port), OutcomeKind::unseen);
  HandshakeRecord tunnelled = unanswered_by(1, 10);
  tunnelled.tunnel_kind = TunnelKind::vxlan;
  tunnelled.tunnel_id = 42;
  EXPECT_EQ(kind_of(tunnelled), OutcomeKind::unseen);
}

TEST_F(VisibilityTest, TellsNetworksFromSubscribersByTheTunnel) {
  const auto in_tunnel = [](HandshakeRecord record, TunnelKind kind, std::uint32_t id) {
    record.tunnel_kind = kind;
    record.tunnel_id = id;
    return record;
  };
  see(in_tunnel(answered_by(1, 0), TunnelKind::gtp_u, 1));
  EXPECT_EQ(kind_of(in_tunnel(unanswered_by(1, 0), TunnelKind::gtp_u, 2)), OutcomeKind::unanswered);
  see(in_tunnel(answered_by(1, 0), TunnelKind::vxlan, 1));
  EXPECT_EQ(kind_of(in_tunnel(unanswered_by(1, 0), TunnelKind::vxlan, 2)), OutcomeKind::unseen);
  EXPECT_EQ(kind_of(in_tunnel(unanswered_by(1, 0), TunnelKind::vxlan, 1)), OutcomeKind::unanswered);
}

TEST_F(VisibilityTest, LetsOtherServersOfItsClientSpeakForAServerNeverSeen) {
  see(answered_by(2, 10));
  EXPECT_EQ(kind_of(unanswered_by(1, 10)), OutcomeKind::unanswered);
  EXPECT_EQ(kind_of(unanswered_by(1, 10, 99)), OutcomeKind::unseen);
}

TEST_F(VisibilityTest, LetsEnoughServersOfTheLinkSpeakForOneNeverSeen) {
  for (std::uint8_t server = 1; server < kAnsweringServersEnough; ++server) {
    see(answered_by(server, 10));
    see(answered_by(server, 10));
  }
  EXPECT_EQ(kind_of(unanswered_by(100, 10, 99)), OutcomeKind::unseen);
  see(answered_by(kAnsweringServersEnough, 10));
  EXPECT_EQ(kind_of(unanswered_by(100, 10, 99)), OutcomeKind::unanswered);
}

// Only the clients' packets are shown, and beside them one unrelated connection as a whole.
TEST_F(VisibilityTest, IsNotDeceivedByOneWholeConnectionAmongHalves) {
  see(answered_by(200, 0, 200));
  // Of a refused connection only the SYN is left; clients do not repeat it.
  HandshakeRecord refused = unanswered_by(1, 0);
  refused.client_tcp.retransmission_count = 0;
  EXPECT_EQ(kind_of(refused), OutcomeKind::unseen);
  EXPECT_EQ(kind_of(unanswered_by(1, 0)), OutcomeKind::unseen);
  see(one_way_to(1, 0));
  EXPECT_EQ(kind_of(unanswered_by(2, 0)), OutcomeKind::unseen);
  // Not even of the same client.
  EXPECT_EQ(kind_of(unanswered_by(2, 0, 200)), OutcomeKind::unseen);
}

TEST_F(VisibilityTest, KnowsTheServersWhoseAnswersTakeAnotherWay) {
  for (std::uint8_t server = 1; server <= 50; ++server) see(answered_by(server, 10));
  see(one_way_to(100, 10));
  EXPECT_EQ(kind_of(unanswered_by(100, 10)), OutcomeKind::unseen);
  EXPECT_EQ(kind_of(unanswered_by(101, 10)), OutcomeKind::unanswered);
}

TEST_F(VisibilityTest, AllowsOneInTwentyOneWay) {
  for (std::uint32_t i = 0; i < kOneWayIsRare - 1; ++i) see(answered_by(1, 10));
  see(one_way_to(1, 10));
  EXPECT_EQ(kind_of(unanswered_by(1, 10)), OutcomeKind::unseen);
  see(answered_by(1, 10));
  EXPECT_EQ(kind_of(unanswered_by(1, 10)), OutcomeKind::unanswered);
  see(one_way_to(1, 10));
  EXPECT_EQ(kind_of(unanswered_by(1, 10)), OutcomeKind::unseen);
}

TEST_F(VisibilityTest, NoticesThatAMirrorHasLostADirection) {
  for (int i = 0; i < 100'000; ++i) see(answered_by(1, 10));
  for (std::uint32_t i = 0; i < kAddressMemory; ++i) see(one_way_to(1, 10));
  EXPECT_EQ(kind_of(unanswered_by(1, 10)), OutcomeKind::unseen);
}

TEST_F(VisibilityTest, LearnsNothingFromServersWhoseClientsAreNotShown) {
  for (std::uint8_t server = 1; server <= 50; ++server) {
    HandshakeRecord record = answered_by(server, 10);
    record.flags = HandshakeRecord::server_seen;
    EXPECT_EQ(see(record).sight, Sight::server_only);
  }
  EXPECT_EQ(kind_of(unanswered_by(1, 10)), OutcomeKind::unseen);
}

TEST_F(VisibilityTest, LearnsNothingFromLaterAnswers) {
  HandshakeRecord record = unanswered_by(1, 10);
  visibility_.judge(record);
  see(answered_by(1, 10));
  EXPECT_EQ(record.outcome.kind, OutcomeKind::unseen);
}

TEST_F(VisibilityTest, BelievesASingleSynOnlyOnALinkThatLosesNothing) {
  HandshakeRecord once = unanswered_by(1, 10);
  once.client_tcp.retransmission_count = 0;
  for (std::uint32_t i = 0; i + 1 < kSteadyConnections; ++i) see(answered_by(1, 10));
  EXPECT_EQ(kind_of(once), OutcomeKind::unseen);
  see(answered_by(1, 10));
  EXPECT_EQ(kind_of(once), OutcomeKind::unanswered);
  // Nobody repeats to a server that was never seen either, but then nothing speaks for it.
  HandshakeRecord stranger = unanswered_by(2, 10);
  stranger.client_tcp.retransmission_count = 0;
  EXPECT_EQ(kind_of(stranger), OutcomeKind::unseen);

  HandshakeRecord gap = answered_by(1, 10);
  gap.flags |= HandshakeRecord::capture_gap;
  see(gap);
  EXPECT_EQ(kind_of(once), OutcomeKind::unseen);
  EXPECT_EQ(kind_of(unanswered_by(1, 10)), OutcomeKind::unanswered);
}

TEST_F(VisibilityTest, TakesIcmpForProofThatNothingWasAnswered) {
  for (const IcmpError error : {IcmpError::network_unreachable, IcmpError::host_unreachable,
                                IcmpError::port_unreachable, IcmpError::prohibited}) {
    HandshakeRecord record = unanswered_by(1, 10);
    record.client_tcp.retransmission_count = 0;
    record.path.icmp = error;
    EXPECT_EQ(see(record).sight, Sight::no_answer);
    EXPECT_EQ(kind_of(record), OutcomeKind::unanswered);
  }
  for (const IcmpError error :
       {IcmpError::packet_too_big, IcmpError::time_exceeded, IcmpError::other}) {
    HandshakeRecord record = unanswered_by(1, 10);
    record.path.icmp = error;
    EXPECT_EQ(kind_of(record), OutcomeKind::unseen);
  }
  // It is no answer of a server.
  EXPECT_EQ(kind_of(unanswered_by(1, 10)), OutcomeKind::unseen);
}

TEST_F(VisibilityTest, KnowsThatWhoSpeaksAfterTheSynWasAnswered) {
  for (int i = 0; i < 50; ++i) see(answered_by(1, 10));
  HandshakeRecord record = silence_of(1, 10);
  record.syn = record.first_seen;
  EXPECT_EQ(see(record).sight, Sight::client_only);
  EXPECT_EQ(kind_of(record), OutcomeKind::unseen);
  // TCP Fast Open: the hello is in the SYN.
  HandshakeRecord fast_open = silence_of(1, 10);
  fast_open.syn = fast_open.client_hello;
  EXPECT_EQ(kind_of(fast_open), OutcomeKind::silence);
}

TEST_F(VisibilityTest, KnowsThatWhoDoesNotRepeatWasAnswered) {
  for (int i = 0; i < 50; ++i) see(answered_by(1, 10));
  HandshakeRecord record = silence_of(1, 10);
  record.client_tcp.retransmission_count = 0;
  const Judgement judgement = see(record);
  EXPECT_EQ(judgement.sight, Sight::client_only);
  EXPECT_TRUE(judgement.withheld);
}

TEST_F(VisibilityTest, LeavesAlertsResetsAndSeenServersAlone) {
  HandshakeRecord reset = silence_of(1, 10);
  reset.outcome.kind = OutcomeKind::reset;
  EXPECT_EQ(kind_of(reset), OutcomeKind::reset);
  HandshakeRecord seen = answered_by(1, 10);
  seen.outcome.kind = OutcomeKind::silence;
  EXPECT_FALSE(see(seen).withheld);
  EXPECT_EQ(kind_of(seen), OutcomeKind::silence);
}

TEST(Visibility, ForgetsTheServerThatAnsweredLongestAgo) {
  Visibility visibility(2);
  for (std::uint8_t server = 1; server <= 3; ++server) {
    HandshakeRecord record = answered_by(server, 10, server);
    visibility.judge(record);
  }
  // So that only the servers' own answers count.
  HandshakeRecord half = one_way_to(3, 10, 3);
  visibility.judge(half);
  HandshakeRecord forgotten = unanswered_by(1, 10, 99);
  visibility.judge(forgotten);
  EXPECT_EQ(forgotten.outcome.kind, OutcomeKind::unseen);
  HandshakeRecord known = unanswered_by(2, 10, 99);
  visibility.judge(known);
  EXPECT_EQ(known.outcome.kind, OutcomeKind::unanswered);
}

}  // namespace
}  // namespace shakedown::ingest

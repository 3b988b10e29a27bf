// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "diagnose/failure.h"

namespace shakedown::diagnose {
namespace {

using test::Failure;

std::optional<Finding> by(std::string_view id, Failure& failure) {
  return test::finding(connection_rules(), id, failure.facts());
}

UnixNanos before(const Failure& failure, std::int64_t seconds) {
  return add_saturating(failure.record.client_hello, -seconds * kNanosPerSecond);
}

TEST(ConnectionRules, TellAClosedPortByItsReset) {
  Failure failure(OutcomeKind::refused, Party::server, Stage::tcp);
  EXPECT_EQ(by("port_closed.reset", failure)->confidence, Confidence::likely);
  EXPECT_FALSE(by("port_filtered.silence", failure));
  EXPECT_FALSE(by("port_rejected.icmp", failure));
}

TEST(ConnectionRules, AskWhatBecameOfAServiceThatWasThere) {
  Failure failure(OutcomeKind::refused, Party::server, Stage::tcp);
  EXPECT_TRUE(by("port_closed.reset", failure)->remedy.empty());
  failure.server.successes = 12.0f;
  EXPECT_FALSE(by("port_closed.reset", failure)->remedy.empty());
}

TEST(ConnectionRules, BelieveIcmpAboutASyn) {
  for (const IcmpError error : {IcmpError::prohibited, IcmpError::host_unreachable,
                                IcmpError::port_unreachable, IcmpError::network_unreachable}) {
    Failure failure(OutcomeKind::unanswered, Party::path, Stage::tcp);
    failure.record.path.icmp = error;
    const auto found = by("port_rejected.icmp", failure);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->confidence, Confidence::certain);
    EXPECT_EQ(found->standing, Standing::told);
    EXPECT_FALSE(by("port_filtered.silence", failure));
  }
  Failure other(OutcomeKind::unanswered, Party::server, Stage::tcp);
  other.record.path.icmp = IcmpError::packet_too_big;
  EXPECT_FALSE(by("port_rejected.icmp", other));
}

TEST(ConnectionRules, AreUnsureOfAFilterWhereOthersGetThrough) {
  Failure failure(OutcomeKind::unanswered, Party::server, Stage::tcp);
  EXPECT_EQ(by("port_filtered.silence", failure)->confidence, Confidence::likely);
  failure.server.answered_before = before(failure, 10);
  EXPECT_EQ(by("port_filtered.silence", failure)->confidence, Confidence::possible);
  failure.server.answered_before = before(failure, 600);
  EXPECT_EQ(by("port_filtered.silence", failure)->confidence, Confidence::likely);
}

TEST(ConnectionRules, AreCertainOfAProtocolThatIsKnown) {
  Failure failure(OutcomeKind::non_tls_reply, Party::server, Stage::client_hello);
  failure.record.server_service = {Service::ssh, 0};
  EXPECT_EQ(by("not_tls_server.reply", failure)->confidence, Confidence::certain);
  failure.record.server_service = {Service::binary, 0};
  EXPECT_EQ(by("not_tls_server.reply", failure)->confidence, Confidence::likely);
}

TEST(ConnectionRules, DoubtAReplyFromAServerThatSpeaksTls) {
  Failure failure(OutcomeKind::non_tls_reply, Party::server, Stage::client_hello);
  failure.record.server_service = {Service::http, 400};
  failure.server.successes = 3.0f;
  const auto found = by("not_tls_server.reply", failure);
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_FALSE(found->against.empty());
}

TEST(ConnectionRules, TakeAnUpgradeThatFailedForThat) {
  Failure declined(OutcomeKind::starttls_refused, Party::server, Stage::tcp);
  declined.record.starttls = StartTls::smtp;
  declined.record.server_service = {Service::smtp, 454};
  EXPECT_EQ(by("starttls_refused.answer", declined)->confidence, Confidence::certain);
  Failure answered(OutcomeKind::non_tls_reply, Party::server, Stage::client_hello);
  answered.record.starttls = StartTls::imap;
  EXPECT_EQ(by("starttls_refused.answer", answered)->confidence, Confidence::likely);
  EXPECT_FALSE(by("not_tls_server.reply", answered));
}

TEST(ConnectionRules, KnowPortsWhereTlsIsNotUsual) {
  Failure failure(OutcomeKind::closed, Party::server, Stage::client_hello);
  EXPECT_FALSE(by("not_tls_server.port", failure));
  failure.record.server_port = 389;
  EXPECT_EQ(by("not_tls_server.port", failure)->confidence, Confidence::possible);
  failure.server.successes = 1.0f;
  EXPECT_FALSE(by("not_tls_server.port", failure));
}

TEST(ConnectionRules, KnowPlainTextAtATlsPort) {
  Failure failure(OutcomeKind::no_hello, Party::server, Stage::tcp);
  EXPECT_FALSE(by("plaintext_client.words", failure));
  failure.record.client_service = {Service::http, 0};
  EXPECT_EQ(by("plaintext_client.words", failure)->confidence, Confidence::possible);
  failure.server.successes = 1.0f;
  EXPECT_EQ(by("plaintext_client.words", failure)->confidence, Confidence::likely);
  failure.record.server_service = {Service::http, 400};
  EXPECT_EQ(by("plaintext_client.words", failure)->confidence, Confidence::certain);
}

TEST(ConnectionRules, LetTwoTalkInTheirOwnProtocol) {
  Failure failure(OutcomeKind::no_hello, Party::client, Stage::tcp);
  failure.record.client_service = {Service::smtp, 0};
  failure.record.server_service = {Service::smtp, 220};
  EXPECT_FALSE(by("plaintext_client.words", failure));
}

}  // namespace
}  // namespace shakedown::diagnose

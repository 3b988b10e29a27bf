// SPDX-License-Identifier: Apache-2.0
//
// Connections that begin with something else than TLS, through a whole worker: upgrades that are
// accepted, declined or ignored, and sides that speak another language.
#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "handshake_scripts.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::outcome_text;
using test_harness::WorkerHarness;

using Content = test_support::Bytes;

constexpr std::uint16_t kSmtp = 25;
constexpr std::uint16_t kPostgresql = 5432;
constexpr std::uint16_t kMysql = 3306;
constexpr std::uint16_t kHttps = 443;
constexpr std::uint16_t kProxy = 3128;

Content text(std::string_view characters) { return {characters.begin(), characters.end()}; }

struct Line {
  Side from = Side::client;
  Content bytes;
};

Line server(std::string_view words) { return {Side::server, text(words)}; }
Line client(std::string_view words) { return {Side::client, text(words)}; }

TcpConversation talk(std::uint16_t port, const std::vector<Line>& lines) {
  auto options = TcpConversationOptions::ipv4();
  options.server.endpoint.port = port;
  TcpConversation conversation(options);
  conversation.handshake();
  for (const Line& line : lines) conversation.send(line.from, line.bytes);
  return conversation;
}

/// The handshake of a whole dialogue behind what was said before.
Frames then(TcpConversation conversation, const Dialogue& dialogue) {
  for (const Step& step : dialogue.steps) {
    if (step.kind == Step::Kind::data) conversation.send(step.from, step.bytes);
    if (step.kind == Step::Kind::fin) conversation.fin(step.from);
    if (step.kind == Step::Kind::rst) conversation.rst(step.from);
    if (step.kind == Step::Kind::wait) conversation.wait(step.wait_ns);
  }
  return conversation.take_frames();
}

std::vector<HandshakeRecord> follow(const Frames& frames, std::size_t burst_size = 32) {
  WorkerHarness harness;
  harness.feed(frames, burst_size);
  harness.finish();
  EXPECT_EQ(harness.conservation_error(), "");
  return harness.records();
}

HandshakeRecord only(const Frames& frames) {
  const auto records = follow(frames);
  EXPECT_EQ(records.size(), 1u);
  return records.empty() ? HandshakeRecord{} : records[0];
}

std::vector<Line> smtp_until_request() {
  return {server("220 mail.example ESMTP Postfix\r\n"), client("EHLO client.example\r\n"),
          server("250-mail.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n"), client("STARTTLS\r\n")};
}

std::vector<Line> with(std::vector<Line> lines, Line last) {
  lines.push_back(std::move(last));
  return lines;
}

TEST(Plaintext, FollowsTheHandshakeOfAnUpgrade) {
  const auto lines = with(smtp_until_request(), server("220 2.0.0 Ready to start TLS\r\n"));
  for (const Dialogue& dialogue : {tls12_full(), tls13_full()}) {
    const HandshakeRecord record = only(then(talk(kSmtp, lines), dialogue));
    EXPECT_EQ(outcome_text(record), "established");
    EXPECT_EQ(record.starttls, StartTls::smtp);
    EXPECT_EQ(record.server_service.service, Service::smtp);
    EXPECT_TRUE((record.flags & HandshakeRecord::after_plaintext) != 0);
  }
}

TEST(Plaintext, FollowsAnUpgradeWhateverTheBurst) {
  const auto lines = with(smtp_until_request(), server("220 go\r\n"));
  const Frames frames = then(talk(kSmtp, lines), tls13_full());
  for (const std::size_t burst : {1u, 2u, 7u}) {
    const auto records = follow(frames, burst);
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(outcome_text(records[0]), "established");
  }
}

TEST(Plaintext, FailureInsideAnUpgradeKeepsItsName) {
  const auto lines = with(smtp_until_request(), server("220 go\r\n"));
  const HandshakeRecord record =
      only(then(talk(kSmtp, lines), alert_after_client_hello(HandshakeParameters::tls12(), 40)));
  EXPECT_EQ(outcome_text(record), "alert_after_client_hello");
  EXPECT_EQ(record.starttls, StartTls::smtp);
}

TEST(Plaintext, DeclinedUpgradeIsAnOutcome) {
  const auto lines = with(smtp_until_request(), server("454 4.7.0 TLS not available\r\n"));
  const HandshakeRecord record = only(talk(kSmtp, lines).close(Side::client).take_frames());
  EXPECT_EQ(outcome_text(record), "starttls_refused");
  EXPECT_EQ(record.outcome.by, Party::server);
  EXPECT_EQ(record.starttls, StartTls::smtp);
  EXPECT_EQ(record.server_service.code, 454);
}

TEST(Plaintext, ClosingInAnswerToTheRequestRefusesIt) {
  const HandshakeRecord record =
      only(talk(kSmtp, smtp_until_request()).close(Side::server).take_frames());
  EXPECT_EQ(outcome_text(record), "starttls_refused");
}

TEST(Plaintext, ClientThatLeavesAfterItsRequestWasNotRefused) {
  const HandshakeRecord record =
      only(talk(kSmtp, smtp_until_request()).close(Side::client).take_frames());
  EXPECT_EQ(outcome_text(record), "no_hello");
  EXPECT_EQ(record.outcome.by, Party::client);
}

TEST(Plaintext, MailWithoutTlsIsNotReported) {
  const Frames frames =
      talk(kSmtp, {server("220 mail.example ESMTP\r\n"), client("EHLO client.example\r\n"),
                   server("250 mail.example\r\n"), client("MAIL FROM:<a@example.com>\r\n"),
                   server("250 ok\r\n"), client("QUIT\r\n")})
          .close(Side::server)
          .take_frames();
  EXPECT_TRUE(follow(frames).empty());
}

TEST(Plaintext, GreetingsThatGoNowhereAreNotReported) {
  EXPECT_TRUE(
      follow(talk(22, {server("SSH-2.0-OpenSSH_9.2\r\n"), client("SSH-2.0-OpenSSH_9.2\r\n")})
                 .close(Side::client)
                 .take_frames())
          .empty());
}

TEST(Plaintext, PostgresqlIsAskedInOneMessage) {
  const Content request{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
  const HandshakeRecord accepted =
      only(then(talk(kPostgresql, {{Side::client, request}, server("S")}), tls13_full()));
  EXPECT_EQ(outcome_text(accepted), "established");
  EXPECT_EQ(accepted.starttls, StartTls::postgresql);
  const HandshakeRecord refused = only(
      talk(kPostgresql, {{Side::client, request}, server("N")}).close(Side::client).take_frames());
  EXPECT_EQ(outcome_text(refused), "starttls_refused");
  EXPECT_EQ(refused.starttls, StartTls::postgresql);
}

/// MySQL's protocol 10: version, thread, salt, capabilities with CLIENT_SSL.
Content mysql_greeting() {
  Content greeting =
      text(std::string_view("\x4a\0\0\0\x0a"
                            "8.0.36\0"
                            "\x08\0\0\0"
                            "12345678\0"
                            "\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0"
                            "123456789012\0"
                            "caching_sha2_password\0",
                            78));
  return greeting;
}

Content mysql_ssl_request() {
  Content request(36, 0);
  request[0] = 32;
  request[3] = 1;
  request[4] = 0x05;
  request[5] = 0xae;  // CLIENT_PROTOCOL_41 and CLIENT_SSL among them
  request[6] = 0xff;
  request[7] = 0x19;
  return request;
}

TEST(Plaintext, HelloBehindTheRequestIsNotMissed) {
  Content request_and_hello = mysql_ssl_request();
  const Dialogue dialogue = tls12_full();
  const Content& hello = dialogue.steps.front().bytes;
  request_and_hello.insert(request_and_hello.end(), hello.begin(), hello.end());
  Dialogue rest = dialogue;
  rest.steps.erase(rest.steps.begin());
  const HandshakeRecord record = only(then(
      talk(kMysql, {{Side::server, mysql_greeting()}, {Side::client, request_and_hello}}), rest));
  EXPECT_EQ(outcome_text(record), "established");
  EXPECT_EQ(record.starttls, StartTls::mysql);
}

TEST(Plaintext, ClientThatDoesNotWaitForTheAnswerIsFollowed) {
  auto conversation = talk(kSmtp, smtp_until_request());
  const Dialogue dialogue = tls12_full();
  conversation.send(Side::client, dialogue.steps.front().bytes);
  conversation.send(Side::server, text("220 go\r\n"));
  Dialogue rest = dialogue;
  rest.steps.erase(rest.steps.begin());
  EXPECT_EQ(outcome_text(only(then(std::move(conversation), rest))), "established");
}

TEST(Plaintext, TlsThroughAProxyNamesIt) {
  const HandshakeRecord record =
      only(then(talk(kProxy, {client("CONNECT www.example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
                              server("HTTP/1.1 200 Connection established\r\n\r\n")}),
                tls13_full()));
  EXPECT_EQ(outcome_text(record), "established");
  EXPECT_EQ(record.starttls, StartTls::http_connect);
}

TEST(Plaintext, LostAnswerOfAProxyIsPassedOver) {
  auto conversation = talk(kProxy, {client("CONNECT www.example.com:443 HTTP/1.1\r\n\r\n")});
  conversation.lose(Side::server, 39);
  const HandshakeRecord record = only(then(std::move(conversation), tls12_full()));
  EXPECT_EQ(outcome_text(record), "established");
  EXPECT_EQ(record.starttls, StartTls::http_connect);
  EXPECT_EQ(record.server_hello_facts.selected_version, 0x0303);
}

TEST(Plaintext, ProxyThatDeclinesIsNoTlsFailure) {
  EXPECT_TRUE(follow(talk(kProxy, {client("CONNECT www.example.com:443 HTTP/1.1\r\n\r\n"),
                                   server("HTTP/1.1 403 Forbidden\r\n\r\n")})
                         .close(Side::server)
                         .take_frames())
                  .empty());
}

TEST(Plaintext, ReplyThatIsNotTlsNamesTheService) {
  const struct {
    std::string_view words;
    Service service;
    unsigned code;
  } cases[] = {{"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n", Service::http, 400},
               {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Service::ssh, 0},
               {"-ERR Protocol error: unauthenticated multibulk length\r\n", Service::redis, 0}};
  for (const auto& each : cases) {
    const HandshakeRecord record =
        only(talk(kHttps, {{Side::client, tls12_full().steps.front().bytes}, server(each.words)})
                 .close(Side::server)
                 .take_frames());
    EXPECT_EQ(outcome_text(record), "non_tls_reply");
    EXPECT_EQ(record.server_service.service, each.service) << each.words;
    EXPECT_EQ(record.server_service.code, each.code) << each.words;
  }
}

TEST(Plaintext, BannerBeforeTheHelloIsTheAnswerOfAServerThatSaysNoMore) {
  const HandshakeRecord record = only(talk(22, {server("SSH-2.0-OpenSSH_9.2\r\n"),
                                                {Side::client, tls12_full().steps.front().bytes}})
                                          .close(Side::server)
                                          .take_frames());
  EXPECT_EQ(outcome_text(record), "non_tls_reply");
  EXPECT_EQ(record.server_service.service, Service::ssh);
}

TEST(Plaintext, HelloBehindTheGreetingOfAServiceIsNoWordOfTheClient) {
  const HandshakeRecord record = only(talk(21, {server("220 (vsFTPd 3.0.3)\r\n"),
                                                {Side::client, tls12_full().steps.front().bytes},
                                                server("500 OOPS: unknown command\r\n")})
                                          .close(Side::server)
                                          .take_frames());
  EXPECT_EQ(outcome_text(record), "non_tls_reply");
  EXPECT_EQ(record.starttls, StartTls::none);
  EXPECT_EQ(record.client_service.service, Service::none);
  EXPECT_EQ(record.server_service.service, Service::ftp);
}

TEST(Plaintext, WhatAClientSaysBehindARefusalDoesNotRenameIt) {
  auto lines =
      with(smtp_until_request(), server("503 STARTTLS command used when not advertised\r\n"));
  const HandshakeRecord record =
      only(talk(kSmtp, with(lines, client("QUIT\r\n"))).close(Side::client).take_frames());
  EXPECT_EQ(outcome_text(record), "starttls_refused");
  EXPECT_EQ(record.client_service.service, Service::smtp);
  EXPECT_EQ(record.server_service.code, 503);
}

TEST(Plaintext, ClientThatComplainsAboutABannerByAnAlertWasAnsweredByIt) {
  const Content alert{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0a};
  for (const std::string_view banner : {std::string_view("SSH-2.0-OpenSSH_9.2\r\n"), {}}) {
    std::vector<Line> lines{{Side::client, tls12_full().steps.front().bytes},
                            {Side::client, alert}};
    if (!banner.empty()) lines.insert(lines.begin(), server(banner));
    const HandshakeRecord record = only(talk(22, lines).close(Side::client).take_frames());
    EXPECT_EQ(outcome_text(record), banner.empty() ? "alert_after_client_hello" : "non_tls_reply");
  }
}

TEST(Plaintext, HelloToAServerThatGreetedAndLeftIsReported) {
  const std::uint16_t redis = 6379;
  const HandshakeRecord record =
      only(talk(redis, {server("-DENIED Redis is running in protected mode\r\n")})
               .fin(Side::server)
               .send(Side::client, tls12_full().steps.front().bytes)
               .rst(Side::server)
               .take_frames());
  EXPECT_EQ(outcome_text(record), "non_tls_reply");
  EXPECT_EQ(record.server_service.service, Service::redis);
}

TEST(Plaintext, PlainHttpToAWatchedPortNamesTheClient) {
  const HandshakeRecord record =
      only(talk(kHttps, {client("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"),
                         server("HTTP/1.1 400 Bad Request\r\n\r\n")})
               .close(Side::server)
               .take_frames());
  EXPECT_EQ(outcome_text(record), "no_hello");
  EXPECT_EQ(record.client_service.service, Service::http);
  EXPECT_EQ(record.server_service.service, Service::http);
  EXPECT_EQ(record.server_service.code, 400);
}

TEST(Plaintext, RequestShownInTheWrongOrderIsUnderstood) {
  const auto lines = with(smtp_until_request(), server("454 no\r\n"));
  Frames frames = talk(kSmtp, lines).close(Side::client).take_frames();
  for (std::size_t i = 3; i + 2 < frames.size(); ++i) {
    Frames swapped = frames;
    std::swap(swapped[i].bytes, swapped[i + 1].bytes);
    const auto records = follow(swapped);
    ASSERT_EQ(records.size(), 1u) << i;
    EXPECT_EQ(outcome_text(records[0]), "starttls_refused") << i;
  }
}

TEST(Plaintext, AnswerThatWasLostIsNoRefusal) {
  const auto lines = with(smtp_until_request(), server("454 no\r\n"));
  Frames frames = talk(kSmtp, lines).close(Side::server).take_frames();
  std::size_t last_of_server = frames.size();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].from == Side::server && frames[i].payload_size != 0) last_of_server = i;
  }
  drop_frame(frames, last_of_server);
  for (const HandshakeRecord& record : follow(frames)) {
    EXPECT_EQ(outcome_text(record), "unseen");
  }
}

}  // namespace
}  // namespace shakedown

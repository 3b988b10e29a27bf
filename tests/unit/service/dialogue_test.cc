// SPDX-License-Identifier: Apache-2.0
//
// The rules of each protocol that its transcripts do not show.
#include "service/dialogue.h"

#include <gtest/gtest.h>

#include <string>

#include "transcripts.h"

namespace shakedown::service {
namespace {

using enum Progress;
using OwnedBytes = test_support::Bytes;

TEST(UpgradeOf, KnowsWhichServicesLeadToTls) {
  EXPECT_EQ(upgrade_of(Service::smtp, Party::server), StartTls::smtp);
  EXPECT_EQ(upgrade_of(Service::smtp, Party::client), StartTls::smtp);
  EXPECT_EQ(upgrade_of(Service::imap, Party::server), StartTls::imap);
  EXPECT_EQ(upgrade_of(Service::pop3, Party::server), StartTls::pop3);
  EXPECT_EQ(upgrade_of(Service::ftp, Party::server), StartTls::ftp);
  EXPECT_EQ(upgrade_of(Service::ldap, Party::client), StartTls::ldap);
  EXPECT_EQ(upgrade_of(Service::xmpp, Party::client), StartTls::xmpp);
  EXPECT_EQ(upgrade_of(Service::postgresql, Party::client), StartTls::postgresql);
  EXPECT_EQ(upgrade_of(Service::mysql, Party::server), StartTls::mysql);
  EXPECT_EQ(upgrade_of(Service::rdp, Party::client), StartTls::rdp);
  EXPECT_EQ(upgrade_of(Service::http, Party::client), StartTls::http_connect);
  EXPECT_EQ(upgrade_of(Service::socks, Party::client), StartTls::socks);
}

TEST(UpgradeOf, KnowsWhichServicesDoNot) {
  EXPECT_EQ(upgrade_of(Service::http, Party::server), StartTls::none);
  for (const Service service : {Service::none, Service::block_page, Service::ssh, Service::redis,
                                Service::mqtt, Service::banner, Service::binary}) {
    EXPECT_EQ(upgrade_of(service, Party::client), StartTls::none);
    EXPECT_EQ(upgrade_of(service, Party::server), StartTls::none);
  }
}

TEST(Dialogue, IgnoresKindsThatAreNone) {
  for (const StartTls kind : {StartTls::none, StartTls::unknown, StartTls::proxy_header}) {
    const Dialogue dialogue = held(kind, {client("STARTTLS\r\n"), server("220 go\r\n")});
    EXPECT_EQ(dialogue.progress, talking);
    EXPECT_EQ(dialogue.client_bytes, 0u);
  }
}

// --- SMTP and FTP

TEST(MailOrFileDialogue, WaitsForTheAnswersToEarlierCommands) {
  const Conversation pipelined = {server("220 mx.example.net ESMTP\r\n"),
                                  client("EHLO a\r\nNOOP\r\nSTARTTLS\r\n"),
                                  server("502 no EHLO\r\n"), server("250 fine\r\n")};
  EXPECT_EQ(progress_of(StartTls::smtp, pipelined), asked);
  Conversation answered = pipelined;
  answered.push_back(server("502 no STARTTLS\r\n"));
  EXPECT_EQ(progress_of(StartTls::smtp, answered), refused);
  answered.back() = server("220 go\r\n");
  EXPECT_EQ(progress_of(StartTls::smtp, answered), accepted);
}

TEST(MailOrFileDialogue, DoesNotTakeTheGreetingOfAnEarlyTalkerForTheAnswer) {
  const Conversation early = {client("EHLO a\r\nSTARTTLS\r\n"), server("220 mx ESMTP\r\n"),
                              server("250 mx\r\n")};
  EXPECT_EQ(progress_of(StartTls::smtp, early), asked);
}

TEST(MailOrFileDialogue, ManagesWithoutTheGreeting) {
  const Conversation late = {client("EHLO a\r\n"), server("250-mx\r\n250 STARTTLS\r\n"),
                             client("STARTTLS\r\n"), server("454 later\r\n")};
  EXPECT_EQ(progress_of(StartTls::smtp, late), refused);
}

TEST(MailOrFileDialogue, LearnsTheKindFromTheClient) {
  EXPECT_EQ(held(StartTls::ftp, {server("220 hello\r\n"), client("EHLO a\r\n")}).kind,
            StartTls::smtp);
  EXPECT_EQ(held(StartTls::smtp, {server("220 hello\r\n"), client("USER a\r\n")}).kind,
            StartTls::ftp);
  EXPECT_EQ(held(StartTls::smtp, {server("220 hello\r\n"), client("AUTH TLS-C\r\n")}).kind,
            StartTls::ftp);
  EXPECT_EQ(held(StartTls::ftp, {server("220 hello\r\n"), client("NOOP\r\n")}).kind, StartTls::ftp);
}

TEST(MailOrFileDialogue, PassesOverPreliminaryReplies) {
  EXPECT_EQ(progress_of(StartTls::ftp, {server("120 in a minute\r\n220 ready\r\n"),
                                        client("AUTH TLS\r\n"), server("150 wait\r\n")}),
            asked);
}

TEST(MailOrFileDialogue, EndsAReplyOnlyWithItsOwnCode) {
  EXPECT_EQ(
      progress_of(StartTls::ftp, {server("220 ready\r\n"), client("AUTH TLS\r\n"),
                                  server("500-no\r\n234 this is part of the text\r\n500x\r\n")}),
      asked);
  EXPECT_EQ(progress_of(StartTls::ftp, {server("220 ready\r\n"), client("AUTH TLS\r\n"),
                                        server("500-no\r\n234 text\r\n500 no\r\n")}),
            refused);
}

TEST(MailOrFileDialogue, TakesAGoodbyeForARefusal) {
  EXPECT_EQ(held(StartTls::smtp, {server("220 a ESMTP\r\n"), client("NOOP\r\nSTARTTLS\r\n"),
                                  server("421 4.3.2 closing\r\n")})
                .code,
            421);
  EXPECT_EQ(progress_of(StartTls::smtp, {server("220 a ESMTP\r\n"), server("421 timeout\r\n")}),
            over);
}

TEST(MailOrFileDialogue, TakesNoFirstWordForACommandThatOnlyBeginsLikeOne) {
  EXPECT_EQ(progress_of(StartTls::smtp, {client("STARTTLSX\r\n")}), talking);
  EXPECT_EQ(progress_of(StartTls::smtp, {client("START TLS\r\n")}), talking);
  EXPECT_EQ(progress_of(StartTls::smtp, {client("X STARTTLS\r\n")}), talking);
  EXPECT_EQ(progress_of(StartTls::smtp, {client(std::string(39, 'x') + " STARTTLS\r\n")}), talking);
  EXPECT_EQ(progress_of(StartTls::smtp, {client("STARTTLS\n")}), asked);
}

TEST(MailOrFileDialogue, TakesAnotherLanguageForARefusal) {
  const Conversation question = {server("220 a ESMTP\r\n"), client("STARTTLS\r\n")};
  Conversation alert = question;
  alert.push_back(server(raw("\x15\x03\x01\x00\x02\x02\x46")));
  EXPECT_EQ(progress_of(StartTls::smtp, alert), refused);
  Conversation page = question;
  page.push_back(server("<html>\r\n"));
  EXPECT_EQ(progress_of(StartTls::smtp, page), refused);
}

TEST(MailOrFileDialogue, SaysNothingAboutTlsThatWasNotAskedFor) {
  Dialogue dialogue = held(StartTls::smtp, {server("220 a ESMTP\r\n"), client("EHLO a\r\n"),
                                            client(raw("\x16\x03\x01\x02\x00"))});
  EXPECT_EQ(dialogue.progress, talking);
  EXPECT_EQ(on_bytes(dialogue, Party::client, test_support::bytes_of("QUIT\r\n")), talking);
}

TEST(MailOrFileDialogue, GivesUpOnClientsThatOnlyTalk) {
  Conversation chatter = {server("220 a ESMTP\r\n")};
  for (unsigned i = 0; i < 255; ++i) chatter.push_back(client("NOOP\r\n"));
  EXPECT_EQ(progress_of(StartTls::smtp, chatter), talking);
  chatter.push_back(client("NOOP\r\n"));
  EXPECT_EQ(progress_of(StartTls::smtp, chatter), over);
}

// --- IMAP and POP3

TEST(ImapDialogue, TakesOnlyTheAnswerWithTheTagOfTheRequest) {
  const Conversation question = {server("* OK\r\n"), client("a1 NOOP\r\na2 STARTTLS\r\n"),
                                 server("a1 BAD\r\nA2 BAD\r\na22 NO\r\n")};
  EXPECT_EQ(progress_of(StartTls::imap, question), asked);
  Conversation answered = question;
  answered.push_back(server("a2 OK\r\n"));
  EXPECT_EQ(progress_of(StartTls::imap, answered), accepted);
}

TEST(ImapDialogue, ReadsTagsThatFitTheState) {
  for (const std::size_t size : {1u, 8u, 28u, 29u}) {
    const std::string tag(size, 't');
    EXPECT_EQ(progress_of(StartTls::imap,
                          {client(tag + " STARTTLS\r\n"), server(tag + " OK go ahead\r\n")}),
              accepted)
        << size;
  }
  const std::string tag(32, 't');
  EXPECT_EQ(progress_of(StartTls::imap, {client(tag + " STARTTLS\r\n")}), talking);
}

TEST(ImapDialogue, EndsWhereNobodyMayAsk) {
  EXPECT_EQ(progress_of(StartTls::imap, {server("* PREAUTH welcome\r\n")}), over);
  EXPECT_EQ(progress_of(StartTls::imap, {server("* BYE go away\r\n")}), over);
  EXPECT_EQ(progress_of(StartTls::imap, {client("a LOGOUT\r\n")}), over);
}

TEST(Pop3Dialogue, WaitsForTheAnswersToEarlierCommands) {
  const Conversation pipelined = {server("+OK ready\r\n"), client("CAPA\r\nSTLS\r\n"),
                                  server("-ERR no CAPA\r\n")};
  EXPECT_EQ(progress_of(StartTls::pop3, pipelined), asked);
  Conversation answered = pipelined;
  answered.push_back(server("+OK\r\n"));
  EXPECT_EQ(progress_of(StartTls::pop3, answered), accepted);
}

TEST(Pop3Dialogue, TellsTheLoginFromTheListOfMechanisms) {
  EXPECT_EQ(progress_of(StartTls::pop3, {server("+OK\r\n"), client("AUTH PLAIN\r\n")}), over);
  EXPECT_EQ(progress_of(StartTls::pop3, {server("+OK\r\n"), client("AUTH\r\n")}), talking);
  EXPECT_EQ(progress_of(StartTls::pop3, {server("-ERR too many connections\r\n")}), over);
}

// --- XMPP

TEST(XmppDialogue, ReadsNamesAndNotWhatIsInside) {
  EXPECT_EQ(progress_of(StartTls::xmpp, {client("<a b='<starttls/>' c=\"<auth/>\"/>")}), talking);
  EXPECT_EQ(progress_of(StartTls::xmpp, {client("<starttlsx/><xstarttls/>")}), talking);
  EXPECT_EQ(progress_of(StartTls::xmpp, {client("<starttls>")}), talking);
  EXPECT_EQ(progress_of(StartTls::xmpp, {client("<starttls></starttls>")}), asked);
}

TEST(XmppDialogue, TakesFeaturesForNoAnswer) {
  EXPECT_EQ(progress_of(StartTls::xmpp, {client("<starttls/>"),
                                         server("<features><starttls/><proceedx/></features>")}),
            asked);
}

TEST(XmppDialogue, EndsWithTheStream) {
  EXPECT_EQ(progress_of(StartTls::xmpp, {client("<stream:stream></stream:stream>")}), over);
  EXPECT_EQ(progress_of(StartTls::xmpp, {server("<stream:stream></stream:stream>")}), over);
  EXPECT_EQ(progress_of(StartTls::xmpp, {client("<starttls/>"), server("</stream:stream>")}),
            refused);
}

TEST(XmppDialogue, TakesAnotherLanguageForARefusal) {
  EXPECT_EQ(progress_of(StartTls::xmpp, {client("<starttls/>"), server(raw("\x15\x03\x01"))}),
            refused);
}

// --- LDAP

TEST(LdapDialogue, TakesOnlyTheAnswerWithTheIdOfTheRequest) {
  Conversation question = {client(ldap_start_tls(7)), server(ldap_extended_response(6, 2))};
  EXPECT_EQ(progress_of(StartTls::ldap, question), asked);
  question.push_back(server(ldap_extended_response(7, 0)));
  EXPECT_EQ(progress_of(StartTls::ldap, question), accepted);
}

TEST(LdapDialogue, PassesOverOtherExtensions) {
  const OwnedBytes who_am_i = ldap_message(1, 0x77,
                                           test_support::bytes_of(raw("\x80\x17"
                                                                      "1.3.6.1.4.1.4203.1.11.3")));
  EXPECT_EQ(progress_of(StartTls::ldap, {client(who_am_i)}), talking);
  EXPECT_EQ(progress_of(StartTls::ldap, {client(who_am_i), client(ldap_start_tls(2))}), asked);
}

TEST(LdapDialogue, RefusesLengthsThatCannotBe) {
  for (const std::string_view hostile :
       {raw("\x30\x80\x02\x01\x01"), raw("\x30\x85\0\0\0\0\x01"), raw("\x30\0"),
        raw("\x30\x84\xff\xff\xff\xff"), raw("\x30\x82\x40\x01"), raw("\x30\x03\x02\x01\x01"),
        raw("\x30\x07\x02\x05\x01\x01\x01\x01\x01"), raw("\x31\x05")}) {
    EXPECT_EQ(progress_of(StartTls::ldap, {client(hostile)}), over);
    EXPECT_EQ(progress_of(StartTls::ldap, {client(ldap_start_tls(1)), server(hostile)}), refused);
  }
  EXPECT_EQ(progress_of(StartTls::ldap, {client(raw("\x30\x82\x40\0"))}), talking);
}

// --- PostgreSQL, MySQL, RDP

TEST(PostgresqlDialogue, AnswersRequestsInTheirOrder) {
  const Conversation both = {client(raw("\0\0\0\x08\x04\xd2\x16\x30\0\0\0\x08\x04\xd2\x16\x2f"))};
  EXPECT_EQ(progress_of(StartTls::postgresql, both), asked);
  Conversation answered = both;
  answered.push_back(server("NS"));
  EXPECT_EQ(progress_of(StartTls::postgresql, answered), accepted);
  answered.back() = server("NN");
  EXPECT_EQ(progress_of(StartTls::postgresql, answered), refused);
  answered.back() = server("G");
  EXPECT_EQ(progress_of(StartTls::postgresql, answered), refused);
}

TEST(PostgresqlDialogue, TellsTheRequestFromItsNeighbours) {
  EXPECT_EQ(progress_of(StartTls::postgresql, {client(raw("\0\0\0\x10\x04\xd2\x16\x2e"))}), over);
  EXPECT_EQ(progress_of(StartTls::postgresql, {client(raw("\0\0\0\x09\x04\xd2\x16\x2f"))}), over);
  EXPECT_EQ(progress_of(StartTls::postgresql, {client(raw("\0\0\0\x08\x04\xd2\x16\x31"))}), over);
  EXPECT_EQ(progress_of(StartTls::postgresql, {client("Q")}), over);
  EXPECT_EQ(progress_of(StartTls::postgresql, {client(raw("\x16\x03\x01"))}), talking);
}

TEST(PostgresqlDialogue, TakesAnAlertForARefusal) {
  EXPECT_EQ(progress_of(StartTls::postgresql, {client(raw("\0\0\0\x08\x04\xd2\x16\x2f")),
                                               server(raw("\x15\x03\x01\0\x02\x02\x0a"))}),
            refused);
}

TEST(PostgresqlDialogue, ConcludesNothingFromAnAnswerThatCameFirst) {
  EXPECT_EQ(
      progress_of(StartTls::postgresql, {server("N"), client(raw("\0\0\0\x08\x04\xd2\x16\x2f"))}),
      talking);
}

TEST(MysqlDialogue, KnowsTheRequestByItsSizeAndItsFlag) {
  const Turn greeting = server(mysql_greeting("8.0.28", kMysqlWithSsl));
  EXPECT_EQ(progress_of(StartTls::mysql, {greeting, client(mysql_answer(0x0800, 32))}), accepted);
  EXPECT_EQ(progress_of(StartTls::mysql, {greeting, client(mysql_answer(0xf7ff, 32))}), over);
  EXPECT_EQ(progress_of(StartTls::mysql, {greeting, client(mysql_answer(0x0800, 31))}), over);
  EXPECT_EQ(progress_of(StartTls::mysql, {greeting, client(mysql_answer(0x0800, 33))}), over);
  EXPECT_EQ(progress_of(StartTls::mysql, {greeting, client(raw("\x05\0\0\x01\x85\xae\0\0\0"))}),
            accepted);
}

TEST(MysqlDialogue, SaysNothingAboutTlsThatWasNotAskedFor) {
  EXPECT_EQ(progress_of(StartTls::mysql, {client(raw("\x16\x03\x01\x02\0\x01\0"))}), talking);
}

TEST(MysqlDialogue, KnowsServersWithoutTlsHoweverLongTheirVersion) {
  for (const std::size_t size : {0u, 1u, 32u, 200u}) {
    const std::string version(size, '8');
    EXPECT_EQ(progress_of(StartTls::mysql, {server(mysql_greeting(version, kMysqlWithoutSsl))}),
              over);
    EXPECT_EQ(progress_of(StartTls::mysql, {server(mysql_greeting(version, kMysqlWithSsl))}),
              talking);
  }
}

TEST(RdpDialogue, TakesEveryProtocolButItsOwnForTls) {
  for (const std::uint32_t protocol : {1u, 2u, 4u, 8u, 16u}) {
    EXPECT_EQ(progress_of(StartTls::rdp, {client(x224(0xe0, rdp_negotiation(1, protocol))),
                                          server(x224(0xd0, rdp_negotiation(2, protocol)))}),
              accepted);
  }
}

TEST(RdpDialogue, RefusesWhatIsNoConfirmation) {
  const Turn request = client(x224(0xe0, rdp_negotiation(1, 3)));
  for (const OwnedBytes& answer :
       {x224(0x80, rdp_negotiation(2, 1)), x224(0xd0, rdp_negotiation(4, 1)),
        x224(0xd0, OwnedBytes(7, 2)), test_support::bytes_of("HTTP/1.1 400 Bad Request\r\n"),
        test_support::bytes_of(raw("\x03\0\0\0\x06\xd0\0\0\0\0\0"))}) {
    EXPECT_EQ(progress_of(StartTls::rdp, {request, server(answer)}), refused);
  }
}

TEST(RdpDialogue, EndsWhereTheClientDoesNotNegotiate) {
  EXPECT_EQ(progress_of(StartTls::rdp, {client(x224(0xe0, {}))}), over);
  EXPECT_EQ(progress_of(StartTls::rdp, {client(x224(0xf0, rdp_negotiation(1, 3)))}), over);
  EXPECT_EQ(progress_of(StartTls::rdp, {client(x224(0xe0, rdp_negotiation(2, 3)))}), over);
}

// --- Proxies

TEST(HttpConnectDialogue, RefusesWithTheCodeEvenBeforeTheRequestIsComplete) {
  const Dialogue dialogue =
      held(StartTls::http_connect,
           {client("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n"), server("HTTP/1.1 431 Too large\r\n")});
  EXPECT_EQ(dialogue.progress, refused);
  EXPECT_EQ(dialogue.code, 431);
}

TEST(HttpConnectDialogue, RefusesWhenTheClientHasNoCredentials) {
  const Dialogue dialogue = held(
      StartTls::http_connect, {client("CONNECT a:443 HTTP/1.1\r\n\r\n"),
                               server("HTTP/1.1 407 Who?\r\n\r\n"), client("GET / HTTP/1.1\r\n")});
  EXPECT_EQ(dialogue.progress, refused);
  EXPECT_EQ(dialogue.code, 407);
}

TEST(HttpConnectDialogue, RefusesWhatIsNoHttp) {
  for (const std::string_view answer :
       {raw("SSH-2.0-OpenSSH\r\n"), raw("HTTP/1.1 20 OK\r\n"), raw("HTTP/1.1 2000 OK\r\n"),
        raw("HTTP/1.1 0xx\r\n"), raw("\x15\x03\x01")}) {
    EXPECT_EQ(progress_of(StartTls::http_connect,
                          {client("CONNECT a:443 HTTP/1.1\r\n\r\n"), server(answer)}),
              refused);
  }
}

TEST(HttpConnectDialogue, ConcludesNothingFromAnAnswerThatCameFirst) {
  EXPECT_EQ(progress_of(StartTls::http_connect,
                        {server("HTTP/1.1 403 No\r\n"), client("CONNECT a:443 HTTP/1.1\r\n\r\n")}),
            talking);
}

TEST(SocksDialogue, ReadsWhatAClientSendsInOneGo) {
  const Conversation eager = {
      client(raw("\x05\x01\x02\x01\x01u\x01p\x05\x01\0\x01\xc0\0\x02\x01\x01\xbb")),
      server(raw("\x05\x02\x01\0\x05\0\0\x01\0\0\0\0\0\0"))};
  EXPECT_EQ(progress_of(StartTls::socks, eager), accepted);
}

TEST(SocksDialogue, PassesOverEmptyFields) {
  EXPECT_EQ(progress_of(StartTls::socks, {client(raw("\x05\0\x01\0\0\x05\x01\0\x03\0\x01\xbb"))}),
            asked);
}

TEST(SocksDialogue, EndsWhereItIsNotUnderstood) {
  EXPECT_EQ(progress_of(StartTls::socks, {client(raw("\x06\x01\0"))}), over);
  EXPECT_EQ(progress_of(StartTls::socks, {client(raw("\x04\x02\x01\xbb"))}), over);
  EXPECT_EQ(progress_of(StartTls::socks, {client(raw("\x05\x01\0\x05\x01\0\x02"))}), over);
  EXPECT_EQ(progress_of(StartTls::socks, {client(raw("\x05\x01\0\x07"))}), over);
  EXPECT_EQ(progress_of(StartTls::socks, {server(raw("\x07"))}), over);
  EXPECT_EQ(progress_of(StartTls::socks, {client(raw("\x16\x03\x01"))}), talking);
}

}  // namespace
}  // namespace shakedown::service

// SPDX-License-Identifier: Apache-2.0
#include "service/recogniser.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include "conversation.h"
#include "deterministic_random.h"
#include "hello_builder.h"
#include "record_builder.h"
#include "service/patterns.h"
#include "transcripts.h"

namespace shakedown::service {
namespace {

using enum Service;
using OwnedBytes = test_support::Bytes;

/// One for all tests: the patterns take a while to compile.
Recogniser& recogniser() {
  static Database database;
  static const std::string failure = database.create();
  static Recogniser one(database);
  EXPECT_EQ(failure, "");
  return one;
}

Recognition recognised(const Turn& turn) { return recogniser().recognise(turn.bytes, turn.from); }

struct Example {
  Turn turn;
  Service service = none;
  std::uint16_t code = 0;
};

void expect_all(const std::vector<Example>& examples) {
  for (const Example& example : examples) {
    const Recognition result = recognised(example.turn);
    const std::string text(example.turn.bytes.begin(), example.turn.bytes.end());
    EXPECT_EQ(result.service, example.service) << text;
    EXPECT_EQ(result.code, example.code) << text;
  }
}

TEST(Recogniser, NamesWebServers) {
  expect_all({
      {server(
           "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<html><center><h1>400 Bad Request</h1>"
           "The plain HTTP request was sent to HTTPS port</center>"),
       http, 400},
      {server("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"),
       http, 400},
      {server("HTTP/1.1 301 Moved Permanently\r\nLocation: https://example.com/\r\n\r\n"), http,
       301},
      {server("HTTP/1.1 403 Forbidden\r\nServer: Apache\r\n\r\n<h1>Forbidden</h1>You don't have "
              "permission to access / on this server."),
       http, 403},
      {server("HTTP/2 200"), http, 200},
      {server("<!DOCTYPE HTML>\n<html lang=\"en\">\n    <head>\n<title>Error response</title>"),
       http},
      {server("\r\n<HTML><BODY>no"), http},
      {server(raw("\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff")),
       http},
      {server(raw("\0\0\x22\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\x01")), http},
  });
}

TEST(Recogniser, NamesPagesOfFilters) {
  expect_all({
      {server("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<title>Web Filter Violation"
              "</title>FortiGuard Intrusion Prevention - Access Blocked"),
       block_page, 403},
      {server("HTTP/1.1 403 Forbidden\r\nServer: Zscaler/6.2\r\n\r\n"), block_page, 403},
      {server(
           "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://gateway.zscaler.net:443/auD?orig"),
       block_page, 307},
      {server("HTTP/1.1 303 See Other\r\nLocation: http://block.opendns.com/?url=1\r\n\r\n"),
       block_page, 303},
      {server("HTTP/1.1 302 Found\r\nLocation: http://blockpage.example.net/denied\r\n\r\n"),
       block_page, 302},
      {server("HTTP/1.1 403 Forbidden\r\nServer: squid/4.10\r\nX-Squid-Error: ERR_ACCESS_DENIED "
              "0\r\n"),
       block_page, 403},
      {server(
           "HTTP/1.1 503 Service Unavailable\r\n\r\n<title>Web Page Blocked</title>Access to the "
           "web page you were trying to visit has been blocked in accordance with company policy."),
       block_page, 503},
      {server("HTTP/1.1 200 OK\r\n\r\n<title>Sophos</title>This page has been blocked"), block_page,
       200},
      {server("HTTP/1.1 403 Forbidden\r\nServer: BarracudaHTTP 4.0\r\n\r\n"), block_page, 403},
      {server(
           "HTTP/1.1 403 Forbidden\r\n\r\n<h1>Access Denied</h1>Internet usage policy: Gambling"),
       block_page, 403},
      {server("<html><head><title>Blocked by Web Filter</title>"), block_page},
  });
}

TEST(Recogniser, TakesNoFilterForGrantedThatOnlySignsItsWork) {
  expect_all({
      {server("HTTP/1.1 200 Connection Established\r\nProxy-Agent: Zscaler/5.6\r\n\r\n"), http,
       200},
      {server("HTTP/1.1 400 Bad Request\r\nServer: squid/4.10\r\nX-Squid-Error: ERR_INVALID_REQ "
              "0\r\n"),
       http, 400},
      {server("HTTP/1.1 403 Forbidden\r\nServer: AkamaiGHost\r\n\r\n<TITLE>Access Denied</TITLE>"),
       http, 403},
      {server("HTTP/1.1 301 Moved Permanently\r\nLocation: https://www.mcafee.com/\r\n\r\n"), http,
       301},
      {server("HTTP/1.1 200 OK\r\n\r\n<title>Sophos: security for everyone</title>"), http, 200},
      {server("HTTP/1.1 302 Found\r\nLocation: https://www.blockbuster.example/\r\n\r\n"), http,
       302},
      {server("220 mail.example.com Barracuda spam firewall, access denied\r\n"), smtp, 220},
  });
}

TEST(Recogniser, NamesServersThatGreet) {
  expect_all({
      {server("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), ssh},
      {server("SSH-1.99-Cisco-1.25\n"), ssh},
      {server("Authorised users only\r\nSSH-2.0-dropbear_2022.83\r\n"), ssh},
      {server("Invalid SSH identification string.\r\n"), ssh},
      {server("Exceeded MaxStartups\r\n"), ssh},
      {server("220 firewall.example.net ESMTP Postfix\r\n"), smtp, 220},
      {server("220-gator.example.com ESMTP Exim 4.93 #2 Fri, 05 Mar 2021\r\n220 x\r\n"), smtp, 220},
      {server("220 mail.example.org Dovecot ready.\r\n"), smtp, 220},
      {server("220 ftp.example.com ESMTP Postfix\r\n"), smtp, 220},
      {server("220 [192.0.2.1] ready\r\n"), smtp, 220},
      {server("421 4.7.0 Try again later\r\n"), smtp, 421},
      {server("554 mx.example.com no service for you\r\n"), smtp, 554},
      {server("500 5.5.1 Command unrecognized: \"\x16\x03\x01\"\r\n"), smtp, 500},
      {server("220 (vsFTPd 3.0.3)\r\n"), ftp, 220},
      {server("220 ProFTPD Server (Debian) [::ffff:192.0.2.1]\r\n"), ftp, 220},
      {server("220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n"), ftp, 220},
      {server("220-FileZilla Server 1.2.0\r\n220 Please visit\r\n"), ftp, 220},
      {server("220 Microsoft FTP Service\r\n"), ftp, 220},
      {server("220 smtp.example.com FTP server (Version 6.4) ready.\r\n"), ftp, 220},
      {server("220 \"Authorized users only. All activity may be monitored\"\r\n"), ftp, 220},
      {server("500 OOPS: vsftpd: refusing to run\r\n"), ftp, 500},
      {server("530 Please login with USER and PASS.\r\n"), ftp, 530},
      {server("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"), imap},
      {server("* BYE disconnecting\r\n"), imap},
      {server("* BAD invalid tag\r\n"), imap},
      {server("+OK lavad\r\n"), pop3},
      {server("-ERR Unknown command.\r\n"), pop3},
      {server("<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='3449'>"), xmpp},
      {server("<?xml version='1.0'?>"), xmpp},
      {server("<stream:error><not-well-formed/>"), xmpp},
  });
}

TEST(Recogniser, NamesServersOfDataAndDesktops) {
  expect_all({
      {server(ldap_extended_response(0, 2)), ldap},
      {server(ldap_extended_response(1, 0, true)), ldap},
      {server(raw("E\0\0\0\x8eSFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol\0")),
       postgresql},
      {server("EFATAL:  unsupported frontend protocol 768.0\n"), postgresql},
      {server(raw("R\0\0\0\x08\0\0\0\x03")), postgresql},
      {server("S"), postgresql},
      {server("N"), postgresql},
      {server(mysql_greeting("8.0.28", kMysqlWithSsl)), mysql},
      {server(mysql_greeting("5.5.5-10.6.12-MariaDB-0ubuntu0.22.04.1", kMysqlWithSsl)), mysql},
      {server(raw("\x4d\0\0\0\xff\x69\x04Host '192.0.2.1' is blocked because of many errors")),
       mysql},
      {server(raw("\x17\0\0\x01\xff\x10\x04#08004Too many connections")), mysql},
      {server(x224(0xd0, rdp_negotiation(2, 1))), rdp},
      {server(x224(0xd0, rdp_negotiation(3, 5))), rdp},
      {server(x224(0xd0, {})), rdp},
      {server(raw("\x03\0\0\x09\x02\xf0\x80\x21\x80")), rdp},
      {server(raw("\x05\0")), socks},
      {server(raw("\x05\xff")), socks},
      {server(raw("\x05\x02\0\x01\0\0\0\0\0\0")), socks},
      {server(raw("\0\x5b\0\0\0\0\0\0")), socks},
      {server("-ERR unknown command `\x16\x03`, with args beginning with: \r\n"), redis},
      {server("-ERR Protocol error: invalid multibulk length\r\n"), redis},
      {server("-DENIED Redis is running in protected mode because\r\n"), redis},
      {server("-NOAUTH Authentication required.\r\n"), redis},
      {server("+PONG\r\n"), redis},
      {server(raw("\x20\x02\0\x05")), mqtt},
      {server(raw("\x20\x03\0\x84\0")), mqtt},
  });
}

TEST(Recogniser, NamesClients) {
  expect_all({
      {client("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"), http},
      {client("POST /" + std::string(600, 'a')), http},
      {client("OPTIONS * HTTP/1.1\r\n"), http},
      {client("CONNECT example.com:443 HTTP/1.1\r\n"), http},
      {client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), http},
      {client("SSH-2.0-PuTTY_Release_0.78\r\n"), ssh},
      {client("EHLO desktop.example.net\r\n"), smtp},
      {client("lhlo a\r\n"), smtp},
      {client("STARTTLS\r\n"), smtp},
      {client("AUTH TLS\r\n"), ftp},
      {client("USER anonymous\r\n"), ftp},
      {client("a1 CAPABILITY\r\n"), imap},
      {client(". STARTTLS\r\n"), imap},
      {client("A001 LOGIN user secret\r\n"), imap},
      {client("CAPA\r\n"), pop3},
      {client("APOP me c4c9334bac560ecc979e58001b3e22fb\r\n"), pop3},
      {client("<stream:stream xmlns='jabber:client' to='example.org'>"), xmpp},
      {client("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), xmpp},
      {client(ldap_start_tls(1)), ldap},
      {client(ldap_start_tls(70000, true)), ldap},
      {client(raw("\0\0\0\x08\x04\xd2\x16\x2f")), postgresql},
      {client(raw("\0\0\0\x29\0\x03\0\0user\0me\0database\0me\0\0")), postgresql},
      {client(mysql_answer(0x20ffae85, 32)), mysql},
      {client(mysql_answer(0x20ffa684, 214)), mysql},
      {client(x224(0xe0, test_support::bytes_of("Cookie: mstshash=me\r\n"))), rdp},
      {client(x224(0xe0, rdp_negotiation(1, 11))), rdp},
      {client(x224(0xe0, {})), rdp},
      {client(raw("\x05\x01\0")), socks},
      {client(raw("\x05\x02\0\x02")), socks},
      {client(raw("\x05\x01\0\x05\x01\0\x03\x01"
                  "a\x01\xbb")),
       socks},
      {client(raw("\x04\x01\x01\xbb\0\0\0\x01id\0login.example.com\0")), socks},
      {client("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"), redis},
      {client("PING\r\n"), redis},
      {client(raw("\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04test")), mqtt},
      {client(raw("\x10\x10\0\x06MQIsdp\x03\x02\0\x3c\0\x02id")), mqtt},
  });
}

TEST(Recogniser, CallsTheRestTextOrBinary) {
  expect_all({
      {server("NXD-8.10.1\n"), banner},
      {server("RFB 003.008\n"), banner},
      {server("AMQP\r\n"), banner},
      {server("200 news.example.org ready\r\n"), banner},
      {server("Gr\xc3\xbc\xc3\x9f Gott \xe2\x82\xac\r\n"), banner},
      {server("cut in a letter \xe2\x82"), banner},
      {server(raw("NXD-8.10.1\n\x16\x03\x01")), banner},
      {server("x"), banner},
      {server(raw("x\n\0")), binary},
      {server("Gr\xfc\xdf Gott\r\n"), binary},
      {server(raw("\xff\xfd\x18\xff\xfd\x20")), binary},
      {server(raw("\0")), binary},
      {server("\x1b[2J"), binary},
      {server("HTTP/1.1 4xx\r\n"), banner},
      {client(raw("\xde\xad\xbe\xef")), binary},
      {client("HTTP/1.1 200 OK\r\n"), banner},
      {client("220 mx ESMTP\r\n"), banner},
      {server("GET / HTTP/1.1\r\n"), banner},
      {server("EHLO a\r\n"), banner},
  });
}

TEST(Recogniser, TellsNeighboursApart) {
  expect_all({
      // S7comm and SNMP, which are framed like RDP and LDAP.
      {client(raw("\x03\0\0\x16\x11\xe0\0\0\0\x01\0\xc1\x02\x01\0\xc2\x02\x01\x02\xc0\x01\x0a")),
       binary},
      {client(raw("\x30\x26\x02\x01\x01\x04\x06public\xa0\x19")), binary},
      // TLS itself, and what looks like it.
      {server(raw("\x15\x03\x01\0\x02\x02\x28")), binary},
      {client(raw("\x05\x09\0")), binary},
      {client(raw("\0\0\0\x09\x04\xd2\x16\x2f")), binary},
      {server("SN"), banner},
  });
  const OwnedBytes hello = test_support::handshake_record(
      test_support::ClientHelloBuilder::tls13("a.example").build(), 0x0301);
  EXPECT_EQ(recogniser().recognise(hello, Party::client).service, binary);
}

TEST(Recogniser, HasNothingToSayAboutNothing) {
  EXPECT_EQ(recogniser().recognise({}, Party::client).service, none);
  EXPECT_EQ(recogniser().recognise({}, Party::server).service, none);
}

TEST(Recogniser, LooksAtSoManyBytesAndNoMore) {
  const std::string start = "HTTP/1.1 403 Forbidden\r\n\r\n";
  const std::string word = "FortiGuard";
  const std::string fits(kRecognisedBytesMax - start.size() - word.size(), ' ');
  EXPECT_EQ(recognised(server(start + fits + word)).service, block_page);
  EXPECT_EQ(recognised(server(start + fits + ' ' + word)).service, http);
}

TEST(Recogniser, ReadsNothingBehindTheBytes) {
  const auto page_size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* memory =
      mmap(nullptr, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const end = static_cast<std::uint8_t*>(memory) + page_size;
  ASSERT_EQ(mprotect(end, page_size, PROT_NONE), 0);
  const std::string page = "HTTP/1.1 403 Forbidden\r\nServer: FortiGate\r\n\r\nWeb Page Blocked!";
  for (std::size_t size = 1; size <= page.size(); ++size) {
    std::uint8_t* const begin = end - size;
    std::copy_n(page.begin(), size, begin);
    for (const Party from : {Party::client, Party::server}) {
      EXPECT_NE(recogniser().recognise(Bytes(begin, size), from).service, none);
    }
  }
  EXPECT_EQ(munmap(memory, 2 * page_size), 0);
}

TEST(Recogniser, StaysWithTextAndBinaryWithoutADatabase) {
  const Database empty;
  Recogniser bare(empty);
  EXPECT_EQ(bare.recognise(test_support::bytes_of("HTTP/1.1 200 OK\r\n"), Party::server).service,
            banner);
  EXPECT_EQ(bare.recognise(OwnedBytes{0}, Party::server).service, binary);
}

TEST(Recogniser, KnowsBothSidesOfEveryUpgrade) {
  for (const Transcript& transcript : transcripts()) {
    const Turn& first = transcript.conversation.front();
    const Service service = recognised(first).service;
    const StartTls kind = upgrade_of(service, first.from);
    // Servers of mail and files may greet alike.
    const bool alike = (kind == StartTls::smtp || kind == StartTls::ftp) &&
                       (transcript.kind == StartTls::smtp || transcript.kind == StartTls::ftp);
    EXPECT_TRUE(kind == transcript.kind || alike)
        << transcript.name << " " << static_cast<int>(service);
  }
}

TEST(Recogniser, NamesNoServiceInNoise) {
  test_support::DeterministicRandom random(7);
  for (unsigned round = 0; round < 20000; ++round) {
    // One byte may well be an answer of PostgreSQL.
    OwnedBytes noise(8 + random.below(200));
    for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random.next());
    const Party from = round % 2 == 0 ? Party::client : Party::server;
    const Service service = recogniser().recognise(noise, from).service;
    EXPECT_TRUE(service == binary || service == banner) << static_cast<int>(service);
  }
}

TEST(Patterns, GiveEachServiceAPlaceOnBothSides) {
  for (const Party from : {Party::client, Party::server}) {
    std::set<Service> named;
    for (const Pattern& pattern : patterns_of(from)) {
      if (pattern.role == PatternRole::service) named.insert(pattern.service);
    }
    for (const Service service : {http, ssh, smtp, imap, pop3, ftp, ldap, xmpp, postgresql, mysql,
                                  rdp, socks, redis, mqtt}) {
      EXPECT_TRUE(named.contains(service)) << static_cast<int>(service);
    }
  }
}

TEST(Database, IsMadeWithinTheTimeOfAStart) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  Database database;
  EXPECT_EQ(database.create(), "");
  // An eighth of a second on one core; the margin is for machines with much else to do.
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(20));
  EXPECT_GE(Database::budget_bytes(), 64u * 1024);
}

}  // namespace
}  // namespace shakedown::service

// SPDX-License-Identifier: Apache-2.0
//
// The protocols whose messages have lengths, and the proxies.
#include "transcripts.h"

namespace shakedown::service {
namespace {

using test_support::Bytes;
using test_support::bytes_of;
using test_support::ByteWriter;

constexpr std::string_view kSslRequest = raw("\0\0\0\x08\x04\xd2\x16\x2f");
constexpr std::string_view kGssRequest = raw("\0\0\0\x08\x04\xd2\x16\x30");

constexpr std::string_view kConnect =
    "CONNECT secure.example.com:443 HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (Macintosh)\r\n"
    "Proxy-Connection: keep-alive\r\nHost: secure.example.com:443\r\n\r\n";

Bytes ber_length(std::size_t length, bool long_form) {
  if (!long_form) return {static_cast<std::uint8_t>(length)};
  return ByteWriter().u8(0x84).u32(static_cast<std::uint32_t>(length)).take();
}

Bytes ber(std::uint8_t tag, const Bytes& content, bool long_form) {
  return test_support::concatenate({{tag}, ber_length(content.size(), long_form), content});
}

}  // namespace

Bytes ldap_message(std::uint32_t id, std::uint8_t operation, const Bytes& content,
                   bool long_lengths) {
  const Bytes id_bytes =
      id < 0x80 ? Bytes{static_cast<std::uint8_t>(id)} : ByteWriter().u32(id).take();
  return ber(0x30,
             test_support::concatenate(
                 {ber(0x02, id_bytes, false), ber(operation, content, long_lengths)}),
             long_lengths);
}

Bytes ldap_start_tls(std::uint32_t id, bool long_lengths) {
  return ldap_message(id, 0x77, ber(0x80, bytes_of("1.3.6.1.4.1.1466.20037"), long_lengths),
                      long_lengths);
}

Bytes ldap_extended_response(std::uint32_t id, std::uint8_t result_code, bool long_lengths) {
  const Bytes result = test_support::concatenate(
      {ber(0x0a, {result_code}, false), ber(0x04, {}, false), ber(0x04, bytes_of("text"), false)});
  return ldap_message(id, 0x78, result, long_lengths);
}

Bytes x224(std::uint8_t type, const Bytes& rest) {
  const std::size_t size = 11 + rest.size();
  return ByteWriter()
      .u16(0x0300)
      .u16(static_cast<std::uint16_t>(size))
      .u8(static_cast<std::uint8_t>(size - 5))
      .u8(type)
      .fill(5, 0)
      .bytes(rest)
      .take();
}

Bytes rdp_negotiation(std::uint8_t type, std::uint32_t number) {
  return ByteWriter()
      .u8(type)
      .u8(0)
      .u16(0x0800)
      .u8(static_cast<std::uint8_t>(number))
      .u8(static_cast<std::uint8_t>(number >> 8))
      .u16(0)
      .take();
}

Bytes mysql_greeting(std::string_view version, std::uint16_t capabilities) {
  const Bytes payload = ByteWriter()
                            .u8(10)
                            .text(version)
                            .u8(0)
                            .fill(4, 0x21)
                            .fill(8, 'x')
                            .u8(0)
                            .u8(static_cast<std::uint8_t>(capabilities))
                            .u8(static_cast<std::uint8_t>(capabilities >> 8))
                            .u8(0x2d)
                            .u16(0x0200)
                            .text("mysql_native_password")
                            .u8(0)
                            .take();
  return ByteWriter()
      .u8(static_cast<std::uint8_t>(payload.size()))
      .u16(0)
      .u8(0)
      .bytes(payload)
      .take();
}

Bytes mysql_answer(std::uint32_t capabilities, std::size_t size) {
  ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(size)).u16(0).u8(1);
  for (unsigned shift = 0; shift < 32; shift += 8) {
    writer.u8(static_cast<std::uint8_t>(capabilities >> shift));
  }
  writer.u32(1).u8(0x21).fill(23, 0);
  Bytes packet = writer.take();
  packet.resize(4 + size, 'u');
  return packet;
}

std::vector<Transcript> directory_and_desktop_transcripts() {
  using enum Progress;
  const Bytes search = ldap_message(1, 0x63, Bytes(60, 0x04));
  const Bytes entry = ldap_message(1, 0x64, Bytes(100, 0x30));
  const Bytes done = ldap_message(1, 0x65, bytes_of(raw("\x0a\x01\0\x04\0\x04\0")));
  const Bytes cookie = bytes_of("Cookie: mstshash=WDeployAd\r\n");
  const Bytes request = test_support::concatenate({cookie, rdp_negotiation(1, 3)});
  return {
      {"OpenLDAP",
       StartTls::ldap,
       {client(ldap_start_tls(1)), server(ldap_extended_response(1, 0))},
       accepted},
      {"Active Directory after a search",
       StartTls::ldap,
       {client(search), server(entry), server(done), client(ldap_start_tls(2, true)),
        server(ldap_extended_response(2, 0, true))},
       accepted},
      {"LDAP with a large id",
       StartTls::ldap,
       {client(ldap_start_tls(0x7fffffff, true)),
        server(ldap_extended_response(0x7fffffff, 0, true))},
       accepted},
      {"LDAP without a certificate",
       StartTls::ldap,
       {client(ldap_start_tls(1)), server(ldap_extended_response(1, 52))},
       refused,
       52},
      {"LDAP that does not know it",
       StartTls::ldap,
       {client(ldap_start_tls(1)), server(ldap_extended_response(1, 2))},
       refused,
       2},
      {"LDAP that disconnects",
       StartTls::ldap,
       {client(ldap_start_tls(1)), server(ldap_extended_response(0, 80))},
       refused,
       80},
      {"LDAP bind without TLS",
       StartTls::ldap,
       {client(ldap_message(1, 0x60, bytes_of(raw("\x02\x01\x03\x04\0\x80\0"))))},
       over},
      {"mstsc with CredSSP",
       StartTls::rdp,
       {client(x224(0xe0, request)), server(x224(0xd0, rdp_negotiation(2, 2)))},
       accepted},
      {"RDP without a cookie",
       StartTls::rdp,
       {client(x224(0xe0, rdp_negotiation(1, 11))), server(x224(0xd0, rdp_negotiation(2, 8)))},
       accepted},
      {"RDP with TLS alone and correlation",
       StartTls::rdp,
       {client(x224(0xe0, test_support::concatenate({rdp_negotiation(1, 1), Bytes(36, 6)}))),
        server(x224(0xd0, rdp_negotiation(2, 1)))},
       accepted},
      {"RDP that insists on CredSSP",
       StartTls::rdp,
       {client(x224(0xe0, rdp_negotiation(1, 1))), server(x224(0xd0, rdp_negotiation(3, 5)))},
       refused,
       5},
      {"RDP that chooses its own security",
       StartTls::rdp,
       {client(x224(0xe0, request)), server(x224(0xd0, rdp_negotiation(2, 0)))},
       refused},
      {"RDP of Windows 2003",
       StartTls::rdp,
       {client(x224(0xe0, request)), server(x224(0xd0, {}))},
       refused},
      {"RDP client without TLS",
       StartTls::rdp,
       {client(x224(0xe0, test_support::concatenate({cookie, rdp_negotiation(1, 0)})))},
       over},
      {"RDP client that negotiates nothing", StartTls::rdp, {client(x224(0xe0, cookie))}, over},
  };
}

std::vector<Transcript> database_transcripts() {
  using enum Progress;
  return {
      {"psql", StartTls::postgresql, {client(kSslRequest), server("S")}, accepted},
      {"psql that tries Kerberos first",
       StartTls::postgresql,
       {client(kGssRequest), server("N"), client(kSslRequest), server("S")},
       accepted},
      {"PostgreSQL without ssl", StartTls::postgresql, {client(kSslRequest), server("N")}, refused},
      {"PostgreSQL of the last century",
       StartTls::postgresql,
       {client(kSslRequest), server("EFATAL: unsupported frontend protocol\n")},
       refused},
      {"psql with Kerberos", StartTls::postgresql, {client(kGssRequest), server("G")}, over},
      {"psql without ssl",
       StartTls::postgresql,
       {client(raw("\0\0\0\x29\0\x03\0\0user\0me\0database\0me\0\0"))},
       over},
      {"MySQL 8",
       StartTls::mysql,
       {server(mysql_greeting("8.0.28", kMysqlWithSsl)), client(mysql_answer(0x20ffae85, 32))},
       accepted},
      {"MariaDB",
       StartTls::mysql,
       {server(mysql_greeting("5.5.5-10.0.36-MariaDB-0ubuntu0.16.04.1", kMysqlWithSsl)),
        client(mysql_answer(0x203fae85, 32))},
       accepted},
      {"MySQL client without TLS",
       StartTls::mysql,
       {server(mysql_greeting("8.0.28", kMysqlWithSsl)), client(mysql_answer(0x20ffa684, 214))},
       over},
      {"MySQL server without TLS",
       StartTls::mysql,
       {server(mysql_greeting("5.7.30", kMysqlWithoutSsl))},
       over},
      {"MySQL that blocks the host",
       StartTls::mysql,
       {server(raw("\x1f\0\0\0\xff\x69\x04Host '192.0.2.1' is blocked"))},
       over},
  };
}

std::vector<Transcript> proxy_transcripts() {
  using enum Progress;
  return {
      {"Apache as proxy",
       StartTls::http_connect,
       {client(kConnect),
        server("HTTP/1.0 200 Connection Established\r\nProxy-agent: Apache/2.4.16 (Unix)\r\n\r\n")},
       accepted,
       200},
      {"a proxy that thinks aloud",
       StartTls::http_connect,
       {client(kConnect), server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")},
       accepted,
       200},
      {"a proxy with NTLM",
       StartTls::http_connect,
       {client(kConnect),
        server("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\n"
               "Content-Length: 26\r\n\r\n<html>HTTP/1.1 200\n</html>"),
        client("CONNECT secure.example.com:443 HTTP/1.1\r\nProxy-Authorization: NTLM TlRM\r\n\r\n"),
        server("HTTP/1.1 200 Connection established\r\n\r\n")},
       accepted,
       200},
      {"a proxy that wants credentials",
       StartTls::http_connect,
       {client(kConnect), server("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")},
       asked,
       407},
      {"Squid that denies",
       StartTls::http_connect,
       {client(kConnect),
        server("HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n")},
       refused,
       403},
      {"a proxy that reaches nobody",
       StartTls::http_connect,
       {client(kConnect), server("HTTP/1.0 502 Bad Gateway\r\n\r\n")},
       refused,
       502},
      {"a request that needs no TLS",
       StartTls::http_connect,
       {client("GET http://example.com/ HTTP/1.1\r\n\r\n")},
       over},
      {"SOCKS 5",
       StartTls::socks,
       {client(raw("\x05\x01\0")), server(raw("\x05\0")),
        client(raw("\x05\x01\0\x03\x0ewww.google.com\x01\xbb")),
        server(raw("\x05\0\0\x01\0\0\0\0\x01\xbb"))},
       accepted},
      {"SOCKS 5 with a password and IPv6",
       StartTls::socks,
       {client(raw("\x05\x02\0\x02")), server(raw("\x05\x02")), client(raw("\x01\x02me\x03pwd")),
        server(raw("\x01\0")),
        client(raw("\x05\x01\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb")),
        server(raw("\x05\0\0\x03\x05proxy\x01\xbb"))},
       accepted},
      {"SOCKS 5 that is not allowed",
       StartTls::socks,
       {client(raw("\x05\x01\0")), server(raw("\x05\0")),
        client(raw("\x05\x01\0\x01\xc0\0\x02\x01\x01\xbb")),
        server(raw("\x05\x02\0\x01\0\0\0\0\0\0"))},
       refused,
       2},
      {"SOCKS 5 with a wrong password",
       StartTls::socks,
       {client(raw("\x05\x01\x02")), server(raw("\x05\x02")), client(raw("\x01\x02me\x03pwd")),
        server(raw("\x01\x01"))},
       refused,
       1},
      {"SOCKS 5 without a common method",
       StartTls::socks,
       {client(raw("\x05\x01\0")), server(raw("\x05\xff"))},
       refused,
       255},
      {"SOCKS 5 for UDP",
       StartTls::socks,
       {client(raw("\x05\x01\0")), server(raw("\x05\0")),
        client(raw("\x05\x03\0\x01\0\0\0\0\0\0"))},
       over},
      {"SOCKS 5 with GSSAPI",
       StartTls::socks,
       {client(raw("\x05\x01\x01")), server(raw("\x05\x01"))},
       over},
      {"SOCKS 4",
       StartTls::socks,
       {client(raw("\x04\x01\x01\xbb\xc0\0\x02\x01me\0")), server(raw("\0\x5a\0\0\0\0\0\0"))},
       accepted},
      {"SOCKS 4A",
       StartTls::socks,
       {client(raw("\x04\x01\x01\xbb\0\0\0\x01id\0login.example.com\0")),
        server(raw("\0\x5a\x01\xbb\x83\xfd\x3d\x50"))},
       accepted},
      {"SOCKS 4 that rejects",
       StartTls::socks,
       {client(raw("\x04\x01\x01\xbb\xc0\0\x02\x01\0")), server(raw("\0\x5b\0\0\0\0\0\0"))},
       refused,
       0x5b},
  };
}

}  // namespace shakedown::service

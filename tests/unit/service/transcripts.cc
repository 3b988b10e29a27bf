// SPDX-License-Identifier: Apache-2.0
#include "transcripts.h"

#include <iterator>
#include <utility>

namespace shakedown::service {
namespace {

constexpr std::string_view kPostfixEhlo =
    "250-firewall.example.net\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"
    "250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n";

constexpr std::string_view kStream =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams' to='jabber.example.org' version='1.0'>";
constexpr std::string_view kFeatures =
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
    "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' ver='lJcA>slCNcWT='/>"
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
    "</mechanisms></stream:features>";
constexpr std::string_view kStartTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

}  // namespace

std::vector<Transcript> mail_transcripts() {
  using enum Progress;
  return {
      {"Postfix",
       StartTls::smtp,
       {server("220 firewall.example.net ESMTP Postfix\r\n"),
        client("EHLO desktop.example.net\r\n"), server(kPostfixEhlo), client("STARTTLS\r\n"),
        server("220 2.0.0 Ready to start TLS\r\n")},
       accepted,
       220},
      {"Exim with a greeting of three lines",
       StartTls::smtp,
       {server("220-gator.example.com ESMTP Exim 4.93 #2 Fri, 05 Mar 2021 04:01:45 -0600\r\n"
               "220-We do not authorize the use of this system to transport unsolicited,\r\n"
               "220 and/or bulk e-mail.\r\n"),
        client("ehlo me\r\n"), server("250-gator\r\n250 STARTTLS\r\n"), client("starttls\r\n"),
        server("220 TLS go ahead\r\n")},
       accepted,
       220},
      {"LMTP of Dovecot",
       StartTls::smtp,
       {server("220 mail.example.org Dovecot ready.\r\n"), client("LHLO mx\r\n"),
        server("250-mail.example.org\r\n250 STARTTLS\r\n"), client("STARTTLS\r\n"),
        server("220 2.0.0 Begin TLS negotiation now.\r\n")},
       accepted,
       220},
      {"Postfix without its key",
       StartTls::smtp,
       {server("220 mx.example.net ESMTP Postfix\r\n"), client("EHLO a\r\n"), server(kPostfixEhlo),
        client("STARTTLS\r\n"), server("454 4.7.0 TLS not available due to local problem\r\n")},
       refused,
       454},
      {"a PIX that hides STARTTLS",
       StartTls::smtp,
       {server("220 ************************\r\n"), client("EHLO a\r\n"),
        server("250-mx\r\n250 XXXXXXXA\r\n"), client("STARTTLS\r\n"),
        server("500 5.5.1 Command unrecognized: \"XXXX\"\r\n")},
       refused,
       500},
      {"plain delivery",
       StartTls::smtp,
       {server("220 mta.example.com ESMTP ready\r\n"), client("HELO [192.0.2.1]\r\n"),
        server("250 mta.example.com\r\n"), client("MAIL FROM: <a@example.com>\r\n")},
       over},
      {"a login without TLS",
       StartTls::smtp,
       {server("220 mta.example.com ESMTP ready\r\n"), client("EHLO a\r\n"),
        server("250-mta.example.com\r\n250 AUTH PLAIN LOGIN\r\n"),
        client("AUTH PLAIN AGEAYg==\r\n")},
       over},
      {"a server that wants nobody",
       StartTls::smtp,
       {server("554 5.7.1 Service unavailable; client host blocked\r\n")},
       over},
      {"IMAP of GMX",
       StartTls::imap,
       {server("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] IMAP server ready\r\n"),
        client(". CAPABILITY\r\n"),
        server("* CAPABILITY IMAP4rev1 CHILDREN ENABLE ID IDLE LIST-EXTENDED STARTTLS\r\n"
               ". OK CAPABILITY completed\r\n"),
        client(". STARTTLS\r\n"), server(". OK Begin TLS negotiation now\r\n")},
       accepted},
      {"IMAP without a certificate",
       StartTls::imap,
       {server("* OK Dovecot ready.\r\n"), client("a001 STARTTLS\r\n"),
        server("a001 BAD TLS support isn't enabled.\r\n")},
       refused},
      {"IMAP that will not",
       StartTls::imap,
       {server("* OK ready\r\n"), client("A1 starttls\r\n"), server("* OK still here\r\n"),
        server("A1 NO not now\r\n")},
       refused},
      {"IMAP that goes away",
       StartTls::imap,
       {server("* OK ready\r\n"), client("A1 STARTTLS\r\n"), server("* BYE shutting down\r\n")},
       refused},
      {"IMAP login without TLS",
       StartTls::imap,
       {server("* OK ready\r\n"), client("a1 LOGIN user secret\r\n")},
       over},
      {"POP3 of Cyrus",
       StartTls::pop3,
       {server("+OK mail.example.org Cyrus POP3 v2.3.16 server ready <1512@mail>\r\n"),
        client("STLS\r\n"), server("+OK Begin TLS negotiation now\r\n")},
       accepted},
      {"POP3 with lists",
       StartTls::pop3,
       {server("+OK lavad\r\n"), client("AUTH\r\n"), server("-ERR Unrecognized command.\r\n"),
        client("CAPA\r\n"),
        server("+OK Capabilities follow.\r\nTOP\r\nUSER\r\nUIDL\r\nSTLS\r\nPIPELINING\r\n.\r\n"),
        client("STLS\r\n"), server("+OK Ready to start TLS negotiation.\r\n")},
       accepted},
      {"POP3 that will not",
       StartTls::pop3,
       {server("+OK ready\r\n"), client("STLS\r\n"), server("-ERR Command not permitted\r\n")},
       refused},
      {"POP3 login without TLS",
       StartTls::pop3,
       {server("+OK ready\r\n"), client("USER me\r\n")},
       over},
  };
}

std::vector<Transcript> file_and_chat_transcripts() {
  using enum Progress;
  return {
      {"vsftpd",
       StartTls::ftp,
       {server("220 (vsFTPd 3.0.3)\r\n"), client("AUTH TLS\r\n"),
        server("234 Proceed with negotiation.\r\n")},
       accepted,
       234},
      {"FTP behind a greeting that names nothing",
       StartTls::smtp,
       {server("220 \"Authorized users only. All activity may be monitored and reported\"\r\n"),
        client("AUTH TLS\r\n"), server("234 Proceed with negotiation.\r\n")},
       accepted,
       234},
      {"FTP with the old name and features",
       StartTls::ftp,
       {server("220-Welcome\r\n 220 is not the end\r\nnor is this\r\n220 ready\r\n"),
        client("FEAT\r\n"), server("211-Features:\r\n AUTH SSL\r\n PBSZ\r\n211 End\r\n"),
        client("auth SSL\r\n"), server("334 AUTH SSL OK.\r\n")},
       accepted,
       334},
      {"ProFTPD without mod_tls",
       StartTls::ftp,
       {server("220 ProFTPD Server (Debian) [::ffff:192.0.2.1]\r\n"), client("AUTH TLS\r\n"),
        server("500 AUTH not understood\r\n")},
       refused,
       500},
      {"FTP of Windows without a certificate",
       StartTls::ftp,
       {server("220 Microsoft FTP Service\r\n"), client("AUTH TLS\r\n"),
        server("534 Local policy on server does not allow TLS secure connections.\r\n")},
       refused,
       534},
      {"anonymous FTP",
       StartTls::ftp,
       {server("220 ready\r\n"), client("USER anonymous\r\n"), server("331 send your e-mail\r\n"),
        client("PASS me@\r\n")},
       over},
      {"FTP with Kerberos",
       StartTls::ftp,
       {server("220 ready\r\n"), client("AUTH GSSAPI\r\n"), server("334 go ahead\r\n")},
       talking},
      {"ejabberd",
       StartTls::xmpp,
       {client(kStream), server(kStream), server(kFeatures), client(kStartTls),
        server("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")},
       accepted},
      {"XMPP with long forms and double quotes",
       StartTls::xmpp,
       {client(kStream), server(kStream), server(kFeatures),
        client("<tls:starttls\n xmlns:tls=\"urn:ietf:params:xml:ns:xmpp-tls\" ></tls:starttls >"),
        server("<tls:proceed xmlns:tls=\"urn:ietf:params:xml:ns:xmpp-tls\" />")},
       accepted},
      {"XMPP that will not",
       StartTls::xmpp,
       {client(kStream), server(kStream), client(kStartTls),
        server("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>")},
       refused},
      {"XMPP with an error",
       StartTls::xmpp,
       {client(kStream), client(kStartTls),
        server("<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>")},
       refused},
      {"XMPP login without TLS",
       StartTls::xmpp,
       {client(kStream), server(kStream), server(kFeatures),
        client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>")},
       over},
  };
}

std::vector<Transcript> transcripts() {
  std::vector<Transcript> all = mail_transcripts();
  for (auto part : {file_and_chat_transcripts(), directory_and_desktop_transcripts(),
                    database_transcripts(), proxy_transcripts()}) {
    std::move(part.begin(), part.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace shakedown::service

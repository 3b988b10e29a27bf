// SPDX-License-Identifier: Apache-2.0
#include "service/patterns.h"

#include <array>

namespace shakedown::service {
namespace {

using enum Service;
using enum PatternRole;

constexpr bool kAnyCase = true;

// RFC 4511 §5.1: LDAPMessage ::= SEQUENCE { messageID INTEGER, protocolOp CHOICE { ... } ... },
// with definite lengths. The operations follow in each table.
#define SHAKEDOWN_LDAP_START                            \
  R"(^\x30(?:[\x05-\x7f]|\x81.|\x82..|\x84\x00\x00..))" \
  R"(\x02(?:\x01.|\x02..|\x03...|\x04....))"

constexpr std::array kClientPatterns = {
    // RFC 9113 §3.4, RFC 9110 §9, RFC 4918 §9. A request line may be longer than what is looked at.
    Pattern{http, R"(^PRI \* HTTP/2\.0\r\n)"},
    Pattern{http, R"(^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|PATCH|PROPFIND|REPORT|MKCOL|COPY|)"
                  R"(MOVE|LOCK|UNLOCK|SEARCH|M-SEARCH) (?:/|\*|https?://))"},
    Pattern{http, R"(^CONNECT [^ \r\n]+:[0-9]{1,5} HTTP/1\.)"},
    // RFC 4253 §4.2.
    Pattern{ssh, R"(^SSH-[12]\.[0-9])"},
    // RFC 5321 §4.1.1, RFC 2033 §4.1, RFC 3207 §4.
    Pattern{smtp, R"(^(?:EHLO|HELO|LHLO) [^\r\n])", kAnyCase},
    Pattern{smtp, R"(^(?:STARTTLS\r?\n|MAIL FROM:))", kAnyCase},
    // RFC 4217 §4, RFC 959 §4.1, RFC 2389 §3.
    Pattern{ftp, R"(^AUTH (?:TLS|SSL)[-\r\n])", kAnyCase},
    Pattern{ftp, R"(^(?:FEAT|SYST)\r?\n)", kAnyCase},
    Pattern{ftp, R"(^(?:USER [^ \r\n]|OPTS UTF8 ON\r?\n))", kAnyCase},
    // RFC 9051 §6: a tag, then a command.
    Pattern{imap, R"(^[A-Z0-9.]{1,32} (?:CAPABILITY|STARTTLS|NOOP|LOGOUT)\r?\n)", kAnyCase},
    Pattern{imap, R"(^[A-Z0-9.]{1,32} (?:LOGIN|AUTHENTICATE|ID|ENABLE|SELECT) )", kAnyCase},
    // RFC 1939 §7, RFC 2449 §5, RFC 2595 §4.
    Pattern{pop3, R"(^(?:CAPA|STLS|AUTH)\r?\n)", kAnyCase},
    Pattern{pop3, R"(^APOP [^ \r\n]+ [0-9a-f]{32})", kAnyCase},
    // RFC 6120 §4.2.
    Pattern{xmpp, R"(^\s*(?:<\?xml[^>]{1,64}>\s*)?<(?:stream:)?stream\s)"},
    Pattern{xmpp, R"(^\s*<\?xml\s[^>]{1,64}\?>\s*\z)"},
    // The requests bind, unbind, search, modify, add, delete, modify DN, compare, abandon, extended.
    Pattern{ldap, SHAKEDOWN_LDAP_START R"([\x60\x42\x63\x66\x68\x4a\x6c\x6e\x50\x77])"},
    // PostgreSQL protocol 3.0: CancelRequest, SSLRequest, GSSENCRequest; StartupMessage.
    Pattern{postgresql, R"(^\x00\x00\x00[\x08\x10]\x04\xd2\x16[\x2e\x2f\x30])"},
    Pattern{postgresql, R"(^\x00\x00[\x00-\x27].\x00[\x02\x03]\x00[\x00-\x0f][a-z_])"},
    // MySQL protocol 4.1: SSLRequest or HandshakeResponse, capabilities with CLIENT_PROTOCOL_41
    // left open, then 19 or 23 bytes of zero.
    Pattern{mysql, R"(^.[\x00-\x0f]\x00\x01.{4}.{3}[\x00-\x7f].\x00{19})"},
    // MS-RDPBCGR §2.2.1.1: TPKT, X.224 Connection Request; empty, with a cookie or routing token,
    // or with RDP_NEG_REQ.
    Pattern{rdp, R"(^\x03\x00\x00\x0b\x06\xe0\x00\x00..\x00)"},
    Pattern{
        rdp,
        R"(^\x03\x00[\x00\x01].[\x07-\xfe]\xe0\x00\x00..\x00(?:Cookie: |\x01[\x00-\x0f]\x08\x00))"},
    // RFC 1928 §3 and §4, also in one segment; SOCKS 4 and 4A.
    Pattern{socks, R"(^\x05(?:\x01.|\x02..|\x03...|\x04.{4}|\x05.{5}|\x06.{6})\z)"},
    Pattern{socks,
            R"(^\x05(?:\x01.|\x02..|\x03...)(?:\x05\x01\x00[\x01\x03\x04]|\x01[\x01-\xff]))"},
    Pattern{socks, R"(^\x04[\x01\x02].{6}[\x20-\x7e]*\x00)"},
    // RESP, and inline commands.
    Pattern{redis, R"(^\*[1-9][0-9]{0,5}\r\n\$[0-9]{1,9}\r\n)"},
    Pattern{redis, R"(^(?:PING|INFO|HELLO [23])\r?\n)", kAnyCase},
    // MQTT 3.1, 3.1.1 and 5.0 §3.1: CONNECT.
    Pattern{
        mqtt,
        R"(^\x10(?:[\x0a-\x7f]|[\x80-\xff][\x01-\x7f])\x00(?:\x04MQTT[\x04\x05]|\x06MQIsdp\x03))"},
};

constexpr std::array kServerPatterns = {
    // RFC 9112 §4. RFC 9113 §3.4: a SETTINGS frame first, or GOAWAY. HTTP/0.9 is a bare document.
    Pattern{http, R"(^HTTP/[0-9](?:\.[0-9])? [1-5][0-9][0-9])"},
    Pattern{http, R"(^\x00\x00[\x00-\x60]\x04[\x00\x01]\x00\x00\x00\x00)"},
    Pattern{http, R"(^\x00\x00[\x08-\xff]\x07\x00\x00\x00\x00\x00)"},
    Pattern{http, R"(^\s*<(?:!doctype\s+html|html|head|title|body)[\s>])", kAnyCase},
    // What filters write, in the order of how much it says.
    Pattern{block_page,
            R"(FortiGuard|FortiGate|Fortinet|fgtauth|Zscaler|OpenDNS|Cisco Umbrella|)"
            R"(PAN-OS|Palo ?Alto|GlobalProtect)",
            kAnyCase, filter_name},
    Pattern{block_page,
            R"(ERR_(?:CACHE_)?ACCESS_DENIED|Sophos|Astaro|Barracuda|Websense|Forcepoint|)"
            R"(Blue ?Coat|McAfee|mwg-internal|Skyhigh)",
            kAnyCase, filter_name},
    Pattern{block_page,
            R"(SonicWall|WatchGuard|UserCheck|Check ?Point|Smoothwall|Untangle|Netskope|)"
            R"(Lightspeed|Securly|iboss|E2guardian|DansGuardian|ContentKeeper|pfBlocker|)"
            R"(Pi-hole|CleanBrowsing|Kerio Control|Trend ?Micro|IWSVA)",
            kAnyCase, filter_name},
    Pattern{block_page,
            R"(\nLocation: https?://(?:[^/\r\n]*\.)?(?:block(?:ed|page)?|warning|restrict(?:ed)?|)"
            R"(webfilter|filter|deny|denied|gateway\.zscaler[a-z]*)[.:/])",
            kAnyCase, filter_redirect},
    Pattern{block_page,
            R"(\nLocation: https?://[^\r\n]*(?:blockpage|ws-session|fgtauth|mwg-internal|)"
            R"(UserCheck/|cgi-bin/block|accessdenied\.))",
            kAnyCase, filter_redirect},
    Pattern{block_page,
            R"(block(?:ed|ing| ?page)|access denied|denied|not (?:allowed|permitted)|)"
            R"(restricted|prohibited|violat)",
            kAnyCase, filter_block},
    Pattern{block_page,
            R"(polic(?:y|ies)|(?:web|url|content|internet)[- ]?filter|categor(?:y|ies)|)"
            R"(acceptable use|parental control|court order|roskomnadzor)",
            kAnyCase, filter_policy},
    // RFC 4253 §4.2: other lines may come first. OpenSSH's sentences when it will not talk.
    Pattern{ssh, R"(^SSH-[12]\.[0-9])"},
    Pattern{ssh,
            R"(^(?:Protocol mismatch\.|Invalid SSH identification string|Exceeded MaxStartups|)"
            R"(Not allowed at this time))"},
    Pattern{ssh, R"(^[\x20-\x7e]{0,255}\r?\n(?:[\x20-\x7e]{0,255}\r?\n)?SSH-(?:1\.99|2\.0)-)"},
    // RFC 5321 §4.2, RFC 2034 §4; RFC 959 §4.2. Both greet with 220 and free words.
    Pattern{smtp,
            R"(^[245][0-9][0-9][- ][^\x00]*[- (](?:E?SMTP|LMTP|Postfix|Exim|Sendmail)[\s;,)/.])",
            kAnyCase},
    Pattern{smtp, R"(^[245][0-9][0-9][- ][245]\.[0-9]{1,3}\.[0-9]{1,3}[ \r\n])"},
    Pattern{ftp,
            R"(^[1-5][0-9][0-9][- ][^\x00]*[- ("=](?:FTPD?|vsFTPd|ProFTPD|Pure-FTPd|FileZilla|)"
            R"(WU-FTPD|Serv-U|[a-z]+ftpd|anonymous)[\s;,)/.!_])",
            kAnyCase},
    Pattern{ftp, R"(^(?:120|230|331|332|425|426|530)[- ])"},
    Pattern{ftp, R"(^5[0-9][0-9][- ](?:OOPS|'[^'\r\n]{0,64}'|Invalid command|Unknown command))"},
    Pattern{smtp, R"(^(?:220|421)[- ](?:\[|[a-z0-9-]+\.)[a-z0-9.:-]+[\] \r\n])", kAnyCase},
    Pattern{smtp, R"(^(?:521|554|50[0-4])[- ])"},
    Pattern{ftp, R"(^(?:220|421)[- ])"},
    // RFC 9051 §7.1.
    Pattern{imap, R"(^\* (?:OK|PREAUTH|BYE|BAD|NO)[ \r\n])", kAnyCase},
    // RESP. An error without a word of Redis's own is left to POP3.
    Pattern{redis,
            R"(^-(?:NOAUTH|DENIED|WRONGPASS|NOPROTO|LOADING|MISCONF|MASTERDOWN|READONLY|NOPERM) )"},
    Pattern{
        redis,
        R"(^-ERR (?:Protocol error|unknown command [`']|unknown command, with args|)"
        R"(wrong number of arg|max number of clients|unbalanced quotes|operation not permitted))"},
    Pattern{redis, R"(^(?:\+PONG\r\n|\$(?:-1|[0-9]{1,9})\r\n|[*%][0-9]{1,6}\r\n[$:*+%,#_-]))"},
    // RFC 1939 §3.
    Pattern{pop3, R"(^(?:\+OK|-ERR)[ \r\n])", kAnyCase},
    // RFC 6120 §4.2, §4.9.
    Pattern{
        xmpp,
        R"(^\s*(?:<\?xml[^>]{1,64}>\s*)?<(?:stream:stream|stream:error|stream|/stream:stream)[\s>])"},
    Pattern{xmpp, R"(^\s*<\?xml\s[^>]{1,64}\?>\s*\z)"},
    // The responses; RFC 4511 §4.4.1: the notice of disconnection is an extended one.
    Pattern{ldap, SHAKEDOWN_LDAP_START R"([\x61\x64\x65\x67\x69\x6b\x6d\x6f\x73\x78\x79])"},
    // PostgreSQL: ErrorResponse of protocols 3 and 2, Authentication; one byte answers SSLRequest.
    Pattern{postgresql, R"(^E\x00\x00[\x00-\x10].S[^\x00]{3,40}\x00[CV])"},
    Pattern{postgresql, R"(^E(?:FATAL|ERROR): )"},
    Pattern{postgresql, R"(^R\x00\x00[\x00-\x04].\x00\x00\x00[\x00-\x0c])"},
    Pattern{postgresql, R"(^[SNG](?:\z|\x16\x03))"},
    // MySQL: HandshakeV10, which begins with a version; ERR_Packet before it.
    Pattern{mysql, R"(^.[\x00-\x01]\x00\x00\x0a[0-9]{1,2}\.[0-9]{1,3}[^\x00]{0,80}\x00)"},
    Pattern{mysql, R"(^.[\x00-\x02]\x00[\x00-\x02]\xff.[\x03-\x2f][#A-Z][\x20-\x7e]{4})"},
    // MS-RDPBCGR §2.2.1.2: X.224 Connection Confirm; empty, RDP_NEG_RSP or RDP_NEG_FAILURE.
    Pattern{rdp, R"(^\x03\x00\x00\x0b\x06\xd0)"},
    Pattern{rdp, R"(^\x03\x00\x00\x13\x0e\xd0.{5}[\x02\x03].\x08\x00)"},
    // ITU-T T.125 §7: Disconnect Provider Ultimatum, as xrdp says to what is no TPKT.
    Pattern{rdp, R"(^\x03\x00\x00\x09\x02\xf0\x80\x21\x80)"},
    // RFC 1928 §3 and §6, RFC 1929 §2; SOCKS 4.
    Pattern{
        socks,
        R"(^\x05[\x00\x01\x02\xff](?:\z|\x01[\x00\x01\xff]\z|\x05[\x00-\x08]\x00[\x01\x03\x04]))"},
    Pattern{socks, R"(^\x05[\x00-\x08]\x00[\x01\x03\x04].{6})"},
    Pattern{socks, R"(^\x00[\x5a-\x5d].{6}\z)"},
    // MQTT 3.1.1 and 5.0 §3.2: CONNACK.
    Pattern{mqtt, R"(^\x20\x02[\x00\x01][\x00-\x05]\z)"},
    Pattern{mqtt, R"(^\x20[\x03-\x7f][\x00\x01](?:\x00|[\x80-\x9f])[\x00-\x7f])"},
};

#undef SHAKEDOWN_LDAP_START

static_assert(kClientPatterns.size() <= kPatternCountMax);
static_assert(kServerPatterns.size() <= kPatternCountMax);

}  // namespace

std::span<const Pattern> patterns_of(Party from) noexcept {
  if (from == Party::client) return kClientPatterns;
  return kServerPatterns;
}

}  // namespace shakedown::service

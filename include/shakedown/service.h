// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The protocols that are told apart by the first bytes of a connection that is not, or
//            not yet, TLS; and those that ask for the upgrade to it.
// Units:     None.
// Ownership: Values.
// Threading: Values.
// Limits:    Numbers are append-only, because records of an older data plane may be read by a newer
//            control.
// Failure:   Bytes that nothing claims are `banner` when they are text and `binary` when not.
// RFC:       Named at each upgrade.
#pragma once

#include <cstdint>

namespace shakedown {

/// What one side of a connection spoke.
enum class Service : std::uint8_t {
  none = 0,  ///< it said nothing, or was not looked at
  http = 1,
  block_page = 2,  ///< HTTP from a filter between client and server, by its own words
  ssh = 3,
  smtp = 4,
  imap = 5,
  pop3 = 6,
  ftp = 7,
  ldap = 8,
  xmpp = 9,
  postgresql = 10,
  mysql = 11,
  rdp = 12,
  socks = 13,
  redis = 14,
  mqtt = 15,
  banner = 16,  ///< text that none of the others claims
  binary = 17   ///< no text, and none of the others
};
inline constexpr unsigned kServiceCount = 18;

/// How a connection came to TLS that did not begin with it; `none` when TLS came first.
enum class StartTls : std::uint8_t {
  none = 0,
  unknown = 1,       ///< something came before the ClientHello that is none of the following
  smtp = 2,          ///< RFC 3207 STARTTLS
  imap = 3,          ///< RFC 9051 §6.2.1 STARTTLS
  pop3 = 4,          ///< RFC 2595 §4 STLS
  ftp = 5,           ///< RFC 4217 §4 AUTH TLS
  ldap = 6,          ///< RFC 4511 §4.14 StartTLS
  xmpp = 7,          ///< RFC 6120 §5 starttls
  postgresql = 8,    ///< SSLRequest
  mysql = 9,         ///< SSLRequest, by a capability flag
  rdp = 10,          ///< MS-RDPBCGR §2.2.1.1.1 RDP_NEG_REQ
  http_connect = 11, ///< RFC 9110 §9.3.6, through a proxy
  socks = 12,        ///< RFC 1928, through a proxy
  proxy_header = 13  ///< the PROXY protocol of load balancers
};
inline constexpr unsigned kStartTlsCount = 14;

/// What the first bytes of one side are.
struct Recognition {
  Service service = Service::none;
  /// The status code that a text protocol began with (HTTP 403, SMTP 554); zero: none.
  std::uint16_t code = 0;
};

}  // namespace shakedown

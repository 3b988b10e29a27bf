// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The hellos of SSLv2: still sent by old clients to offer newer versions, and by
//            scanners.
// Units:     Sizes are bytes. A cipher spec has three bytes; with a first byte of zero the other
//            two are a TLS cipher suite.
// Ownership: Views into the message that was parsed.
// Threading: None of it is shared.
// Limits:    kCipherSuiteCountMax.
// Failure:   Checks run in wire order. `need_more` when the message is shorter than its own lengths
//            say, then `out` keeps what was read; `malformed` for another message type, for lengths
//            that are no multiple of three or zero, for a session id or challenge of a size that is
//            not allowed, and for bytes left over; `over_limit` for more cipher specs than the
//            limit.
// RFC:       RFC 5246 §E.2 (V2ClientHello). The rest of SSLv2 has no RFC; RFC 6176 forbids it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/handshake_record.h"

namespace shakedown::tls {

struct Sslv2ClientHello {
  Bytes cipher_specs;  ///< a multiple of three
  Bytes session_id;    ///< 0 or 16 bytes (any up to 32 is accepted)
  Bytes challenge;     ///< 16 to 32 bytes
  std::uint16_t version = 0;
  std::uint16_t length = 0;           ///< of the message that was given
  std::uint16_t tls_suite_count = 0;  ///< cipher specs that are TLS cipher suites
  bool truncated = false;

  [[nodiscard]] std::size_t cipher_count() const { return cipher_specs.size() / 3; }
};

struct Sslv2ServerHello {
  Bytes certificate;  ///< DER; empty when the session was resumed
  Bytes cipher_specs;
  Bytes connection_id;
  std::uint16_t version = 0;
  std::uint8_t certificate_type = 0;
  bool session_id_hit = false;
  bool truncated = false;
};

/// Reads the bytes behind the record header of two bytes; the first one is MSG-CLIENT-HELLO (1).
ParseStatus parse_sslv2_client_hello(Bytes message, Sslv2ClientHello& out) noexcept;

/// Reads the bytes behind the record header; the first one is MSG-SERVER-HELLO (4).
ParseStatus parse_sslv2_server_hello(Bytes message, Sslv2ServerHello& out) noexcept;

/// Like fill_facts of client_hello.h; adds sslv2_format. There are no extensions and no server
/// name.
void fill_facts(const Sslv2ClientHello& hello, ClientHelloFacts& facts) noexcept;

/// Adds seen, sslv2_format and, on a session id hit, resumed; the versions are that of the hello.
/// The server of SSLv2 does not choose a suite, so there is none.
void fill_facts(const Sslv2ServerHello& hello, ServerHelloFacts& facts) noexcept;

}  // namespace shakedown::tls

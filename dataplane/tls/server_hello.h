// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   ServerHello and HelloRetryRequest: what a server chose, as views and decoded fields.
// Units:     Sizes are bytes; code points as on the wire.
// Ownership: Every view points into the body that was parsed and lives as long as it.
// Threading: None of it is shared.
// Limits:    kExtensionCountMax.
// Failure:   Checks run in wire order and the first that fails decides; `need_more` where a length
//            runs past the end of the body, `malformed` where it runs past the vector that contains
//            it or a rule of the layout is broken, `over_limit` for too many extensions. `out`
//            keeps what stood before that place. What is wrong only inside one extension sets
//            `malformed_extension`.
// RFC:       RFC 8446 §4.1.3, §4.1.4, §4.2.1, §4.2.8, §4.2.11; RFC 5246 §7.4.1.3; RFC 7301 §3.1.
//            Drafts of TLS 1.3 up to 21 wrote the version into legacy_version and had neither
//            session id nor compression method; their HelloRetryRequest was a message type of its
//            own.
#pragma once

#include <array>
#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/handshake_record.h"
#include "shakedown/limits.h"
#include "shakedown/tls_types.h"

namespace shakedown::tls {

struct ServerHello {
  Bytes random;      ///< empty in the HelloRetryRequest of a draft
  Bytes session_id;  ///< at most 32 bytes
  Bytes alpn;        ///< the one protocol name that was chosen; visible up to TLS 1.2 only

  /// ServerHelloFacts::Flag bits, as far as this message alone can tell. Not among them:
  /// session_id_echoed, resumed and whatever later messages show.
  std::uint32_t fact_flags = 0;
  std::uint16_t legacy_version = 0;
  std::uint16_t selected_version = 0;  ///< of supported_versions, else legacy_version
  std::uint16_t cipher_suite = 0;
  std::uint16_t key_share_group =
      0;  ///< in a HelloRetryRequest the group that is asked for; zero: none
  std::uint16_t selected_identity = 0;  ///< meaningful with ServerHelloFacts::psk_selected
  std::uint16_t extension_count = 0;    ///< entries of extension_types
  std::uint8_t compression_method = 0;
  bool ocsp_promised = false;  ///< status_request extension
  bool malformed_extension = false;
  bool duplicate_extension = false;  ///< a type came twice; the first one counts
  bool truncated = false;            ///< the body ended before its own lengths said
  std::array<std::uint16_t, kExtensionCountMax> extension_types{};  ///< in the order sent

  [[nodiscard]] bool has(ServerHelloFacts::Flag flag) const { return (fact_flags & flag) != 0; }
  [[nodiscard]] bool is_hello_retry_request() const {
    return has(ServerHelloFacts::hello_retry_request);
  }
};
static_assert(sizeof(ServerHello) <= 512);

/// Reads the body of a message of type server_hello, or hello_retry_request of the drafts.
ParseStatus parse_server_hello(Bytes body, HandshakeType type, ServerHello& out) noexcept;

/// Sets what the message alone tells, and adds to `flags`. A HelloRetryRequest fills retry_group,
/// version and cipher suite, and no named_group; call it again with the ServerHello that follows.
/// Left to the caller: record_version, session_id_echoed, resumed, dh_prime_bits, the group of a
/// ServerKeyExchange.
void fill_facts(const ServerHello& hello, ServerHelloFacts& facts) noexcept;

}  // namespace shakedown::tls

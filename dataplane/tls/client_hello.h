// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   ClientHello: what a client offers, as views into the message and a few decoded lists.
// Units:     Sizes and offsets are bytes; code points as on the wire.
// Ownership: Every view points into the body that was parsed and lives as long as it.
// Threading: None of it is shared.
// Limits:    kCipherSuiteCountMax, kExtensionCountMax, kNamedGroupCountMax,
//            kSignatureSchemeCountMax, kSupportedVersionCountMax, kAlpnBytesMax. A list that is
//            longer is cut to its limit.
// Failure:   Checks run in wire order and the first that fails decides: 1. legacy_version and
//            random; 2. session_id of at most 32 bytes; 3. cipher_suites: even, not empty; 4.
//            compression_methods: not empty; 5. no extensions block at all, or one whose extensions
//            end where it ends; 6. nothing after it. Where a length runs past the end of the body
//            the answer is `need_more`; where it runs past the vector that contains it, or a rule
//            above is broken, `malformed`. In both cases `out` keeps what stood before that place.
//            `over_limit` is the answer for a well formed hello with a list over its limit. What is
//            wrong only inside one extension leaves the others readable: the status is not changed,
//            the list of that extension is empty and `malformed_extension` is set.
// RFC:       RFC 8446 §4.1.2, §4.2; RFC 5246 §7.4.1.2, §7.4.1.4; RFC 6066 §3; RFC 7301 §3.1; RFC
//            8701. Left out: the insides of tickets, binders, key shares and of ECH.
#pragma once

#include <array>
#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/handshake_record.h"
#include "shakedown/limits.h"

namespace shakedown::tls {

struct ClientHello {
  // From the fixed part.
  Bytes random;         ///< 32 bytes, or empty when the body ended before its end
  Bytes session_id;     ///< at most 32 bytes
  Bytes cipher_suites;  ///< even length, GREASE included
  Bytes compression_methods;
  // From extensions; empty when the extension is absent or its inside is malformed.
  Bytes server_name;         ///< the first host_name as sent, neither checked nor changed
  Bytes supported_versions;  ///< even length, like the next three; GREASE included
  Bytes supported_groups;
  Bytes signature_algorithms;
  Bytes ec_point_formats;
  Bytes alpn;  ///< ProtocolNameList without its length; every name in it is whole
  Bytes psk_key_exchange_modes;

  /// ClientHelloFacts::Flag bits, as far as this message alone can tell.
  std::uint32_t fact_flags = 0;
  std::uint32_t length = 0;  ///< of the body that was given
  std::uint16_t legacy_version = 0;
  std::uint16_t max_version = 0;            ///< see highest_version(); else legacy_version
  std::uint16_t session_ticket_length = 0;  ///< zero for an empty extension too
  std::uint16_t psk_identity_count = 0;
  std::uint16_t extension_count = 0;  ///< entries of extension_types
  std::uint16_t key_share_count = 0;  ///< entries of key_share_groups
  std::uint16_t alpn_count = 0;
  bool malformed_extension = false;  ///< the inside of at least one extension is wrong
  bool duplicate_extension = false;  ///< a type came twice; the first one counts
  bool truncated = false;            ///< the body ended before its own lengths said
  /// Types in the order sent, GREASE included, whether or not their insides could be read.
  std::array<std::uint16_t, kExtensionCountMax> extension_types{};
  /// Groups of the key shares in the order sent, GREASE included.
  std::array<std::uint16_t, kNamedGroupCountMax> key_share_groups{};

  [[nodiscard]] bool has(ClientHelloFacts::Flag flag) const { return (fact_flags & flag) != 0; }
};
static_assert(sizeof(ClientHello) <= 1024);

/// Reads the body of a ClientHello message (without the four bytes of its handshake header).
ParseStatus parse_client_hello(Bytes body, ClientHello& out) noexcept;

/// The highest version of a list of uint16, GREASE left out; zero when nothing else is in it.
/// TLS 1.3 and later stand above its drafts (the later draft higher), these above the experiments,
/// these above TLS 1.2.
[[nodiscard]] std::uint16_t highest_version(Bytes versions) noexcept;

/// Sets what the message alone tells, and adds to `flags`. Left to the caller: record_version,
/// segment_count, record_count, second_hello_seen, and the bytes of the name. server_name_length is
/// what fits HandshakeRecord::server_name; the flag server_name_truncated says that
/// `hello.server_name` is longer. Counts are as sent, GREASE included, and saturate.
void fill_facts(const ClientHello& hello, ClientHelloFacts& facts) noexcept;

/// Groups with a post-quantum part: ML-KEM alone or hybrid, and the Kyber and CECPQ2 experiments
/// before it.
[[nodiscard]] constexpr bool is_post_quantum_group(std::uint16_t group) {
  switch (group) {
    case 0x0200:  // MLKEM512
    case 0x0201:  // MLKEM768
    case 0x0202:  // MLKEM1024
    case 0x11eb:  // SecP256r1MLKEM768
    case 0x11ec:  // X25519MLKEM768
    case 0x11ed:  // SecP384r1MLKEM1024
    case 0x11ee:  // curveSM2MLKEM768
    case 0x4138:  // CECPQ2
    case 0x6399:  // X25519Kyber768Draft00
    case 0x639a:  // SecP256r1Kyber768Draft00
    case 0xfe30:  // X25519Kyber512Draft00
    case 0xfe31:  // X25519Kyber768Draft00, first number
    case 0xfe32:  // P256Kyber768Draft00, first number
      return true;
    default:
      return false;
  }
}

}  // namespace shakedown::tls

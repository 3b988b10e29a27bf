// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a cipher suite number means for a passive observer: the kind of key exchange (and
//            with it the layout of ServerKeyExchange), and the record sizes that TLS 1.3 inference
//            rests on.
// Units:     Lengths are TLSCiphertext.length in bytes.
// Ownership: Values.
// Threading: Constants.
// Limits:    A table of ranges, searched by halves.
// Failure:   A number without an entry is `unknown`.
// RFC:       IANA registry "TLS Cipher Suites"; RFC 5246 §7.4.3, RFC 8422 §5.4, RFC 4279 §2; RFC
//            8446 §4.4.4, §5.2, §B.4; RFC 9150, RFC 9367 (further TLS 1.3 suites).
#pragma once

#include <cstdint>

namespace shakedown::tls {

enum class KeyExchange : std::uint8_t {
  unknown = 0,
  rsa,        ///< no ServerKeyExchange (export suites may send a temporary RSA key)
  dh,         ///< fixed DH key in the certificate
  dhe,        ///< ServerDHParams
  dh_anon,    ///< ServerDHParams, no certificate
  ecdh,       ///< fixed ECDH key in the certificate
  ecdhe,      ///< ServerECDHParams
  ecdh_anon,  ///< ServerECDHParams, no certificate
  psk,        ///< psk_identity_hint
  dhe_psk,    ///< psk_identity_hint, ServerDHParams
  ecdhe_psk,  ///< psk_identity_hint, ServerECDHParams
  rsa_psk,    ///< psk_identity_hint
  srp,
  krb5,
  other,  ///< known, with a key exchange of its own: GOST, ECJPAKE, ECCPWD, FORTEZZA
  tls13,  ///< the key exchange is negotiated apart from the suite
  none    ///< TLS_NULL_WITH_NULL_NULL and the signalling values
};

[[nodiscard]] KeyExchange key_exchange_of(std::uint16_t cipher_suite) noexcept;

/// What a TLS 1.3 suite adds to a record, and the length of its hash.
struct Tls13Lengths {
  std::uint8_t hash = 32;
  std::uint8_t tag = 16;
};

[[nodiscard]] constexpr Tls13Lengths tls13_lengths_of(std::uint16_t cipher_suite) {
  switch (cipher_suite) {
    case 0x1302:  // TLS_AES_256_GCM_SHA384
      return {48, 16};
    case 0x1305:  // TLS_AES_128_CCM_8_SHA256
    case 0xc104:  // TLS_GOSTR341112_256_WITH_MAGMA_MGM_L; RFC 9367 §4.1: a tag of one block of 8
                  // bytes
    case 0xc106:  // TLS_GOSTR341112_256_WITH_MAGMA_MGM_S
      return {32, 8};
    case 0xc0b4:  // TLS_SHA256_SHA256; RFC 9150 §4: integrity only, the tag is an HMAC
      return {32, 32};
    case 0xc0b5:  // TLS_SHA384_SHA384
      return {48, 48};
    default:
      return {};
  }
}

/// TLS 1.3: length of the record that holds nothing but a Finished: its header of 4, the hash,
/// content type and tag. 53 for SHA-256 suites.
[[nodiscard]] constexpr std::uint16_t finished_record_length(std::uint16_t cipher_suite) {
  const Tls13Lengths lengths = tls13_lengths_of(cipher_suite);
  return static_cast<std::uint16_t>(4 + lengths.hash + 1 + lengths.tag);
}

/// TLS 1.3: length of the record that holds one alert: level, description, content type, tag.
/// Mostly 19.
[[nodiscard]] constexpr std::uint16_t alert_record_length(std::uint16_t cipher_suite) {
  return static_cast<std::uint16_t>(2 + 1 + tls13_lengths_of(cipher_suite).tag);
}

}  // namespace shakedown::tls

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Code points to the names that the `openssl` command takes, and what it offers when it
//            is told nothing.
// Units:     Code points as on the wire.
// Ownership: Constants after the first use.
// Threading: One thread makes the first call.
// Limits:    What the libssl of this machine knows; that of the reader may know more.
// Failure:   A code that OpenSSL does not know, or would not send from its command, has no name.
// RFC:       IANA "TLS Parameters" registries.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shakedown::diagnose {

/// `ECDHE-RSA-AES128-GCM-SHA256`; of TLS 1.3 `TLS_AES_128_GCM_SHA256`. Empty: not known.
[[nodiscard]] const std::string& openssl_cipher_suite(std::uint16_t code);
/// `secp256r1`. Empty: not known.
[[nodiscard]] const std::string& openssl_named_group(std::uint16_t code);
/// `rsa_pss_rsae_sha256`, `RSA+SHA1`. Empty: not known.
[[nodiscard]] const std::string& openssl_signature_scheme(std::uint16_t code);

/// Of a ClientHello that OpenSSL sends of its own accord; ascending.
struct OpensslDefaults {
  std::vector<std::uint16_t> cipher_suites;  ///< SCSVs left out
  std::vector<std::uint16_t> signature_algorithms;
};
/// At the security levels that distributions ship it with, the lowest first: it is the one that
/// offers the most.
[[nodiscard]] std::span<const OpensslDefaults> openssl_defaults();

}  // namespace shakedown::diagnose

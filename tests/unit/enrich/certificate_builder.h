// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Certificates, revocation lists and OCSP responses made while a test runs, so that it
//            shows the one field that it is about.
// Units:     Times as GeneralizedTime, `YYYYMMDDHHMMSSZ`; keys in bits.
// Ownership: Shared by all who hold them.
// Threading: One thread.
// Limits:    none
// Failure:   What OpenSSL refuses ends the test program.
// RFC:       RFC 5280, RFC 6960
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "enrich/openssl_types.h"
#include "shakedown/bytes.h"
#include "shakedown/units.h"

namespace shakedown::enrich::test {

using Body = std::vector<std::uint8_t>;
using Key = std::shared_ptr<EVP_PKEY>;

[[nodiscard]] Key ec_key(const char* curve = "P-256");
/// Spelled out instead of named.
[[nodiscard]] Key explicit_curve_key();
/// Made once for each size, because that takes long.
[[nodiscard]] Key rsa_key(unsigned bits);
[[nodiscard]] Key ed25519_key();
/// A number of that many bits as a public key; it takes no time, and cannot sign.
[[nodiscard]] Key public_rsa_key(unsigned bits);

struct Made {
  std::shared_ptr<X509> certificate;
  Key key;

  [[nodiscard]] Body der() const;
  [[nodiscard]] std::string pem() const;
};

struct Extension {
  int id;
  std::string value;  ///< in the words of openssl.cnf
};

struct Plan {
  std::string common_name = {};  ///< empty: an empty subject
  std::string from = "20200101000000Z";
  std::string until = "20300101000000Z";
  std::vector<Extension> extensions = {};
  Key key = {};                         ///< null: a new one on P-256
  const EVP_MD* digest = EVP_sha256();  ///< null for Ed25519
};

/// The plan of a server's certificate for the names, as in "DNS:example.com,IP:192.0.2.1".
[[nodiscard]] Plan server(const std::string& names);
[[nodiscard]] Plan authority(const std::string& common_name);

[[nodiscard]] Made self_signed(const Plan& plan);
[[nodiscard]] Made issue(const Plan& plan, const Made& issuer);
/// Signed with a key that is not the issuer's.
[[nodiscard]] Made forge(const Plan& plan, const Made& issuer, const Key& key = ec_key());

[[nodiscard]] Body chain_body(const std::vector<Made>& certificates);
[[nodiscard]] Body chain_body(const std::vector<Body>& certificates);

struct RevokedEntry {
  const Made* certificate;
  std::string at;
  int reason = -1;  ///< CRLReason; -1: none given
};
[[nodiscard]] std::string crl_pem(const Made& issuer, const std::vector<RevokedEntry>& entries,
                                  const std::string& this_update = "20240101000000Z",
                                  const std::string& next_update = "20400101000000Z");

struct StaplePlan {
  int status = V_OCSP_CERTSTATUS_GOOD;
  std::string this_update = "20240601000000Z";
  std::string next_update = "20240608000000Z";  ///< empty: none
  std::string revoked_at = "20240301000000Z";
};
/// `signer`: the issuer or one in charge; its certificate is put in when it is not the issuer.
[[nodiscard]] Body staple(const Made& leaf, const Made& issuer, const Made& signer,
                          const StaplePlan& plan = {});

/// 2024-06-02T00:00:00Z in the tests' usual year.
[[nodiscard]] UnixNanos moment(const std::string& time = "20240602000000Z");

}  // namespace shakedown::enrich::test

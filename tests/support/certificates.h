// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The small set of real X.509 chains that tests and generated captures use, from the DER
//            files in certs/ (made by certs/make_certs.sh; their keys were thrown away).
// Units:     none.
// Ownership: chains are loaded once and kept; references stay valid.
// Threading: safe.
// Limits:    none.
// Failure:   a missing file ends the test program with its name.
// RFC:       RFC 5280.
#pragma once

#include <string_view>

#include "message_builder.h"

namespace shakedown::test_support {

/// One file of certs/, for instance "rsa_leaf.der".
[[nodiscard]] const Bytes& certificate_file(std::string_view name);

/// Leaf for example.com and *.example.com, then its intermediate; valid from 2020 to 2035.
[[nodiscard]] const CertificateChain& rsa_chain();
[[nodiscard]] const CertificateChain& ecdsa_chain();
/// A client's certificate from the RSA intermediate.
[[nodiscard]] const CertificateChain& client_chain();
/// As rsa_chain, but the leaf expired in 2021.
[[nodiscard]] const CertificateChain& expired_chain();
/// One certificate that signed itself.
[[nodiscard]] const CertificateChain& self_signed_chain();

}  // namespace shakedown::test_support

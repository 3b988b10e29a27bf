// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Between DER and Certificate, for the files of this folder that need OpenSSL's object
//            as well.
// Units:     As in certificate.h.
// Ownership: Values.
// Threading: Pure.
// Limits:    As in certificate.h.
// Failure:   Null for what is not one certificate from the first byte to the last.
// RFC:       RFC 5280 §4.1
#pragma once

#include <cstdint>
#include <string>

#include "enrich/certificate.h"
#include "enrich/openssl_types.h"

namespace shakedown::enrich {

[[nodiscard]] X509Pointer parse_certificate(Bytes der);
/// All but `sha256`, which is of the DER. The object is not const because OpenSSL keeps in it what
/// it finds out.
void read_facts(X509& x509, Certificate& certificate);

/// Of a kind that is known here, and not so large that a check with it takes long.
[[nodiscard]] bool usable_key(const EVP_PKEY* key);

/// Equal names have equal hashes, whatever the case of their letters.
[[nodiscard]] std::uint32_t name_hash(const X509_NAME* name);
[[nodiscard]] std::string name_text(const X509_NAME* name);
/// An address of 4 or 16 bytes as text; empty for other sizes.
[[nodiscard]] std::string address_text(Bytes address);
[[nodiscard]] Bytes bytes_of(const ASN1_STRING* string);

}  // namespace shakedown::enrich

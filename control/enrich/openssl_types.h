// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Owners of OpenSSL's objects, for the files of this folder that talk to OpenSSL.
// Units:     none
// Ownership: As std::unique_ptr.
// Threading: As what they own.
// Limits:    none
// Failure:   Null is what OpenSSL could not make.
// RFC:       none
#pragma once

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace shakedown::enrich {

template <auto release>
struct Release {
  template <class Object>
  void operator()(Object* object) const {
    release(object);
  }
};

using AsnIntegerPointer = std::unique_ptr<ASN1_INTEGER, Release<ASN1_INTEGER_free>>;
using BasicConstraintsPointer = std::unique_ptr<BASIC_CONSTRAINTS, Release<BASIC_CONSTRAINTS_free>>;
using BignumPointer = std::unique_ptr<BIGNUM, Release<BN_free>>;
using BioPointer = std::unique_ptr<BIO, Release<BIO_free_all>>;
using CrlPointer = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;
using GeneralNamesPointer = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;
using OcspBasicPointer = std::unique_ptr<OCSP_BASICRESP, Release<OCSP_BASICRESP_free>>;
using OcspIdPointer = std::unique_ptr<OCSP_CERTID, Release<OCSP_CERTID_free>>;
using OcspResponsePointer = std::unique_ptr<OCSP_RESPONSE, Release<OCSP_RESPONSE_free>>;
using X509Pointer = std::unique_ptr<X509, Release<X509_free>>;
using X509ContextPointer = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;

/// Input from strangers leaves errors behind, which the next user of OpenSSL must not find.
struct QuietErrors {
  QuietErrors() = default;
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
  ~QuietErrors() { ERR_clear_error(); }
};

}  // namespace shakedown::enrich

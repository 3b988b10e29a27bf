// SPDX-License-Identifier: Apache-2.0
#include "enrich/certificate.h"

#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <limits>

#include "enrich/asn1_time.h"
#include "enrich/certificate_reader.h"
#include "enrich/chain_judge.h"
#include "enrich/digest.h"

namespace shakedown::enrich {

namespace {

// RFC 7633: the certificate demands that the server answers status_request.
constexpr long kStatusRequest = 5;
constexpr long kStatusRequestV2 = 17;

/// A curve that is spelled out instead of named can be anything: RFC 5480 §2.1.1 forbids it.
bool has_named_curve(const EVP_PKEY& key) {
  int from_explicit = 0;
  return EVP_PKEY_get_int_param(&key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                &from_explicit) != 1 ||
         from_explicit == 0;
}

KeyKind kind_of(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return KeyKind::rsa;
    case EVP_PKEY_EC:
      return has_named_curve(key) ? KeyKind::ec : KeyKind::unknown;
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
      return KeyKind::eddsa;
    case EVP_PKEY_DSA:
      return KeyKind::dsa;
    default:
      return KeyKind::unknown;
  }
}

SignatureDigest digest_of(X509& x509) {
  int digest = NID_undef;
  int key = NID_undef;
  if (X509_get_signature_info(&x509, &digest, &key, nullptr, nullptr) != 1) {
    return SignatureDigest::unknown;
  }
  switch (digest) {
    case NID_md5:
      return SignatureDigest::md5;
    case NID_sha1:
      return SignatureDigest::sha1;
    case NID_sha224:
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
    case NID_sha512_256:
    case NID_sha3_256:
    case NID_sha3_384:
    case NID_sha3_512:
      return SignatureDigest::sha2;
    default:
      return key == NID_ED25519 || key == NID_ED448 ? SignatureDigest::built_in
                                                    : SignatureDigest::unknown;
  }
}

/// Extended key usage that may be anything counts as every usage (RFC 5280 §4.2.1.12), as browsers
/// see it. Key usage: RFC 8446 §4.4.2.2 and RFC 5246 §7.4.2 for the ways to exchange keys.
void read_usages(X509& x509, Certificate& certificate) {
  const std::uint32_t flags = X509_get_extension_flags(&x509);
  if ((flags & EXFLAG_XKUSAGE) != 0) {
    const std::uint32_t extended = X509_get_extended_key_usage(&x509);
    certificate.server_usage = (extended & (XKU_SSL_SERVER | XKU_SGC | XKU_ANYEKU)) != 0;
    certificate.client_usage = (extended & (XKU_SSL_CLIENT | XKU_ANYEKU)) != 0;
  }
  if ((flags & EXFLAG_KUSAGE) != 0) {
    const std::uint32_t usage = X509_get_key_usage(&x509);
    constexpr std::uint32_t kServer = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT;
    certificate.server_usage &= (usage & kServer) != 0;
    certificate.client_usage &= (usage & (KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT)) != 0;
  }
}

bool demands_staple(X509& x509) {
  using Features = STACK_OF(ASN1_INTEGER);
  const auto release = [](Features* stack) { sk_ASN1_INTEGER_pop_free(stack, ASN1_INTEGER_free); };
  const std::unique_ptr<Features, decltype(release)> features(
      static_cast<Features*>(X509_get_ext_d2i(&x509, NID_tlsfeature, nullptr, nullptr)), release);
  if (features == nullptr) return false;
  for (int i = 0; i < sk_ASN1_INTEGER_num(features.get()); ++i) {
    const long feature = ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i));
    if (feature == kStatusRequest || feature == kStatusRequestV2) return true;
  }
  return false;
}

void read_names(X509& x509, Certificate& certificate) {
  const GeneralNamesPointer names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&x509, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    ++certificate.name_count;
    if (certificate.names.size() == kCertificateNameCountMax) continue;
    const Bytes value = bytes_of(name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress);
    certificate.names.push_back(name->type == GEN_DNS ? std::string(value.begin(), value.end())
                                                      : address_text(value));
  }
}

}  // namespace

Bytes bytes_of(const ASN1_STRING* string) {
  if (string == nullptr || ASN1_STRING_length(string) <= 0) return {};
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::uint32_t name_hash(const X509_NAME* name) {
  return static_cast<std::uint32_t>(X509_NAME_hash_ex(name, nullptr, nullptr, nullptr));
}

bool usable_key(const EVP_PKEY* key) {
  return key != nullptr && kind_of(*key) != KeyKind::unknown &&
         EVP_PKEY_get_bits(key) <= static_cast<int>(kKeyBitsMax);
}

std::string address_text(Bytes address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.size() != 4 && address.size() != 16) return {};
  const int family = address.size() == 4 ? AF_INET : AF_INET6;
  return inet_ntop(family, address.data(), text.data(), text.size()) == nullptr ? std::string{}
                                                                                : text.data();
}

std::string name_text(const X509_NAME* name) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  if (name == nullptr || bio == nullptr) return {};
  if (X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string{};
}

X509Pointer parse_certificate(Bytes der) {
  const std::uint8_t* cursor = der.data();
  if (der.size() > std::numeric_limits<std::int32_t>::max()) return nullptr;
  X509Pointer x509(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
  // Bytes behind the certificate make it malformed, whatever OpenSSL thinks of its beginning.
  if (x509 != nullptr && cursor != der.data() + der.size()) return nullptr;
  return x509;
}

void read_facts(X509& x509, Certificate& certificate) {
  certificate.readable = true;
  certificate.subject = name_text(X509_get_subject_name(&x509));
  certificate.issuer = name_text(X509_get_issuer_name(&x509));
  certificate.serial = hex_text(bytes_of(X509_get0_serialNumber(&x509)));
  certificate.not_before = time_text(X509_get0_notBefore(&x509));
  certificate.not_after = time_text(X509_get0_notAfter(&x509));
  certificate.valid_from = unix_nanos(X509_get0_notBefore(&x509));
  certificate.valid_until = last_unix_nanos(X509_get0_notAfter(&x509));
  if (const EVP_PKEY* key = X509_get0_pubkey(&x509); key != nullptr) {
    certificate.key = kind_of(*key);
    certificate.key_bits = static_cast<std::uint16_t>(
        std::clamp(EVP_PKEY_get_bits(key), 0, int{std::numeric_limits<std::uint16_t>::max()}));
  }
  certificate.digest = digest_of(x509);
  certificate.self_issued =
      X509_NAME_cmp(X509_get_subject_name(&x509), X509_get_issuer_name(&x509)) == 0;
  certificate.authority = (X509_get_extension_flags(&x509) & EXFLAG_CA) != 0;
  read_usages(x509, certificate);
  certificate.must_staple = demands_staple(x509);
  read_names(x509, certificate);
}

Certificate read_certificate(Bytes der) {
  const QuietErrors quiet;
  Certificate certificate;
  certificate.sha256 = hex_text(sha256(der));
  if (const X509Pointer x509 = parse_certificate(der)) read_facts(*x509, certificate);
  return certificate;
}

}  // namespace shakedown::enrich

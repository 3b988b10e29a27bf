// SPDX-License-Identifier: Apache-2.0
#include "enrich/certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <ctime>
#include <memory>

#include "shakedown/limits.h"

namespace shakedown::enrich {

namespace {

using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;
using BioPointer = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

std::string name_text(const X509_NAME* name) {
  const BioPointer bio(BIO_new(BIO_s_mem()), BIO_free_all);
  if (name == nullptr || bio == nullptr) return {};
  if (X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string{};
}

std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string sha256_hex(Bytes bytes) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return {};
  }
  std::string text;
  for (unsigned i = 0; i < size; ++i) fmt::format_to(std::back_inserter(text), "{:02x}", digest[i]);
  return text;
}

}  // namespace

Certificate read_certificate(Bytes der) {
  Certificate certificate;
  certificate.sha256 = sha256_hex(der);
  const std::uint8_t* cursor = der.data();
  const X509Pointer x509(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())), X509_free);
  // Bytes behind the certificate make it malformed, whatever OpenSSL thinks of its beginning.
  if (x509 == nullptr || cursor != der.data() + der.size()) {
    ERR_clear_error();
    return certificate;
  }
  certificate.subject = name_text(X509_get_subject_name(x509.get()));
  certificate.issuer = name_text(X509_get_issuer_name(x509.get()));
  certificate.not_before = time_text(X509_get0_notBefore(x509.get()));
  certificate.not_after = time_text(X509_get0_notAfter(x509.get()));
  certificate.readable = true;
  ERR_clear_error();
  return certificate;
}

CertificateChain read_certificate_chain(Bytes body) {
  CertificateChain chain;
  ByteReader reader(body);
  ByteReader der;
  while (chain.size() < kCertificateCountMax && reader.read_vector24(der)) {
    chain.push_back(read_certificate(der.rest()));
  }
  return chain;
}

}  // namespace shakedown::enrich

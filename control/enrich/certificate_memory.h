// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Certificates that were read lately. Thousands of chains share their intermediates, and
//            a chain that was just read is judged next; OpenSSL takes its time to read one.
// Units:     none
// Ownership: Shares what it reads.
// Threading: One thread.
// Limits:    kRecentCertificateCountMax certificates of at most kRecentCertificateBytesMax each.
//            What is larger is read each time.
// Failure:   What is not a certificate has no object and keeps its digest.
// RFC:       none
#pragma once

#include <cstddef>
#include <memory>

#include "enrich/certificate.h"
#include "enrich/digest.h"
#include "enrich/openssl_types.h"
#include "ingest/lru_map.h"
#include "shakedown/bytes.h"

namespace shakedown::enrich {

inline constexpr std::size_t kRecentCertificateCountMax = 1024;
inline constexpr std::size_t kRecentCertificateBytesMax = 4 * 1024;
/// What OpenSSL and we make of so many bytes, at most.
inline constexpr std::size_t kRecentCertificateMemory = 6 * kRecentCertificateBytesMax;

struct ReadCertificate {
  X509Pointer x509;  ///< null: not readable
  Certificate facts;
};
using ReadCertificatePointer = std::shared_ptr<const ReadCertificate>;

class CertificateMemory {
 public:
  [[nodiscard]] ReadCertificatePointer read(Bytes der);

 private:
  ingest::LruMap<Digest, ReadCertificatePointer, DigestHash> certificates_{
      kRecentCertificateCountMax};
};

}  // namespace shakedown::enrich

// SPDX-License-Identifier: Apache-2.0
#include "enrich/certificate_memory.h"

#include <utility>

#include "enrich/certificate_reader.h"

namespace shakedown::enrich {

ReadCertificatePointer CertificateMemory::read(Bytes der) {
  const Digest digest = sha256(der);
  if (const ReadCertificatePointer* known = certificates_.find(digest)) return *known;
  const QuietErrors quiet;
  auto certificate = std::make_shared<ReadCertificate>();
  certificate->facts.sha256 = hex_text(digest);
  certificate->x509 = parse_certificate(der);
  if (certificate->x509 != nullptr) read_facts(*certificate->x509, certificate->facts);
  if (der.size() <= kRecentCertificateBytesMax) certificates_.insert(digest, certificate);
  return certificate;
}

}  // namespace shakedown::enrich

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Certificates and revocation lists of files and folders, whatever their form.
// Units:     none
// Ownership: Values.
// Threading: Pure, but for the file system.
// Limits:    kTrustFileBytesMax, kTrustFileCountMax.
// Failure:   A sentence that says what to do; empty: all is well.
// RFC:       RFC 7468 (PEM); what else stands in a PEM file, keys among it, is passed over.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "enrich/digest.h"
#include "enrich/openssl_types.h"

namespace shakedown::enrich {

struct TrustFile {
  std::vector<X509Pointer> certificates;
  std::vector<CrlPointer> crls;
  std::string error;
};

/// Certificates that were read from other files, by the digest of their DER. Folders of the system
/// hold each one twice or more, and OpenSSL takes its time to read one.
using KnownCertificates = std::set<Digest>;

/// Certificates that `known` holds are passed over, others are added to it.
[[nodiscard]] TrustFile read_trust_file(const std::string& path,
                                        KnownCertificates* known = nullptr);

/// The files to read for a path: itself, or those of the folder in the order of their names.
struct TrustPath {
  std::vector<std::string> files;
  bool is_folder = false;
  std::string error;
};
[[nodiscard]] TrustPath list_trust_path(const std::string& path);

/// Where OpenSSL finds the system's trust anchors, SSL_CERT_FILE and SSL_CERT_DIR honoured. In
/// folders it looks at files that are called after a hash alone.
[[nodiscard]] std::vector<std::string> system_trust_files();

}  // namespace shakedown::enrich

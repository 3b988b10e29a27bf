// SPDX-License-Identifier: Apache-2.0
#include "certificates.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>

namespace shakedown::test_support {
namespace {

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read the test certificate %s\n", path.c_str());
    std::abort();
  }
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

const Bytes& certificate_file(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, Bytes, std::less<>> loaded;
  const std::scoped_lock lock(mutex);
  auto found = loaded.find(name);
  if (found == loaded.end()) {
    const std::string path = std::string(SHAKEDOWN_TEST_CERTIFICATES) + "/" + std::string(name);
    found = loaded.emplace(name, read_file(path)).first;
  }
  return found->second;
}

const CertificateChain& rsa_chain() {
  static const CertificateChain chain{certificate_file("rsa_leaf.der"),
                                      certificate_file("rsa_intermediate.der")};
  return chain;
}

const CertificateChain& ecdsa_chain() {
  static const CertificateChain chain{certificate_file("ec_leaf.der"),
                                      certificate_file("ec_intermediate.der")};
  return chain;
}

const CertificateChain& client_chain() {
  static const CertificateChain chain{certificate_file("rsa_client.der"),
                                      certificate_file("rsa_intermediate.der")};
  return chain;
}

const CertificateChain& expired_chain() {
  static const CertificateChain chain{certificate_file("rsa_leaf_expired.der"),
                                      certificate_file("rsa_intermediate.der")};
  return chain;
}

const CertificateChain& self_signed_chain() {
  static const CertificateChain chain{certificate_file("self_signed.der")};
  return chain;
}

}  // namespace shakedown::test_support

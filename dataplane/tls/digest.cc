// SPDX-License-Identifier: Apache-2.0

// The EVP interface that OpenSSL 3 recommends allocates a context for each digest, which the poll
// loop may not. The interface below it works on a context of the caller; being called deprecated is
// its only fault.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tls/digest.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

namespace shakedown::tls {

std::array<std::uint8_t, 16> md5(std::span<const char> text) noexcept {
  std::array<std::uint8_t, 16> digest;
  MD5_CTX context;
  MD5_Init(&context);
  MD5_Update(&context, text.data(), text.size());
  MD5_Final(digest.data(), &context);
  return digest;
}

std::array<std::uint8_t, 32> sha256(std::span<const char> text) noexcept {
  std::array<std::uint8_t, 32> digest;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, text.data(), text.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace shakedown::tls

// SPDX-License-Identifier: Apache-2.0
#include "enrich/digest.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <iterator>

namespace shakedown::enrich {

Digest sha256(Bytes bytes) {
  Digest digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    digest = {};
  }
  return digest;
}

std::string hex_text(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

}  // namespace shakedown::enrich

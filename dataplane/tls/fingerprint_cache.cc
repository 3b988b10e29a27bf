// SPDX-License-Identifier: Apache-2.0
#include "tls/fingerprint_cache.h"

#include <xxhash.h>

#include <array>

#include "shakedown/tls_types.h"
#include "tls/ja4.h"

namespace shakedown::tls {

// What JA3 reads beside the offer: the order of the extensions, and the point formats.
std::uint64_t FingerprintCache::order_key_of(const ClientHello& hello) const noexcept {
  std::array<std::uint16_t, kExtensionCountMax> types;
  std::size_t count = 0;
  for (std::size_t i = 0; i < hello.extension_count; ++i) {
    if (!is_grease(hello.extension_types[i])) types[count++] = hello.extension_types[i];
  }
  const std::uint64_t formats =
      XXH3_64bits_withSeed(hello.ec_point_formats.data(), hello.ec_point_formats.size(), seed_);
  return XXH3_64bits_withSeed(types.data(), count * sizeof types[0], formats);
}

Fingerprints FingerprintCache::of(const ClientHello& hello, Bytes offer) noexcept {
  if (offer.empty()) return {ja3(hello), ja4(hello)};
  const std::uint64_t offer_key = XXH3_64bits_withSeed(offer.data(), offer.size(), seed_);
  const std::uint64_t order_key = order_key_of(hello);
  Entry& entry = entries_[offer_key % kFingerprintCacheCount];
  if (entry.offer_key == offer_key) {
    if (entry.order_key != order_key) {
      entry.order_key = order_key;
      entry.fingerprints.ja3 = ja3(hello);
    }
    return entry.fingerprints;
  }
  entry = {offer_key, order_key, {ja3(hello), ja4(hello)}};
  return entry.fingerprints;
}

Ja3Digest FingerprintCache::of(const ServerHello& hello) noexcept {
  const std::uint64_t numbers = std::uint64_t{hello.legacy_version} << 16 | hello.cipher_suite;
  const std::uint64_t key =
      XXH3_64bits_withSeed(hello.extension_types.data(),
                           hello.extension_count * sizeof hello.extension_types[0],
                           seed_ + numbers);
  ServerEntry& entry = server_entries_[key % kServerFingerprintCacheCount];
  if (entry.key != key) entry = {key, ja3s(hello)};
  return entry.ja3s;
}

}  // namespace shakedown::tls

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   JA3, JA3S and JA4 of hellos like those seen before, without the digests: most clients
//            of a network run the same few programs. JA4 depends on the normalised offer alone; JA3
//            also on the order of the extensions, which some browsers shuffle, so the two are
//            looked up apart.
// Units:     none
// Ownership: Its entries come from the arena.
// Threading: One worker.
// Limits:    kFingerprintCacheCount entries, direct-mapped: a newer offer replaces an older one.
// Failure:   Keys are 64-bit digests with a random seed; no one outside can make two offers share
//            an entry on purpose.
// RFC:       RFC 8701 (GREASE is left out of both fingerprints).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "arena.h"
#include "shakedown/handshake_record.h"
#include "tls/client_hello.h"
#include "tls/ja3.h"
#include "tls/server_hello.h"

namespace shakedown::tls {

inline constexpr std::size_t kFingerprintCacheCount = 4096;
/// Servers answer in fewer ways than clients ask.
inline constexpr std::size_t kServerFingerprintCacheCount = 1024;

struct Fingerprints {
  Ja3Digest ja3{};
  Ja4 ja4{};
};

class FingerprintCache {
 public:
  FingerprintCache(Arena& arena, std::uint64_t seed)
      : entries_(arena.take<Entry>(kFingerprintCacheCount)),
        server_entries_(arena.take<ServerEntry>(kServerFingerprintCacheCount)),
        seed_(seed) {}

  [[nodiscard]] static constexpr std::size_t budget_bytes() {
    return Arena::cost<Entry>(kFingerprintCacheCount) +
           Arena::cost<ServerEntry>(kServerFingerprintCacheCount);
  }

  /// `offer`: the hello as encode_client_offer() wrote it. Empty: nothing is looked up or kept.
  [[nodiscard]] Fingerprints of(const ClientHello& hello, Bytes offer) noexcept;
  /// JA3S, which reads version, cipher suite and the types of the extensions.
  [[nodiscard]] Ja3Digest of(const ServerHello& hello) noexcept;

 private:
  struct Entry {
    std::uint64_t offer_key = 0;
    std::uint64_t order_key = 0;
    Fingerprints fingerprints;
  };

  struct ServerEntry {
    std::uint64_t key = 0;
    Ja3Digest ja3s{};
  };

  [[nodiscard]] std::uint64_t order_key_of(const ClientHello& hello) const noexcept;

  std::span<Entry> entries_;
  std::span<ServerEntry> server_entries_;
  std::uint64_t seed_;
};

}  // namespace shakedown::tls

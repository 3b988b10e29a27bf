// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Remembers server names over all endpoints: who issues their certificates, to whom they
//            are shown, and whether they get through; and which private issuers stand in front of
//            which client network.
// Units:     As in link_views.h.
// Ownership: Owns its names.
// Threading: One thread.
// Limits:    NameMemorySettings; the least recently used goes first. Sets stop at kDistinctMax.
// Failure:   none; what was forgotten is not known.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "diagnose/links/link_views.h"
#include "enrich/chain.h"
#include "enrich/handshake.h"

namespace shakedown::diagnose {

struct NameMemorySettings {
  std::size_t name_count_max = 131'072;
  std::size_t network_issuer_count_max = 16'384;  ///< pairs of client network and private issuer
  std::int64_t half_life_nanos = 86'400 * kNanosPerSecond;

  bool operator==(const NameMemorySettings&) const = default;
};

class NameMemory {
 public:
  explicit NameMemory(NameMemorySettings settings = {});
  ~NameMemory();
  NameMemory(NameMemory&&) noexcept;
  NameMemory& operator=(NameMemory&&) noexcept;

  /// Begins to load what learn() will ask for first; worth it where something else is done between.
  void prefetch(const enrich::Handshake& handshake) const;
  /// Of every record, in the order of its release. `server_certificate`: of the chain on the wire;
  /// null where there was none.
  void learn(const enrich::Handshake& handshake, const enrich::Assessment* server_certificate);
  /// `shown`: the chain that the client was shown, as far as is known; may be null.
  [[nodiscard]] NameView view(const enrich::Handshake& handshake, const enrich::Chain* shown) const;

  [[nodiscard]] std::size_t name_count() const;
  [[nodiscard]] std::uint64_t evicted_count() const;
  [[nodiscard]] static std::size_t memory_max(const NameMemorySettings& settings);

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

}  // namespace shakedown::diagnose

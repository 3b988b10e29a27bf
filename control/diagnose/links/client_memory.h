// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Remembers the latest handshakes of each client: which belong to one attempt, and what
//            the client did elsewhere.
// Units:     As in link_views.h.
// Ownership: Owns its clients.
// Threading: One thread.
// Limits:    ClientMemorySettings; the least recently used client goes first. Per client the last
//            kLinkedCountMax * 2 handshakes and 16 servers with their names.
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

struct ClientMemorySettings {
  std::size_t client_count_max = 131'072;

  bool operator==(const ClientMemorySettings&) const = default;
};

class ClientMemory {
 public:
  explicit ClientMemory(ClientMemorySettings settings = {});
  ~ClientMemory();
  ClientMemory(ClientMemory&&) noexcept;
  ClientMemory& operator=(ClientMemory&&) noexcept;

  /// Begins to load what learn() will ask for first; worth it where something else is done between.
  void prefetch(const enrich::Handshake& handshake) const;
  /// Of every record, in the order of its release. `server_certificate`: of the chain on the wire;
  /// null where there was none.
  void learn(const enrich::Handshake& handshake, const enrich::Assessment* server_certificate);
  /// The other handshakes of its attempt, never itself.
  [[nodiscard]] AttemptView attempt(const enrich::Handshake& handshake) const;
  /// What the client did, this handshake left out.
  [[nodiscard]] ClientView view(const enrich::Handshake& handshake) const;

  [[nodiscard]] std::size_t client_count() const;
  [[nodiscard]] std::uint64_t evicted_count() const;
  /// The most that it can come to hold, in bytes, offers and chains left out: they are shared.
  [[nodiscard]] static std::size_t memory_max(const ClientMemorySettings& settings);

  struct Store;  ///< client_store.h, for its own files

 private:
  std::unique_ptr<Store> store_;
};

}  // namespace shakedown::diagnose

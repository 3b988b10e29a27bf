// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What ClientMemory consists of; for its own files.
// Units:     As in client_memory.h.
// Ownership: Owned by ClientMemory.
// Threading: One thread.
// Limits:    kRowsPerClient, kClientsPerTwin, kCertificateCountMax below.
// Failure:   none
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "diagnose/links/client_memory.h"
#include "diagnose/links/client_servers.h"
#include "diagnose/links/family_twins.h"
#include "diagnose/links/handshake_rows.h"
#include "diagnose/links/hello_clock.h"
#include "diagnose/links/link_keys.h"
#include "diagnose/links/lru_index.h"
#include "diagnose/links/retry.h"

namespace shakedown::diagnose {

/// Of all clients together; most come with one or two handshakes at a time.
inline constexpr std::size_t kRowsPerClient = 4;
/// Pairs of name and stack that are looked at for twins: those of the last minute matter.
inline constexpr std::size_t kClientsPerTwin = 2;
/// Few clients show a certificate of their own, and a chain is large.
inline constexpr std::size_t kCertificateCountMax = 4096;

/// Seven cache lines, of which a record changes at most six.
struct alignas(64) Client {
  UnixNanos last_order;  ///< order_time of its latest record
  ClockSlots clocks;
  Turn turn = 0;  ///< of `deeds`
  DeedCounts<std::uint16_t> deeds;
  RowHead row;
  std::uint8_t server_count = 0;
  std::uint8_t server_hand = 0;
  RowPlaces places{};
  ServerList servers;
};
static_assert(sizeof(Client) == 448);

/// What one handshake adds to the counts; date_rejection is the caller's, who has the certificate.
[[nodiscard]] DeedNumbers deeds_of(const enrich::Handshake& handshake);

struct ClientMemory::Store {
  explicit Store(const ClientMemorySettings& settings);

  /// The handshake at hand, under its keys.
  struct Asked {
    std::uint64_t client = 0;
    std::uint64_t digest = 0;
    std::uint64_t twin = 0;  ///< asked_for(); zero: nobody can be its twin
    UnixNanos at;
    HelloSketch hello;
    std::uint8_t window_scale = 0;
  };
  [[nodiscard]] Asked asked(const enrich::Handshake& handshake) const;
  [[nodiscard]] Client* touch_client(const HandshakeRecord& record, std::uint64_t key);
  [[nodiscard]] const Client* find_client(std::uint64_t key) const;
  void add_to_row(Client& client, const Asked& asked, const enrich::Handshake& handshake,
                  std::uint8_t marks);
  void prefetch_client(std::uint64_t key) const;
  void keep_certificate(std::uint64_t client, const enrich::ChainPointer& chain);
  /// The key of the same machine's address of the other family, where anybody can say.
  [[nodiscard]] std::optional<std::uint64_t> find_twin(const Asked& asked) const;
  [[nodiscard]] DeedNumbers own_deeds(const Client& client, const Asked& asked,
                                      const enrich::Handshake& handshake) const;

  LinkKeys keys;
  LruIndex index;
  std::vector<Client> clients;
  HandshakeRows rows;
  HelloClocks clocks;
  FamilyTwins twins;
  LruIndex certificate_index;
  std::vector<enrich::ChainPointer> certificates;
};

}  // namespace shakedown::diagnose

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The latest handshakes of all clients in one ring; each client knows the places of its own.
// Units:     As in handshake_record.h.
// Ownership: Owns the handshakes. Offers are not kept alive: whoever floods the sensor with offers
//            that never repeat would fill its memory through them.
// Threading: One thread.
// Limits:    The capacity given, for all; kRowMax for each client, which then overwrites its own
//            oldest: a busy one cannot push out the others.
// Failure:   A handshake that was overwritten by another client's is not there.
// RFC:       none
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "diagnose/links/link_views.h"
#include "enrich/client_offer.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kRowMax = kLinkedCountMax * 2;

struct PastHandshake {
  enum Mark : std::uint8_t {
    succeeded = 1u << 0,  ///< established and not rejected afterwards
    late_rejection = 1u << 1,
    resumption_offered = 1u << 2,
    date_rejected = 1u << 3
  };

  std::uint64_t serial = 0;  ///< grows with every handshake that is added
  std::uint64_t client = 0;  ///< key
  std::uint64_t digest = 0;  ///< record_digest()
  std::uint64_t name_hash = 0;
  UnixNanos at;
  std::weak_ptr<const enrich::ClientOffer> offer;
  std::uint32_t endpoint = 0;  ///< endpoint_mark()
  std::uint32_t hello_flags = 0;
  std::uint32_t stack = 0;  ///< stack_mark()
  std::uint16_t max_version = 0;
  std::uint16_t length = 0;
  Outcome outcome;
  std::uint8_t segment_count = 0;
  std::uint8_t window_scale = 0;
  IpFamily family = IpFamily::none;
  std::uint8_t marks = 0;

  [[nodiscard]] bool has(Mark mark) const { return (marks & mark) != 0; }
};

/// The latest first.
struct HandshakeRow {
  std::array<const PastHandshake*, kRowMax> handshakes;
  std::size_t count = 0;

  [[nodiscard]] auto begin() const { return handshakes.begin(); }
  [[nodiscard]] auto end() const { return handshakes.begin() + static_cast<std::ptrdiff_t>(count); }
};

/// What a client keeps of its row: a ring of places, and beside it how many it has added, at most
/// kRowMax, and where the next one goes.
using RowPlaces = std::array<std::uint32_t, kRowMax>;
struct RowHead {
  std::uint8_t count = 0;
  std::uint8_t next = 0;
};

class HandshakeRows {
 public:
  explicit HandshakeRows(std::size_t capacity);

  /// Adds a handshake of the client with this key, for the caller to fill. The pointer is valid until
  /// the next call.
  [[nodiscard]] PastHandshake& add(std::uint64_t client, RowPlaces& places, RowHead& head);
  [[nodiscard]] HandshakeRow row(std::uint64_t client, const RowPlaces& places,
                                 const RowHead& head) const;

  [[nodiscard]] static std::size_t memory_max(std::size_t capacity);

 private:
  [[nodiscard]] std::uint32_t next_place();

  std::size_t capacity_;
  std::vector<PastHandshake> ring_;
  std::size_t cursor_ = 0;
  std::uint64_t added_count_ = 0;
};

}  // namespace shakedown::diagnose

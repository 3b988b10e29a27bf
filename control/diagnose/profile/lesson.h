// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What one handshake teaches, worked out once for all profiles that it touches.
// Units:     Hashes of addresses, names and fingerprints are the same in every run: they are saved,
//            and what is shown depends on them only where two values share one.
// Ownership: Views of the handshake.
// Threading: Values.
// Limits:    kLoadLatencyNanosMax
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <string_view>

#include "diagnose/profile/load_history.h"
#include "enrich/handshake.h"

namespace shakedown::diagnose {

/// In the place of a hash: none.
inline constexpr std::uint64_t kNoHash = 0;

struct EndpointKey {
  IpAddress address;
  std::uint16_t port = 0;
  Transport transport = Transport::tcp;
  IpFamily family = IpFamily::none;

  bool operator==(const EndpointKey&) const = default;
};
static_assert(sizeof(EndpointKey) == 20);

[[nodiscard]] EndpointKey endpoint_of(const HandshakeRecord& record);
[[nodiscard]] std::uint64_t hash_of(const EndpointKey& key);
/// Of the name in lower case without a dot at its end; never kNoHash.
[[nodiscard]] std::uint64_t hash_of_name(std::string_view name);
/// The client's /24 or /48.
[[nodiscard]] std::uint32_t network_hash(const HandshakeRecord& record);
/// Zero: no fingerprint.
[[nodiscard]] std::uint32_t fingerprint_hash(const Ja4& ja4);

struct Lesson {
  const enrich::Handshake& handshake;
  bool success = false;  ///< established, and the client stayed
  bool failure = false;  ///< of TLS
  UnixNanos moment{};    ///< of the ClientHello, else when it was first seen
  UnixNanos end{};
  UnixNanos syn{};  ///< zero: not seen
  bool resumed = false;
  std::uint32_t network = 0;
  std::uint32_t client = 0;
  std::uint32_t fingerprint = 0;
  std::uint64_t name = 0;          ///< hash
  std::uint64_t offer_digest = 0;  ///< set by the store, where there is an offer to be learnt
  LoadHistory::Event load{};
};

[[nodiscard]] UnixNanos moment_of(const HandshakeRecord& record);
[[nodiscard]] Lesson lesson_of(const enrich::Handshake& handshake);

}  // namespace shakedown::diagnose

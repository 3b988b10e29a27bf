// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Which clients are followed when not all of them can be: a keyed hash gives each client
//            its place, and those whose place lies below the kept share are kept. All workers agree,
//            and both directions of a connection.
// Units:     Places from 0 to 255; shares in 256ths.
// Ownership: Values.
// Threading: Values.
// Limits:    256 places. All connections behind one address are one client.
// Failure:   none. Who is kept at a share is kept at every larger one, so that neither shedding nor
//            recovery cuts a client's history more often than it must.
// RFC:       none
#pragma once

// The address has a fixed size: with the code at hand the compiler leaves only the path for that.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>

#include "shakedown/handshake_record.h"
#include "shakedown/overload.h"

namespace shakedown::overload {

/// `seed` is random per start, so that nobody outside can tell who is kept, or arrange to be.
[[nodiscard]] inline std::uint32_t place_of(const IpAddress& client, std::uint64_t seed) noexcept {
  // Not the hash of the flow tables: who looks alike there shall not look alike here.
  constexpr std::uint64_t kPurpose = 0x636c'6965'6e74'7321;
  return static_cast<std::uint32_t>(
      XXH3_64bits_withSeed(&client.bytes, sizeof client.bytes, seed ^ kPurpose) >> 56);
}

[[nodiscard]] inline bool is_kept(const IpAddress& client, std::uint32_t kept_share,
                                  std::uint64_t seed) noexcept {
  return kept_share >= kAllClients || place_of(client, seed) < kept_share;
}

}  // namespace shakedown::overload

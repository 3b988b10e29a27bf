// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The endpoints of a connection in an order that both directions agree on, and their
//            keyed hash.
// Units:     Ports in host order.
// Ownership: Values.
// Threading: Values.
// Limits:    36 bytes plus family.
// Failure:   None.
// RFC:       RFC 9293 §3.4.1 (a connection is a pair of sockets). VLAN, tunnel id and port of the
//            mirror are left out on purpose: the two directions, and duplicates, may carry
//            different ones.
#pragma once

// The key has a fixed size: with the code at hand the compiler leaves only the path for that size.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "packet/packet_view.h"
#include "shakedown/handshake_record.h"

namespace shakedown::flow {

/// `low` is the endpoint that sorts first by address, then by port; how addresses sort depends on
/// the machine.
struct FlowKey {
  IpAddress low_address;
  IpAddress high_address;
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;

  bool operator==(const FlowKey&) const = default;
};
static_assert(sizeof(FlowKey) == 36);

/// The key of a packet, and whether the packet's source is the low endpoint.
struct KeyedPacket {
  FlowKey key;
  bool source_is_low = true;
};

/// Written in place: this runs for every packet, and a copy would wait for its own stores.
inline void key_of(const packet::PacketView& view, KeyedPacket& out) noexcept {
  // Any order will do, as long as both directions agree on it: two words compare faster than
  // sixteen bytes.
  std::array<std::uint64_t, 2> source;
  std::array<std::uint64_t, 2> destination;
  std::memcpy(source.data(), view.source.bytes.data(), sizeof source);
  std::memcpy(destination.data(), view.destination.bytes.data(), sizeof destination);
  out.source_is_low =
      source != destination ? source < destination : view.source_port <= view.destination_port;
  const auto& low = out.source_is_low ? source : destination;
  const auto& high = out.source_is_low ? destination : source;
  std::memcpy(out.key.low_address.bytes.data(), low.data(), sizeof low);
  std::memcpy(out.key.high_address.bytes.data(), high.data(), sizeof high);
  out.key.low_port = out.source_is_low ? view.source_port : view.destination_port;
  out.key.high_port = out.source_is_low ? view.destination_port : view.source_port;
}

[[nodiscard]] inline KeyedPacket key_of(const packet::PacketView& view) noexcept {
  KeyedPacket out;
  key_of(view, out);
  return out;
}

/// `seed` is random per start, so that no one outside can aim at a bucket.
[[nodiscard]] inline std::uint64_t hash_of(const FlowKey& key, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(&key, sizeof key, seed);
}

}  // namespace shakedown::flow

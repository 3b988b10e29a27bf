// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A packet as a second mirror session shows it: behind a router, in another VLAN.
// Units:     none
// Ownership: Values.
// Threading: Pure functions.
// Limits:    none
// Failure:   A packet that has no such field is copied as it is.
// RFC:       RFC 791 §3.1 (TTL), RFC 8200 §3 (hop limit), IEEE 802.1Q.
#pragma once

#include <cstdint>
#include <vector>

#include "packet/link_type.h"
#include "shakedown/bytes.h"

namespace shakedown::accidents {

/// One hop further: the outermost TTL or hop limit is one less.
[[nodiscard]] std::vector<std::uint8_t> one_hop_further(Bytes packet, packet::LinkType link_type);
/// With one more tag, or without the one it has.
[[nodiscard]] std::vector<std::uint8_t> in_other_vlan(Bytes packet, packet::LinkType link_type);
[[nodiscard]] std::vector<std::uint8_t> with_other_mac(Bytes packet, packet::LinkType link_type);
/// All of it: as on the other side of a router.
[[nodiscard]] std::vector<std::uint8_t> routed(Bytes packet, packet::LinkType link_type);

}  // namespace shakedown::accidents

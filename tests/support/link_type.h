// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The link types of capture files that tests write.
// Units:     none.
// Ownership: none.
// Threading: none.
// Limits:    none.
// Failure:   none.
// RFC:       none; numbers are those of the tcpdump.org registry of link-layer header types.
#pragma once

#include <cstdint>

namespace shakedown::test_support {

enum class LinkType : uint16_t {
  null = 0,  // four bytes of address family, in the byte order of the capturing host
  ethernet = 1,
  ppp = 9,
  raw = 101,
  loop = 108,  // as null, in network byte order
  linux_sll = 113,
  ipv4 = 228,
  ipv6 = 229,
  linux_sll2 = 276,
};

}  // namespace shakedown::test_support

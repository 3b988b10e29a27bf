// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What stands first in the captured bytes, and how a capture file's number says so.
// Units:     The numbers are DLT_ values of libpcap or LINKTYPE_ values of the file formats; where
//            the two differ (raw IP) both are accepted.
// Ownership: Values.
// Threading: Values.
// Limits:    None.
// Failure:   A number that is not listed is LinkType::unsupported.
// RFC:       None; the registry is https://www.tcpdump.org/linktypes.html.
#pragma once

#include <cstdint>
#include <string_view>

namespace shakedown::packet {

enum class LinkType : std::uint8_t {
  ethernet,
  raw_ip,         ///< IPv4 or IPv6 without a link header; the version nibble tells which
  linux_sll,      ///< Linux "any" device, version 1
  linux_sll2,     ///< the same, version 2
  null_loopback,  ///< four bytes of address family, in either byte order
  ppp,
  pppoe,  ///< PPPoE session header first, without Ethernet
  // No capture has these: they are put into the stream by those who put fragments together.
  reassembled,        ///< ReassembledHeader, then an IP packet that came in pieces
  absorbed_fragment,  ///< a piece whose bytes went elsewhere, and which is only counted
  unsupported
};

[[nodiscard]] constexpr LinkType link_type_from_dlt(int dlt) noexcept {
  switch (dlt) {
    case 1:  // DLT_EN10MB
      return LinkType::ethernet;
    case 12:   // DLT_RAW on Linux and most BSDs
    case 14:   // DLT_RAW on OpenBSD
    case 101:  // LINKTYPE_RAW
    case 228:  // DLT_IPV4
    case 229:  // DLT_IPV6
      return LinkType::raw_ip;
    case 113:  // DLT_LINUX_SLL
      return LinkType::linux_sll;
    case 276:  // DLT_LINUX_SLL2
      return LinkType::linux_sll2;
    case 0:    // DLT_NULL
    case 108:  // DLT_LOOP
      return LinkType::null_loopback;
    case 9:   // DLT_PPP
    case 50:  // DLT_PPP_SERIAL
      return LinkType::ppp;
    case 51:  // DLT_PPP_ETHER
      return LinkType::pppoe;
    default:
      return LinkType::unsupported;
  }
}

[[nodiscard]] constexpr std::string_view to_string(LinkType type) noexcept {
  switch (type) {
    case LinkType::ethernet:
      return "Ethernet";
    case LinkType::raw_ip:
      return "raw IP";
    case LinkType::linux_sll:
      return "Linux cooked v1";
    case LinkType::linux_sll2:
      return "Linux cooked v2";
    case LinkType::null_loopback:
      return "NULL/loopback";
    case LinkType::ppp:
      return "PPP";
    case LinkType::pppoe:
      return "PPPoE";
    case LinkType::reassembled:
      return "reassembled";
    case LinkType::absorbed_fragment:
      return "absorbed fragment";
    case LinkType::unsupported:
      break;
  }
  return "unsupported";
}

}  // namespace shakedown::packet

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Ethernet, what may stand between it and IP, and the protocols beside IP. See walk.h; in user space
// link.cc, mpls.cc and ppp.cc of dataplane/packet/.
#ifndef SHAKEDOWN_BPF_LINK_H
#define SHAKEDOWN_BPF_LINK_H

#include "bpf/walk.h"

#define ETHER_TYPE_FIRST 0x0600  ///< smaller values are an 802.3 length
#define ETHER_TYPE_IPV4 0x0800
#define ETHER_TYPE_ERSPAN3 0x22eb
#define ETHER_TYPE_TRANSPARENT_ETHERNET 0x6558
#define ETHER_TYPE_VLAN 0x8100
#define ETHER_TYPE_IPV6 0x86dd
#define ETHER_TYPE_MPLS_UNICAST 0x8847
#define ETHER_TYPE_MPLS_MULTICAST 0x8848
#define ETHER_TYPE_PPPOE_SESSION 0x8864
#define ETHER_TYPE_SERVICE_VLAN 0x88a8
#define ETHER_TYPE_ERSPAN 0x88be
#define ETHER_TYPE_PROVIDER_BACKBONE 0x88e7
#define ETHER_TYPE_VN_TAG 0x8926
#define ETHER_TYPE_E_TAG 0x893f
#define ETHER_TYPE_OLD_SERVICE_VLAN 0x9100

/// destination(6), source(6), EtherType or 802.3 length(2)
__noinline int read_ethernet(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 14);
  if (!header) return FINISHED(passed_unparsed);
  walk->offset += 14;
  walk->tag_count = 0;
  walk->ether_type = u16_at(header + 12);
  // Plain IP needs no further step; this is nearly every packet.
  if (walk->ether_type == ETHER_TYPE_IPV4) return STEP_IPV4;
  if (walk->ether_type == ETHER_TYPE_IPV6) return STEP_IPV6;
  return STEP_ETHER_TYPE;
}

/// A tag of `size` bytes, of which the last two are the next EtherType.
static __always_inline int skip_tag(struct xdp_md* ctx, struct Walk* walk, __u32 size) {
  const __u8* const tag = header_at(ctx, walk, size);
  if (!tag || walk->tag_count >= WALK_VLAN_TAG_COUNT_MAX) return FINISHED(passed_unparsed);
  ++walk->tag_count;
  walk->offset += size;
  walk->ether_type = u16_at(tag + size - 2);
  return STEP_ETHER_TYPE;
}

__noinline int follow_ether_type(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  switch (walk->ether_type) {
    case ETHER_TYPE_IPV4:
      return STEP_IPV4;
    case ETHER_TYPE_IPV6:
      return STEP_IPV6;
    case ETHER_TYPE_VLAN:
    case ETHER_TYPE_SERVICE_VLAN:
    case ETHER_TYPE_OLD_SERVICE_VLAN:
      return skip_tag(ctx, walk, 4);
    case ETHER_TYPE_VN_TAG:
      return skip_tag(ctx, walk, 6);
    case ETHER_TYPE_E_TAG:
      return skip_tag(ctx, walk, 8);
    case ETHER_TYPE_MPLS_UNICAST:
    case ETHER_TYPE_MPLS_MULTICAST:
      return STEP_MPLS;
    case ETHER_TYPE_PPPOE_SESSION:
      return STEP_PPPOE;
    case ETHER_TYPE_PROVIDER_BACKBONE:
      // Priority and flags(1), service id(3), then the customer's frame.
      walk->offset += 4;
      return enter(walk, STEP_ETHERNET);
    default:
      return walk->ether_type < ETHER_TYPE_FIRST ? STEP_LLC : FINISHED(dropped_not_ip);
  }
}

/// DSAP(1), SSAP(1), control(1); with SNAP: OUI(3), EtherType(2)
__noinline int read_llc(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* header = header_at(ctx, walk, 3);
  if (!header) return FINISHED(passed_unparsed);
  const __u32 llc = (__u32)header[0] << 16 | u16_at(header + 1);
  if (llc == 0x060603) {
    walk->offset += 3;
    return STEP_IP;
  }
  if (llc != 0xaaaa03) return FINISHED(dropped_not_ip);
  header = header_at(ctx, walk, 8);
  if (!header) return FINISHED(passed_unparsed);
  const __u32 oui = (__u32)header[3] << 16 | u16_at(header + 4);
  walk->ether_type = u16_at(header + 6);
  if ((oui != 0x000000 && oui != 0x0000f8) || walk->ether_type < ETHER_TYPE_FIRST) {
    return FINISHED(dropped_not_ip);
  }
  walk->offset += 8;
  walk->tag_count = 0;
  return STEP_ETHER_TYPE;
}

/// RFC 3032 §2.1, each entry: label(20 bits), traffic class(3 bits), bottom of stack(1 bit), TTL(8
/// bits). Pseudowires, which carry Ethernet without saying so, are left to the workers.
__noinline int read_mpls(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  for (int i = 0; i < WALK_MPLS_LABEL_COUNT_MAX; ++i) {
    const __u8* const entry = header_at(ctx, walk, 4);
    if (!entry) return FINISHED(passed_unparsed);
    walk->offset += 4;
    if (!(entry[2] & 1)) continue;
    const __u8* const inside = header_at(ctx, walk, 1);
    if (!inside) return FINISHED(passed_unparsed);
    if (inside[0] >> 4 == 4) return enter(walk, STEP_IPV4);
    if (inside[0] >> 4 == 6) return enter(walk, STEP_IPV6);
    return FINISHED(passed_tunnel);
  }
  return FINISHED(passed_unparsed);
}

/// RFC 1661 §2, RFC 1662 §3.1: [address(1) = ff, control(1) = 03,] protocol(1 or 2)
static __always_inline int read_ppp(struct xdp_md* ctx, struct Walk* walk) {
  const __u8* header = header_at(ctx, walk, 1);
  if (!header) return FINISHED(passed_unparsed);
  if (header[0] == 0xff) {
    walk->offset += 2;
    header = header_at(ctx, walk, 1);
    if (!header) return FINISHED(passed_unparsed);
  }
  __u16 protocol = header[0];
  __u32 size = 1;
  if (!(protocol & 1)) {
    header = header_at(ctx, walk, 2);
    if (!header) return FINISHED(passed_unparsed);
    protocol = u16_at(header);
    size = 2;
  }
  walk->offset += size;
  if (protocol == 0x0021) return STEP_IPV4;
  if (protocol == 0x0057) return STEP_IPV6;
  if (protocol == 0x0281 || protocol == 0x0283) return STEP_MPLS;
  return FINISHED(dropped_not_ip);
}

/// RFC 2516 §4: version(4 bits) = 1, type(4 bits) = 1, code(1) = 0, session(2), length(2), then PPP.
__noinline int read_pppoe(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 6);
  if (!header || header[0] != 0x11) return FINISHED(passed_unparsed);
  if (header[1] != 0) return FINISHED(dropped_not_ip);
  walk->offset += 6;
  const int inside = read_ppp(ctx, walk);
  return inside >= STEP_FINISHED ? inside : enter(walk, inside);
}

#endif

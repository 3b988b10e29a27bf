// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// IPv4, IPv6, the extension headers between IP and transport, what follows them, and ICMP. See walk.h;
// in user space ip.cc and icmp.cc of dataplane/packet/.
#ifndef SHAKEDOWN_BPF_IP_H
#define SHAKEDOWN_BPF_IP_H

#include "bpf/walk.h"

#define PROTOCOL_HOP_BY_HOP 0
#define PROTOCOL_ICMP 1
#define PROTOCOL_IPV4 4
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_IPV6 41
#define PROTOCOL_ROUTING 43
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_GRE 47
#define PROTOCOL_AUTHENTICATION 51
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_DESTINATION_OPTIONS 60
#define PROTOCOL_MPLS 137

static __always_inline int treat_fragment(const struct Walk* walk) {
  return walk->fragments == SHAKEDOWN_XDP_PASS ? FINISHED(passed_fragment)
                                               : FINISHED(dropped_unwatched);
}

static __always_inline int is_extension(const struct Walk* walk) {
  if (walk->protocol == PROTOCOL_AUTHENTICATION) return 1;
  return walk->family == 6 &&
         (walk->protocol == PROTOCOL_HOP_BY_HOP || walk->protocol == PROTOCOL_ROUTING ||
          walk->protocol == PROTOCOL_FRAGMENT || walk->protocol == PROTOCOL_DESTINATION_OPTIONS);
}

static __always_inline int step_of_protocol(const struct Walk* walk) {
  if (walk->protocol == PROTOCOL_TCP) return STEP_TCP;
  return is_extension(walk) ? STEP_IP_EXTENSION : STEP_IP_PROTOCOL;
}

/// Makes the walk end where IP's payload ends; what lies behind is padding or a trailer. Zero stands
/// for "all that is there": see take_all_captured() in user space.
static __always_inline void bound_payload(struct Walk* walk, __u32 payload_bytes) {
  walk->is_cut = 0;
  if (payload_bytes == 0) return;
  const __u32 end = walk->offset + payload_bytes;
  if (end <= walk->end) {
    walk->end = end;
  } else {
    walk->is_cut = 1;
  }
}

__noinline int read_ip(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 1);
  if (!header) return FINISHED(passed_unparsed);
  if (header[0] >> 4 == 4) return STEP_IPV4;
  if (header[0] >> 4 == 6) return STEP_IPV6;
  return FINISHED(dropped_not_ip);
}

/// RFC 791 §3.1
__noinline int read_ipv4(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 20);
  if (!header) return FINISHED(passed_unparsed);
  const __u32 header_bytes = (header[0] & 0x0f) * 4;
  const __u32 total_bytes = u16_at(header + 2);
  if (header[0] >> 4 != 4 || header_bytes < 20 || walk->offset + header_bytes > walk->end ||
      (total_bytes != 0 && total_bytes < header_bytes)) {
    return FINISHED(passed_unparsed);
  }
  const __u16 fragment = u16_at(header + 6);
  walk->protocol = header[9];
  walk->family = 4;
  walk->source[0] = walk->source[1] = 0;
  walk->destination[0] = walk->destination[1] = 0;
  __builtin_memcpy(walk->source, header + 12, 4);
  __builtin_memcpy(walk->destination, header + 16, 4);
  walk->offset += header_bytes;
  walk->extension_count = 0;
  if (total_bytes == header_bytes) {
    walk->end = walk->offset;
  } else {
    bound_payload(walk, total_bytes == 0 ? 0 : total_bytes - header_bytes);
  }
  // 0x3fff: MF and the fragment offset.
  if (fragment & 0x3fff) return treat_fragment(walk);
  return step_of_protocol(walk);
}

/// RFC 8200 §3
__noinline int read_ipv6(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 40);
  if (!header || header[0] >> 4 != 6) return FINISHED(passed_unparsed);
  walk->protocol = header[6];
  walk->family = 6;
  __builtin_memcpy(walk->source, header + 8, 16);
  __builtin_memcpy(walk->destination, header + 24, 16);
  walk->offset += 40;
  walk->extension_count = 0;
  bound_payload(walk, u16_at(header + 4));
  return step_of_protocol(walk);
}

/// RFC 8200 §4.2: next header(1), length(1) in units of 8 bytes beyond the first 8; RFC 4302 §2: the
/// same in units of 4 bytes. RFC 8200 §4.5: next header(1), reserved(1), offset(13 bits), reserved(2
/// bits), M(1 bit), id(4).
__noinline int read_ip_extension(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 8);
  if (!header || walk->extension_count >= WALK_IP_EXTENSION_COUNT_MAX) {
    return FINISHED(passed_unparsed);
  }
  ++walk->extension_count;
  __u32 size = 8;
  if (walk->protocol == PROTOCOL_FRAGMENT) {
    // RFC 6946: a fragment that is the whole packet is handled as if the header were not there.
    if (u16_at(header + 2) & 0xfff9) return treat_fragment(walk);
  } else {
    size += header[1] * (walk->protocol == PROTOCOL_AUTHENTICATION ? 4 : 8);
  }
  walk->offset += size;
  if (walk->offset > walk->end) return FINISHED(passed_unparsed);
  walk->protocol = header[0];
  return step_of_protocol(walk);
}

__noinline int follow_ip_protocol(struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  switch (walk->protocol) {
    case PROTOCOL_UDP:
      return STEP_UDP;
    case PROTOCOL_GRE:
      return STEP_GRE;
    case PROTOCOL_IPV4:
      return enter_tunnel(walk, STEP_IPV4);
    case PROTOCOL_IPV6:
      return enter_tunnel(walk, STEP_IPV6);
    case PROTOCOL_MPLS:
      return enter_tunnel(walk, STEP_MPLS);
    case PROTOCOL_ICMP:
      return walk->family == 4 ? STEP_ICMP : FINISHED(dropped_other_ip);
    case PROTOCOL_ICMPV6:
      return walk->family == 6 ? STEP_ICMP : FINISHED(dropped_other_ip);
    default:
      return FINISHED(dropped_other_ip);
  }
}

/// RFC 792, RFC 4443 §3: the errors. Whether they quote a packet of TCP is for the workers to see.
__noinline int read_icmp(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 8);
  if (!header) return FINISHED(passed_unparsed);
  const __u8 type = header[0];
  const int is_error =
      walk->family == 4 ? type == 3 || type == 11 || type == 12 : type >= 1 && type <= 4;
  return is_error ? FINISHED(passed_icmp) : FINISHED(dropped_other_ip);
}

#endif

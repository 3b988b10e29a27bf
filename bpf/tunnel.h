// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// UDP, QUIC's long headers, and tunnels over UDP and GRE. See walk.h; in user space udp_tunnel.cc and
// gre.cc of dataplane/packet/. A header that no tunnel endpoint would send means that this is not the
// tunnel, as it does there.
#ifndef SHAKEDOWN_BPF_TUNNEL_H
#define SHAKEDOWN_BPF_TUNNEL_H

#include "bpf/link.h"
#include "bpf/maps.h"
#include "bpf/walk.h"

#define PORT_GTP_U 2152
#define PORT_VXLAN 4789
#define PORT_VXLAN_GPE 4790
#define PORT_GENEVE 6081
#define PORT_LINUX_VXLAN 8472

/// RFC 8999 §5.1: the long header has its first bit set, then version(4), length of the destination's
/// connection id(1). RFC 9000 §17.2: the second bit is set too, but in Version Negotiation, whose
/// version is zero; connection ids have at most 20 bytes.
static __always_inline int is_quic_long_header(struct xdp_md* ctx, const struct Walk* walk) {
  const __u8* const header = header_at(ctx, walk, 7);
  if (!header || !(header[0] & 0x80)) return 0;
  if (u32_at(header + 1) == 0) return 1;
  return (header[0] & 0x40) && header[5] <= 20;
}

static __always_inline int is_quic_port(__u16 source_port, __u16 destination_port) {
  const __u32 zero = 0;
  const struct XdpConfig* const config = bpf_map_lookup_elem(&sd_config, &zero);
  if (!config || config->quic_ports[0] == 0) return 1;
  for (int i = 0; i < SHAKEDOWN_XDP_QUIC_PORT_COUNT_MAX; ++i) {
    const __u16 port = config->quic_ports[i];
    if (port == 0) return 0;
    if (port == source_port || port == destination_port) return 1;
  }
  return 0;
}

/// RFC 768: source port(2), destination port(2), length(2), checksum(2)
__noinline int read_udp(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 8);
  if (!header) return FINISHED(passed_unparsed);
  const __u16 source_port = u16_at(header);
  const __u16 destination_port = u16_at(header + 2);
  walk->offset += 8;
  switch (destination_port) {
    case PORT_VXLAN:
    case PORT_LINUX_VXLAN:
      return STEP_VXLAN;
    case PORT_VXLAN_GPE:
      return STEP_VXLAN_GPE;
    case PORT_GENEVE:
      return STEP_GENEVE;
    case PORT_GTP_U:
      return STEP_GTP_U;
    default:
      break;
  }
  if (walk->quic == SHAKEDOWN_XDP_PASS && is_quic_long_header(ctx, walk) &&
      is_quic_port(source_port, destination_port)) {
    return FINISHED(passed_quic);
  }
  return FINISHED(dropped_udp);
}

/// RFC 7348 §5: flags(1), reserved(3), network identifier(3), reserved(1). Group policy uses the
/// highest flag and the first reserved field.
__noinline int read_vxlan(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 8);
  if (!header) return FINISHED(passed_unparsed);
  if ((header[0] & 0x7f) != 0x08 || header[7] != 0) return FINISHED(dropped_udp);
  walk->offset += 8;
  return enter_tunnel(walk, STEP_ETHERNET);
}

/// draft-ietf-nvo3-vxlan-gpe §3: flags(1): reserved(2 bits), version(2 bits) = 0, I, P, B, O;
/// reserved(2), next protocol(1), network identifier(3), reserved(1). Without P it is VXLAN.
__noinline int read_vxlan_gpe(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 8);
  if (!header) return FINISHED(passed_unparsed);
  if ((header[0] & 0xf9) != 0x08 || header[7] != 0) return FINISHED(dropped_udp);
  walk->offset += 8;
  switch (header[0] & 0x04 ? header[3] : 3) {
    case 1:
      return enter_tunnel(walk, STEP_IPV4);
    case 2:
      return enter_tunnel(walk, STEP_IPV6);
    case 3:
      return enter_tunnel(walk, STEP_ETHERNET);
    case 5:
      return enter_tunnel(walk, STEP_MPLS);
    default:
      return FINISHED(dropped_udp);
  }
}

/// RFC 8926 §3.4: version(2 bits) = 0, options length(6 bits) in units of 4 bytes, O, C, reserved(6
/// bits), protocol(2), network identifier(3), reserved(1), options
__noinline int read_geneve(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 8);
  if (!header) return FINISHED(passed_unparsed);
  walk->ether_type = u16_at(header + 2);
  if ((header[0] & 0xc0) || (header[1] & 0x3f) || header[7] ||
      walk->ether_type < ETHER_TYPE_FIRST) {
    return FINISHED(dropped_udp);
  }
  walk->offset += 8 + (header[0] & 0x3f) * 4;
  walk->tag_count = 0;
  return enter_tunnel(
      walk, walk->ether_type == ETHER_TYPE_TRANSPARENT_ETHERNET ? STEP_ETHERNET : STEP_ETHER_TYPE);
}

/// 3GPP TS 29.281 §5.1: version(3 bits) = 1, protocol type(1 bit) = 1, reserved(1 bit), E, S, PN,
/// message type(1), length(2), tunnel endpoint(4), [sequence(2), N-PDU number(1), next extension(1)]
__noinline int read_gtp_u(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* header = header_at(ctx, walk, 8);
  if (!header) return FINISHED(passed_unparsed);
  const __u8 flags = header[0];
  if ((flags & 0xf8) != 0x30 || header[1] != 255) return FINISHED(dropped_udp);
  if (!(flags & 0x07)) {
    walk->offset += 8;
    return enter_tunnel(walk, STEP_IP);
  }
  header = header_at(ctx, walk, 12);
  if (!header) return FINISHED(passed_unparsed);
  walk->offset += 12;
  // The field is there with any of the three flags, but means something only with its own.
  const int has_extension = (flags & 0x04) && header[11] != 0;
  walk->extension_count = 0;
  return has_extension ? STEP_GTP_EXTENSION : enter_tunnel(walk, STEP_IP);
}

/// 3GPP TS 29.281 §5.2.1: length(1) in units of 4 bytes, content(4 * length - 2), next type(1)
__noinline int read_gtp_extension(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* header = header_at(ctx, walk, 1);
  if (!header || header[0] == 0 || walk->extension_count >= WALK_IP_EXTENSION_COUNT_MAX) {
    return FINISHED(passed_unparsed);
  }
  ++walk->extension_count;
  walk->offset += header[0] * 4 - 1;
  header = header_at(ctx, walk, 1);
  if (!header) return FINISHED(passed_unparsed);
  walk->offset += 1;
  return header[0] != 0 ? STEP_GTP_EXTENSION : enter_tunnel(walk, STEP_IP);
}

/// RFC 2784 §2 and RFC 2890 §2: flags and version(2), protocol(2), [checksum(2), reserved(2),]
/// [key(4),] [sequence(4)]. Version 1 (PPTP and others) and source routes are left to the workers.
__noinline int read_gre(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 4);
  if (!header) return FINISHED(passed_unparsed);
  const __u16 flags = u16_at(header);
  walk->ether_type = u16_at(header + 2);
  if ((flags & 0x4007) || walk->ether_type < ETHER_TYPE_FIRST) {
    return walk->tunnels == SHAKEDOWN_XDP_DROP ? FINISHED(dropped_unwatched)
                                               : FINISHED(passed_tunnel);
  }
  walk->has_sequence = (flags & 0x1000) != 0;
  walk->offset +=
      4 + (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (walk->has_sequence ? 4 : 0);
  walk->tag_count = 0;
  if (walk->ether_type == ETHER_TYPE_TRANSPARENT_ETHERNET) return enter_tunnel(walk, STEP_ETHERNET);
  const int is_erspan =
      walk->ether_type == ETHER_TYPE_ERSPAN || walk->ether_type == ETHER_TYPE_ERSPAN3;
  return enter_tunnel(walk, is_erspan ? STEP_ERSPAN : STEP_ETHER_TYPE);
}

/// draft-foschiano-erspan: type I has no header and is told by the missing GRE sequence number; types
/// II (8 bytes) and III (12, with a platform header 20) begin with a version(4 bits).
__noinline int read_erspan(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const int is_first_kind = walk->ether_type == ETHER_TYPE_ERSPAN;
  if (is_first_kind && !walk->has_sequence) return STEP_ETHERNET;
  const __u8* header = header_at(ctx, walk, 8);
  if (!header) return FINISHED(passed_unparsed);
  const __u8 version = header[0] >> 4;
  if (is_first_kind && version == 1) {
    walk->offset += 8;
    return STEP_ETHERNET;
  }
  header = header_at(ctx, walk, 12);
  if (!header || version != 2) return FINISHED(passed_unparsed);
  const __u16 type_and_flags = u16_at(header + 10);
  walk->offset += type_and_flags & 1 ? 20 : 12;
  switch (type_and_flags >> 10 & 0x1f) {
    case 0:
      return STEP_ETHERNET;
    case 2:
      return STEP_IP;
    default:
      return FINISHED(passed_tunnel);
  }
}

#endif

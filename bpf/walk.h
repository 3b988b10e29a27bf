// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Purpose:   What the layers of the XDP program share: the walk through one packet. The folder
//            dataplane/packet/ does the same walk in user space, by the same rules and limits; each
//            function here reads one header at walk->offset and returns the step that stands next, or
//            the verdict.
// Units:     Bytes; numbers in host order.
// Ownership: A walk lives on the stack of the program.
// Threading: One packet, one processor.
// Limits:    WALK_STEP_COUNT_MAX headers; what else is named below. The constants are those of
//            include/shakedown/limits.h, which a test compares by running packets at the limits.
// Failure:   What cannot be read is passed on as `passed_unparsed`: the workers count it by name.
// RFC:       Each function names its own.
//
// The functions of the layers are not static, so that the kernel's verifier looks at each by itself and
// not at every way through all of them.
#ifndef SHAKEDOWN_BPF_WALK_H
#define SHAKEDOWN_BPF_WALK_H

#include <linux/bpf.h>
// Behind linux/bpf.h, whose types they use.
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/filter.h"

#define WALK_VLAN_TAG_COUNT_MAX 4
#define WALK_MPLS_LABEL_COUNT_MAX 8
#define WALK_IP_EXTENSION_COUNT_MAX 8
#define WALK_TUNNEL_DEPTH_MAX 4
/// Headers of one packet. User space has no such limit of its own, but no honest packet comes near.
#define WALK_STEP_COUNT_MAX 64
/// No header is looked for behind this offset, so that the verifier knows a bound.
#define WALK_OFFSET_MAX 0x3fff

enum Step {
  STEP_ETHERNET,
  STEP_ETHER_TYPE,  ///< walk->ether_type was read and says what follows
  STEP_LLC,
  STEP_MPLS,
  STEP_PPPOE,
  STEP_IP,  ///< IPv4 or IPv6 by its version nibble
  STEP_IPV4,
  STEP_IPV6,
  STEP_IP_EXTENSION,  ///< walk->protocol is an extension header
  STEP_IP_PROTOCOL,   ///< walk->protocol is a transport or a tunnel
  STEP_TCP,
  STEP_UDP,
  STEP_ICMP,
  STEP_GRE,
  STEP_ERSPAN,
  STEP_VXLAN,
  STEP_VXLAN_GPE,
  STEP_GENEVE,
  STEP_GTP_U,
  STEP_GTP_EXTENSION,
  STEP_FINISHED = 64  ///< and above: the verdict, as FINISHED() makes it
};

#define FINISHED(reason) (STEP_FINISHED + XDP_REASON_##reason)

struct Walk {
  __u64 source[2];  ///< of the innermost IP header, as XdpFlowKey stores addresses
  __u64 destination[2];
  __u32 offset;  ///< of the next header, from the beginning of the frame
  __u32 end;     ///< where the current layer ends: at first the frame, then as IP says
  __u16 ether_type;
  __u8 protocol;
  __u8 family;
  __u8 tunnel_depth;
  __u8 tag_count;  ///< of VLAN and port tags, of one frame
  __u8 extension_count;
  __u8 is_cut;        ///< IP's length counts bytes that are not there
  __u8 has_sequence;  ///< of the GRE header
  // Of the configuration.
  __u8 tunnels;
  __u8 fragments;
  __u8 quic;
  /// Kernels before 6.3 want every byte written of what is handed to a function.
  __u8 zero[4];
};
_Static_assert(sizeof(struct Walk) == 56, "no padding");

/// The next `size` bytes, or null when they are not all there.
static __always_inline const __u8* header_at(struct xdp_md* ctx, const struct Walk* walk,
                                             __u32 size) {
  const __u8* const frame = (const __u8*)(long)ctx->data;
  const __u8* const frame_end = (const __u8*)(long)ctx->data_end;
  __u64 offset = walk->offset;
  if (offset > WALK_OFFSET_MAX || offset + size > walk->end) return 0;
  // The compiler may not move the sum in front of the check, where the verifier knows no bound.
  asm volatile("" : "+r"(offset));
  if (offset > WALK_OFFSET_MAX) return 0;
  const __u8* const header = frame + offset;
  return header + size > frame_end ? 0 : header;
}

static __always_inline __u16 u16_at(const __u8* bytes) { return bpf_ntohs(*(const __be16*)bytes); }
static __always_inline __u32 u32_at(const __u8* bytes) { return bpf_ntohl(*(const __be32*)bytes); }

/// Goes into an encapsulation that a network puts around everything: `inside` stands next.
static __always_inline int enter(struct Walk* walk, int inside) {
  if (walk->tunnel_depth >= WALK_TUNNEL_DEPTH_MAX) return FINISHED(passed_unparsed);
  ++walk->tunnel_depth;
  return inside;
}

/// Goes into a tunnel between two addresses, if the configuration says so.
static __always_inline int enter_tunnel(struct Walk* walk, int inside) {
  if (walk->tunnels == SHAKEDOWN_XDP_PASS) return FINISHED(passed_tunnel);
  if (walk->tunnels == SHAKEDOWN_XDP_DROP) return FINISHED(dropped_unwatched);
  return enter(walk, inside);
}

#endif

// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Purpose:   The XDP program of af_xdp ports: passes to the sensor's sockets what can matter, and drops
//            what cannot. Attached to an interface by DPDK's driver, which is given it as a file.
// Units:     Packets.
// Ownership: See filter.h.
// Threading: Any number of processors at once.
// Limits:    See walk.h.
// Failure:   What it cannot read it passes. Until the sensor has written sd_config it reads nothing and
//            passes everything; then a queue without a socket goes to the kernel as if there were no
//            program, afterwards such packets are dropped and counted.
// RFC:       See the layers.
//
// Every packet adds one to exactly one counter.
#include <linux/bpf.h>
// Behind linux/bpf.h, whose types it uses.
#include <bpf/bpf_helpers.h>

#include "bpf/ip.h"
#include "bpf/link.h"
#include "bpf/maps.h"
#include "bpf/tcp.h"
#include "bpf/tunnel.h"
#include "bpf/walk.h"

char program_license[] SEC("license") = "GPL";

static __always_inline int next_step(struct xdp_md* ctx, struct Walk* walk, int step) {
  switch (step) {
    case STEP_ETHERNET:
      return read_ethernet(ctx, walk);
    case STEP_ETHER_TYPE:
      return follow_ether_type(ctx, walk);
    case STEP_LLC:
      return read_llc(ctx, walk);
    case STEP_MPLS:
      return read_mpls(ctx, walk);
    case STEP_PPPOE:
      return read_pppoe(ctx, walk);
    case STEP_IP:
      return read_ip(ctx, walk);
    case STEP_IPV4:
      return read_ipv4(ctx, walk);
    case STEP_IPV6:
      return read_ipv6(ctx, walk);
    case STEP_IP_EXTENSION:
      return read_ip_extension(ctx, walk);
    case STEP_IP_PROTOCOL:
      return follow_ip_protocol(walk);
    case STEP_TCP:
      return judge_tcp(ctx, walk);
    case STEP_UDP:
      return read_udp(ctx, walk);
    case STEP_ICMP:
      return read_icmp(ctx, walk);
    case STEP_GRE:
      return read_gre(ctx, walk);
    case STEP_ERSPAN:
      return read_erspan(ctx, walk);
    case STEP_VXLAN:
      return read_vxlan(ctx, walk);
    case STEP_VXLAN_GPE:
      return read_vxlan_gpe(ctx, walk);
    case STEP_GENEVE:
      return read_geneve(ctx, walk);
    case STEP_GTP_U:
      return read_gtp_u(ctx, walk);
    case STEP_GTP_EXTENSION:
      return read_gtp_extension(ctx, walk);
    default:
      return FINISHED(passed_unparsed);
  }
}

static __always_inline __u32 judge(struct xdp_md* ctx, const struct XdpConfig* config) {
  struct Walk walk = {
      .end = (__u32)(ctx->data_end - ctx->data),
      .tunnels = config->tunnels,
      .fragments = config->fragments,
      .quic = config->quic,
  };
  int step = STEP_ETHERNET;
  // Not unrolled: the verifier would see WALK_STEP_COUNT_MAX copies.
#pragma clang loop unroll(disable)
  for (int i = 0; i < WALK_STEP_COUNT_MAX && step < STEP_FINISHED; ++i) {
    step = next_step(ctx, &walk, step);
  }
  const __u32 reason = (__u32)step - STEP_FINISHED;
  return reason < XDP_REASON_COUNT ? reason : XDP_REASON_passed_unparsed;
}

static __always_inline void count(__u32 reason) {
  const __u32 zero = 0;
  struct XdpCounters* const counters = bpf_map_lookup_elem(&sd_counters, &zero);
  __u64 index = reason;
  // Keeps the check where the verifier can see it.
  asm volatile("" : "+r"(index));
  if (counters && index < XDP_REASON_COUNT) ++counters->values[index];
}

SEC("xdp")
int shakedown_xdp(struct xdp_md* ctx) {
  const __u32 zero = 0;
  const struct XdpConfig* const config = bpf_map_lookup_elem(&sd_config, &zero);
  const int is_configured = config && config->version == SHAKEDOWN_XDP_CONFIG_VERSION;
  const __u32 reason = is_configured ? judge(ctx, config) : XDP_REASON_passed_unparsed;
  // The list has all that pass in front of those that are dropped.
  if (reason >= XDP_REASON_dropped_decided) {
    count(reason);
    return XDP_DROP;
  }
  const __u32 queue = ctx->rx_queue_index;
  if (!bpf_map_lookup_elem(&xsks_map, &queue)) {
    count(XDP_REASON_dropped_no_socket);
    return is_configured ? XDP_DROP : XDP_PASS;
  }
  count(reason);
  return (int)bpf_redirect_map(&xsks_map, queue, XDP_DROP);
}

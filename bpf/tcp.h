// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// TCP: which packets of which connections need not come. See walk.h; in user space tcp.cc of
// dataplane/packet/, flow/flow_key.h and tls/record_probe.cc.
#ifndef SHAKEDOWN_BPF_TCP_H
#define SHAKEDOWN_BPF_TCP_H

#include "bpf/maps.h"
#include "bpf/walk.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/// The order is that of flow::key_of(): by the two words of the address, then by port.
static __always_inline int source_is_low(const struct Walk* walk, __u16 source_port,
                                         __u16 destination_port) {
  if (walk->source[0] != walk->destination[0]) return walk->source[0] < walk->destination[0];
  if (walk->source[1] != walk->destination[1]) return walk->source[1] < walk->destination[1];
  return source_port <= destination_port;
}

static __always_inline void make_key(const struct Walk* walk, __u16 source_port,
                                     __u16 destination_port, struct XdpFlowKey* key) {
  __builtin_memset(key, 0, sizeof *key);
  key->family = walk->family;
  if (source_is_low(walk, source_port, destination_port)) {
    __builtin_memcpy(key->low_address, walk->source, 16);
    __builtin_memcpy(key->high_address, walk->destination, 16);
    key->low_port = source_port;
    key->high_port = destination_port;
  } else {
    __builtin_memcpy(key->low_address, walk->destination, 16);
    __builtin_memcpy(key->high_address, walk->source, 16);
    key->low_port = destination_port;
    key->high_port = source_port;
  }
}

/// RFC 8446 §5.1, §4: type(1) = 22, version(2), length(2), then message type(1), of which the two
/// hellos begin a handshake.
static __always_inline int is_tls_hello(const __u8* bytes) {
  return bytes[0] == 0x16 && bytes[1] == 3 && bytes[2] <= 4 && (bytes[5] == 1 || bytes[5] == 2);
}

/// RFC 5246 §E.2, at least as wide as plausible_client_hello(): a header of two bytes, or of three with
/// a padding of none; then msg-type(1) = 1, version(2), lengths of cipher specs, session id and
/// challenge(2 each), which add up.
static __always_inline int is_sslv2_hello(const __u8* bytes, __u32 length) {
  return bytes[0] == 1 && (bytes[1] == 3 || (bytes[1] == 0 && bytes[2] == 2)) &&
         9u + u16_at(bytes + 3) + u16_at(bytes + 5) + u16_at(bytes + 7) == length;
}

/// "The PROXY protocol", sections 2.1 and 2.2: `PROXY `, or twelve bytes of signature.
static __always_inline int is_proxy_header(const __u8* bytes) {
  const __u32 first = u32_at(bytes);
  return first == 0x50524f58 ? u16_at(bytes + 4) == 0x5920
                             : first == 0x0d0a0d0a && u32_at(bytes + 4) == 0x000d0a51;
}

/// Whether the workers would begin to follow a connection in its middle at these bytes. They look
/// closer; what this lets through for nothing costs a few packets.
static __always_inline int looks_like_tls(struct xdp_md* ctx, const struct Walk* walk) {
  const __u8* bytes = header_at(ctx, walk, 6);
  if (!bytes) return 0;
  if (is_tls_hello(bytes)) return 1;
  const int is_long_form = bytes[0] < 0x80;
  if (!is_long_form && bytes[2] != 1) return 0;
  // All other shapes begin with more than that: a PROXY header, or an SSLv2 hello.
  bytes = header_at(ctx, walk, 12);
  if (!bytes) return 0;
  const __u32 length = (__u32)(bytes[0] & 0x7f) << 8 | bytes[1];
  if (!is_long_form) return is_sslv2_hello(bytes + 2, length);
  return is_proxy_header(bytes) || (bytes[2] == 0 && is_sslv2_hello(bytes + 3, length));
}

static __always_inline void trace(const struct Walk* walk, const struct XdpFlowKey* key) {
  const __u32 zero = 0;
  struct XdpTrace* const trace = bpf_map_lookup_elem(&sd_trace, &zero);
  if (!trace) return;
  trace->key = *key;
  trace->payload_offset = walk->offset;
  trace->payload_end = walk->end;
}

/// A decided connection: walk stands at its payload.
static __always_inline int judge_decided(struct xdp_md* ctx, const struct Walk* walk,
                                         const struct XdpConfig* config, struct XdpFlow* flow) {
  if (looks_like_tls(ctx, walk)) {
    flow->passes_until = bpf_ktime_get_ns() + config->reopened_nanos;
    return FINISHED(passed_tls_like);
  }
  if (flow->passes_until != 0) {
    if (bpf_ktime_get_ns() < flow->passes_until) return FINISHED(passed_undecided);
    flow->passes_until = 0;
  }
  const int has_data = walk->offset < walk->end || walk->is_cut;
  return has_data ? FINISHED(dropped_decided) : FINISHED(dropped_ack);
}

/// RFC 9293 §3.1: ports(2 each), numbers(4 each), data offset(4 bits), reserved(4 bits), flags(1),
/// window(2), checksum(2), urgent pointer(2), options
__noinline int judge_tcp(struct xdp_md* ctx, struct Walk* walk) {
  if (!walk) return FINISHED(passed_unparsed);
  const __u8* const header = header_at(ctx, walk, 20);
  if (!header) return FINISHED(passed_unparsed);
  const __u32 header_bytes = (header[12] >> 4) * 4;
  const __u8 flags = header[13];
  if (header_bytes < 20 || walk->offset + header_bytes > walk->end) {
    return FINISHED(passed_unparsed);
  }
  struct XdpFlowKey key;
  make_key(walk, u16_at(header), u16_at(header + 2), &key);
  walk->offset += header_bytes;

  const __u32 zero = 0;
  const struct XdpConfig* const config = bpf_map_lookup_elem(&sd_config, &zero);
  if (!config) return FINISHED(passed_undecided);
  if (config->traces) trace(walk, &key);
  void* const flows = bpf_map_lookup_elem(&sd_flows, &zero);
  if (flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
    // The endpoints are used anew. Looked up before, because deleting takes a lock.
    const int is_first = (flags & TCP_SYN) && !(flags & (TCP_ACK | TCP_RST));
    if (is_first && flows && bpf_map_lookup_elem(flows, &key)) bpf_map_delete_elem(flows, &key);
    return FINISHED(passed_tcp_control);
  }
  struct XdpFlow* const flow = flows ? bpf_map_lookup_elem(flows, &key) : 0;
  return flow ? judge_decided(ctx, walk, config, flow) : FINISHED(passed_undecided);
}

#endif

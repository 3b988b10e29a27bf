// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Purpose:   What the XDP program of filter.bpf.c and the sensor agree on: the names and layouts of its
//            maps. Plain C.
// Units:     Ports in host order; nanoseconds of CLOCK_MONOTONIC.
// Ownership: The program's maps live in the kernel as long as the program, a descriptor or a pin does.
// Threading: The program runs on every processor at once; counters are per processor. The sensor writes
//            the configuration once, and flows at any time.
// Limits:    kXdp*Max below.
// Failure:   A program whose XdpConfig.version is not kXdpConfigVersion reads nothing and passes all.
// RFC:       none
#ifndef SHAKEDOWN_BPF_FILTER_H
#define SHAKEDOWN_BPF_FILTER_H

#include <linux/types.h>

#ifdef __cplusplus
namespace shakedown::bpf {
#endif

/// Queues that can have a socket: indices in xsks_map.
#define SHAKEDOWN_XDP_QUEUE_COUNT_MAX 256
/// UDP ports at which QUIC is looked for.
#define SHAKEDOWN_XDP_QUIC_PORT_COUNT_MAX 8
/// Changes with the layouts below.
#define SHAKEDOWN_XDP_CONFIG_VERSION 1

/// Names of the maps, at most 15 characters, which is what the kernel keeps. xsks_map is the name by
/// which the driver finds it.
#define SHAKEDOWN_XDP_MAP_SOCKETS "xsks_map"
#define SHAKEDOWN_XDP_MAP_CONFIG "sd_config"
#define SHAKEDOWN_XDP_MAP_COUNTERS "sd_counters"
#define SHAKEDOWN_XDP_MAP_FLOWS "sd_flows"
#define SHAKEDOWN_XDP_MAP_TRACE "sd_trace"
/// Name of the program; the same limit.
#define SHAKEDOWN_XDP_PROGRAM "shakedown_xdp"

/// Key of a decided connection: the bytes of flow::FlowKey, and the family. `low` is the endpoint that
/// sorts first by the two words of its address, then by port. An IPv4 address stands in the first four
/// bytes; the rest is zero.
struct XdpFlowKey {
  __u8 low_address[16];
  __u8 high_address[16];
  __u16 low_port;
  __u16 high_port;
  __u8 family;  ///< 4 or 6
  __u8 zero[3];
};

/// What is known of a decided connection.
struct XdpFlow {
  /// It passes until then, because something in it looked like TLS anew; zero: it does not.
  __u64 passes_until;
};

/// What becomes of packets that the configuration decides about.
enum XdpTreatment {
  SHAKEDOWN_XDP_PASS = 0,
  SHAKEDOWN_XDP_DROP = 1,
  SHAKEDOWN_XDP_OPEN = 2  ///< tunnels only: what is inside decides
};

/// The one element of sd_config. All zero, as it is before the sensor writes it: nothing is read.
struct XdpConfig {
  __u64
      reopened_nanos;  ///< how long a decided connection passes after a packet that looks like TLS
  __u32 version;       ///< SHAKEDOWN_XDP_CONFIG_VERSION
  __u8 tunnels;        ///< an XdpTreatment
  __u8 fragments;      ///< pass or drop
  __u8 quic;           ///< pass or drop
  __u8 traces;         ///< not zero: sd_trace holds what was read of the last packet
  __u16 quic_ports[SHAKEDOWN_XDP_QUIC_PORT_COUNT_MAX];  ///< zero behind the last; none: any port
};

/// What became of a packet; names and sentences in port_counters.def.
enum XdpReason {
#define SHAKEDOWN_XDP(name, sentence) XDP_REASON_##name,
#include "shakedown/port_counters.def"
  XDP_REASON_COUNT
};

/// The one element of sd_counters, on each processor.
struct XdpCounters {
  __u64 values[XDP_REASON_COUNT];
};

/// The one element of sd_trace, for tests: what was read of the last TCP header.
struct XdpTrace {
  struct XdpFlowKey key;
  __u32 payload_offset;  ///< from the beginning of the frame
  __u32 payload_end;
};

#ifdef __cplusplus
static_assert(sizeof(XdpFlowKey) == 40);
static_assert(sizeof(XdpFlow) == 8);
static_assert(sizeof(XdpConfig) == 32);
}  // namespace shakedown::bpf
#endif

#endif

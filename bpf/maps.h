// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The maps of the XDP program. Names and layouts are in filter.h.
#ifndef SHAKEDOWN_BPF_MAPS_H
#define SHAKEDOWN_BPF_MAPS_H

#include <linux/bpf.h>
// Behind linux/bpf.h, whose types it uses.
#include <bpf/bpf_helpers.h>

#include "bpf/filter.h"

/// The sensor's AF_XDP sockets by queue; the driver puts them in.
struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, SHAKEDOWN_XDP_QUEUE_COUNT_MAX);
  __type(key, __u32);
  __type(value, __u32);
} xsks_map SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct XdpConfig);
} sd_config SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct XdpCounters);
} sd_counters SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct XdpTrace);
} sd_trace SEC(".maps");

/// What the sensor makes of this is as large as its configuration says. The program is loaded by the
/// driver, which knows nothing of that: hence a map that is put into a slot later.
struct DecidedFlows {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1);
  // By size: of the types of a map inside a map clang keeps no more than the names.
  __uint(key_size, sizeof(struct XdpFlowKey));
  __uint(value_size, sizeof(struct XdpFlow));
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 1);
  __type(key, __u32);
  __array(values, struct DecidedFlows);
} sd_flows SEC(".maps");

#endif

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a worker is told at start.
// Units:     In the names; times as in handshake/timeouts.h.
// Ownership: Values.
// Threading: Constant after start.
// Limits:    Capacities are per worker.
// Failure:   none
// RFC:       RFC 6335 §8 (port numbers); the default ports are IANA's TLS services and their common
//            neighbours.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "handshake/timeouts.h"
#include "shakedown/shm_layout.h"
#include "tls/message_buffer.h"

namespace shakedown {

/// Ports on which a connection without a ClientHello is worth a record. TLS itself is recognised on
/// any port.
inline constexpr std::array<std::uint16_t, 17> kDefaultWatchedPorts = {
    443,   // https
    465,   // submissions
    563,   // nntps
    636,   // ldaps
    853,   // domain-s
    989,   // ftps-data
    990,   // ftps
    992,   // telnets
    993,   // imaps
    994,   // ircs
    995,   // pop3s
    5061,  // sips
    5671,  // amqps
    6443,  // Kubernetes API
    8443,  // pcsync-https
    8883,  // secure-mqtt
    9443   // tungsten-https
};

using PortSet = std::bitset<65536>;

struct WorkerConfig {
  std::uint32_t connection_capacity = 64 * 1024;
  std::uint32_t embryo_capacity = 128 * 1024;
  std::uint32_t decided_capacity = 128 * 1024;
  std::uint32_t segment_block_count = 8 * 1024;
  tls::MessageBufferCounts message_buffers{4096, 1024, 64};
  handshake::Timeouts timeouts;
  PortSet watched_ports;
  RunMode mode = RunMode::capture;
  /// Live, from several ports: each may show one direction, and what one of them shows may be read
  /// whole before anything of the other.
  bool ports_apart = false;
  std::uint8_t worker_index = 0;
  /// Random per start: no one outside can aim at a bucket, or forge a definition's id. The same in
  /// all workers.
  std::uint64_t seed = 0;
};

}  // namespace shakedown

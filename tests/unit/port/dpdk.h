// SPDX-License-Identifier: Apache-2.0
//
// DPDK for a test program: EAL starts once per process, so each program has one of these, static,
// with a pool as large as its largest test needs.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>

#include "port/eal.h"
#include "port/packet_buffers.h"

namespace shakedown::port {

struct Dpdk {
  Eal eal;
  PacketBuffers buffers;

  Dpdk(unsigned worker_count_max, std::size_t memory_bytes, unsigned buffer_count) {
    EalConfig config;
    config.lcore_count = worker_count_max + 2;
    config.memory_bytes = memory_bytes;
    EXPECT_EQ(eal.start(config), "");
    EXPECT_EQ(buffers.create(buffer_count), "");
  }
};

}  // namespace shakedown::port

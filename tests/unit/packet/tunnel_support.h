// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the tests of tunnels share: headers written by hand, and the packet that stands
//            inside.
// Units:     Bytes.
// Ownership: Values.
// Threading: None.
// Limits:    None.
// Failure:   None.
// RFC:       None.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "decode_support.h"

namespace shakedown::packet {

using Write = std::function<void(ts::ByteWriter&)>;

[[nodiscard]] inline ts::Bytes bytes_by(const Write& write) {
  ts::ByteWriter writer;
  write(writer);
  return writer.take();
}

[[nodiscard]] inline ts::Bytes behind(const Write& header, const ts::Bytes& content) {
  return ts::concatenate({bytes_by(header), content});
}

inline void expect_inner(const Decoded& packet, TunnelKind kind, std::uint32_t id,
                         const std::string& what = {}) {
  ASSERT_EQ(packet.status, DecodeStatus::tcp) << what;
  EXPECT_EQ(packet.view.tunnel_kind, kind) << what;
  EXPECT_EQ(packet.view.tunnel_id, id) << what;
  EXPECT_EQ(packet.payload(), kText) << what;
  EXPECT_EQ(packet.view.payload_missing, 0u) << what;
  EXPECT_EQ(packet.view.seq.value, 7u) << what;
}

inline void write_vxlan(ts::ByteWriter& w, std::uint8_t flags = 8, std::uint8_t reserved = 0) {
  w.u8(flags).u24(0).u24(0xabcdef).u8(reserved);
}

}  // namespace shakedown::packet

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The resets that hosts make, and what the verdict on one should be.
// Units:     As in wire.h.
// Ownership: Values.
// Threading: None.
// Limits:    None.
// Failure:   None.
// RFC:       RFC 9293 §3.10.5 (abort), §3.10.7.1 (no connection).
#pragma once

#include "wire.h"

namespace shakedown::path {

/// As Linux aborts: SO_LINGER, close() with bytes unread, a killed process.
inline Segment active_reset() { return {.from = Party::server, .flags = kRstAck, .ack = kHello}; }
/// As Linux answers a segment that belongs to no connection; nftables' `reject with tcp reset` too.
inline Segment reset_of_closed_socket(std::uint32_t seq = 0) {
  return {.from = Party::server, .flags = kRst, .seq = seq, .ip_id = 0, .window = 0, .options = 0};
}

inline void expect_genuine(Wire& wire, PathConfidence at_most = PathConfidence::none) {
  const PathFacts facts = wire.reset_by_server();
  EXPECT_LE(facts.confidence, at_most) << "evidence " << facts.evidence;
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}
inline void expect_forged(Wire& wire, std::uint32_t bits, PathConfidence confidence) {
  const PathFacts facts = wire.reset_by_server();
  EXPECT_EQ(facts.evidence & bits, bits);
  EXPECT_EQ(facts.confidence, confidence) << "evidence " << facts.evidence;
  EXPECT_EQ(wire.record.outcome.by, Party::path);
}

}  // namespace shakedown::path

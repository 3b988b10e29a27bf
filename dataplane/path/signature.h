// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The name that "Global, Passive Detection of Connection Tampering" (SIGCOMM 2023) gives to
//            what a connection that ended like this looks like to its receiver.
// Units:     none
// Ownership: References only.
// Threading: One worker.
// Limits:    none
// Failure:   `none`: the paper has no name for it.
// RFC:       none
//
// The paper stands at a server and sees the resets that a client seems to send. This sensor sees both
// directions, so the names are given to the resets of whoever reset first. The stages follow the
// client: SYN; ACK; its first data up to the first PSH, because a ClientHello with a post-quantum share
// takes two segments; more data. A signature is a shape, and genuine resets have it too.
#pragma once

#include "path/trace.h"

namespace shakedown::path {

/// The signature of a connection that ended before it said anything. `rst` and `rst_ack`: resets of
/// the side that reset first.
struct OpeningEnd {
  bool client_acked = false;  ///< the TCP handshake was completed
  unsigned rst = 0;
  unsigned rst_ack = 0;
};
[[nodiscard]] TamperingSignature signature_of(const OpeningEnd& end) noexcept;

[[nodiscard]] TamperingSignature signature_of(const Trace& trace,
                                              const HandshakeRecord& record) noexcept;

}  // namespace shakedown::path

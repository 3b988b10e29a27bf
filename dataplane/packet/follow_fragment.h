// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   From a piece of an IP packet to the packet that it completes, through as many layers as
//            came in pieces. What a single worker and the distributor of several do alike.
// Units:     UnixNanos.
// Ownership: As Defragmenter's.
// Threading: That of the defragmenter.
// Limits:    One packet for each encapsulation and one within the last. The defragmenter must have
//            room.
// Failure:   DecodeStatus::ip_fragment: the piece completes nothing, whatever the reason.
// RFC:       RFC 791 §3.2, RFC 8200 §4.5.
#pragma once

#include "packet/decode.h"
#include "packet/defragmenter.h"
#include "shakedown/limits.h"

namespace shakedown::packet {

/// `view` is of a piece, and then of what it completed, to which `whole` is set (as
/// LinkType::reassembled). A piece that was absorbed before completes nothing.
[[nodiscard]] inline DecodeStatus follow_fragment(Defragmenter& defragmenter, UnixNanos clock,
                                                  PacketView& view, Bytes& whole) noexcept {
  DecodeStatus status = DecodeStatus::ip_fragment;
  for (unsigned depth = 0; depth <= kTunnelDepthMax; ++depth) {
    if (status != DecodeStatus::ip_fragment || view.fragment.empty()) break;
    const Bytes packet = defragmenter.add(view, clock);
    if (packet.empty()) break;
    whole = packet;
    status = decode(LinkType::reassembled, packet, view);
  }
  return status;
}

}  // namespace shakedown::packet

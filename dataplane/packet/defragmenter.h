// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Puts IP fragments together. Uses the view of a packet that decode() found to be a
//            fragment, of whatever layer; gives back the whole packet, to be decoded again.
// Units:     Bytes; UnixNanos.
// Ownership: The bytes given back belong to the defragmenter until the next forget_whole_packets().
// Threading: One thread.
// Limits:    Pieces kept, bytes given back between two calls of forget_whole_packets(), time that a
//            piece is kept: all fixed at the start.
// Failure:   A piece that cannot be used is counted by reason, and gone.
// RFC:       RFC 791 §3.2, RFC 8200 §4.5, RFC 5722 (no overlaps).
#pragma once

#include "packet/packet_view.h"
#include "shakedown/bytes.h"
#include "shakedown/units.h"

namespace shakedown::packet {

class Defragmenter {
 public:
  Defragmenter() = default;
  Defragmenter(const Defragmenter&) = delete;
  Defragmenter& operator=(const Defragmenter&) = delete;
  virtual ~Defragmenter() = default;

  /// Takes one piece. The whole packet once it is complete, as LinkType::reassembled: what the view
  /// says of tags and tunnels around the piece stands in front of it. Empty: not yet, or never.
  /// `clock` never goes back.
  [[nodiscard]] virtual Bytes add(const PacketView& piece, UnixNanos clock) noexcept = 0;
  /// False: no more whole packets can be given back before forget_whole_packets().
  [[nodiscard]] virtual bool has_room() const noexcept = 0;
  virtual void forget_whole_packets() noexcept = 0;
};

}  // namespace shakedown::packet

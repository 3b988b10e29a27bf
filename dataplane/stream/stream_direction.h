// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Where one direction of a TCP connection stands: the hot state that Reassembler works
//            on.
// Units:     Bytes; positions are sequence numbers.
// Ownership: Part of a connection. It names blocks of the reassembler's pool;
//            Reassembler::release() gives them back, and must be called before the direction is
//            forgotten.
// Threading: One worker.
// Limits:    kHeldSegmentCountMax, kHeldBytesMax.
// Failure:   None of its own.
// RFC:       RFC 9293 §3.4
//
//        delivered        hole          held         hole         held
//   ...............|--------------|############|------------|###########|
//                next                                               highest_end
#pragma once

#include <cstdint>
#include <type_traits>

#include "shakedown/units.h"
#include "stream/segment_pool.h"

namespace shakedown::stream {

struct StreamDirection {
  SeqNum next;         ///< the first byte that was not delivered yet
  SeqNum highest_end;  ///< behind the last byte ever seen; `next` when nothing is missing
  std::uint32_t held_head = kNoBlock;  ///< blocks in order of their numbers, without overlap
  std::uint32_t held_tail = kNoBlock;
  std::uint32_t held_bytes = 0;     ///< including bytes that are known to be cut off
  std::uint32_t dropped_bytes = 0;  ///< ahead of the hole, but not held because the pool was empty
  std::uint32_t delivered_bytes = 0;  ///< saturating
  SeqNum peer_read;  ///< how far the other direction was read; meaningful when it is awaited
  std::uint16_t held_segment_count = 0;

  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] bool given_up() const noexcept { return given_up_; }
  /// Nothing more is wanted from this direction. What it holds goes at the next segment or
  /// release().
  void give_up() noexcept { given_up_ = true; }
  [[nodiscard]] bool holds_segments() const noexcept { return held_head != kNoBlock; }
  /// Bytes are missing, and later ones were seen.
  [[nodiscard]] bool has_hole() const noexcept { return next != highest_end; }

  void mark_started() noexcept { started_ = true; }

  /// Segments wait until the other direction was read as far as their sender had received it.
  [[nodiscard]] bool awaits_peer() const noexcept { return awaits_peer_; }
  void await_peer(SeqNum read) noexcept {
    peer_read = read;
    awaits_peer_ = true;
  }
  void ignore_peer() noexcept { awaits_peer_ = false; }

  /// Its sender has waited in vain, and repeated itself.
  [[nodiscard]] bool repeats() const noexcept { return repeats_; }
  void set_repeats(bool repeats) noexcept { repeats_ = repeats; }

 private:
  bool started_ = false;
  bool given_up_ = false;
  bool awaits_peer_ = false;
  bool repeats_ = false;
};
static_assert(sizeof(StreamDirection) <= 40);
static_assert(std::is_trivially_copyable_v<StreamDirection>);

}  // namespace shakedown::stream

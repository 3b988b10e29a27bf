// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One port, whatever its driver: packets in bursts, and what was lost on the way.
// Units:     Packets.
// Ownership: The buffers that poll() gives belong to the caller.
// Threading: poll() and at_end() on one thread at a time; the losses may be asked for by another
//            one, which then is the only one to ask.
// Limits:    out.size() packets a poll.
// Failure:   A port that can go no further is at its end.
// RFC:       none
#pragma once

#include <cstdint>
#include <span>

struct rte_mbuf;

namespace shakedown::port {

class InputPort {
 public:
  InputPort() = default;
  InputPort(const InputPort&) = delete;
  InputPort& operator=(const InputPort&) = delete;
  virtual ~InputPort() = default;

  /// The next packets, with their `port` field set to the index of this port. None: nothing is
  /// there now, or at_end().
  [[nodiscard]] virtual unsigned poll(std::span<rte_mbuf*> out) noexcept = 0;
  /// Nothing will come any more. Never true of an interface.
  [[nodiscard]] virtual bool at_end() const noexcept = 0;

  /// Packets that the port lost for lack of a buffer since it was opened.
  [[nodiscard]] virtual std::uint64_t no_buffer_count() noexcept = 0;
  /// Packets that came while the port had no room for them.
  [[nodiscard]] virtual std::uint64_t missed_count() noexcept = 0;
};

}  // namespace shakedown::port

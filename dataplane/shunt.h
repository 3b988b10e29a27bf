// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How a worker says which flows need not come any more: a ring of its own to the main
//            thread, which writes them to the filter below the port (XDP, the card's flow rules) in
//            batches and outside the poll loop.
// Units:     Flows.
// Ownership: One ring per worker, made before it; both ends hold references.
// Threading: The worker pushes, the main thread takes.
// Limits:    kShuntRingCapacity flows wait; the main thread comes by every few milliseconds.
// Failure:   A full ring refuses; the flow goes on to cost the worker one probe a packet, and is
//            asked about again when it is decided anew.
// RFC:       none
#pragma once

#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

#include "flow/flow_key.h"

namespace shakedown {

inline constexpr std::size_t kShuntRingCapacity = 16 * 1024;

struct ShuntRequest {
  flow::FlowKey key;
  IpFamily family = IpFamily::none;
  std::uint8_t port_index = 0;  ///< that the packet came through which decided it
  /// The opposite: its endpoints begin something new, and an earlier request may be under way.
  bool is_over = false;
};

class ShuntRing {
 public:
  [[nodiscard]] bool try_push(const ShuntRequest& request) noexcept { return queue_.push(request); }

  /// Takes up to out.size() in the order pushed. Returns how many.
  [[nodiscard]] std::size_t take(std::span<ShuntRequest> out) noexcept {
    return queue_.pop(out.data(), out.size());
  }

 private:
  boost::lockfree::spsc_queue<ShuntRequest, boost::lockfree::capacity<kShuntRingCapacity>> queue_;
};

}  // namespace shakedown

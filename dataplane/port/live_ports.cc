// SPDX-License-Identifier: Apache-2.0
#include "port/live_ports.h"

#include <algorithm>
#include <cassert>

#include "port/rest.h"

namespace shakedown::port {

LivePorts::LivePorts(std::span<InputPort* const> ports, const PacketBuffers& buffers,
                     std::atomic<std::int64_t>& packet_clock, bool busy)
    : buffers_(buffers), packet_clock_(packet_clock), busy_(busy) {
  assert(!ports.empty() && ports.size() <= ports_.size());
  port_count_ = static_cast<unsigned>(ports.size());
  std::copy(ports.begin(), ports.end(), ports_.begin());
  clock_ = wall_.now();
}

unsigned LivePorts::read(std::span<rte_mbuf*> out) noexcept {
  const unsigned count = poll_in_turn(out.first(std::min<std::size_t>(out.size(), kBurstSize)));
  if (count != 0) {
    idle_turns_ = 0;
  } else {
    take_rest(busy_ ? Rest::pause : rest_of_turn(idle_turns_));
    idle_turns_ = next_turn(idle_turns_);
  }
  // After the packets were taken, so that none is stamped before it came; and without packets too,
  // so that timeouts fire on a quiet link.
  clock_ = wall_.now();
  for (rte_mbuf* const packet : out.first(count)) {
    buffers_.set_time(packet, clock_);
    buffers_.set_clock(packet, clock_);
  }
  packet_clock_.store(clock_.value, std::memory_order_relaxed);
  return count;
}

// Whoever fills the burst comes last in the next one: a flooded port does not starve the others.
unsigned LivePorts::poll_in_turn(std::span<rte_mbuf*> out) noexcept {
  unsigned count = 0;
  for (unsigned i = 0; i < port_count_ && count < out.size(); ++i) {
    const unsigned port = (first_ + i) % port_count_;
    count += ports_[port]->poll(out.subspan(count));
    if (count == out.size()) first_ = (port + 1) % port_count_;
  }
  return count;
}

}  // namespace shakedown::port

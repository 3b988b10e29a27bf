// SPDX-License-Identifier: Apache-2.0
#include "port/live_ports.h"

#include <algorithm>
#include <cassert>

#include "port/rest.h"

namespace shakedown::port {

LivePorts::LivePorts(std::span<InputPort* const> ports, const PacketBuffers& buffers,
                     std::atomic<std::int64_t>& packet_clock, bool busy, bool shared)
    : buffers_(buffers), packet_clock_(packet_clock), busy_(busy), shared_(shared) {
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
  const UnixNanos now = wall_.now();
  stamp(out.first(count), now);
  const std::int64_t delay = has_stamps_ ? kStampDelay : 0;
  clock_ = std::max(clock_, UnixNanos{now.value - delay});
  publish_clock();
  return count;
}

void LivePorts::stamp(std::span<rte_mbuf* const> packets, UnixNanos now) noexcept {
  for (rte_mbuf* const packet : packets) {
    if (buffers_.is_stamped(packet)) {
      has_stamps_ = true;
      const UnixNanos earliest{now.value - kStampErrorMax};
      const UnixNanos time = std::clamp(buffers_.time_of(packet), earliest, now);
      buffers_.set_time(packet, time);
      clock_ = std::max(clock_, time);
    } else {
      buffers_.set_time(packet, now);
      clock_ = std::max(clock_, now);
    }
    buffers_.set_clock(packet, clock_);
  }
}

void LivePorts::publish_clock() noexcept {
  if (!shared_) {
    packet_clock_.store(clock_.value, std::memory_order_relaxed);
    return;
  }
  std::int64_t published = packet_clock_.load(std::memory_order_relaxed);
  while (clock_.value >= published + kSharedClockStep &&
         !packet_clock_.compare_exchange_weak(published, clock_.value, std::memory_order_relaxed)) {
  }
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

// SPDX-License-Identifier: Apache-2.0
#include "port/merged_ports.h"

#include <algorithm>
#include <cassert>

namespace shakedown::port {

MergedPorts::MergedPorts(std::span<InputPort* const> ports, const PacketBuffers& buffers,
                         std::atomic<std::int64_t>& packet_clock)
    : buffers_(buffers), packet_clock_(packet_clock) {
  assert(!ports.empty() && ports.size() <= queues_.size());
  queue_count_ = static_cast<unsigned>(ports.size());
  port_burst_ = port_burst_size(queue_count_);
  for (unsigned i = 0; i < queue_count_; ++i) queues_[i].port = ports[i];
  if (queue_count_ == 1) return;
  for (unsigned i = 0; i < queue_count_; ++i) refill(queues_[i]);
}

MergedPorts::~MergedPorts() {
  for (Queue& queue : queues_) {
    rte_pktmbuf_free_bulk(queue.packets.data() + queue.next, queue.end - queue.next);
  }
}

unsigned MergedPorts::read(std::span<rte_mbuf*> out) noexcept {
  const unsigned count = queue_count_ == 1 ? queues_[0].port->poll(out) : read_by_time(out);
  for (unsigned i = 0; i < count; ++i) {
    clock_ = std::max(clock_, buffers_.time_of(out[i]));
    buffers_.set_clock(out[i], clock_);
  }
  ended_ = count == 0;
  packet_clock_.store(clock_.value, std::memory_order_relaxed);
  return count;
}

void MergedPorts::refill(Queue& queue) noexcept {
  queue.next = 0;
  queue.end = queue.port->poll(std::span(queue.packets).first(port_burst_));
  queue.next_time = queue.end == 0 ? kEndOfTime : buffers_.time_of(queue.packets[0]);
}

unsigned MergedPorts::read_by_time(std::span<rte_mbuf*> out) noexcept {
  unsigned count = 0;
  while (count < out.size()) {
    // The earliest queue, and the time until which it stays the earliest.
    unsigned first = 0;
    UnixNanos limit = kEndOfTime;
    unsigned runner_up = 0;
    for (unsigned i = 1; i < queue_count_; ++i) {
      if (queues_[i].next_time < queues_[first].next_time) {
        limit = queues_[first].next_time;
        runner_up = first;
        first = i;
      } else if (queues_[i].next_time < limit) {
        limit = queues_[i].next_time;
        runner_up = i;
      }
    }
    Queue& queue = queues_[first];
    if (queue.next_time == kEndOfTime) break;
    const bool wins_ties = first < runner_up;
    do {
      out[count++] = queue.packets[queue.next++];
      if (queue.next == queue.end) {
        refill(queue);
      } else {
        queue.next_time = buffers_.time_of(queue.packets[queue.next]);
      }
    } while (count < out.size() &&
             (queue.next_time < limit || (wins_ties && queue.next_time == limit)) &&
             queue.next_time != kEndOfTime);
  }
  return count;
}

}  // namespace shakedown::port

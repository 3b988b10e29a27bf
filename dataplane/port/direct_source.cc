// SPDX-License-Identifier: Apache-2.0
#include "port/direct_source.h"

namespace shakedown::port {

DirectSource::~DirectSource() { rte_pktmbuf_free_bulk(pending_.data() + next_, end_ - next_); }

void DirectSource::receive(Burst& burst) noexcept {
  burst.ended = false;
  if (next_ == end_) {
    next_ = 0;
    end_ = strays_ == nullptr || took_strays_ ? 0 : take_strays();
    took_strays_ = end_ != 0;
    if (end_ == 0) {
      const bool stopped = stop_.load(std::memory_order_relaxed);
      end_ = stopped ? 0 : ports_.read(pending_);
      // Once stopped, those that are left come out of here one burst after the other.
      if (end_ == 0 && strays_ != nullptr) end_ = take_strays();
      burst.ended = end_ == 0 && (stopped || ports_.ended());
      if (burst.ended && strays_ != nullptr) strays_->close(worker_);
    }
  }
  burst.clock = ports_.clock();
  next_ += builder_.build(std::span(pending_).subspan(next_, end_ - next_), burst);
}

// They were stamped by the clock of another stream, which may be ahead of ours.
unsigned DirectSource::take_strays() noexcept {
  const unsigned count = strays_->take(worker_, pending_);
  if (count == 0) return 0;
  counters_.add(Counter::packets_taken_over, count);
  const UnixNanos clock = ports_.clock();
  for (rte_mbuf* const packet : std::span(pending_).first(count)) {
    buffers_.set_time(packet, clock);
    buffers_.set_clock(packet, clock);
  }
  return count;
}

void DirectSource::release(Burst& burst) noexcept {
  rte_pktmbuf_free_bulk(reinterpret_cast<rte_mbuf**>(burst.buffers.data()), burst.count);
  burst.count = 0;
}

}  // namespace shakedown::port

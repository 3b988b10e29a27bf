// SPDX-License-Identifier: Apache-2.0
#include "port/direct_source.h"

namespace shakedown::port {

DirectSource::~DirectSource() { rte_pktmbuf_free_bulk(pending_.data() + next_, end_ - next_); }

void DirectSource::receive(Burst& burst) noexcept {
  if (next_ == end_) {
    next_ = 0;
    const bool stopped = stop_.load(std::memory_order_relaxed);
    end_ = stopped ? 0 : ports_.read(pending_);
    burst.ended = end_ == 0 && (stopped || ports_.ended());
  } else {
    burst.ended = false;
  }
  burst.clock = ports_.clock();
  next_ += builder_.build(std::span(pending_).subspan(next_, end_ - next_), burst);
}

void DirectSource::release(Burst& burst) noexcept {
  rte_pktmbuf_free_bulk(reinterpret_cast<rte_mbuf**>(burst.buffers.data()), burst.count);
  burst.count = 0;
}

}  // namespace shakedown::port

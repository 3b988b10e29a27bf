// SPDX-License-Identifier: Apache-2.0
#include "ingest/record_order.h"

#include <algorithm>
#include <tuple>

namespace shakedown::ingest {

bool comes_before(const HandshakeRecord& a, const HandshakeRecord& b) {
  const auto key = [](const HandshakeRecord& r) {
    return std::tie(r.order_time, r.first_seen, r.client_address, r.client_port, r.server_address,
                    r.server_port, r.instance, r.vlan_outer, r.vlan_inner, r.tunnel_id);
  };
  return key(a) < key(b);
}

HandshakeRecord* RecordOrder::reserve(std::size_t count) {
  kept_count_ = pending_.size();
  pending_.resize(kept_count_ + count);
  return pending_.data() + kept_count_;
}

void RecordOrder::keep(std::size_t count) {
  pending_.resize(kept_count_ + count);
  kept_count_ = pending_.size();
}

bool RecordOrder::release_before(UnixNanos watermark, const Sink& sink, const Enough& enough) {
  const auto ready = [watermark](const HandshakeRecord& record) {
    return watermark == kEndOfTime || record.order_time < watermark;
  };
  bool all_released = true;
  order_.clear();
  for (auto& record : pending_) {
    if (ready(record)) order_.push_back(&record);
  }
  if (!order_.empty()) {
    // Equal keys can only be records of one connection tuple, hence of one worker: their order is
    // kept.
    std::stable_sort(order_.begin(), order_.end(),
                     [](const auto* a, const auto* b) { return comes_before(*a, *b); });
    waiting_.clear();
    for (const auto& record : pending_) {
      if (!ready(record)) waiting_.push_back(record);
    }
    std::size_t released = 0;
    while (released < order_.size()) {
      sink(*order_[released++]);
      if (enough && enough()) break;
    }
    all_released = released == order_.size();
    for (; released < order_.size(); ++released) waiting_.push_back(*order_[released]);
    pending_.swap(waiting_);
  }
  if (pending_.size() > pending_count_max_) relieve(sink);
  return all_released;
}

void RecordOrder::relieve(const Sink& sink) {
  const std::size_t count = pending_.size() - pending_count_max_ / 2;
  std::stable_sort(pending_.begin(), pending_.end(), comes_before);
  for (std::size_t i = 0; i < count; ++i) sink(pending_[i]);
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  released_early_count_ += count;
}

}  // namespace shakedown::ingest

// SPDX-License-Identifier: Apache-2.0
#include "upkeep.h"

#include <algorithm>

#include "log.h"

namespace shakedown {

void Upkeep::turn() noexcept {
  pass_shunts_on();
  adopt_log_level();
  if (overload_ == nullptr) return;
  overload_->recover(UnixNanos{segment_.packet_clock.load(std::memory_order_relaxed)});
}

void Upkeep::pass_shunts_on() noexcept {
  std::size_t room = kShuntsPerTurnMax;
  for (const auto& ring : shunts_) {
    for (std::size_t count = requests_.size(); count == requests_.size() && room != 0;) {
      count = ring->take(std::span(requests_).first(std::min(room, requests_.size())));
      room -= count;
      pass_on(std::span(requests_).first(count));
    }
  }
}

// In runs of one kind, so that the last word on a flow is the one that holds.
void Upkeep::pass_on(std::span<const ShuntRequest> requests) noexcept {
  while (!requests.empty()) {
    const bool is_over = requests.front().is_over;
    const auto end = std::ranges::find_if(requests, [is_over](const ShuntRequest& request) {
      return request.is_over != is_over;
    });
    const auto run = requests.first(static_cast<std::size_t>(end - requests.begin()));
    if (is_over) {
      input_.forget(run);
    } else {
      input_.shunt(run);
    }
    requests = requests.subspan(run.size());
  }
}

void Upkeep::adopt_log_level() noexcept {
  const LogLevel asked = segment_.control.log_level.load(std::memory_order_relaxed);
  // Control writes it when it is asked to; until then it stays as it was started.
  if (asked == adopted_) return;
  adopted_ = asked;
  set_log_level(asked);
}

void Upkeep::note_losses() noexcept {
  if (overload_ == nullptr) return;
  std::uint64_t received = 0;
  for (unsigned i = 0; i < segment_.worker_count; ++i) {
    received += worker_area(&segment_, i)->counters.get(Counter::packets_received);
  }
  const CounterBlock& first = worker_area(&segment_, 0)->counters;
  overload_->note_losses(received,
                         first.get(Counter::port_missed) + first.get(Counter::port_no_mbuf));
}

}  // namespace shakedown

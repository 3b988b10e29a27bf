// SPDX-License-Identifier: Apache-2.0
#include "replay.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace shakedown::overload_test {

Replay::Replay(const Population& population, double rate, std::uint64_t seed,
               std::function<void(Offered)> on_begin)
    : population_(population),
      rate_(rate),
      random_(seed),
      on_begin_(std::move(on_begin)),
      numbers_(population.client_count()) {
  schedule_begin();
}

std::int64_t Replay::next_time() const {
  return active_.empty() ? begin_time_ : std::min(begin_time_, active_.top().time);
}

Replay::Next Replay::take() {
  if (active_.empty() || begin_time_ < active_.top().time) return begin_one();
  Active active = active_.top();
  active_.pop();
  const auto& frames = population_.frames_of(active.id, active.script);
  const Next next{active.time, &frames[active.frame], active.id};
  if (++active.frame < frames.size()) {
    active.time = active.begin + static_cast<std::int64_t>(frames[active.frame].time_ns);
    active_.push(active);
  }
  return next;
}

// As independent clients do: the pauses between beginnings are distributed exponentially.
void Replay::schedule_begin() {
  const double uniform = (static_cast<double>(random_.next() >> 11) + 1.0) * 0x1.0p-53;
  begin_time_ += static_cast<std::int64_t>(-std::log(uniform) / rate_ * 1e9);
}

Replay::Next Replay::begin_one() {
  const std::int64_t now = begin_time_;
  const std::uint32_t client = population_.draw_client(random_);
  const ConnectionId id{client, numbers_[client]++};
  assert(id.number < kConnectionCountMax);
  const std::uint8_t script = population_.script_of(id);
  on_begin_({.id = id, .time = now, .script = script});
  const auto& frames = population_.frames_of(id, script);
  if (frames.size() > 1) {
    active_.push({.time = now + static_cast<std::int64_t>(frames[1].time_ns),
                  .begin = now,
                  .id = id,
                  .frame = 1,
                  .script = script});
  }
  schedule_begin();
  return {now, frames.data(), id};
}

}  // namespace shakedown::overload_test

// SPDX-License-Identifier: Apache-2.0
#include "queue_source.h"

#include <time.h>

#include <algorithm>

namespace shakedown::overload_test {

namespace {

/// A look at an empty queue, and how long a worker with nothing to do may rest.
constexpr std::int64_t kEmptyTurnNanos = 1'000;
constexpr std::int64_t kRestNanosMax = 50'000;
/// Several times what a full burst of handshakes takes. What is beyond it the machine took for others:
/// a guest's processor time holds what its host took away.
constexpr std::int64_t kTurnNanosMax = 100'000;

std::int64_t processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * kNanosPerSecond + time.tv_nsec;
}

}  // namespace

QueueSource::QueueSource(Replay& replay, std::size_t queue_size, double slowness)
    : replay_(replay), slowness_(slowness), slots_(queue_size) {}

void QueueSource::let_packets_come() {
  const bool paced = slowness_ > 0;
  while (!paced && end_ - begin_ < kBurstSize && replay_.next_time() != INT64_MAX) {
    now_ = std::max(now_, replay_.next_time());
    const Replay::Next next = replay_.take();
    Slot& slot = slots_[end_++ % slots_.size()];
    slot.size = Population::write_frame(*next.frame, next.id, slot.bytes);
  }
  if (!paced) return;
  while (replay_.next_time() <= now_) {
    const Replay::Next next = replay_.take();
    if (end_ - begin_ == slots_.size()) {
      ++missed_;
      continue;
    }
    Slot& slot = slots_[end_++ % slots_.size()];
    slot.size = Population::write_frame(*next.frame, next.id, slot.bytes);
  }
}

void QueueSource::receive(port::Burst& burst) noexcept {
  let_packets_come();
  burst.count = static_cast<unsigned>(std::min<std::uint64_t>(end_ - begin_, kBurstSize));
  burst.clock = clock();
  burst.ended = false;
  for (unsigned i = 0; i < burst.count; ++i) {
    const Slot& slot = slots_[(begin_ + i) % slots_.size()];
    burst.packets[i] = {.bytes = {slot.bytes, slot.size},
                        .time = burst.clock,
                        .clock = burst.clock,
                        .link_type = packet::LinkType::ethernet};
  }
  received_ += burst.count;
  taken_ = burst.count;
  turn_began_ = processor_time();
}

void QueueSource::release(port::Burst& burst) noexcept {
  begin_ += burst.count;
  burst.count = 0;
}

std::int64_t QueueSource::turn_nanos() const {
  return taken_ == 0 ? 0 : std::min(processor_time() - turn_began_, kTurnNanosMax);
}

void QueueSource::turn_is_over(std::int64_t spent) {
  if (taken_ == 0) {
    now_ += std::clamp(replay_.next_time() - now_, kEmptyTurnNanos, kRestNanosMax);
    return;
  }
  busy_nanos_ += spent;
  now_ += static_cast<std::int64_t>(static_cast<double>(spent) * slowness_);
}

}  // namespace shakedown::overload_test

// SPDX-License-Identifier: Apache-2.0
#include "emit/emitter.h"

#include <sched.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace shakedown::emit {

Emitter::Emitter(const Config& config, WorkerArea& area, const ControlStatus& control,
                 const std::atomic<bool>& stop, Arena& arena)
    : config_(config),
      area_(area),
      control_(control),
      stop_(stop),
      sent_(arena.take<std::uint64_t>(kSentDefinitionCount)),
      message_(arena.take_room<std::uint8_t>(kDefinitionMessageMax)) {}

// A capture has no clock of its own: waiting loses nothing. Live traffic does not wait, so nothing
// may be waited for.
template <class TryPush>
bool Emitter::push_or_wait(TryPush&& try_push) noexcept {
  if (try_push()) return true;
  if (config_.mode == RunMode::live) return false;
  area_.counters.add(Counter::back_pressure_waits);
  while (!stop_.load(std::memory_order_relaxed)) {
    sched_yield();
    if (try_push()) return true;
  }
  return try_push();
}

void Emitter::push(HandshakeRecord& record, UnixNanos order_time) noexcept {
  record.sequence = ++sequence_;
  record.order_time = order_time;
  record.worker_index = config_.worker_index;
  const bool pushed = push_or_wait([&] { return area_.records.try_push(record); });
  area_.counters.add(pushed ? Counter::records_pushed : Counter::records_refused);
}

void Emitter::forget_sent_on_new_reader() noexcept {
  const std::uint32_t generation = control_.generation.load(std::memory_order_relaxed);
  if (generation == reader_generation_) return;
  reader_generation_ = generation;
  std::fill(sent_.begin(), sent_.end(), 0);
}

std::uint64_t Emitter::define(DefinitionKind kind, Bytes body) noexcept {
  if (body.size() > kDefinitionBodyMax) {
    area_.counters.add(Counter::definitions_oversized);
    return 0;
  }
  forget_sent_on_new_reader();
  const std::uint64_t kind_seed = config_.digest_seed + static_cast<std::uint64_t>(kind);
  const std::uint64_t digest = XXH3_64bits_withSeed(body.data(), body.size(), kind_seed);
  const std::uint64_t id = digest == 0 ? 1 : digest;
  std::uint64_t& sent = sent_[id % kSentDefinitionCount];
  if (sent == id) return id;

  DefinitionHeader header;
  header.id = id;
  header.body_size = static_cast<std::uint32_t>(body.size());
  header.kind = kind;
  std::memcpy(message_.data(), &header, sizeof header);
  std::copy(body.begin(), body.end(), message_.begin() + sizeof header);
  const Bytes message = Bytes(message_).first(sizeof header + body.size());
  if (!push_or_wait([&] { return area_.definitions.try_push(message); })) {
    area_.counters.add(Counter::definitions_refused);
    return 0;
  }
  area_.counters.add(Counter::definitions_pushed);
  sent = id;
  return id;
}

void Emitter::publish_watermark(UnixNanos time) noexcept {
  area_.watermark.store(time.value, std::memory_order_release);
}

}  // namespace shakedown::emit

// SPDX-License-Identifier: Apache-2.0
#include "ingest/drain.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace shakedown::ingest {

Drain::Drain(SegmentHeader& segment, DefinitionSink definitions)
    : segment_(segment),
      definitions_(std::move(definitions)),
      taken_counts_(segment.worker_count, 0),
      held_counts_(segment.worker_count, 0) {}

Drain::Turn Drain::take(RecordOrder& order) {
  Turn turn{.record_count = 0, .watermark = kEndOfTime};
  // Watermarks first: whatever a watermark promises to be complete is in the rings when they are
  // read next.
  for (unsigned i = 0; i < segment_.worker_count; ++i) {
    const UnixNanos own{worker_area(&segment_, i)->watermark.load(std::memory_order_acquire)};
    turn.watermark = std::min(turn.watermark, own);
  }
  for (unsigned i = 0; i < segment_.worker_count; ++i) {
    WorkerArea& area = *worker_area(&segment_, i);
    // The fill is read before the definitions are, so that each record's definitions are among
    // them.
    const std::size_t held = held_counts_[i];
    const std::size_t fill = area.records.fill() - held;
    take_definitions(i);
    if (fill == 0) continue;
    const std::size_t count = area.records.look(held, order.reserve(fill), fill);
    order.keep(count);
    taken_counts_[i] += count;
    turn.record_count += count;
    // A worker that reads a capture waits for room, perhaps while another one's watermark waits for
    // it: what waits in order must not hold places there.
    if (segment_.mode == RunMode::live) {
      held_counts_[i] += count;
    } else {
      area.records.give_back(count);
    }
  }
  return turn;
}

void Drain::take_definitions(unsigned worker) {
  worker_area(&segment_, worker)->definitions.take_all(messages_);
  static_cast<void>(for_each_definition(messages_, definitions_));
}

bool Drain::all_empty() const {
  for (unsigned i = 0; i < segment_.worker_count; ++i) {
    if (worker_area(&segment_, i)->records.fill() != held_counts_[i]) return false;
  }
  return true;
}

bool Drain::crowded() const {
  return std::ranges::any_of(held_counts_, [](std::size_t held) { return held >= kCrowdedCount; });
}

void Drain::give_back(const RecordOrder& order) {
  constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
  if (std::ranges::all_of(held_counts_, [](std::size_t held) { return held == 0; })) return;
  first_waiting_.assign(held_counts_.size(), kNone);
  for (const HandshakeRecord& record : order.pending()) {
    if (record.worker_index >= first_waiting_.size()) continue;
    std::uint64_t& first = first_waiting_[record.worker_index];
    first = std::min(first, record.sequence);
  }
  for (unsigned i = 0; i < held_counts_.size(); ++i) give_back(i, first_waiting_[i]);
}

/// Sequences grow in each ring, so that all before the first one that waits is written.
void Drain::give_back(unsigned worker, std::uint64_t first_waiting) {
  RecordRing& ring = worker_area(&segment_, worker)->records;
  std::size_t& held = held_counts_[worker];
  std::size_t written = 0;
  while (written < held && ring.at(written).sequence < first_waiting) ++written;
  std::size_t count = written;
  if (held - written >= kOverfullCount) {
    unsafe_count_ += held - written;
    count = held;
  }
  ring.give_back(count);
  held -= count;
}

}  // namespace shakedown::ingest

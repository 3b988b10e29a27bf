// SPDX-License-Identifier: Apache-2.0
#include "ingest/drain.h"

#include <algorithm>
#include <utility>

namespace shakedown::ingest {

Drain::Drain(SegmentHeader& segment, DefinitionSink definitions)
    : segment_(segment),
      definitions_(std::move(definitions)),
      taken_counts_(segment.worker_count, 0) {}

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
    const std::size_t fill = area.records.fill();
    take_definitions(i);
    if (fill == 0) continue;
    const std::size_t count = area.records.pop(order.reserve(fill), fill);
    order.keep(count);
    taken_counts_[i] += count;
    turn.record_count += count;
  }
  return turn;
}

void Drain::take_definitions(unsigned worker) {
  worker_area(&segment_, worker)->definitions.take_all(messages_);
  static_cast<void>(for_each_definition(messages_, definitions_));
}

bool Drain::all_empty() const {
  for (unsigned i = 0; i < segment_.worker_count; ++i) {
    if (worker_area(&segment_, i)->records.fill() != 0) return false;
  }
  return true;
}

}  // namespace shakedown::ingest

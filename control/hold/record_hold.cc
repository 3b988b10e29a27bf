// SPDX-License-Identifier: Apache-2.0
#include "hold/record_hold.h"

#include <algorithm>

namespace shakedown::hold {

RecordHold::RecordHold(HeldRing* shared, std::int64_t wait_nanos)
    : own_(shared == nullptr ? std::make_unique_for_overwrite<HeldRing>() : nullptr),
      ring_(shared == nullptr ? own_.get() : shared),
      inherited_count_(ring_->fill()) {
  set_wait(wait_nanos);
  inherited_.reserve(inherited_count_);
  look([this](const HandshakeRecord& record) { inherited_.push_back(identity_of(record)); });
  std::ranges::sort(inherited_);
}

RecordHold::Push RecordHold::push(const HandshakeRecord& record, const Sink& early) {
  // Asked of those that wait, and not of the ring: how many of the others lie in it depends on when
  // they were committed.
  if (waiting() == kHeldRecordCountMax) {
    for (std::size_t i = 0; i < kEarlyReleaseCount; ++i) release_oldest(early);
    released_early_count_ += kEarlyReleaseCount;
  }
  return ring_->try_push(record) ? Push::held : Push::must_commit;
}

void RecordHold::release_before(UnixNanos now, const Sink& sink) {
  while (waiting() != 0 && waited_enough(ring_->at(released_count_), now)) release_oldest(sink);
}

void RecordHold::commit() {
  ring_->give_back(released_count_);
  released_count_ = 0;
}

void RecordHold::look(const Sink& sink) const {
  const std::size_t count = ring_->fill();
  for (std::size_t i = released_count_; i < count; ++i) sink(ring_->at(i));
}

bool RecordHold::was_inherited(const HandshakeRecord& record) const {
  return !inherited_.empty() && std::ranges::binary_search(inherited_, identity_of(record));
}

void RecordHold::set_wait(std::int64_t nanos) { wait_nanos_ = std::max<std::int64_t>(nanos, 0); }

RecordHold::Identity RecordHold::identity_of(const HandshakeRecord& record) {
  return {record.sequence, record.first_seen, record.worker_index};
}

bool RecordHold::waited_enough(const HandshakeRecord& record, UnixNanos now) const {
  if (now == kEndOfTime) return true;
  const bool over = add_saturating(record.order_time, wait_nanos_) <= now;
  const bool clock_was_set_back = add_saturating(now, wait_nanos_) < record.order_time;
  return over || clock_was_set_back;
}

void RecordHold::release_oldest(const Sink& sink) {
  // It counts as released only when the sink has seen it; until commit() it stays where it is.
  sink(ring_->at(released_count_));
  ++released_count_;
  if (inherited_count_ != 0) --inherited_count_;
}

}  // namespace shakedown::hold

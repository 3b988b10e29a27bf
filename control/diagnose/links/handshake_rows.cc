// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/handshake_rows.h"

#include <algorithm>

namespace shakedown::diagnose {

namespace {

std::size_t bounded(std::size_t capacity) {
  return std::clamp<std::size_t>(capacity, kRowMax, 0xffff'ffff);
}

}  // namespace

HandshakeRows::HandshakeRows(std::size_t capacity) : capacity_(bounded(capacity)) {
  ring_.reserve(capacity_);
}

HandshakeRow HandshakeRows::row(std::uint64_t client, const RowPlaces& places,
                                const RowHead& head) const {
  // All at once: each is somewhere else in memory.
  for (std::size_t i = 0; i < head.count; ++i) __builtin_prefetch(&ring_[places[i]]);
  HandshakeRow row;
  std::uint64_t newer = added_count_ + 1;
  for (std::size_t i = 1; i <= head.count; ++i) {
    const PastHandshake& handshake = ring_[places[(head.next + kRowMax - i) % kRowMax]];
    // A place that the ring has given to the same client again belongs to the later one.
    if (handshake.client != client || handshake.serial >= newer) continue;
    newer = handshake.serial;
    row.handshakes[row.count++] = &handshake;
  }
  return row;
}

std::uint32_t HandshakeRows::next_place() {
  const std::size_t place = cursor_;
  if (place == ring_.size()) ring_.emplace_back();
  cursor_ = cursor_ + 1 == capacity_ ? 0 : cursor_ + 1;
  return static_cast<std::uint32_t>(place);
}

PastHandshake& HandshakeRows::add(std::uint64_t client, RowPlaces& places, RowHead& head) {
  std::uint32_t& place = places[head.next];
  const bool own = head.count == kRowMax && ring_[place].client == client;
  if (!own) place = next_place();
  PastHandshake& handshake = ring_[place];
  handshake.serial = ++added_count_;
  handshake.client = client;
  head.next = static_cast<std::uint8_t>((head.next + 1u) % kRowMax);
  if (head.count < kRowMax) ++head.count;
  return handshake;
}

std::size_t HandshakeRows::memory_max(std::size_t capacity) {
  return bounded(capacity) * sizeof(PastHandshake);
}

}  // namespace shakedown::diagnose

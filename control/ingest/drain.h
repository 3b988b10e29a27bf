// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One turn over the rings of all workers: definitions to their store, records to
//            RecordOrder. Of a live segment, records stay in their ring until they are given back,
//            so that a control that is killed leaves to its successor what it had not written.
// Units:     Records.
// Ownership: The segment is the caller's and outlives the Drain; what is taken is copied.
// Threading: The one control thread.
// Limits:    At most one ring's capacity of records per worker and turn. kCrowdedCount records that
//            were taken and not given back are reason to write; from kOverfullCount on they are
//            given back as they are, because a full ring would refuse new ones.
// Failure:   none; either side may die at any moment and leaves whole definitions.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "ingest/record_order.h"
#include "shakedown/shm_layout.h"

namespace shakedown::ingest {

inline constexpr std::size_t kCrowdedCount = kRecordRingCapacity / 4;
inline constexpr std::size_t kOverfullCount = kRecordRingCapacity / 2;

class Drain {
 public:
  using DefinitionSink = std::function<void(const DefinitionHeader&, Bytes)>;

  Drain(SegmentHeader& segment, DefinitionSink definitions);

  struct Turn {
    std::size_t record_count = 0;
    UnixNanos watermark;  ///< no record with an earlier order_time will follow, from any worker
  };
  /// Takes what is there. Sets the watermark to the smallest that was valid before the first record
  /// was taken.
  [[nodiscard]] Turn take(RecordOrder& order);

  /// Nothing is left to take.
  [[nodiscard]] bool all_empty() const;

  /// Whatever was released by `order` is written: its places in the rings are free.
  void give_back(const RecordOrder& order);
  /// A ring holds so many records for us that it is time to write and to give_back().
  [[nodiscard]] bool crowded() const;
  /// Records that were given back while they still waited for their turn in the order.
  [[nodiscard]] std::uint64_t unsafe_count() const { return unsafe_count_; }

  [[nodiscard]] std::uint64_t taken_count(unsigned worker) const { return taken_counts_[worker]; }

 private:
  void take_definitions(unsigned worker);
  void give_back(unsigned worker, std::uint64_t first_waiting);

  SegmentHeader& segment_;
  DefinitionSink definitions_;
  std::vector<std::uint64_t> taken_counts_;
  std::vector<std::size_t> held_counts_;      ///< per worker: taken and not given back
  std::vector<std::uint64_t> first_waiting_;  ///< reused by give_back()
  std::uint64_t unsafe_count_ = 0;
  std::vector<std::uint8_t> messages_;
};

}  // namespace shakedown::ingest

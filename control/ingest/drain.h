// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One turn over the rings of all workers: definitions to their store, records to
//            RecordOrder.
// Units:     Records.
// Ownership: The segment is the caller's and outlives the Drain; what is taken is copied.
// Threading: The one control thread.
// Limits:    At most one ring's capacity of records per worker and turn.
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

  [[nodiscard]] bool all_empty() const;
  [[nodiscard]] std::uint64_t taken_count(unsigned worker) const { return taken_counts_[worker]; }

 private:
  void take_definitions(unsigned worker);

  SegmentHeader& segment_;
  DefinitionSink definitions_;
  std::vector<std::uint64_t> taken_counts_;
  std::vector<std::uint8_t> messages_;
};

}  // namespace shakedown::ingest

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Puts the records of all workers into one order that does not depend on how many
//            workers there are: by the time of the decision, then by what identifies the
//            connection.
// Units:     UnixNanos; records.
// Ownership: Copies of records, until they are released.
// Threading: One thread.
// Limits:    pending_count_max records wait at once. Beyond it the earliest are released although
//            an earlier one may still come; that is counted.
// Failure:   none
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "shakedown/handshake_record.h"

namespace shakedown::ingest {

/// 128 MiB. Reached only when one worker's clock stands still while others go on.
inline constexpr std::size_t kPendingRecordCountMax = 262'144;

/// The total order of the output. No field of it depends on the worker.
[[nodiscard]] bool comes_before(const HandshakeRecord& a, const HandshakeRecord& b);

class RecordOrder {
 public:
  explicit RecordOrder(std::size_t pending_count_max = kPendingRecordCountMax)
      : pending_count_max_(pending_count_max) {}

  /// Room for `count` more records, to be filled by the caller and then kept with keep().
  [[nodiscard]] HandshakeRecord* reserve(std::size_t count);
  /// Keeps the first `count` records of what reserve() gave.
  void keep(std::size_t count);

  using Sink = std::function<void(HandshakeRecord&)>;
  /// Asked after each record: whether the others are to wait for the next call.
  using Enough = std::function<bool()>;
  /// Hands on, in order, every record decided before `watermark`. At kEndOfTime all of them. False
  /// when it was `enough` before the end; none: it never is.
  bool release_before(UnixNanos watermark, const Sink& sink, const Enough& enough = {});

  [[nodiscard]] std::size_t pending_count() const { return pending_.size(); }
  /// What was kept and not released, in no order.
  [[nodiscard]] std::span<const HandshakeRecord> pending() const { return pending_; }
  /// Records that were released before it was certain that no earlier one follows.
  [[nodiscard]] std::uint64_t released_early_count() const { return released_early_count_; }

 private:
  void relieve(const Sink& sink);

  std::size_t pending_count_max_;
  std::vector<HandshakeRecord> pending_;
  std::size_t kept_count_ = 0;
  std::vector<HandshakeRecord> waiting_;  ///< reused by release_before()
  std::vector<HandshakeRecord*> order_;   ///< reused by release_before()
  std::uint64_t released_early_count_ = 0;
};

}  // namespace shakedown::ingest

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Runs frames through a real Worker and gives back the records, definitions and counters
//            it produced.
// Units:     Nanoseconds.
// Ownership: Owns all memory of the worker.
// Threading: One thread; it drains the rings itself.
// Limits:    none
// Failure:   conservation_error() names the first sum that does not agree.
// RFC:       none
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shakedown/shm_layout.h"
#include "tcp_conversation.h"
#include "worker.h"

namespace shakedown::test_harness {

/// The tools of a worker that is alone: no defragmenter, nobody to tell what need not come.
[[nodiscard]] Worker::Tools plain_tools();

/// A small worker, so that a test may make hundreds of them.
[[nodiscard]] WorkerConfig small_config();

class WorkerHarness {
 public:
  explicit WorkerHarness(const WorkerConfig& config = small_config());
  /// With tools of the test's own; see plain_tools().
  WorkerHarness(const WorkerConfig& config, const Worker::Tools& tools);

  /// Follows the frames in bursts of `burst_size` and drains the rings after each.
  void feed(const test_support::Frames& frames, std::size_t burst_size = 32);
  void feed_packet(Bytes bytes, std::uint64_t time_ns,
                   packet::LinkType link_type = packet::LinkType::ethernet);
  void finish();

  /// What control writes, and what the worker answers with the next burst.
  [[nodiscard]] ControlStatus& control() { return control_; }
  [[nodiscard]] const InspectionAnswer& answer() const { return area_->answer; }

  [[nodiscard]] const std::vector<HandshakeRecord>& records() const { return records_; }
  [[nodiscard]] const std::map<std::uint64_t, std::vector<std::uint8_t>>& definitions() const {
    return definitions_;
  }
  [[nodiscard]] std::uint64_t counter(Counter counter) const {
    return area_->counters.get(counter);
  }
  /// Empty when every packet, embryo and handshake has exactly one fate, and no record came before
  /// its watermark.
  [[nodiscard]] std::string conservation_error() const;

 private:
  void drain();

  std::unique_ptr<std::byte[]> memory_;
  std::unique_ptr<WorkerArea> area_;
  ControlStatus control_;
  std::atomic<bool> stop_{false};
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<Worker> worker_;
  std::vector<HandshakeRecord> records_;
  std::map<std::uint64_t, std::vector<std::uint8_t>> definitions_;
  UnixNanos clock_;
  bool intact_ = true;
  UnixNanos watermark_;  ///< as it was at the last drain
  std::uint64_t late_record_count_ = 0;
};

/// `alert_after_client_hello` and the like, as users see it.
[[nodiscard]] std::string outcome_text(const HandshakeRecord& record);
[[nodiscard]] std::string party_text(Party party);
[[nodiscard]] std::string history_text(const HandshakeRecord& record);
[[nodiscard]] std::string server_name_text(const HandshakeRecord& record);

/// Runs frames through a fresh worker to the end.
[[nodiscard]] std::vector<HandshakeRecord> records_of(const test_support::Frames& frames);

}  // namespace shakedown::test_harness

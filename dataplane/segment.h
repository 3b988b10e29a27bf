// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The data plane's side of the shared segment: creates it, describes the run in it,
//            moves its state.
// Units:     Bytes, UnixNanos.
// Ownership: Owns the memfd and the mapping; both go with it. What control maps stays valid for
//            control.
// Threading: create() and the setters are for the main thread. Workers use their WorkerArea alone,
//            and the one thread that reads the ports may store the packet clock and the port
//            counters.
// Limits:    kWorkerCountMax, kPortCountMax. The memfd is sealed against shrinking and growing, so
//            that no one who holds it can make the other side fault.
// Failure:   create() returns the sentence to print. State changes cannot fail; a second end state
//            is ignored.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shakedown/shm_layout.h"

namespace shakedown {

/// What the header tells of the run.
struct SegmentConfig {
  unsigned worker_count = 1;
  RunMode mode = RunMode::capture;
  std::uint64_t memory_budget_bytes = 0;
};

class Segment {
 public:
  Segment() = default;
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  /// Empty on success, else one sentence without the program's name.
  [[nodiscard]] std::string create(const SegmentConfig& config);

  /// Adds a port; only while the state is `starting`. `name` is cut to what its field holds.
  void describe_port(std::string_view name, std::uint64_t size_bytes, std::uint32_t link_type);

  /// From `starting` to `running`: from here on control may attach.
  void publish_running() noexcept;
  /// To one of the end states. `error` is kept for `failed`. Only the first call counts.
  void publish_end(DataplaneState state, std::string_view error = {}) noexcept;
  void beat() noexcept;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] SegmentHeader& header() const { return *header_; }
  [[nodiscard]] WorkerArea& worker(unsigned index) const { return *worker_area(header_, index); }

 private:
  int descriptor_ = -1;
  std::size_t size_ = 0;
  SegmentHeader* header_ = nullptr;
};

/// The wall clock.
[[nodiscard]] UnixNanos wall_clock() noexcept;

}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One live worker with its part of the shared segment, and the thread beside it that looks
//            at its counters as control does, at any moment.
// Units:     none
// Ownership: Owns all memory of the worker.
// Threading: The worker and its records belong to the caller's thread.
// Limits:    none
// Failure:   broken_law() names the first sum that did not agree.
// RFC:       none
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "arena.h"
#include "overload/controller.h"
#include "shakedown/shm_layout.h"
#include "worker.h"

namespace shakedown::overload_test {

class Sensor {
 public:
  explicit Sensor(bool sheds);
  ~Sensor();
  Sensor(const Sensor&) = delete;
  Sensor& operator=(const Sensor&) = delete;

  [[nodiscard]] Worker& worker() { return *worker_; }
  [[nodiscard]] overload::Controller& controller() { return controller_; }
  [[nodiscard]] const OverloadStatus& status() const { return status_; }
  /// As far as can be: one client in 256 is always kept.
  void keep_nobody();
  [[nodiscard]] std::uint64_t seed() const { return config_.seed; }
  [[nodiscard]] std::uint64_t count(Counter counter) const { return area_->counters.get(counter); }
  [[nodiscard]] std::uint64_t snapshot_count() const { return snapshot_count_.load(); }

  /// Hands every record that waits to `use(const HandshakeRecord&)`.
  template <class Use>
  void drain(Use&& use) {
    while (area_->records.pop(&record_, 1) == 1) use(record_);
    area_->definitions.take_all(messages_);
  }

  /// While the worker is at rest.
  [[nodiscard]] std::string broken_law() const;
  /// Of the thread that looks while the worker works. It ends here.
  [[nodiscard]] std::string broken_law_in_passing();

 private:
  void look_in_passing();

  WorkerConfig config_;
  std::unique_ptr<WorkerArea> area_;
  OverloadStatus status_;
  overload::Controller controller_{status_};
  ControlStatus control_;
  std::atomic<bool> stop_{false};
  std::unique_ptr<std::byte[]> memory_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<Worker> worker_;
  HandshakeRecord record_;
  std::vector<std::uint8_t> messages_;
  std::atomic<bool> watcher_stop_{false};
  std::atomic<std::uint64_t> snapshot_count_{0};
  std::string watcher_found_;
  std::thread watcher_;
};

}  // namespace shakedown::overload_test

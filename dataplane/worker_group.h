// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The workers of a process with their memory and their sources: takes all of it at
//            start, and runs each on an lcore of its own.
// Units:     Bytes.
// Ownership: Owns the workers, their arenas and the distributor. Uses ports, buffers and segment of
//            others, which must outlive it.
// Threading: create() and launch() on the main thread. The flags may be set at any time.
// Limits:    kWorkerCountMax.
// Failure:   create() returns a sentence.
// RFC:       none
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "budget.h"
#include "packet/fragment_table.h"
#include "port/direct_source.h"
#include "port/distributor.h"
#include "port/eal.h"
#include "port/packet_stream.h"
#include "segment.h"
#include "worker.h"

namespace shakedown {

struct StopFlags {
  std::atomic<bool> stop_reading{false};    ///< hand on what is known, and end
  std::atomic<bool> refuse_records{false};  ///< nobody makes room in the rings: do not wait for it
};

class WorkerGroup {
 public:
  WorkerGroup() = default;
  ~WorkerGroup();
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;

  [[nodiscard]] std::string create(const WorkerConfig& config, unsigned worker_count,
                                   port::PacketStream& ports, const port::PacketBuffers& buffers,
                                   const port::LinkTypes& link_types, Segment& segment,
                                   const StopFlags& flags);

  /// False when an lcore does not take its work.
  [[nodiscard]] bool launch(port::Eal& eal);
  /// Becomes readable when the last thread has finished.
  [[nodiscard]] int finished_descriptor() const { return finished_; }
  [[nodiscard]] bool finished() const { return running_.load(std::memory_order_acquire) == 0; }

  /// Lcores that the workers and, with several of them, the distributor need.
  [[nodiscard]] static constexpr unsigned lcore_count(unsigned worker_count) {
    return worker_count == 1 ? 1 : worker_count + 1;
  }
  /// What create() takes outside DPDK.
  static void add_to(MemoryBudget& budget, const WorkerConfig& config, unsigned worker_count);

 private:
  /// Memory straight from the kernel, in huge pages where it likes to.
  struct Block {
    std::byte* begin = nullptr;
    std::size_t size = 0;
  };

  [[nodiscard]] static std::size_t arena_bytes(const WorkerConfig& config);
  void run_and_report(const std::function<void()>& body);

  service::Database services_;
  /// Of the only worker, or else of the distributor, which then sees all pieces of a packet.
  std::unique_ptr<packet::FragmentTable> fragments_;
  std::vector<Block> blocks_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<port::DirectSource> direct_;
  std::unique_ptr<port::Distributor> distributor_;
  std::vector<std::function<void()>> bodies_;
  std::atomic<unsigned> running_{0};
  int finished_ = -1;
};

}  // namespace shakedown

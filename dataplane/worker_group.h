// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The workers of a process with their memory and their sources: takes all of it at
//            start, and runs each on an lcore of its own.
// Units:     Bytes.
// Ownership: Owns the workers, their arenas, what they share, and the distributor. Uses input,
//            buffers and segment of others, which must outlive it.
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
#include "flow/owner_table.h"
#include "input.h"
#include "packet/fragment_table.h"
#include "port/direct_source.h"
#include "port/distributor.h"
#include "port/eal.h"
#include "port/stray_rings.h"
#include "segment.h"
#include "shunt.h"
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

  /// `input` is open. `overload`: null where nobody is ever left out.
  [[nodiscard]] std::string create(const WorkerConfig& config, unsigned worker_count, Input& input,
                                   const port::PacketBuffers& buffers, Segment& segment,
                                   const StopFlags& flags, overload::Controller* overload);

  /// One for each worker, for the main thread to take from; none when no port can be told.
  [[nodiscard]] std::span<const std::unique_ptr<ShuntRing>> shunt_rings() const {
    return shunt_rings_;
  }

  /// False when an lcore does not take its work.
  [[nodiscard]] bool launch(port::Eal& eal);
  /// Becomes readable when the last thread has finished.
  [[nodiscard]] int finished_descriptor() const { return finished_; }
  [[nodiscard]] bool finished() const { return running_.load(std::memory_order_acquire) == 0; }

  /// Lcores that the workers and, with several of them, the distributor need.
  [[nodiscard]] static constexpr unsigned lcore_count(unsigned worker_count) {
    return worker_count == 1 ? 1 : worker_count + 1;
  }
  /// What create() takes at most, as far as it is known before `input` is open.
  static void add_to(MemoryBudget& budget, const WorkerConfig& config, unsigned worker_count,
                     const Input& input);
  /// The share of it that lies in DPDK's memory.
  [[nodiscard]] static std::size_t dpdk_bytes(unsigned worker_count, const Input& input);

 private:
  /// Memory straight from the kernel, in huge pages where it likes to.
  struct Block {
    std::byte* begin = nullptr;
    std::size_t size = 0;
  };

  [[nodiscard]] static std::size_t arena_bytes(const WorkerConfig& config);
  /// Tables for pieces of packets: where several workers read, the pieces of one packet all come to
  /// one of them.
  [[nodiscard]] static unsigned fragment_table_count(unsigned worker_count, const Input& input) {
    return input.ways().queues ? worker_count : 1;
  }
  [[nodiscard]] std::string make_shared_things(const WorkerConfig& config, unsigned worker_count,
                                               Input& input, const port::PacketBuffers& buffers,
                                               Segment& segment);
  [[nodiscard]] std::string make_worker(const WorkerConfig& config, unsigned index,
                                        Segment& segment, const StopFlags& flags);
  [[nodiscard]] std::string make_sources(Input& input, const port::PacketBuffers& buffers,
                                         Segment& segment, const StopFlags& flags);
  [[nodiscard]] Worker::Tools tools_of(unsigned index) const;
  void run_and_report(const std::function<void()>& body);

  service::Database services_;
  overload::Controller* overload_ = nullptr;
  Distribution distribution_ = Distribution::single;
  /// One for each worker, or else one of the distributor, which then sees all pieces of a packet.
  std::vector<std::unique_ptr<packet::FragmentTable>> fragments_;
  // Between workers that read queues of their own.
  std::unique_ptr<flow::OwnerTable> owners_;
  std::unique_ptr<port::StrayRings> strays_;
  std::vector<std::unique_ptr<ShuntRing>> shunt_rings_;
  std::vector<Block> blocks_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<port::DirectSource>> direct_;  ///< none with a distributor
  std::unique_ptr<port::Distributor> distributor_;
  std::vector<std::function<void()>> bodies_;
  std::atomic<unsigned> running_{0};
  int finished_ = -1;
};

}  // namespace shakedown

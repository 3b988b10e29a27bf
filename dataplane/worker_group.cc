// SPDX-License-Identifier: Apache-2.0
#include "worker_group.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "arena.h"

namespace shakedown {

WorkerGroup::~WorkerGroup() {
  workers_.clear();
  for (const Block& block : blocks_) munmap(block.begin, block.size);
  if (finished_ >= 0) close(finished_);
}

std::size_t WorkerGroup::arena_bytes(const WorkerConfig& config) {
  std::size_t sum = 0;
  for (const Worker::BudgetLine& line : Worker::budget(config)) sum += line.bytes;
  return sum;
}

void WorkerGroup::add_to(MemoryBudget& budget, const WorkerConfig& config, unsigned worker_count) {
  for (const Worker::BudgetLine& line : Worker::budget(config)) {
    budget.add(line.what, line.count, line.bytes, worker_count);
  }
  budget.add("recognition of services", 1, service::Database::budget_bytes(), 1);
  if (worker_count > 1) {
    budget.add("whole packets at hand-out", 1, port::Distributor::scratch_bytes());
  }
  budget.add("long packets in one piece", port::kLongPacketCount,
             port::BurstBuilder::scratch_bytes(), worker_count);
}

std::string WorkerGroup::create(const WorkerConfig& config, unsigned worker_count,
                                port::PacketStream& ports, const port::PacketBuffers& buffers,
                                const port::LinkTypes& link_types, Segment& segment,
                                const StopFlags& flags) {
  if (std::string error = services_.create(); !error.empty()) return error;
  fragments_ =
      std::make_unique<packet::FragmentTable>(segment.worker(0).counters, config.seed);
  if (const std::string_view error = fragments_->create(); !error.empty()) {
    return std::string(error);
  }
  packet::Defragmenter* const worker_fragments = worker_count == 1 ? fragments_.get() : nullptr;
  finished_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (finished_ < 0) return std::string("no event descriptor can be made: ") + std::strerror(errno);
  const std::size_t size = arena_bytes(config);
  std::vector<CounterBlock*> counters;
  for (unsigned i = 0; i < worker_count; ++i) {
    void* const memory =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      return std::string("the memory of the workers cannot be taken: ") + std::strerror(errno);
    }
    blocks_.push_back({static_cast<std::byte*>(memory), size});
    madvise(memory, size, MADV_HUGEPAGE);
    Arena arena({blocks_.back().begin, size});
    WorkerConfig own = config;
    own.worker_index = static_cast<std::uint8_t>(i);
    workers_.push_back(std::make_unique<Worker>(own, segment.worker(i), segment.header().control,
                                                flags.refuse_records, arena,
                                                Worker::Tools{services_, worker_fragments}));
    counters.push_back(&segment.worker(i).counters);
  }

  if (worker_count == 1) {
    direct_ = std::make_unique<port::DirectSource>(ports, buffers, link_types, *counters[0],
                                                   flags.stop_reading);
  } else {
    distributor_ =
        std::make_unique<port::Distributor>(ports, buffers, link_types, flags.stop_reading,
                                            fragments_.get());
    if (std::string error = distributor_->create(counters); !error.empty()) return error;
  }
  for (unsigned i = 0; i < worker_count; ++i) {
    Worker* const worker = workers_[i].get();
    port::Source* const source = direct_ ? direct_.get() : &distributor_->source(i);
    bodies_.emplace_back([this, worker, source] {
      run_and_report([worker, source] {
        while (worker->run_once(*source)) {
        }
        worker->finish();
      });
    });
  }
  if (distributor_) {
    bodies_.emplace_back([this] { run_and_report([this] { distributor_->run(); }); });
  }
  return {};
}

bool WorkerGroup::launch(port::Eal& eal) {
  running_.store(static_cast<unsigned>(bodies_.size()), std::memory_order_release);
  for (unsigned i = 0; i < bodies_.size(); ++i) {
    if (!eal.launch(i, bodies_[i])) return false;
  }
  return true;
}

void WorkerGroup::run_and_report(const std::function<void()>& body) {
  body();
  if (running_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const std::uint64_t one = 1;
  // Cannot fail: the counter of an eventfd holds more than one.
  [[maybe_unused]] const ssize_t written = write(finished_, &one, sizeof one);
}

}  // namespace shakedown

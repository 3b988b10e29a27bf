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

void WorkerGroup::add_to(MemoryBudget& budget, const WorkerConfig& config, unsigned worker_count,
                         const Input& input) {
  for (const Worker::BudgetLine& line : Worker::budget(config)) {
    budget.add(line.what, line.count, line.bytes, worker_count);
  }
  budget.add("recognition of services", 1, service::Database::budget_bytes(), 1);
  const Ways ways = input.ways();
  if (ways.distributor) {
    budget.add("whole packets at hand-out", 1, port::Distributor::scratch_bytes());
    budget.add("rings between workers", worker_count, port::Distributor::ring_bytes(worker_count));
  }
  if (ways.queues) {
    budget.add("who saw a connection open", flow::kOwnerSlotCount,
               flow::OwnerTable::budget_bytes());
    budget.add("rings for strayed packets", worker_count,
               port::StrayRings::ring_bytes(worker_count));
  }
  if (input.may_shunt()) {
    budget.add("decided flows for the filter", kShuntRingCapacity, sizeof(ShuntRing), worker_count);
  }
  budget.add("pieces of packets", packet::FragmentTable::kBufferCount,
             packet::FragmentTable::bytes_needed(), fragment_table_count(worker_count, input));
  budget.add("long packets in one piece", port::kLongPacketCount,
             port::BurstBuilder::scratch_bytes(), worker_count);
}

std::size_t WorkerGroup::dpdk_bytes(unsigned worker_count, const Input& input) {
  const Ways ways = input.ways();
  std::size_t sum =
      fragment_table_count(worker_count, input) * packet::FragmentTable::bytes_needed();
  if (ways.distributor) sum += port::Distributor::ring_bytes(worker_count);
  if (ways.queues) sum += port::StrayRings::ring_bytes(worker_count);
  return sum;
}

std::string WorkerGroup::create(const WorkerConfig& config, unsigned worker_count, Input& input,
                                const port::PacketBuffers& buffers, Segment& segment,
                                const StopFlags& flags, overload::Controller* overload) {
  distribution_ = input.distribution();
  overload_ = overload;
  finished_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (finished_ < 0) return std::string("no event descriptor can be made: ") + std::strerror(errno);
  std::string error = make_shared_things(config, worker_count, input, buffers, segment);
  for (unsigned i = 0; i < worker_count && error.empty(); ++i) {
    error = make_worker(config, i, segment, flags);
  }
  if (error.empty()) error = make_sources(input, buffers, segment, flags);
  return error;
}

std::string WorkerGroup::make_shared_things(const WorkerConfig& config, unsigned worker_count,
                                            Input& input, const port::PacketBuffers& buffers,
                                            Segment& segment) {
  if (std::string error = services_.create(); !error.empty()) return error;
  const bool is_queues = distribution_ == Distribution::queues;
  for (unsigned i = 0; i < (is_queues ? worker_count : 1); ++i) {
    fragments_.push_back(
        std::make_unique<packet::FragmentTable>(segment.worker(i).counters, config.seed));
    const std::string_view error = fragments_.back()->create(i);
    if (!error.empty()) return std::string(error);
  }
  if (input.may_shunt()) {
    for (unsigned i = 0; i < worker_count; ++i) {
      shunt_rings_.push_back(std::make_unique<ShuntRing>());
    }
  }
  if (!is_queues) return {};
  owners_ = std::make_unique<flow::OwnerTable>();
  strays_ = std::make_unique<port::StrayRings>(buffers);
  return strays_->create(worker_count);
}

Worker::Tools WorkerGroup::tools_of(unsigned index) const {
  Worker::Tools tools{services_};
  if (distribution_ != Distribution::distributor) tools.defragmenter = fragments_[index].get();
  tools.overload = overload_;
  if (!shunt_rings_.empty()) tools.shunts = shunt_rings_[index].get();
  tools.owners = owners_.get();
  tools.strays = strays_.get();
  return tools;
}

std::string WorkerGroup::make_worker(const WorkerConfig& config, unsigned index, Segment& segment,
                                     const StopFlags& flags) {
  const std::size_t size = arena_bytes(config);
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return std::string("the memory of the workers cannot be taken: ") + std::strerror(errno);
  }
  blocks_.push_back({static_cast<std::byte*>(memory), size});
  madvise(memory, size, MADV_HUGEPAGE);
  Arena arena({blocks_.back().begin, size});
  WorkerConfig own = config;
  own.worker_index = static_cast<std::uint8_t>(index);
  workers_.push_back(std::make_unique<Worker>(own, segment.worker(index), segment.header().control,
                                              flags.refuse_records, arena, tools_of(index)));
  return {};
}

std::string WorkerGroup::make_sources(Input& input, const port::PacketBuffers& buffers,
                                      Segment& segment, const StopFlags& flags) {
  const auto worker_count = static_cast<unsigned>(workers_.size());
  std::vector<CounterBlock*> counters;
  for (unsigned i = 0; i < worker_count; ++i) counters.push_back(&segment.worker(i).counters);
  if (distribution_ == Distribution::distributor) {
    distributor_ = std::make_unique<port::Distributor>(
        input.stream(), buffers, input.link_types(), flags.stop_reading, fragments_.front().get());
    if (std::string error = distributor_->create(counters); !error.empty()) return error;
  }
  for (unsigned i = 0; i < worker_count; ++i) {
    if (!distributor_) {
      direct_.push_back(std::make_unique<port::DirectSource>(
          input.worker_stream(i), buffers, input.link_types(), *counters[i], flags.stop_reading));
      if (strays_) direct_.back()->share(*strays_, i);
    }
    Worker* const worker = workers_[i].get();
    port::Source* const source = distributor_ ? &distributor_->source(i) : direct_[i].get();
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

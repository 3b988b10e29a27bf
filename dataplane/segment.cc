// SPDX-License-Identifier: Apache-2.0
#include "segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>

namespace shakedown {
namespace {

template <std::size_t size>
void copy_text(std::array<char, size>& out, std::string_view text) noexcept {
  const std::size_t length = std::min(text.size(), size - 1);
  std::copy_n(text.begin(), length, out.begin());
  out[length] = '\0';
}

std::string sentence(const char* what) {
  return std::string("the shared segment cannot be ") + what + ": " + std::strerror(errno);
}

/// Differs between any two starts, also of the same process id within one tick of the clock.
std::uint64_t new_boot_generation() noexcept {
  std::uint64_t random = 0;
  if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random) {
    random = static_cast<std::uint64_t>(wall_clock().value) * 0x9e3779b97f4a7c15;
  }
  return random | 1;
}

}  // namespace

UnixNanos wall_clock() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return UnixNanos{now.tv_sec * kNanosPerSecond + now.tv_nsec};
}

Segment::~Segment() {
  if (header_ != nullptr) munmap(header_, size_);
  if (descriptor_ >= 0) close(descriptor_);
}

std::string Segment::create(const SegmentConfig& config) {
  assert(header_ == nullptr);
  assert(config.worker_count >= 1 && config.worker_count <= kWorkerCountMax);
  size_ = segment_size(config.worker_count);
  descriptor_ = memfd_create("shakedown", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor_ < 0) return sentence("created");
  // Allocated whole, not only sized: a worker that found no memory later could only be killed.
  errno = posix_fallocate(descriptor_, 0, static_cast<off_t>(size_));
  if (errno != 0) return sentence("allocated");
  if (fcntl(descriptor_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return sentence("sealed");
  }
  void* const memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  if (memory == MAP_FAILED) return sentence("mapped");

  header_ = new (memory) SegmentHeader;
  for (unsigned i = 0; i < config.worker_count; ++i) new (worker_area(header_, i)) WorkerArea;
  SegmentHeader& header = *header_;
  header.magic = kSegmentMagic;
  header.abi_version = kSegmentAbiVersion;
  header.header_size = sizeof(SegmentHeader);
  header.layout_hash = layout_hash();
  header.total_size = size_;
  header.worker_area_offset = sizeof(SegmentHeader);
  header.worker_area_size = sizeof(WorkerArea);
  header.boot_generation = new_boot_generation();
  header.start_time = wall_clock().value;
  header.dataplane_pid = static_cast<std::uint32_t>(getpid());
  header.worker_count = config.worker_count;
  header.mode = config.mode;
  header.memory_budget_bytes = config.memory_budget_bytes;
  beat();
  return {};
}

void Segment::describe_port(std::string_view name, std::uint64_t size_bytes,
                            std::uint32_t link_type) {
  assert(header_->state.load() == DataplaneState::starting);
  assert(header_->port_count < kPortCountMax);
  PortDescription& port = header_->ports[header_->port_count++];
  copy_text(port.name, name);
  port.size_bytes = size_bytes;
  port.link_type = link_type;
}

void Segment::publish_running() noexcept {
  beat();
  header_->state.store(DataplaneState::running, std::memory_order_release);
}

void Segment::publish_end(DataplaneState state, std::string_view error) noexcept {
  const DataplaneState now = header_->state.load(std::memory_order_acquire);
  if (now != DataplaneState::starting && now != DataplaneState::running) return;
  copy_text(header_->error, error);
  beat();
  header_->state.store(state, std::memory_order_release);
}

void Segment::beat() noexcept {
  header_->heartbeat.store(wall_clock().value, std::memory_order_release);
}

}  // namespace shakedown

// SPDX-License-Identifier: Apache-2.0
#include "doctor/ring_probe.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "shakedown/shm_layout.h"

namespace shakedown::doctor {
namespace {

constexpr std::size_t kSize = segment_size(1);
constexpr std::int64_t kMark = 0x5348;

std::string failed(const char* what) {
  return std::string("the shared segment cannot be ") + what + ": " + std::strerror(errno);
}

/// One of the two sides' views of the segment.
class Mapping {
 public:
  explicit Mapping(int memfd)
      : memory_(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0)) {}
  ~Mapping() {
    if (good()) munmap(memory_, kSize);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  [[nodiscard]] bool good() const { return memory_ != MAP_FAILED; }
  [[nodiscard]] void* memory() const { return memory_; }
  [[nodiscard]] SegmentHeader* header() const { return static_cast<SegmentHeader*>(memory_); }

 private:
  void* memory_;
};

void fill_in(void* memory) {
  auto* const header = new (memory) SegmentHeader;
  new (worker_area(header, 0)) WorkerArea;
  header->magic = kSegmentMagic;
  header->abi_version = kSegmentAbiVersion;
  header->header_size = sizeof(SegmentHeader);
  header->layout_hash = layout_hash();
  header->total_size = kSize;
  header->worker_area_offset = sizeof(SegmentHeader);
  header->worker_area_size = sizeof(WorkerArea);
  header->worker_count = 1;
  header->state.store(DataplaneState::running, std::memory_order_release);
}

std::string exchange_record(SegmentHeader* writer, SegmentHeader* reader) {
  HandshakeRecord sent;
  sent.order_time = UnixNanos{kMark};
  HandshakeRecord received;
  if (!worker_area(writer, 0)->records.try_push(sent) ||
      worker_area(reader, 0)->records.pop(&received, 1) != 1 ||
      received.order_time.value != kMark) {
    return "a record did not come through the ring";
  }
  return {};
}

std::string attach(int memfd) {
  errno = posix_fallocate(memfd, 0, static_cast<off_t>(kSize));
  if (errno != 0) return failed("allocated");
  if (fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return failed("sealed");
  }
  const Mapping writer(memfd);
  const Mapping reader(memfd);
  if (!writer.good() || !reader.good()) return failed("mapped");
  fill_in(writer.memory());
  if (check_segment(reader.header(), kSize) != SegmentCheck::ok) {
    return "the shared segment is not recognised";
  }
  return exchange_record(writer.header(), reader.header());
}

}  // namespace

std::string attach_ring() {
  const int memfd = memfd_create("shakedown-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memfd < 0) return failed("created");
  std::string error = attach(memfd);
  close(memfd);
  return error;
}

}  // namespace shakedown::doctor

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A data plane's segment as somebody who only looks sees it.
// Units:     As in shm_layout.h.
// Ownership: Owns its mapping, which cannot be written through.
// Threading: One thread; what is read may be a moment old.
// Limits:    none
// Failure:   open() refuses what is not a segment of this build.
// RFC:       none
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "shakedown/shm_layout.h"

namespace shakedown::cli {

class SegmentView {
 public:
  SegmentView() = default;
  SegmentView(SegmentView&& other) noexcept
      : header_(std::exchange(other.header_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SegmentView& operator=(SegmentView&& other) noexcept {
    if (this != &other) {
      close();
      header_ = std::exchange(other.header_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~SegmentView() { close(); }

  void close() {
    if (header_ != nullptr) munmap(header_, size_);
    header_ = nullptr;
  }

  [[nodiscard]] SegmentCheck open(int memfd) {
    struct stat status {};
    if (fstat(memfd, &status) != 0 || status.st_size < static_cast<off_t>(sizeof(SegmentHeader))) {
      return SegmentCheck::too_small;
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, memfd, 0);
    if (memory == MAP_FAILED) return SegmentCheck::wrong_size;
    header_ = static_cast<SegmentHeader*>(memory);
    size_ = size;
    return check_segment(header_, size_);
  }

  [[nodiscard]] const SegmentHeader& header() const { return *header_; }
  [[nodiscard]] unsigned worker_count() const { return header_->worker_count; }
  [[nodiscard]] const WorkerArea& worker(unsigned index) const {
    return *worker_area(header_, index);
  }
  [[nodiscard]] bool all_rings_empty() const {
    for (unsigned i = 0; i < worker_count(); ++i) {
      if (worker(i).records.fill() != 0) return false;
    }
    return true;
  }
  [[nodiscard]] std::uint64_t sum(Counter counter) const {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < worker_count(); ++i) sum += worker(i).counters.get(counter);
    return sum;
  }

 private:
  SegmentHeader* header_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace shakedown::cli

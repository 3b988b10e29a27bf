// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What `shakedown run` knows of the two programs that it looks after, for control to show;
//            and the other way, what control tells of itself, so that a control that hangs is found.
//            And the records that control has taken and not written, which its successor finds here.
// Units:     UnixNanos of the wall clock.
// Ownership: The supervisor makes it in a memfd without a name, which each control inherits.
// Threading: One writer for each field: the supervisor, but for ControlPulse and HeldRing, which are
//            control's. Every field is read alone; what belongs together may be a moment apart.
// Limits:    hold::kHeldRecordCountMax, whose pages are taken when the first record comes to lie on
//            them.
// Failure:   map_supervisor_status() refuses what is not one of these, or of another release.
// RFC:       none
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "hold/held_ring.h"
#include "shakedown/shm_layout.h"

namespace shakedown {

inline constexpr std::uint64_t kSupervisorStatusMagic = 0x5055'5345'4b48'5331;

enum class ProcessState : std::uint32_t {
  waiting = 0,   ///< not running; it is started again after a pause
  starting = 1,  ///< runs, and is not at work yet
  running = 2,   ///< reads packets, or takes records
  ending = 3     ///< the run is about to end
};

struct ProcessStatus {
  std::atomic<ProcessState> state{ProcessState::waiting};
  std::atomic<std::int32_t> pid{0};  ///< zero: not running
  std::atomic<std::uint32_t> restart_count{0};
  std::atomic<std::int64_t> start_time{0};     ///< of the process that runs, or ran last
  std::atomic<std::int64_t> running_since{0};  ///< when it came to work; zero: it has not yet
  std::atomic<std::int64_t> end_time{0};       ///< of the last one that ended; zero: none did
  std::atomic<std::int32_t> end_signal{0};     ///< that ended it; zero: it exited by itself
  std::atomic<std::int32_t> end_exit_code{0};
};

struct ControlPulse {
  std::atomic<std::int64_t> heartbeat{0};        ///< of its last turn; zero: none yet
  std::atomic<std::uint32_t> writing{0};         ///< 1: it waits for whoever takes its output
  std::atomic<std::uint32_t> outputs_opened{0};  ///< 1: the files of this run exist; append to them
  std::atomic<std::uint64_t> reload_count{0};    ///< of reloads that are done
};

struct SupervisorStatus {
  std::uint64_t magic = kSupervisorStatusMagic;
  std::uint64_t size = sizeof(SupervisorStatus);
  std::int32_t supervisor_pid = 0;
  std::uint32_t abi_version = kSegmentAbiVersion;  ///< of the records in `held`
  std::int64_t start_time = 0;
  alignas(64) ProcessStatus dataplane;
  alignas(64) ProcessStatus control;
  /// Times in which no data plane read packets, after the first one had begun.
  alignas(64) std::atomic<std::uint64_t> blind_count{0};  ///< also of one that has not ended
  std::atomic<std::int64_t> blind_nanos{0};               ///< of those that have ended
  std::atomic<std::int64_t> blind_since{0};               ///< zero: not blind now
  alignas(64) ControlPulse control_pulse;
  alignas(64) hold::HeldRing held;  ///< last, because it is large and mostly not there
};

/// Null when the descriptor is not of one; stays mapped until unmap_supervisor_status().
[[nodiscard]] inline SupervisorStatus* map_supervisor_status(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0 ||
      status.st_size < static_cast<off_t>(sizeof(SupervisorStatus))) {
    return nullptr;
  }
  void* const memory =
      mmap(nullptr, sizeof(SupervisorStatus), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* const mapped = static_cast<SupervisorStatus*>(memory);
  if (mapped->magic == kSupervisorStatusMagic && mapped->size == sizeof(SupervisorStatus) &&
      mapped->abi_version == kSegmentAbiVersion) {
    return mapped;
  }
  munmap(memory, sizeof(SupervisorStatus));
  return nullptr;
}

inline void unmap_supervisor_status(SupervisorStatus* status) {
  if (status != nullptr) munmap(status, sizeof(SupervisorStatus));
}

}  // namespace shakedown

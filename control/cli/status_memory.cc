// SPDX-License-Identifier: Apache-2.0
#include "cli/status_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace shakedown::cli {

std::string StatusMemory::create() {
  memfd_ =
      handoff::FileDescriptor(memfd_create("shakedown-status", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  constexpr auto kSize = static_cast<off_t>(sizeof(SupervisorStatus));
  void* memory = MAP_FAILED;
  if (memfd_.valid() && ftruncate(memfd_.get(), kSize) == 0 &&
      fcntl(memfd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
    memory = mmap(nullptr, sizeof(SupervisorStatus), PROT_READ | PROT_WRITE, MAP_SHARED,
                  memfd_.get(), 0);
  }
  if (memory == MAP_FAILED) {
    return fmt::format("the memory for the status cannot be made: {}", std::strerror(errno));
  }
  status_ = new (memory) SupervisorStatus;
  return {};
}

}  // namespace shakedown::cli

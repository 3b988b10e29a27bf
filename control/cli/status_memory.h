// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The memory that a SupervisorStatus lies in.
// Units:     none
// Ownership: Owns descriptor and mapping; a control that inherited the descriptor maps it on its own.
// Threading: One thread.
// Limits:    Sealed at its size, so that no one who has it can make the others fault.
// Failure:   A sentence; nothing can be started then.
// RFC:       none
#pragma once

#include <string>

#include "cli/supervisor_status.h"
#include "handoff/file_descriptor.h"

namespace shakedown::cli {

class StatusMemory {
 public:
  StatusMemory() = default;
  ~StatusMemory() { unmap_supervisor_status(status_); }
  StatusMemory(const StatusMemory&) = delete;
  StatusMemory& operator=(const StatusMemory&) = delete;

  [[nodiscard]] std::string create();
  [[nodiscard]] int descriptor() const { return memfd_.get(); }
  [[nodiscard]] SupervisorStatus& get() const { return *status_; }

 private:
  handoff::FileDescriptor memfd_;
  SupervisorStatus* status_ = nullptr;
};

}  // namespace shakedown::cli

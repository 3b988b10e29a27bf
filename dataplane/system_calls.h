// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The system calls that the data plane makes after its start, as a filter that the kernel
//            enforces (seccomp). The lists were taken from runs of each driver, link changes and all
//            ways to end included, and are kept by the tests that run under them.
// Units:     none
// Ownership: The filter belongs to the process and cannot be taken off.
// Threading: Any thread; the filter is put on all threads of the process at once.
// Limits:    A filter sees numbers, not what pointers point to: names of files and addresses of
//            sockets are beyond it. Hence only kinds of sockets that reach nothing outside.
// Failure:   A sentence; then there is no filter.
// RFC:       none
#pragma once

#include <string>

#include "rights.h"

namespace shakedown {

/// Whether this build is put under a filter. Sanitizers make calls of their own, ptrace among them.
[[nodiscard]] bool calls_can_be_filtered();

[[nodiscard]] std::string allow_only_needed_calls(const RightsNeeded& needed);

}  // namespace shakedown

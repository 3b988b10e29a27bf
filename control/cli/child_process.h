// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One child program that keeps some descriptors of its parent and never outlives it.
// Units:     none
// Ownership: The caller waits for the pid.
// Threading: Call from the main thread only: the child's life is tied to the thread that forked it.
// Limits:    none
// Failure:   `pid` is -1 and `error` is a sentence; no child is left.
// RFC:       none
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "cli/identity.h"

namespace shakedown::cli {

struct SpawnResult {
  pid_t pid = -1;
  std::string error;
};

struct SpawnRequest {
  std::vector<std::string> words;
  std::vector<int> kept_fds;  ///< stay open under their numbers; else close-on-exec goes
  Identity identity = {};
};

/// Starts words[0] with `words`. The child is in a process group of its own, so that Ctrl-C reaches
/// only the parent, who passes it on. SIGHUP means nothing to it until it says otherwise.
[[nodiscard]] SpawnResult spawn(const SpawnRequest& request);

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One child program that keeps one descriptor of its parent and never outlives it.
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

namespace shakedown::cli {

struct SpawnResult {
  pid_t pid = -1;
  std::string error;
};

/// Starts words[0] with `words`; `kept_fd` stays open under its number, all else that is
/// close-on-exec goes. The child is in a process group of its own, so that Ctrl-C reaches only the
/// parent, who passes it on.
[[nodiscard]] SpawnResult spawn(const std::vector<std::string>& words, int kept_fd);

}  // namespace shakedown::cli

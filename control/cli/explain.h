// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   `shakedown explain`: finds the events of its subject, and says what they say.
// Units:     none
// Ownership: What is read from captures lies in a folder of its own until it has been told.
// Threading: One thread; starts both programs where captures are to be read.
// Limits:    kEventLineMax; those of explain/collection.h.
// Failure:   A sentence and an exit code.
// RFC:       none
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/arguments.h"

namespace shakedown::cli {

/// Nothing failed, or nothing is known: an answer, but not the one that was hoped for.
inline constexpr int kExitNothing = 1;
/// An event has a few kilobytes, and at most some hundred with long chains.
inline constexpr std::size_t kEventLineMax = 16u << 20;

struct ExplainResult {
  std::string output;                 ///< for standard output
  std::vector<std::string> problems;  ///< of a configuration: lines of their own
  std::string error;                  ///< for standard error; one sentence, or empty
  int exit_code = 0;
};

[[nodiscard]] ExplainResult explain(const ExplainCommand& command);

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Settings that are good each by itself and cannot be together. Looked for in the
//            configuration, and again when the command line has changed parts of it.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    kWorkerCountMax.
// Failure:   Every contradiction has a place; its sentence needs none.
// RFC:       none
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/configuration.h"

namespace shakedown::config {

struct Contradiction {
  std::string section;
  std::string key;                  ///< of the section, or of the port
  std::optional<std::size_t> port;  ///< which of `ports`
  std::string sentence;
};

[[nodiscard]] std::vector<Contradiction> find_contradictions(const Configuration& configuration);

/// How many workers there will be, as far as it was said: `cpus` counts them where `count` does not.
[[nodiscard]] std::optional<unsigned> worker_count(const WorkerSettings& workers);

}  // namespace shakedown::config

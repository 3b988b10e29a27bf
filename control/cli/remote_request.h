// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What `shakedown status` and its like ask of a running sensor.
// Units:     none
// Ownership: Values.
// Threading: Values.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <optional>
#include <string>

namespace shakedown::cli {

/// One request to a sensor, and how to show the answer.
struct RemoteCommand {
  std::string name;                        ///< of the subcommand
  std::optional<std::string> socket = {};  ///< none: where sensors have theirs
  std::string client = {};                 ///< of `connection`: 192.0.2.7:50123
  std::string server = {};
  std::string level = {};  ///< of `log-level`
  bool json = false;       ///< the answer as it came
  bool all = false;        ///< also what is zero
  bool workers = false;    ///< of `counters`: each worker for itself
};

}  // namespace shakedown::cli

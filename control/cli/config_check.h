// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   `--check`: says of a configuration whether it is good, on any machine. What must be
//            there to run with it is `shakedown doctor`'s to say.
// Units:     none
// Ownership: Values.
// Threading: One thread.
// Limits:    Those of config/configuration.h.
// Failure:   One line per problem.
// RFC:       none
#pragma once

#include <string>
#include <vector>

namespace shakedown::cli {

struct ConfigCheck {
  std::vector<std::string> problems;
  std::string summary;  ///< of a good configuration, in one line
};

/// Everything that the programs would do with the configuration, short of using it.
[[nodiscard]] ConfigCheck check_configuration(const std::string& path);

}  // namespace shakedown::cli

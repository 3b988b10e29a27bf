// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The configuration is read here first, so that nothing is started with a bad one. The
//            programs that use it read it again.
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

/// The problems that can be found quickly; none: it is worth starting the programs.
[[nodiscard]] std::vector<std::string> configuration_problems(const std::string& path);

struct ConfigCheck {
  std::vector<std::string> problems;
  std::string summary;  ///< of a good configuration, in one line
};

/// Everything that the programs would do with the configuration, short of using it.
[[nodiscard]] ConfigCheck check_configuration(const std::string& path);

}  // namespace shakedown::cli

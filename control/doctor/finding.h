// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What one check found, in one line, and the command that repairs it.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace shakedown::doctor {

enum class Grade : std::uint8_t {
  ok,
  skip,  ///< not needed by the ports that were given, or not to be seen here
  warn,  ///< `run` works, and less well than it could
  fail   ///< `run` does not work
};

struct Finding {
  Grade grade = Grade::ok;
  std::string name;         ///< of the check: `hugepages`, `eth1`
  std::string found;        ///< a phrase without a full stop
  std::string repair = {};  ///< a command to type, or what to do; empty when all is well
};

using Findings = std::vector<Finding>;

inline void append(Findings& all, Findings more) {
  for (Finding& finding : more) all.push_back(std::move(finding));
}

}  // namespace shakedown::doctor

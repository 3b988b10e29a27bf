// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Where the two programs are that `shakedown` starts, and what they are started with.
// Units:     none
// Ownership: Values.
// Threading: Looks at the file system; call before anything is forked.
// Limits:    none
// Failure:   A program that is not found: a sentence that says where it was looked for.
// RFC:       none
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"

namespace shakedown::cli {

struct Programs {
  std::string dataplane;
  std::string control;
  std::string error;  ///< empty when both were found
};

/// Looks in $SHAKEDOWN_LIBEXEC alone when it is set; else beside this program (a build folder), in
/// ../libexec/shakedown from there (an installation that was moved), and where it was configured to
/// be.
[[nodiscard]] Programs find_programs();

/// The same with the surroundings given: `libexec_override` may be null, `own_folder` is this
/// program's.
[[nodiscard]] Programs find_programs(const char* libexec_override, const std::string& own_folder);

/// Words of both programs' command lines, without the descriptors that the supervisor adds.
/// Control is told nothing of files and ports: the segment names them.
[[nodiscard]] std::vector<std::string> dataplane_words(const std::string& program,
                                                       const ReadCommand& read);
[[nodiscard]] std::vector<std::string> dataplane_words(const std::string& program,
                                                       const RunCommand& run);
[[nodiscard]] std::vector<std::string> control_words(const std::string& program,
                                                     const ReadCommand& read);
[[nodiscard]] std::vector<std::string> control_words(const std::string& program,
                                                     const RunCommand& run);

}  // namespace shakedown::cli

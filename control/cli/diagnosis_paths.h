// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The files that a diagnosis needs, looked for before anything is started.
// Units:     none
// Ownership: Changes the caller's command.
// Threading: Looks at the file system.
// Limits:    none
// Failure:   Lines to print as they are, one for each path that cannot be used. What is in the
//            files is control's to say.
// RFC:       none
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "config/live_settings.h"

namespace shakedown::cli {

/// Makes the paths of the command line absolute, because control is started anew from anywhere.
/// `configured`: what the file says, where the command line leaves it open.
[[nodiscard]] std::vector<std::string> prepare_diagnosis(
    const config::DiagnosisSettings& configured, CommonOptions& common);

}  // namespace shakedown::cli

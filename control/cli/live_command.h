// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   `shakedown run` from its command to its end: who control is, where its socket is, what
//            both programs are started with.
// Units:     none
// Ownership: none
// Threading: Main thread.
// Limits:    Those of live_supervisor.h.
// Failure:   A Verdict.
// RFC:       none
#pragma once

#include "cli/arguments.h"
#include "cli/programs.h"
#include "cli/supervisor.h"

namespace shakedown::cli {

/// `command` is `as_given` merged with its configuration. That is read anew for a control that is
/// started again, as it may have been reloaded meanwhile.
[[nodiscard]] Verdict run_live(const Programs& programs, const RunCommand& command,
                               const RunCommand& as_given);

}  // namespace shakedown::cli

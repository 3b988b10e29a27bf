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

[[nodiscard]] Verdict run_live(const Programs& programs, const RunCommand& command);

}  // namespace shakedown::cli

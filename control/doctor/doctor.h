// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   `shakedown doctor`: whether `run` would work on this machine, and what would make it
//            work or work better. Reads, asks and tries; changes nothing.
// Units:     none
// Ownership: Values.
// Threading: One thread.
// Limits:    none
// Failure:   would_run() is the answer.
// RFC:       none
#pragma once

#include <string>

#include "doctor/finding.h"
#include "doctor/input.h"
#include "doctor/machine.h"

namespace shakedown::doctor {

/// All checks, in the order of what to repair first.
[[nodiscard]] Findings examine(const Machine& machine, const Input& input);

/// Warnings are allowed.
[[nodiscard]] bool would_run(const Findings& findings);

/// A line for each finding, with the repair indented below it, and a last line with the answer.
[[nodiscard]] std::string report_text(const Findings& findings, const Input& input);

/// The same as one line of JSON.
[[nodiscard]] std::string report_json(const Findings& findings);

}  // namespace shakedown::doctor

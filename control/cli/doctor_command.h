// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   `shakedown doctor`: its options, and the run that it is asked about in the words of
//            doctor/input.h.
// Units:     none
// Ownership: What is parsed goes into the caller's command, which must outlive the parsing.
// Threading: declare_doctor() and doctor_input() are pure; run_doctor() reads files and asks the
//            kernel.
// Limits:    Those of arguments.h.
// Failure:   DoctorEnd::problems are lines to print as they are: nothing was looked at then.
// RFC:       none
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/programs.h"
#include "doctor/input.h"

namespace shakedown::cli {

CLI::App* declare_doctor(CLI::App& app, DoctorCommand& doctor);

/// `run` has been merged with its configuration.
[[nodiscard]] doctor::Input doctor_input(const RunCommand& run, const Programs& programs);

struct DoctorEnd {
  std::string report;
  std::vector<std::string> problems;
  int exit_code = kExitOk;  ///< kExitBroken: `run` would not work
};

[[nodiscard]] DoctorEnd run_doctor(DoctorCommand command);

}  // namespace shakedown::cli

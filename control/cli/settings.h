// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The configuration and the command line made one: what the command line says beats what
//            the file says, and `--port` replaces all ports of the file.
// Units:     none
// Ownership: Changes the caller's command.
// Threading: One thread; reads files.
// Limits:    Those of config/configuration.h and of arguments.h.
// Failure:   Lines to print as they are, and kExitBadUse; the command must not be used then.
// RFC:       none
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "config/configuration.h"

namespace shakedown::cli {

/// Reads the file that the command names, if it names one, and fills in what is open. A run must
/// have a port after that.
[[nodiscard]] std::vector<std::string> apply_configuration(RunCommand& run);
/// Reading captures is told of `handshakes` alone; watchlists and `diagnosis` are control's. What else is in the
/// file concerns live runs.
[[nodiscard]] std::vector<std::string> apply_configuration(ReadCommand& read);

/// The same with the file read already.
void merge(const config::Configuration& configuration, RunCommand& run);
void merge(const config::Configuration& configuration, ReadCommand& read);

/// What the configuration and the command line contradict each other in, or a run without a port;
/// empty when all is well.
[[nodiscard]] std::string find_conflict(const RunCommand& run);

}  // namespace shakedown::cli

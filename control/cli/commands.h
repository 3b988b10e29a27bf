// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The options and the help of `shakedown read` and `shakedown run`, declared to CLI11.
// Units:     none
// Ownership: What is parsed goes into the caller's command, which must outlive the parsing.
// Threading: Pure.
// Limits:    Those of arguments.h.
// Failure:   CLI11 throws while it parses; parse_arguments() turns that into a Notice.
// RFC:       none
#pragma once

#include <CLI/CLI.hpp>

#include "cli/arguments.h"

namespace shakedown::cli {

CLI::App* declare_read(CLI::App& app, ReadCommand& read);
CLI::App* declare_run(CLI::App& app, RunCommand& run);

/// --roots, --crls, --profiles and the like: what a diagnosis rests on besides the packets.
void declare_diagnosis(CLI::App* command, CommonOptions& common);

}  // namespace shakedown::cli

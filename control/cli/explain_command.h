// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The options and the help of `shakedown explain`, declared to CLI11.
// Units:     none
// Ownership: What is parsed goes into the caller's command, which must outlive the parsing.
// Threading: Pure.
// Limits:    Those of arguments.h.
// Failure:   CLI11 throws while it parses; parse_arguments() turns that into a Notice. What CLI11
//            does not see is a sentence of find_mistake().
// RFC:       none
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/arguments.h"

namespace shakedown::cli {

CLI::App* declare_explain(CLI::App& app, ExplainCommand& explain);

/// What is wrong with the words of the command, before anything is read; empty when all is well.
[[nodiscard]] std::string find_mistake(const ExplainCommand& explain);

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the values of options must look like, for CLI11.
// Units:     Given per check.
// Ownership: Each check owns what it compares with.
// Threading: Pure.
// Limits:    Given per check.
// Failure:   A check answers with the rest of a sentence that begins with the option's name, and
//            with nothing when the value is good.
// RFC:       none
#pragma once

#include <CLI/CLI.hpp>

namespace shakedown::cli {

[[nodiscard]] CLI::Validator whole_number(unsigned low, unsigned high);
/// From a millisecond to a day.
[[nodiscard]] CLI::Validator seconds();
/// TCP ports with commas between.
[[nodiscard]] CLI::Validator port_list();
/// auto, always, never.
[[nodiscard]] CLI::Validator when_value();
/// DRIVER:IFACE or IFACE; gives it back with its driver.
[[nodiscard]] CLI::Validator live_port();

}  // namespace shakedown::cli

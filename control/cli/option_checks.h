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
#include <string>
#include <vector>

#include "config/live_settings.h"

namespace shakedown::cli {

[[nodiscard]] CLI::Validator whole_number(unsigned low, unsigned high);
/// From a millisecond to a day.
[[nodiscard]] CLI::Validator seconds();
/// "3s", "500ms"; a number alone is of seconds.
[[nodiscard]] CLI::Validator duration(const config::DurationRange& range);
/// TCP ports with commas between.
[[nodiscard]] CLI::Validator port_list();
/// auto, always, never.
[[nodiscard]] CLI::Validator when_value();
/// [DRIVER:]NAME[,key=value]...; gives it back as the data plane wants it.
[[nodiscard]] CLI::Validator live_port();
/// One of a few; gives back `on` for `true` and `yes`, and `off` for their opposites.
[[nodiscard]] CLI::Validator one_of(const std::vector<std::string>& words);
/// "2-5,8"
[[nodiscard]] CLI::Validator processor_list();
/// The path of a unix socket, or "off".
[[nodiscard]] CLI::Validator socket_or_off();
/// The name of a user or a group.
[[nodiscard]] CLI::Validator account();
[[nodiscard]] CLI::Validator sensor_name();

}  // namespace shakedown::cli

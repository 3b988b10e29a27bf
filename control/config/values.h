// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Numbers, switches and words as people write them, on the command line and in the
//            configuration alike.
// Units:     Seconds, processors, ports: in the sentences.
// Ownership: Values.
// Threading: Pure.
// Limits:    Given per call, or in live_settings.h.
// Failure:   The rest of a sentence that begins with what the value is of; empty when it is good.
//            The target is changed only then.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/live_settings.h"

namespace shakedown::config {

/// The value of one of these replaces what was there; "must be on or off, not 'x'".
[[nodiscard]] std::string parse_number(std::string_view text, unsigned low, unsigned high,
                                       std::optional<unsigned>& number);
/// on, true, yes; off, false, no.
[[nodiscard]] std::string parse_switch(std::string_view text, std::optional<bool>& on);
/// One of a few; with them, `true` and `yes` stand for `on`, and `false` and `no` for `off`.
[[nodiscard]] std::string parse_word(std::string_view text, const std::vector<std::string>& words,
                                     std::optional<std::string>& word);
/// From a millisecond to a day; kept as it is written.
[[nodiscard]] std::string parse_seconds(std::string_view text, std::optional<std::string>& seconds);
/// "3s", "500ms", "14d", "1.5h", "10m"; a number alone is of seconds.
[[nodiscard]] std::string parse_duration(std::string_view text, const DurationRange& range,
                                         std::optional<std::int64_t>& nanos);
/// "2-5,8": in their order, each once. `separator` stands between ranges.
[[nodiscard]] std::string parse_processors(std::string_view text, char separator,
                                           std::vector<unsigned>& processors);
/// Of TCP, with commas between.
[[nodiscard]] std::string parse_ports(std::string_view text, std::vector<std::uint16_t>& ports);
/// Of this program's file system: not empty, without control characters.
[[nodiscard]] std::string path_error(std::string_view text);
/// Of a unix socket, as long as the kernel takes it.
[[nodiscard]] std::string socket_path_error(std::string_view text);
/// Of a user or a group. Whether there is one is another question.
[[nodiscard]] std::string account_error(std::string_view text);
[[nodiscard]] std::string sensor_name_error(std::string_view text);

/// "2-5,8"
[[nodiscard]] std::string processors_text(const std::vector<unsigned>& processors, char separator);
/// "443,8443"
[[nodiscard]] std::string ports_text(const std::vector<std::uint16_t>& ports);

[[nodiscard]] const std::vector<std::string>& distribution_names();
[[nodiscard]] const std::vector<std::string>& hugepages_names();
[[nodiscard]] const std::vector<std::string>& log_level_names();

/// "; did you mean 'x'?", or nothing.
[[nodiscard]] std::string hint(std::string_view word, const std::vector<std::string>& candidates);
/// "a, b and c"
[[nodiscard]] std::string listed(const std::vector<std::string>& names, std::string_view last);

}  // namespace shakedown::config

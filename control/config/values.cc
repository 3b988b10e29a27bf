// SPDX-License-Identifier: Apache-2.0
#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "config/live_settings.h"
#include "config/problem.h"
#include "config/suggestion.h"

namespace shakedown::config {
namespace {

template <class Number>
std::optional<Number> whole(std::string_view text, Number low, Number high) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < low || number > high) return std::nullopt;
  return number;
}

/// What no path has that a person wrote, and no terminal should be sent.
bool is_control(char byte) { return (byte >= 0 && byte < ' ') || byte == 0x7f; }

bool is_account_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
}

std::optional<bool> switch_of(std::string_view text) {
  if (text == "on" || text == "true" || text == "yes") return true;
  if (text == "off" || text == "false" || text == "no") return false;
  return std::nullopt;
}

/// What follows the number of a duration; zero: nothing that is known.
double nanos_of_unit(std::string_view unit) {
  constexpr auto kSecond = static_cast<double>(kNanosPerSecond);
  if (unit.empty() || unit == "s") return kSecond;
  if (unit == "ms") return kSecond / 1000;
  if (unit == "m") return kSecond * 60;
  if (unit == "h") return kSecond * 3'600;
  if (unit == "d") return kSecond * 86'400;
  return 0;
}

/// "3" or "2-5"; false when it is neither, or one of them is there already.
bool append_range(std::string_view text, std::vector<unsigned>& processors) {
  const std::size_t dash = text.find('-');
  const auto first = whole(text.substr(0, dash), 0u, kProcessorMax);
  const auto last =
      dash == std::string_view::npos ? first : whole(text.substr(dash + 1), 0u, kProcessorMax);
  if (!first || !last || *first > *last) return false;
  for (unsigned processor = *first; processor <= *last; ++processor) {
    if (std::ranges::find(processors, processor) != processors.end()) return false;
    processors.push_back(processor);
  }
  return true;
}

/// Calls `on_part` until it answers false; true when it never did.
template <class OnPart>
bool for_each_part(std::string_view text, char separator, const OnPart& on_part) {
  for (;;) {
    const std::size_t end = text.find(separator);
    if (!on_part(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string parse_number(std::string_view text, unsigned low, unsigned high,
                         std::optional<unsigned>& number) {
  const auto value = whole(text, low, high);
  if (!value) {
    return fmt::format("must be a whole number from {} to {}, not {}", low, high, in_quotes(text));
  }
  number = value;
  return {};
}

std::string parse_switch(std::string_view text, std::optional<bool>& on) {
  const auto value = switch_of(text);
  if (!value) return fmt::format("must be on or off, not {}", in_quotes(text));
  on = value;
  return {};
}

std::string parse_word(std::string_view text, const std::vector<std::string>& words,
                       std::optional<std::string>& word) {
  std::string meant(text);
  if (const auto on = switch_of(text)) meant = *on ? "on" : "off";
  if (std::ranges::find(words, meant) == words.end()) {
    return fmt::format("must be {}, not {}{}", listed(words, "or"), in_quotes(text),
                       hint(text, words));
  }
  word = std::move(meant);
  return {};
}

std::string parse_seconds(std::string_view text, std::optional<std::string>& seconds) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc{} && end == text.data() + text.size() &&
                    std::isfinite(value) && value >= 0.001 && value <= 86'400;
  if (!good) return fmt::format("must be seconds from 0.001 to 86400, not {}", in_quotes(text));
  seconds = std::string(text);
  return {};
}

std::string parse_duration(std::string_view text, const DurationRange& range,
                           std::optional<std::int64_t>& nanos) {
  double value = 0;
  const char* const end_of_text = text.data() + text.size();
  const auto [end, error] =
      std::from_chars(text.data(), end_of_text, value, std::chars_format::fixed);
  const double unit = nanos_of_unit({end, static_cast<std::size_t>(end_of_text - end)});
  const double product = value * unit;
  const bool good = error == std::errc{} && unit != 0 && std::isfinite(product) &&
                    product >= static_cast<double>(range.low_nanos) &&
                    product <= static_cast<double>(range.high_nanos);
  if (!good) {
    return fmt::format("must be a time from {}, like 500ms, 3s, 10m, 12h or 14d, not {}",
                       range.text, in_quotes(text));
  }
  nanos = std::llround(product);
  return {};
}

std::string parse_processors(std::string_view text, char separator,
                             std::vector<unsigned>& processors) {
  std::vector<unsigned> found;
  const bool good = for_each_part(
      text, separator, [&found](std::string_view part) { return append_range(part, found); });
  if (!good) {
    return fmt::format("must be processors from 0 to {}, each once, like 2-5{}8, not {}",
                       kProcessorMax, separator, in_quotes(text));
  }
  processors = std::move(found);
  return {};
}

std::string parse_ports(std::string_view text, std::vector<std::uint16_t>& ports) {
  std::vector<std::uint16_t> found;
  const bool good = for_each_part(text, ',', [&found](std::string_view part) {
    const auto port = whole<std::uint16_t>(part, 1, 65'535);
    if (port) found.push_back(*port);
    return port.has_value();
  });
  if (!good) {
    return fmt::format("must be ports from 1 to 65535 with commas between, not {}",
                       in_quotes(text));
  }
  if (found.size() > kWatchPortCountMax) {
    return fmt::format("has more than {} ports", kWatchPortCountMax);
  }
  ports = std::move(found);
  return {};
}

std::string path_error(std::string_view text) {
  if (!text.empty() && std::ranges::none_of(text, is_control)) return {};
  return fmt::format("must be the name of a file, not {}", in_quotes(text));
}

std::string socket_path_error(std::string_view text) {
  if (std::string error = path_error(text); !error.empty()) return error;
  if (text.size() <= kSocketPathSizeMax) return {};
  return fmt::format("has {} bytes with its folders, and the path of a socket can have {}",
                     text.size(), kSocketPathSizeMax);
}

std::string account_error(std::string_view text) {
  const bool good = !text.empty() && text.size() <= kAccountNameSizeMax && text.front() != '-' &&
                    text.front() != '.' && std::ranges::all_of(text, is_account_byte);
  if (good) return {};
  return fmt::format("must be 1 to {} of a-z, A-Z, 0-9, '-', '_' and '.', not {}",
                     kAccountNameSizeMax, in_quotes(text));
}

std::string sensor_name_error(std::string_view text) {
  if (!text.empty() && text.size() <= kSensorNameSizeMax &&
      std::ranges::none_of(text, is_control)) {
    return {};
  }
  return fmt::format("must be 1 to {} bytes without control characters, not {}", kSensorNameSizeMax,
                     in_quotes(text));
}

std::string processors_text(const std::vector<unsigned>& processors, char separator) {
  std::string text;
  for (std::size_t first = 0; first < processors.size();) {
    std::size_t last = first;
    while (last + 1 < processors.size() && processors[last + 1] == processors[last] + 1) ++last;
    if (first != 0) text += separator;
    text += first == last ? fmt::format("{}", processors[first])
                          : fmt::format("{}-{}", processors[first], processors[last]);
    first = last + 1;
  }
  return text;
}

std::string ports_text(const std::vector<std::uint16_t>& ports) {
  std::string text;
  for (const std::uint16_t port : ports) {
    if (!text.empty()) text += ',';
    text += std::to_string(port);
  }
  return text;
}

const std::vector<std::string>& distribution_names() {
  static const std::vector<std::string> names = {"auto", "queues", "distributor"};
  return names;
}

const std::vector<std::string>& hugepages_names() {
  static const std::vector<std::string> names = {"auto", "on", "off"};
  return names;
}

const std::vector<std::string>& log_level_names() {
  static const std::vector<std::string> names = {"error", "warning", "info", "debug"};
  return names;
}

std::string hint(std::string_view word, const std::vector<std::string>& candidates) {
  const auto near = closest(word, candidates);
  return near ? fmt::format("; did you mean '{}'?", *near) : std::string{};
}

std::string listed(const std::vector<std::string>& names, std::string_view last) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) list += i + 1 == names.size() ? fmt::format(" {} ", last) : ", ";
    list += names[i];
  }
  return list;
}

}  // namespace shakedown::config

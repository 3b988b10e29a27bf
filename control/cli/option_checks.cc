// SPDX-License-Identifier: Apache-2.0
#include "cli/option_checks.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "cli/live_port.h"
#include "config/values.h"

namespace shakedown::cli {

CLI::Validator whole_number(unsigned low, unsigned high) {
  return {[low, high](std::string& text) {
            std::optional<unsigned> number;
            return config::parse_number(text, low, high, number);
          },
          ""};
}

CLI::Validator seconds() {
  return {[](std::string& text) {
            std::optional<std::string> seconds;
            return config::parse_seconds(text, seconds);
          },
          ""};
}

CLI::Validator duration(const config::DurationRange& range) {
  return {[range](std::string& text) {
            std::optional<std::int64_t> nanos;
            return config::parse_duration(text, range, nanos);
          },
          ""};
}

CLI::Validator port_list() {
  return {[](std::string& text) {
            std::vector<std::uint16_t> ports;
            return config::parse_ports(text, ports);
          },
          ""};
}

CLI::Validator when_value() {
  return {[](std::string& text) {
            const bool good = text == "auto" || text == "always" || text == "never";
            return good ? std::string{}
                        : fmt::format("must be auto, always or never, not '{}'", text);
          },
          ""};
}

CLI::Validator live_port() {
  return {[](std::string& text) {
            LivePort port = parse_live_port(text);
            if (port.error.empty()) text = port.settings.text();
            return port.error;
          },
          ""};
}

CLI::Validator one_of(const std::vector<std::string>& words) {
  return {[words](std::string& text) {
            std::optional<std::string> word;
            std::string error = config::parse_word(text, words, word);
            if (word) text = *word;
            return error;
          },
          ""};
}

CLI::Validator processor_list() {
  return {[](std::string& text) {
            std::vector<unsigned> processors;
            return config::parse_processors(text, ',', processors);
          },
          ""};
}

CLI::Validator socket_or_off() {
  return {[](std::string& text) {
            return text == "off" ? std::string{} : config::socket_path_error(text);
          },
          ""};
}

CLI::Validator account() {
  return {[](std::string& text) { return config::account_error(text); }, ""};
}

CLI::Validator sensor_name() {
  return {[](std::string& text) { return config::sensor_name_error(text); }, ""};
}

}  // namespace shakedown::cli

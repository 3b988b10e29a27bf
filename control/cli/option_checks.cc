// SPDX-License-Identifier: Apache-2.0
#include "cli/option_checks.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <system_error>

#include "cli/live_port.h"

namespace shakedown::cli {
namespace {

bool in_range(std::string_view text, unsigned low, unsigned high) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= low &&
         number <= high;
}

}  // namespace

CLI::Validator whole_number(unsigned low, unsigned high) {
  return {[low, high](std::string& text) {
            return in_range(text, low, high)
                       ? std::string{}
                       : fmt::format("must be a whole number from {} to {}, not '{}'", low, high,
                                     text);
          },
          ""};
}

CLI::Validator seconds() {
  return {[](std::string& text) {
            double value = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            const bool good = error == std::errc{} && end == text.data() + text.size() &&
                              std::isfinite(value) && value >= 0.001 && value <= 86'400;
            return good ? std::string{}
                        : fmt::format("must be seconds from 0.001 to 86400, not '{}'", text);
          },
          ""};
}

CLI::Validator port_list() {
  return {[](std::string& text) {
            std::string_view rest = text;
            for (;;) {
              const std::size_t comma = rest.find(',');
              if (!in_range(rest.substr(0, comma), 1, 65'535)) {
                return fmt::format("must be ports from 1 to 65535 with commas between, not '{}'",
                                   text);
              }
              if (comma == std::string_view::npos) return std::string{};
              rest.remove_prefix(comma + 1);
            }
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
            if (port.error.empty()) text = port.text();
            return port.error;
          },
          ""};
}

}  // namespace shakedown::cli

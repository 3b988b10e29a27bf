// SPDX-License-Identifier: Apache-2.0
#include "cli/config_check.h"

#include <fmt/format.h>

#include "config/configuration.h"

namespace shakedown::cli {
namespace {

std::string counted(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string summary_of(const config::Configuration& configuration) {
  if (configuration.watchlists.empty()) return "nothing is configured";
  std::size_t pattern_count = 0;
  for (const enrich::Watchlist& list : configuration.watchlists) {
    pattern_count += list.patterns.size();
  }
  return fmt::format("{} with {}", counted(configuration.watchlists.size(), "watchlist"),
                     counted(pattern_count, "pattern"));
}

}  // namespace

std::vector<std::string> configuration_problems(const std::string& path) {
  return config::read_configuration(path).problems.lines();
}

ConfigCheck check_configuration(const std::string& path) {
  config::Reading reading = config::read_configuration(path);
  if (!config::compile_watchlists(reading)) return {reading.problems.lines(), {}};
  return {{}, fmt::format("{}: OK, {}", path, summary_of(reading.configuration))};
}

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/config_check.h"

#include <fmt/format.h>

#include "config/configuration.h"
#include "config/contradictions.h"

namespace shakedown::cli {
namespace {

std::string counted(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string watchlists_text(const std::vector<enrich::Watchlist>& lists) {
  std::size_t pattern_count = 0;
  for (const enrich::Watchlist& list : lists) pattern_count += list.patterns.size();
  return fmt::format("{} with {}", counted(lists.size(), "watchlist"),
                     counted(pattern_count, "pattern"));
}

bool is_empty(const config::Configuration& configuration) {
  const config::Configuration none;
  return configuration.sensor == none.sensor && configuration.ports.empty() &&
         configuration.workers == none.workers && configuration.handshakes == none.handshakes &&
         configuration.overload == none.overload && configuration.memory == none.memory &&
         configuration.output == none.output && configuration.control == none.control &&
         configuration.diagnosis == none.diagnosis && configuration.watchlists.empty();
}

/// How much there is of what there can be several of.
std::string summary_of(const config::Configuration& configuration) {
  if (is_empty(configuration)) return "nothing is configured";
  std::vector<std::string> parts;
  if (!configuration.ports.empty()) parts.push_back(counted(configuration.ports.size(), "port"));
  if (const auto count = config::worker_count(configuration.workers)) {
    parts.push_back(counted(*count, "worker"));
  }
  if (!configuration.watchlists.empty()) {
    parts.push_back(watchlists_text(configuration.watchlists));
  }
  if (parts.empty()) return "no ports and no watchlists";
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

ConfigCheck check_configuration(const std::string& path) {
  config::Reading reading = config::read_configuration(path);
  if (!config::compile_watchlists(reading)) return {reading.problems.lines(), {}};
  return {{}, fmt::format("{}: OK, {}", path, summary_of(reading.configuration))};
}

}  // namespace shakedown::cli

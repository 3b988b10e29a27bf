// SPDX-License-Identifier: Apache-2.0
//
// Method: the input is a configuration, and also every file of patterns that it names. It goes
// through Document::parse, the readers of all sections, find_contradictions and
// for_each_pattern_line. Each problem must be one line without bare control bytes. What is accepted
// must compile and match a name, and give words that the command lines of the programs can carry.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "config/configuration.h"
#include "config/difference.h"
#include "config/values.h"

using namespace shakedown;

namespace {

/// What Hyperscan needs to compile expressions grows faster than they do, and is not ours to test.
constexpr std::size_t kExpressionBytesMax = 200;

std::size_t pattern_bytes(const std::vector<enrich::Watchlist>& lists) {
  std::size_t bytes = 0;
  for (const enrich::Watchlist& list : lists) {
    for (const enrich::WatchlistPattern& pattern : list.patterns) bytes += pattern.text.size();
  }
  return bytes;
}

void check(bool good) {
  if (!good) std::abort();
}

/// One word without spaces or control bytes, in which a reader finds the device again.
void check_port(const config::PortSettings& port) {
  const std::string text = port.text();
  for (const char byte : text) check(static_cast<unsigned char>(byte) > 0x20 && byte != 0x7f);
  config::PortSettings again;
  const std::string device = text.substr(0, text.find(','));
  const std::size_t colon = device.find(':');
  check(device.substr(0, colon) == config::name_of(port.driver));
  check(config::set_device(again, port.driver, device.substr(colon + 1)).empty());
  check(again.name == port.name);
}

void check_live(const config::Configuration& configuration) {
  for (const config::PortSettings& port : configuration.ports) check_port(port);
  std::vector<unsigned> processors;
  const auto& cpus = configuration.workers.cpus;
  if (!cpus.empty()) {
    check(config::parse_processors(config::processors_text(cpus, ','), ',', processors).empty());
  }
  check(processors == cpus);
  check(config::needs_restart(configuration, configuration).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const config::Reading reading = config::read_configuration(
      "s.yaml", [&text](const std::string&, std::size_t) { return config::TextFile{text}; });
  for (const std::string& line : reading.problems.lines()) {
    for (const char byte : line) {
      if (static_cast<unsigned char>(byte) < 0x20) std::abort();
    }
  }
  if (reading.problems.none()) check_live(reading.configuration);
  const auto& lists = reading.configuration.watchlists;
  if (!reading.problems.none() || pattern_bytes(lists) > kExpressionBytesMax) return 0;
  auto compiled = enrich::Watchlists::compile(lists);
  if (auto* watchlists = std::get_if<enrich::Watchlists>(&compiled)) {
    if (watchlists->match("www.example.com").size() > lists.size()) std::abort();
    if (!watchlists->match("").empty()) std::abort();
  }
  return 0;
}

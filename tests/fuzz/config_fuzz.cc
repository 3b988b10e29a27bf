// SPDX-License-Identifier: Apache-2.0
//
// Method: the input is a configuration, and also every file of patterns that it names. It goes
// through Document::parse, read_watchlists and for_each_pattern_line. Each problem must be one
// line without bare control bytes, and what is accepted must compile and match a name.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>

#include "config/configuration.h"

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
  const auto& lists = reading.configuration.watchlists;
  if (!reading.problems.none() || pattern_bytes(lists) > kExpressionBytesMax) return 0;
  auto compiled = enrich::Watchlists::compile(lists);
  if (auto* watchlists = std::get_if<enrich::Watchlists>(&compiled)) {
    if (watchlists->match("www.example.com").size() > lists.size()) std::abort();
    if (!watchlists->match("").empty()) std::abort();
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "port/processors.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace shakedown::port {
namespace {

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number >= kProcessorCountMax) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::optional<std::vector<unsigned>> parse_processors(std::string_view text, char separator) {
  std::vector<unsigned> list;
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view range = text.substr(0, end);
    const std::size_t dash = range.find('-');
    const auto first = parse_number(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number(range.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    for (unsigned processor = *first; processor <= *last; ++processor) {
      if (std::find(list.begin(), list.end(), processor) != list.end()) return std::nullopt;
      list.push_back(processor);
    }
    if (end == text.size()) return list;
    text.remove_prefix(end + 1);
  }
}

std::vector<unsigned> allowed_processors() {
  std::vector<unsigned> list;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return list;
  for (unsigned i = 0; i < kProcessorCountMax; ++i) {
    if (CPU_ISSET(i, &allowed)) list.push_back(i);
  }
  return list;
}

int node_of_processor(unsigned processor) {
  std::error_code error;
  const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(processor);
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    constexpr std::string_view kPrefix = "node";
    if (!name.starts_with(kPrefix)) continue;
    const auto node = parse_number(std::string_view(name).substr(kPrefix.size()));
    if (node) return static_cast<int>(*node);
  }
  return -1;
}

}  // namespace shakedown::port

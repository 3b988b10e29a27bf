// SPDX-License-Identifier: Apache-2.0
#include "doctor/cpu_list.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

namespace shakedown::doctor {
namespace {

std::optional<unsigned> number_of(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > kCpuMax) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::vector<unsigned> parse_cpu_list(std::string_view text) {
  std::vector<unsigned> cpus;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t dash = std::min(part.find('-'), part.size());
    const auto first = number_of(part.substr(0, dash));
    const auto last = dash == part.size() ? first : number_of(part.substr(dash + 1));
    if (!first || !last) continue;
    for (unsigned cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  std::ranges::sort(cpus);
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

std::string cpu_list_text(const std::vector<unsigned>& cpus) {
  if (cpus.empty()) return "none";
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(cpus[i]);
    if (last != i) text.append(last == i + 1 ? "," : "-").append(std::to_string(cpus[last]));
    i = last + 1;
  }
  return text;
}

std::vector<unsigned> missing_cpus(const std::vector<unsigned>& wanted,
                                   const std::vector<unsigned>& given) {
  std::vector<unsigned> missing;
  std::ranges::set_difference(wanted, given, std::back_inserter(missing));
  return missing;
}

}  // namespace shakedown::doctor

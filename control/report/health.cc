// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "export/text.h"
#include "report/summary.h"

namespace shakedown::report {

std::string address_key_text(std::string_view key) {
  if (key.empty()) return {};
  const auto family = static_cast<IpFamily>(key.front());
  key.remove_prefix(1);
  const std::size_t size = family == IpFamily::ipv6 ? 16 : 4;
  if (key.size() < size) return {};
  IpAddress address;
  std::memcpy(address.bytes.data(), key.data(), size);
  key.remove_prefix(size);
  if (key.size() < 2) return exporting::address_text(address, family);
  const auto high = static_cast<std::uint8_t>(key[0]);
  const auto low = static_cast<std::uint8_t>(key[1]);
  return exporting::endpoint_text(address, family, static_cast<std::uint16_t>(high << 8 | low));
}

Period period_of(const Summary& summary) {
  const ingest::Snapshot& snapshot = summary.snapshot;
  if (snapshot.mode != RunMode::live) return {summary.totals.first, summary.totals.last};
  return {snapshot.begin, std::max(snapshot.begin, snapshot.end)};
}

std::vector<HealthRemark> health_remarks(const ingest::Snapshot& snapshot) {
  std::vector<HealthRemark> remarks;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const CounterDescription& description = kCounterDescriptions[i];
    const std::uint64_t count = snapshot.counters[i];
    if (count == 0 || description.severity == CounterSeverity::info) continue;
    remarks.push_back({.name = description.name,
                       .count = count,
                       .unit = description.unit,
                       .sentence = description.sentence,
                       .loss = description.severity != CounterSeverity::notice});
  }
  std::stable_sort(remarks.begin(), remarks.end(),
                   [](const auto& a, const auto& b) { return a.loss && !b.loss; });
  return remarks;
}

}  // namespace shakedown::report

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   From a share of what came to a verdict with its sentence: what all judgements of
//            capture health are made of.
// Units:     Shares as fractions.
// Ownership: Values.
// Threading: Values.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace shakedown::aggregate {

enum class HealthVerdict : std::uint8_t {
  healthy,
  impaired,  ///< outcomes are missing; those that are reported can be trusted
  blind      ///< hardly any connection can be judged
};

/// From these shares on a link is impaired, or blind.
struct Threshold {
  double impaired;
  double blind;
};
inline constexpr double kNever = 2.0;
/// One or two odd ones say nothing, unless there are hardly any others.
inline constexpr std::uint64_t kAffectedMin = 3;

[[nodiscard]] inline double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// `31 %`, `4.2 %`, `0.31 %`
[[nodiscard]] inline std::string percent(double part) {
  const double value = 100.0 * part;
  return fmt::format("{:.{}f} %", value, value >= 10.0 ? 0 : value >= 1.0 ? 1 : 2);
}

using Found = std::vector<std::pair<HealthVerdict, std::string>>;

/// Adds the sentence that `sentence_of` makes of the share as text, where the share is large enough.
template <class Sentence>
void check(Found& found, std::uint64_t part, std::uint64_t whole, Threshold threshold,
           Sentence sentence_of) {
  if (part == 0 || (part < kAffectedMin && part * 2 < whole)) return;
  const double part_of = share(part, whole);
  if (part_of < threshold.impaired) return;
  found.emplace_back(part_of >= threshold.blind ? HealthVerdict::blind : HealthVerdict::impaired,
                     sentence_of(percent(part_of)));
}

}  // namespace shakedown::aggregate

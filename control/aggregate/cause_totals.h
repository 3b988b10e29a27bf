// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How often each cause was concluded, how surely, and for whom; and what was odd about
//            handshakes that succeeded.
// Units:     Handshakes. What is estimated says so in its name; all else is counted.
// Ownership: Owns its tables.
// Threading: One thread.
// Limits:    As many causes and warnings as there are; of each cause kCauseKeyCountMax clients and
//            servers (worst_keys.h).
// Failure:   none
// RFC:       none
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "aggregate/worst_keys.h"
#include "diagnose/diagnosis.h"
#include "enrich/handshake.h"

namespace shakedown::aggregate {

inline constexpr std::size_t kCauseKeyCountMax = 1024;

struct CauseCount {
  std::uint64_t count = 0;
  double estimated = 0.0;  ///< with those of the clients that were not followed
  std::array<std::uint64_t, 4> by_confidence{};  ///< by the number of the confidence
  diagnose::Confidence surest{};                 ///< of all; of the example
  HandshakeRecord example;                       ///< the first of the surest
  std::string example_name;
  std::string remedy;                    ///< of the example
  diagnose::Audience audience{};         ///< whom that remedy speaks to
  WorstKeys clients{kCauseKeyCountMax};  ///< keys as in totals.h
  WorstKeys servers{kCauseKeyCountMax};

  [[nodiscard]] std::uint64_t of(diagnose::Confidence confidence) const {
    return by_confidence[static_cast<std::size_t>(confidence)];
  }
};

struct CauseTotals {
  std::map<diagnose::Cause, CauseCount> causes;
  std::map<std::string, std::uint64_t, std::less<>> warnings;  ///< by their ids
  std::uint64_t diagnosed = 0;
  std::uint64_t warned = 0;  ///< handshakes with at least one

  void add(const enrich::Handshake& handshake, const diagnose::Diagnosis& diagnosis);
  void add(std::span<const diagnose::Warning> warnings_of_one);
};

}  // namespace shakedown::aggregate

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   All accidents on all captures, summed up: what was kept, what was withheld and why, and
//            what must not have happened.
// Units:     Connections.
// Ownership: Values.
// Threading: survey() uses as many threads as it is told to.
// Limits:    kExampleCountMax examples of each kind of change are remembered per accident.
// Failure:   Captures that cannot be read are named in `unreadable`.
// RFC:       none
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "accident.h"
#include "verdicts.h"

namespace shakedown::accidents {

inline constexpr std::size_t kExampleCountMax = 3;

/// A line of the table.
struct Sum {
  std::uint64_t runs = 0;
  std::array<std::uint64_t, kChangeCount> changes{};
  std::array<std::uint64_t, kUnseenReasonCount> reasons{};
  std::uint64_t known = 0;       ///< of which the whole capture tells an outcome
  std::uint64_t known_kept = 0;  ///< ... and the harmed one the same
  std::uint64_t details = 0;     ///< kept, but not in all that describes the handshake

  void add(const Finding& finding, bool known_in_whole);
  void add(const Sum& other);
};

/// One kind of difference under one accident, with examples of how to get it again.
struct Difference {
  Change change = Change::kept;
  std::uint64_t count = 0;
  std::vector<std::string> examples;
};

struct Survey {
  std::size_t capture_count = 0;  ///< with at least one record
  std::size_t connection_count = 0;
  std::map<std::string, Sum> sums;  ///< by group of accidents
  /// By "accident: outcome -> outcome".
  std::map<std::string, Difference> differences;
  std::vector<std::string> broken_sums;  ///< packets or handshakes without exactly one fate
  std::vector<std::string> unreadable;

  void add(const Survey& other);
  [[nodiscard]] std::uint64_t count_of(Change change) const;
};

struct SurveyOptions {
  std::uint64_t seed_count = 5;  ///< of accidents that differ from seed to seed
  std::uint64_t first_seed = 1;
  unsigned thread_count = 2;
  std::string accident_filter{};     ///< part of the name; empty: all
  std::size_t packet_count_max = 0;  ///< longer captures are left out; zero: none
};

[[nodiscard]] Survey survey(const std::vector<std::filesystem::path>& captures,
                            const SurveyOptions& options);

/// The seed of one run: depends on nothing but these.
[[nodiscard]] std::uint64_t seed_of(const std::string& capture, const std::string& accident,
                                    std::uint64_t seed);

/// The table in Markdown.
[[nodiscard]] std::string table_of(const Survey& survey);

}  // namespace shakedown::accidents

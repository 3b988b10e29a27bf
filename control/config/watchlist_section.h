// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The section `watchlists` of the configuration, and the files of patterns it names.
// Units:     none
// Ownership: Values.
// Threading: One thread.
// Limits:    kWatchlistCountMax, kWatchlistPatternCountMax, kPatternBytesMax; kPatternFileBytesMax
//            per file.
// Failure:   Problems; every pattern was checked by itself. Whether Hyperscan can take all of them
//            together shows when they are compiled.
// RFC:       none
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/document.h"
#include "config/problem.h"
#include "config/text_file.h"
#include "enrich/watchlist.h"

namespace shakedown::config {

inline constexpr std::size_t kWatchlistNameSizeMax = 64;
/// Room for kWatchlistPatternCountMax names and their comments.
inline constexpr std::size_t kPatternFileBytesMax = 8u << 20;

/// Reads the section; `read_file` reads the files of patterns, whose paths are relative to the
/// folder of the source's file.
[[nodiscard]] std::vector<enrich::Watchlist> read_watchlists(const Node& section,
                                                             const Source& source,
                                                             const FileReader& read_file);

/// What compiling refused, at the place of the pattern.
void add_problem(Problems& problems, const std::vector<enrich::Watchlist>& lists,
                 const enrich::Watchlists::Refusal& refusal);

}  // namespace shakedown::config

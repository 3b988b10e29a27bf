// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Why handshakes failed, as a block of the summary and as fields of its JSON.
// Units:     Handshakes; shares of those that were diagnosed.
// Ownership: Values.
// Threading: Pure.
// Limits:    Lines of kScreenWidth columns; with the default number of rows kCauseLineCountMax lines.
// Failure:   Nothing where nothing was diagnosed.
// RFC:       none
#pragma once

#include <string>

#include "aggregate/cause_totals.h"
#include "export/json_writer.h"

namespace shakedown::report {

inline constexpr std::size_t kCauseLineCountMax = 15;

struct CausesText {
  std::string heading;  ///< one line, without its newline
  std::string body;     ///< whole lines
};

/// `row_count` causes, the most frequent first; `explained_count` of them with sentence and remedy.
[[nodiscard]] CausesText causes_text(const aggregate::CauseTotals& totals, unsigned row_count,
                                     unsigned explained_count);
/// The members `causes` and `handshake_warnings` of the object that is open.
void write_causes(exporting::JsonWriter& json, const aggregate::CauseTotals& totals);

}  // namespace shakedown::report

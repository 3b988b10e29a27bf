// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The answer of `shakedown explain`: what failed for a subject, grouped, and one event of
//            the largest group in full.
// Units:     Handshakes.
// Ownership: Values.
// Threading: Pure.
// Limits:    `row_count` groups; lines of report::kScreenWidth columns.
// Failure:   A subject without failures or warnings is said to be so.
// RFC:       none
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "explain/collection.h"

namespace shakedown::explain {

inline constexpr unsigned kGroupRowCount = 10;

/// `source`: where the events came from, for the sentence that there were none: "in events.ndjson".
[[nodiscard]] std::string report_text(const Collection& collection, const std::string& source,
                                      unsigned row_count);
/// One object and a newline. `answer`: of a sensor, whose profiles are handed on; null: none.
[[nodiscard]] std::string report_json(const Collection& collection, unsigned row_count,
                                      const boost::json::value* answer = nullptr);

/// The `profiles` of a sensor's answer, each a paragraph.
[[nodiscard]] std::string profiles_text(const boost::json::value& answer);

}  // namespace shakedown::explain

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One event in plain sentences: what was seen, what was concluded and why, what would
//            prove it wrong, who can act and how, and the commands to check.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    Lines of report::kScreenWidth columns, but for commands, which stay whole to be copied.
// Failure:   What the event does not have is left out; an event without a cause says so.
// RFC:       none
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace shakedown::explain {

/// Fit for a terminal, whatever is in the event.
[[nodiscard]] std::string explanation(const boost::json::value& event);

/// `the server's certificate has expired`; the id itself where it is none of ours.
[[nodiscard]] std::string sentence_of(const std::string& cause_id);

}  // namespace shakedown::explain

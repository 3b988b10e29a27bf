// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What was seen of a handshake, as sentences made of the fields of its event.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   What the event does not have is left out.
// RFC:       none
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace shakedown::explain {

/// In the order of a handshake: where, what was offered, chosen, shown and said, how it ended.
[[nodiscard]] std::vector<std::string> what_was_seen(const boost::json::value& event);

}  // namespace shakedown::explain

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The answers of a sensor as people read them.
// Units:     In the text.
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   What an answer does not have is left out.
// RFC:       none
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cli/remote_request.h"

namespace shakedown::cli {

/// Of an answer that says `"ok":true`.
[[nodiscard]] std::string answer_text(const RemoteCommand& command,
                                      const boost::json::value& answer);

// One for each subcommand.
[[nodiscard]] std::string status_text(const boost::json::value& answer);
[[nodiscard]] std::string counters_text(const boost::json::value& answer, bool all, bool workers);
[[nodiscard]] std::string ports_text(const boost::json::value& answer, bool all);
[[nodiscard]] std::string queues_text(const boost::json::value& answer);
[[nodiscard]] std::string connection_text(const boost::json::value& answer);
[[nodiscard]] std::string reload_text(const boost::json::value& answer);

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The fields of a handshake event, read for people.
// Units:     As in the event.
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   What is missing, or not of the type that it should be, is empty.
// RFC:       RFC 8259
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "serve/subject.h"

namespace shakedown::explain {

/// The value at a path like "tls.client.server_name"; null when there is none.
[[nodiscard]] const boost::json::value* find(const boost::json::value& event,
                                             std::string_view path);
/// As it stands there; not fit for a terminal.
[[nodiscard]] std::string raw_text(const boost::json::value& event, std::string_view path);
/// Fit for a terminal.
[[nodiscard]] std::string text(const boost::json::value& event, std::string_view path);
/// The same with room for a command line.
[[nodiscard]] std::string long_text(const boost::json::value& event, std::string_view path);
[[nodiscard]] std::int64_t number(const boost::json::value& event, std::string_view path);
[[nodiscard]] bool truth(const boost::json::value& event, std::string_view path);
/// The texts of a list, fit for a terminal.
[[nodiscard]] std::vector<std::string> texts(const boost::json::value& event,
                                             std::string_view path);
[[nodiscard]] const boost::json::array& list(const boost::json::value& event,
                                             std::string_view path);

[[nodiscard]] bool is_handshake_event(const boost::json::value& event);
/// `[2001:db8::1]:443` of `source` or `destination`, fit for a terminal.
[[nodiscard]] std::string endpoint_of(const boost::json::value& event, std::string_view side);
[[nodiscard]] bool concerns(const boost::json::value& event, const serve::Subject& subject);
/// `2026-01-15 12:00:03`, of an ISO 8601 time.
[[nodiscard]] std::string short_time(std::string_view time);

}  // namespace shakedown::explain

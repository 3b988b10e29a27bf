// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What can be asked of a running sensor over its control socket: one JSON object a line,
//            `{"command":"status"}`. docs/control_socket.md describes it for others.
// Units:     Bytes.
// Ownership: Values.
// Threading: Pure.
// Limits:    kRequestBytesMax, kRequestDepthMax.
// Failure:   A Refusal for anything that is not exactly a request: members that nobody knows are
//            refused as well, because a request that is obeyed in part does harm in silence.
// RFC:       RFC 8259
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "serve/endpoint.h"
#include "serve/subject.h"
#include "shakedown/shm_layout.h"

namespace shakedown::serve {

/// The longest request of today has 150 bytes; the rest is room for those to come.
inline constexpr std::size_t kRequestBytesMax = 64 * 1024;
/// Requests are flat.
inline constexpr std::size_t kRequestDepthMax = 4;

struct StatusRequest {};
struct CountersRequest {};
struct PortsRequest {};
struct QueuesRequest {};
struct ConnectionRequest {
  Endpoint client;
  Endpoint server;  ///< of the client's family
};
struct LogLevelRequest {
  LogLevel level = LogLevel::info;
};
struct ReloadRequest {};
struct ExplainRequest {
  Subject subject;
};

using Request = std::variant<StatusRequest, CountersRequest, PortsRequest, QueuesRequest,
                             ConnectionRequest, LogLevelRequest, ReloadRequest, ExplainRequest>;

/// The name that a request has in `command`.
[[nodiscard]] std::string_view command_name(const Request& request);

struct Refusal {
  /// For programs: `malformed`, `unknown_command`, `bad_value`, `not_possible`, `too_large`, `busy`.
  std::string reason;
  std::string sentence;  ///< for people
};

/// `line` without its newline.
[[nodiscard]] std::variant<Request, Refusal> parse_request(std::string_view line);

/// The request as a line without its newline; endpoints as they were written.
[[nodiscard]] std::string request_line(std::string_view command);
[[nodiscard]] std::string connection_request_line(std::string_view client, std::string_view server);
[[nodiscard]] std::string log_level_request_line(std::string_view level);
[[nodiscard]] std::string explain_request_line(std::string_view subject);

/// `{"ok":false,...}` without a newline.
[[nodiscard]] std::string refusal_line(const Refusal& refusal);

}  // namespace shakedown::serve

// SPDX-License-Identifier: Apache-2.0
#include "cli/remote.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/answer_fields.h"
#include "cli/arguments.h"
#include "cli/remote_connection.h"
#include "cli/remote_text.h"
#include "serve/protocol.h"

namespace shakedown::cli {

namespace {

namespace json = boost::json;

RemoteResult refused(const RemoteCommand& command, const json::value& answer) {
  const Fields fields(answer);
  std::string sentence = fields.text("error");
  if (sentence.empty()) sentence = "the sensor refused the request without saying why";
  if (fields.text("reason") == "unknown_command") {
    sentence = fmt::format(
        "the sensor (version {}) does not know '{}': it is older than this program ({})",
        fields.text("version"), command.name, SHAKEDOWN_VERSION);
  }
  // What a reload has found wrong is a list, each with its place in the file.
  const std::string details = command.name == "reload" ? reload_text(answer) : std::string();
  return {.output = fields.list("problems").empty() ? std::string() : details,
          .error = sentence,
          .exit_code = kExitBadUse};
}

}  // namespace

std::string request_of(const RemoteCommand& command) {
  if (command.name == "connection") {
    return serve::connection_request_line(command.client, command.server);
  }
  if (command.name == "log-level") return serve::log_level_request_line(command.level);
  return serve::request_line(command.name);
}

RemoteResult show(const RemoteCommand& command, std::string_view line) {
  json::error_code error;
  const json::value answer = json::parse({line.data(), line.size()}, error);
  if (error || !answer.is_object()) {
    return {.output = {},
            .error = "what answered is no sensor: it does not speak JSON",
            .exit_code = kExitBroken};
  }
  const bool ok = Fields(answer).truth("ok");
  if (command.json) {
    return {
        .output = std::string(line) + '\n', .error = {}, .exit_code = ok ? kExitOk : kExitBadUse};
  }
  if (!ok) return refused(command, answer);
  return {.output = answer_text(command, answer), .error = {}, .exit_code = kExitOk};
}

RemoteResult ask(const RemoteCommand& command) {
  const RemoteAnswer answer =
      ask_sensor(command.socket, request_of(command),
                 command.name == "reload" ? kReloadPatience : kAnswerPatience);
  if (!answer.error.empty()) {
    return {.output = {}, .error = answer.error, .exit_code = answer.exit_code};
  }
  return show(command, answer.line);
}

}  // namespace shakedown::cli

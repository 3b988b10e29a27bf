// SPDX-License-Identifier: Apache-2.0
#include "serve/protocol.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <initializer_list>
#include <optional>

#include "config/problem.h"
#include "config/values.h"
#include "export/json_writer.h"
#include "log.h"

namespace shakedown::serve {

namespace {

namespace json = boost::json;

using config::in_quotes;
using Parsed = std::variant<Request, Refusal>;

const std::vector<std::string>& command_names() {
  static const std::vector<std::string> names{"status",     "counters",  "ports",  "queues",
                                              "connection", "log_level", "reload", "explain"};
  return names;
}

Refusal malformed(std::string sentence) { return {"malformed", std::move(sentence)}; }
Refusal bad_value(std::string sentence) { return {"bad_value", std::move(sentence)}; }

/// What is wrong with the members' names; nothing when all of them are known.
std::optional<Refusal> unknown_member(const json::object& object,
                                      std::initializer_list<std::string_view> known) {
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    if (name == "command" || std::find(known.begin(), known.end(), name) != known.end()) continue;
    return malformed(fmt::format("this command has no member {}", in_quotes(name)));
  }
  return std::nullopt;
}

std::optional<std::string_view> text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value != nullptr ? value->if_string() : nullptr;
  if (text == nullptr) return std::nullopt;
  return std::string_view(text->data(), text->size());
}

/// One end of a connection; the refusal says what it should look like.
std::variant<Endpoint, Refusal> endpoint_of(const json::object& object, std::string_view name) {
  const auto text = text_of(object, name);
  if (!text) {
    return malformed(fmt::format("'{}' is missing: an address with its port, as text", name));
  }
  const auto endpoint = parse_endpoint(*text);
  if (endpoint) return *endpoint;
  return bad_value(
      fmt::format("{} is no address with a port, like 192.0.2.7:50123 or "
                  "[2001:db8::1]:443",
                  in_quotes(*text)));
}

Parsed connection_of(const json::object& object) {
  if (auto refusal = unknown_member(object, {"client", "server"})) return *refusal;
  const auto client = endpoint_of(object, "client");
  if (const auto* refusal = std::get_if<Refusal>(&client)) return *refusal;
  const auto server = endpoint_of(object, "server");
  if (const auto* refusal = std::get_if<Refusal>(&server)) return *refusal;
  const ConnectionRequest request{std::get<Endpoint>(client), std::get<Endpoint>(server)};
  if (request.client.family != request.server.family) {
    return bad_value("one of the two addresses is IPv4 and the other IPv6");
  }
  return request;
}

Parsed log_level_of(const json::object& object) {
  if (auto refusal = unknown_member(object, {"level"})) return *refusal;
  const auto name = text_of(object, "level");
  if (!name) return malformed("'level' is missing: error, warning, info or debug");
  const auto level = log::level_of(*name);
  if (level) return LogLevelRequest{*level};
  return bad_value(fmt::format("{} is no log level; there are error, warning, info and debug",
                               in_quotes(*name)));
}

Parsed explain_of(const json::object& object) {
  if (auto refusal = unknown_member(object, {"subject"})) return *refusal;
  const auto text = text_of(object, "subject");
  if (!text) return malformed("'subject' is missing: what is to be explained, as text");
  const auto subject = parse_subject(*text);
  if (subject) return ExplainRequest{*subject};
  return bad_value(fmt::format("{} is nothing that can be explained: give {}", in_quotes(*text),
                               subject_forms()));
}

template <class SomeRequest>
Parsed plain(const json::object& object) {
  if (auto refusal = unknown_member(object, {})) return *refusal;
  return SomeRequest{};
}

Parsed request_of(std::string_view command, const json::object& object) {
  if (command == "status") return plain<StatusRequest>(object);
  if (command == "counters") return plain<CountersRequest>(object);
  if (command == "ports") return plain<PortsRequest>(object);
  if (command == "queues") return plain<QueuesRequest>(object);
  if (command == "reload") return plain<ReloadRequest>(object);
  if (command == "connection") return connection_of(object);
  if (command == "log_level") return log_level_of(object);
  if (command == "explain") return explain_of(object);
  return Refusal{"unknown_command", fmt::format("there is no command {}{}", in_quotes(command),
                                                config::hint(command, command_names()))};
}

}  // namespace

std::string_view command_name(const Request& request) { return command_names()[request.index()]; }

std::variant<Request, Refusal> parse_request(std::string_view line) {
  if (line.size() > kRequestBytesMax) {
    return Refusal{"too_large", fmt::format("a request has at most {} bytes", kRequestBytesMax)};
  }
  json::error_code error;
  json::parse_options options;
  options.max_depth = kRequestDepthMax;
  const json::value value = json::parse({line.data(), line.size()}, error, {}, options);
  if (error) return malformed(fmt::format("this is no JSON: {}", error.message()));
  const json::object* object = value.if_object();
  if (object == nullptr) {
    return malformed("a request is a JSON object, like {\"command\":\"status\"}");
  }
  const auto command = text_of(*object, "command");
  if (!command) return malformed("'command' is missing: its name, as text");
  return request_of(*command, *object);
}

std::string request_line(std::string_view command) {
  fmt::memory_buffer out;
  exporting::JsonWriter writer(out);
  writer.begin_object();
  writer.member("command", command);
  writer.end_object();
  return fmt::to_string(out);
}

std::string connection_request_line(std::string_view client, std::string_view server) {
  fmt::memory_buffer out;
  exporting::JsonWriter writer(out);
  writer.begin_object();
  writer.member("command", "connection");
  writer.member("client", client);
  writer.member("server", server);
  writer.end_object();
  return fmt::to_string(out);
}

std::string log_level_request_line(std::string_view level) {
  fmt::memory_buffer out;
  exporting::JsonWriter writer(out);
  writer.begin_object();
  writer.member("command", "log_level");
  writer.member("level", level);
  writer.end_object();
  return fmt::to_string(out);
}

std::string explain_request_line(std::string_view subject) {
  fmt::memory_buffer out;
  exporting::JsonWriter writer(out);
  writer.begin_object();
  writer.member("command", "explain");
  writer.member("subject", subject);
  writer.end_object();
  return fmt::to_string(out);
}

std::string refusal_line(const Refusal& refusal) {
  fmt::memory_buffer out;
  exporting::JsonWriter writer(out);
  writer.begin_object();
  writer.member("ok", false);
  writer.member("reason", refusal.reason);
  writer.member("error", refusal.sentence);
  writer.member("version", SHAKEDOWN_VERSION);
  writer.end_object();
  return fmt::to_string(out);
}

}  // namespace shakedown::serve

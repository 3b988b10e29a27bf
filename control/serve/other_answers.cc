// SPDX-License-Identifier: Apache-2.0
//
// One connection, and what was changed.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <string_view>

#include "export/json_writer.h"
#include "export/text.h"
#include "log.h"
#include "serve/answers.h"

namespace shakedown::serve {

namespace {

using exporting::JsonWriter;

void write_list(JsonWriter& json, std::string_view name, const std::vector<std::string>& items) {
  json.begin_array(name);
  for (const std::string& item : items) json.value(item);
  json.end_array();
}

/// The event less how it ended: it has not.
std::string without_outcome(std::string_view event) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(event, error);
  if (error || !value.is_object()) return "{}";
  boost::json::object& fields = value.get_object();
  const auto object_at = [&fields](std::string_view name) {
    boost::json::value* found = fields.if_contains(name);
    return found != nullptr ? found->if_object() : nullptr;
  };
  if (auto* happened = object_at("event")) {
    for (const char* name : {"outcome", "action", "end", "duration"}) happened->erase(name);
  }
  if (auto* tls = object_at("tls")) tls->erase("established");
  if (auto* ours = object_at("shakedown")) {
    for (const char* name : {"outcome", "rejection", "handshake"}) ours->erase(name);
  }
  return boost::json::serialize(value);
}

void write_finding(JsonWriter& json, const Finding& finding, const SegmentHeader& segment,
                   const RecordWriter& write_record) {
  json.member("worker", finding.worker);
  json.member("client_certain", finding.client_certain);
  json.member("held_bytes", finding.held_bytes);
  if (finding.deadline.known()) {
    json.member("deadline", exporting::time_text(finding.deadline));
    const UnixNanos clock{segment.packet_clock.load(std::memory_order_relaxed)};
    const double nanos =
        static_cast<double>(finding.deadline.value) - static_cast<double>(clock.value);
    if (clock.known()) {
      json.member("deadline_in_seconds", nanos / static_cast<double>(kNanosPerSecond), 3);
    }
  }
  // Of a decided one only the memory that it was is left.
  if (finding.followed == Followed::decided) return;
  fmt::memory_buffer event;
  write_record(event, finding.record);
  json.raw_member("handshake", without_outcome({event.data(), event.size()}));
}

}  // namespace

std::string connection_answer(const Findings& findings, SegmentHeader& segment,
                              const RecordWriter& write_record) {
  fmt::memory_buffer out;
  JsonWriter json(out);
  json.begin_object();
  json.member("ok", true);
  json.member("command", "connection");
  const Followed followed =
      findings.found.empty() ? Followed::unknown : findings.found.front().followed;
  json.member("followed", name_of(followed));
  if (!findings.found.empty()) {
    write_finding(json, findings.found.front(), segment, write_record);
  }
  // Both directions belong to one worker. Where another knows the connection as well, that is odd.
  json.begin_array("also_at");
  for (std::size_t i = 1; i < findings.found.size(); ++i) {
    json.begin_object();
    json.member("worker", findings.found[i].worker);
    json.member("followed", name_of(findings.found[i].followed));
    json.end_object();
  }
  json.end_array();
  json.begin_array("silent_workers");
  for (const unsigned worker : findings.silent) json.value(worker);
  json.end_array();
  json.end_object();
  return fmt::to_string(out);
}

std::string log_level_answer(LogLevel level) {
  fmt::memory_buffer out;
  JsonWriter json(out);
  json.begin_object();
  json.member("ok", true);
  json.member("command", "log_level");
  json.member("level", log::level_name(level));
  json.end_object();
  return fmt::to_string(out);
}

std::string reload_answer(const ReloadResult& result) {
  fmt::memory_buffer out;
  JsonWriter json(out);
  json.begin_object();
  json.member("ok", result.good());
  json.member("command", "reload");
  if (!result.good()) {
    json.member("reason", result.problems.empty() ? "not_possible" : "bad_configuration");
    json.member("error", result.problems.empty() ? result.failed.front() : result.sentence());
  }
  write_list(json, "problems", result.problems);
  write_list(json, "failed", result.failed);
  write_list(json, "taken", result.taken);
  write_list(json, "overridden", result.overridden);
  write_list(json, "needs_restart", result.needs_restart);
  write_list(json, "reopened", result.reopened);
  json.end_object();
  return fmt::to_string(out);
}

}  // namespace shakedown::serve

// SPDX-License-Identifier: Apache-2.0
#include "explain/rules_table.h"

#include <fmt/format.h>

#include <iterator>

#include "export/json_writer.h"
#include "report/text_block.h"

namespace shakedown::explain {

namespace {

using diagnose::CauseDescription;
using diagnose::Rule;

/// A bar would end the cell.
std::string cell(std::string_view words) {
  std::string escaped;
  for (const char letter : words) escaped += letter == '|' ? "\\|" : std::string(1, letter);
  return escaped;
}

}  // namespace

std::string rules_text(std::span<const Rule> rules) {
  std::string text;
  for (const Rule& rule : rules) {
    const CauseDescription& cause = diagnose::describe(rule.cause);
    fmt::format_to(std::back_inserter(text), "{}\n", rule.id);
    text += report::wrapped(fmt::format("concludes: {} ({})", cause.sentence, cause.id), 2) + '\n';
    text += report::wrapped(fmt::format("needs: {}", rule.needs), 2) + '\n';
    text += report::wrapped(fmt::format("against: {}", rule.against), 2) + '\n';
  }
  return text;
}

std::string rules_json(std::span<const Rule> rules) {
  fmt::memory_buffer out;
  exporting::JsonWriter json(out);
  json.begin_object();
  json.begin_array("causes");
  for (const CauseDescription& cause : diagnose::causes()) {
    json.begin_object();
    json.member("id", cause.id);
    json.member("number", static_cast<unsigned>(cause.cause));
    if (const auto who = name_of(cause.audience); !who.empty()) json.member("for", who);
    json.member("sentence", cause.sentence);
    json.member("remedy", cause.remedy);
    json.end_object();
  }
  json.end_array();
  json.begin_array("rules");
  for (const Rule& rule : rules) {
    json.begin_object();
    json.member("id", rule.id);
    json.member("cause", name_of(rule.cause));
    json.member("needs", rule.needs);
    json.member("against", rule.against);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out.push_back('\n');
  return fmt::to_string(out);
}

std::string rules_markdown(std::span<const Rule> rules) {
  std::string text =
      "| cause | the handshake failed because | who can act | remedy |\n|---|---|---|---|\n";
  for (const CauseDescription& cause : diagnose::causes()) {
    fmt::format_to(std::back_inserter(text), "| `{}` | {} | {} | {} |\n", cause.id,
                   cell(cause.sentence), name_of(cause.audience), cell(cause.remedy));
  }
  text +=
      "\n| rule | cause | what makes it apply | what would prove it wrong |\n|---|---|---|---|\n";
  for (const Rule& rule : rules) {
    fmt::format_to(std::back_inserter(text), "| `{}` | `{}` | {} | {} |\n", rule.id,
                   name_of(rule.cause), cell(rule.needs), cell(rule.against));
  }
  return text;
}

}  // namespace shakedown::explain

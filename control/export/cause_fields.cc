// SPDX-License-Identifier: Apache-2.0
#include "export/cause_fields.h"

#include <string>
#include <string_view>
#include <vector>

namespace shakedown::exporting {

namespace {

void write_text(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.member(name, text);
}

void write_sentences(JsonWriter& json, std::string_view name,
                     const std::vector<std::string>& sentences) {
  if (sentences.empty()) return;
  json.begin_array(name);
  for (const std::string& sentence : sentences) json.value(sentence);
  json.end_array();
}

void write_alternatives(JsonWriter& json, const std::vector<diagnose::Alternative>& alternatives) {
  if (alternatives.empty()) return;
  json.begin_array("alternatives");
  for (const diagnose::Alternative& alternative : alternatives) {
    json.begin_object();
    json.member("id", name_of(alternative.cause));
    json.member("confidence", name_of(alternative.confidence));
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void write_cause(JsonWriter& json, const diagnose::Diagnosis& diagnosis) {
  json.begin_object("cause");
  json.member("id", name_of(diagnosis.cause));
  json.member("confidence", name_of(diagnosis.confidence));
  if (diagnosis.rule != nullptr) json.member("rule", diagnosis.rule->id);
  write_sentences(json, "evidence", diagnosis.evidence);
  write_sentences(json, "against", diagnosis.against);
  if (diagnosis.rule != nullptr) write_text(json, "refutation", diagnosis.rule->against);
  write_text(json, "remedy", diagnosis.remedy);
  write_text(json, "for", name_of(diagnosis.audience));
  write_text(json, "reproduce", diagnosis.reproduce);
  write_text(json, "reproduce_working", diagnosis.reproduce_working);
  write_alternatives(json, diagnosis.alternatives);
  json.end_object();
}

void write_warnings(JsonWriter& json, std::span<const diagnose::Warning> warnings) {
  if (warnings.empty()) return;
  json.begin_array("warnings");
  for (const diagnose::Warning& warning : warnings) {
    json.begin_object();
    json.member("id", warning.id);
    json.member("text", warning.text);
    if (warning.diagnosis != nullptr) write_cause(json, *warning.diagnosis);
    json.end_object();
  }
  json.end_array();
}

}  // namespace shakedown::exporting

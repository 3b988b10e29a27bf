// SPDX-License-Identifier: Apache-2.0
#include "report/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "export/event_id.h"
#include "export/text.h"
#include "report/text_block.h"

namespace shakedown::report {

namespace {

using aggregate::CauseCount;
using aggregate::CauseTotals;
using diagnose::Cause;
using diagnose::CauseDescription;
using diagnose::Confidence;
using exporting::grouped;

/// A remedy for one case may name what was seen there.
constexpr std::size_t kRemedySizeMax = 160;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string distinct(const aggregate::WorstKeys& keys) {
  return fmt::format("{}{}", grouped(keys.key_count()), keys.approximate() ? "+" : "");
}

/// The most frequent first, then in the order of their numbers.
std::vector<std::pair<Cause, const CauseCount*>> ranked(const CauseTotals& totals) {
  std::vector<std::pair<Cause, const CauseCount*>> rows;
  for (const auto& [cause, count] : totals.causes) rows.emplace_back(cause, &count);
  std::ranges::stable_sort(rows, std::greater<>(),
                           [](const auto& row) { return row.second->count; });
  return rows;
}

std::string row_text(const CauseDescription& cause, const CauseCount& count, std::uint64_t all) {
  const auto sure = count.of(Confidence::certain) + count.of(Confidence::likely);
  return fmt::format("  {:<35}{:>6} {:>4.0f} % {:>7} {:>8} {:>8}\n", cause.id, grouped(count.count),
                     100.0 * share(count.count, all),
                     fmt::format("{:.0f} %", 100.0 * share(sure, count.count)),
                     distinct(count.clients), distinct(count.servers));
}

std::string explained_text(const CauseDescription& cause, const CauseCount& count) {
  const std::string remedy = exporting::terminal_text(count.remedy, kRemedySizeMax);
  const std::string_view who = name_of(count.audience);
  std::string words = fmt::format("{}: {}.", cause.id, cause.sentence);
  if (!remedy.empty() && !who.empty()) words += fmt::format(" For the {}: {}", who, remedy);
  return wrapped(words, 2) + '\n';
}

void write_keys(exporting::JsonWriter& json, std::string_view name,
                const aggregate::WorstKeys& keys) {
  json.begin_object(name);
  json.member("count", keys.key_count());
  json.member("approximate", keys.approximate());
  json.end_object();
}

void write_cause(exporting::JsonWriter& json, const CauseDescription& cause,
                 const CauseCount& count, std::uint64_t all) {
  const HandshakeRecord& record = count.example;
  json.begin_object();
  json.member("id", cause.id);
  json.member("count", count.count);
  if (count.estimated > static_cast<double>(count.count)) {
    json.member("estimated_count", std::llround(count.estimated));
  }
  json.member("share", share(count.count, all), 6);
  json.begin_object("confidence");
  for (const Confidence confidence :
       {Confidence::certain, Confidence::likely, Confidence::possible}) {
    json.member(name_of(confidence), count.of(confidence));
  }
  json.end_object();
  write_keys(json, "clients", count.clients);
  write_keys(json, "servers", count.servers);
  json.member("sentence", cause.sentence);
  json.member("remedy", count.remedy);
  if (const auto who = name_of(count.audience); !who.empty()) json.member("for", who);
  json.begin_object("example");
  json.member("event_id", exporting::event_id(record));
  json.member("source",
              exporting::endpoint_text(record.client_address, record.family, record.client_port));
  json.member("destination",
              exporting::endpoint_text(record.server_address, record.family, record.server_port));
  if (!count.example_name.empty()) json.member("server_name", count.example_name);
  json.end_object();
  json.end_object();
}

}  // namespace

CausesText causes_text(const CauseTotals& totals, unsigned row_count, unsigned explained_count) {
  if (totals.diagnosed == 0) return {};
  CausesText text;
  text.heading = fmt::format("{:<37}{:>6} {:>6} {:>7} {:>8} {:>8}", "Why", "count", "share", "sure",
                             "clients", "servers");
  const auto rows = ranked(totals);
  std::uint64_t shown = 0;
  for (std::size_t i = 0; i < rows.size() && i < row_count; ++i) {
    text.body += row_text(diagnose::describe(rows[i].first), *rows[i].second, totals.diagnosed);
    shown += rows[i].second->count;
  }
  if (rows.size() > row_count) {
    text.body +=
        fmt::format("  {:<35}{:>6}\n", fmt::format("{} more causes", rows.size() - row_count),
                    grouped(totals.diagnosed - shown));
  }
  unsigned explained = 0;
  for (const auto& [cause, count] : rows) {
    // Of what is not known there is nothing to tell.
    if (cause == Cause::unknown) continue;
    if (explained++ == explained_count) break;
    text.body += explained_text(diagnose::describe(cause), *count);
  }
  return text;
}

void write_causes(exporting::JsonWriter& json, const CauseTotals& totals) {
  json.begin_array("causes");
  for (const auto& [cause, count] : ranked(totals)) {
    write_cause(json, diagnose::describe(cause), *count, totals.diagnosed);
  }
  json.end_array();
  json.begin_array("handshake_warnings");
  for (const auto& [id, count] : totals.warnings) {
    json.begin_object();
    json.member("id", id);
    json.member("count", count);
    json.end_object();
  }
  json.end_array();
}

}  // namespace shakedown::report

// SPDX-License-Identifier: Apache-2.0
#include "explain/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "explain/event_fields.h"
#include "explain/explanation.h"
#include "export/json_writer.h"
#include "export/text.h"
#include "report/text_block.h"

namespace shakedown::explain {

namespace {

namespace json = boost::json;

using exporting::grouped;

constexpr std::size_t kShownClientCount = 4;

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(count), count == 1 ? one : many);
}

/// "3 failed, 8 succeeded and 1 could not be judged"
std::string tally_text(const Collection& collection) {
  std::string words = fmt::format("{} failed", grouped(collection.failed_count()));
  if (collection.succeeded_count() != 0) {
    words += fmt::format(", {} succeeded", grouped(collection.succeeded_count()));
  }
  if (collection.unjudged_count() != 0) {
    words += fmt::format(", {} could not be judged", grouped(collection.unjudged_count()));
  }
  return words;
}

std::string period_text(const Group& group) {
  const std::string first = short_time(group.first);
  const std::string last = short_time(group.last);
  if (first == last) return first;
  const bool same_day = first.substr(0, 10) == last.substr(0, 10) && last.size() > 11;
  return fmt::format("{} to {}", first, same_day ? last.substr(11) : last);
}

std::string clients_text(const Group& group) {
  std::vector<std::pair<std::string, std::uint64_t>> rows(group.clients.begin(),
                                                          group.clients.end());
  std::ranges::stable_sort(rows, std::greater<>(), [](const auto& row) { return row.second; });
  std::string words = group.more_clients
                          ? fmt::format("more than {} clients", grouped(group.clients.size()))
                          : counted(group.clients.size(), "client", "clients");
  words += ": ";
  for (std::size_t i = 0; i < rows.size() && i < kShownClientCount; ++i) {
    words += (i == 0 ? "" : ", ") + rows[i].first;
    if (rows[i].second > 1) words += fmt::format(" ({})", grouped(rows[i].second));
  }
  if (rows.size() > kShownClientCount) words += ", ...";
  return words;
}

/// "likely", or where they differ "5 likely, 1 possible".
std::string confidence_text(const Group& group) {
  if (group.confidences.size() == 1) return group.confidences.begin()->first;
  std::string words;
  for (const char* confidence : {"certain", "likely", "possible"}) {
    const auto found = group.confidences.find(confidence);
    if (found == group.confidences.end()) continue;
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", grouped(found->second), confidence);
  }
  return words;
}

std::string cause_text(const Group& group) {
  if (group.cause.empty()) return "no cause named";
  return group.confidences.empty() ? group.cause
                                   : fmt::format("{} ({})", group.cause, confidence_text(group));
}

std::string group_text(const Group& group) {
  std::string text;
  const auto line = [&text](const std::string& words) { text += report::wrapped(words, 4) + '\n'; };
  text +=
      report::wrapped(
          fmt::format("{} {} at {}{}", grouped(group.count), cause_text(group), group.server,
                      group.name.empty() ? ", no server name" : fmt::format(" for {}", group.name)),
          2) +
      '\n';
  if (!group.warning && !group.cause.empty() && group.cause != "unknown") {
    line(sentence_of(group.cause));
  }
  line(fmt::format("{} UTC, {}", period_text(group), clients_text(group)));
  std::string newest;
  for (const Example& example : group.examples) {
    if (!example.event_id.empty()) newest += (newest.empty() ? "" : ", ") + example.event_id;
  }
  if (!newest.empty()) line("newest: " + newest);
  return text;
}

std::string nothing_text(const Collection& collection, const std::string& source) {
  const std::string what = exporting::terminal_text(serve::subject_text(collection.subject()), 300);
  std::string words;
  if (collection.succeeded_count() + collection.unjudged_count() == 0) {
    words = fmt::format("Nothing is known of {} {}: {} there, none of them about it.", what, source,
                        counted(collection.event_count(), "event is", "events are"));
  } else {
    words = fmt::format("Nothing of {} failed {}: {}.", what, source, tally_text(collection));
  }
  return report::wrapped(words, 0) + '\n';
}

void write_group(exporting::JsonWriter& json, const Group& group) {
  json.begin_object();
  json.member("server", group.server);
  if (!group.name.empty()) json.member("server_name", group.name);
  json.member(group.warning ? "warning" : "cause", group.cause);
  if (!group.confidences.empty()) {
    json.begin_object("confidence");
    for (const auto& [confidence, count] : group.confidences) json.member(confidence, count);
    json.end_object();
  }
  json.member("count", group.count);
  json.member("first", group.first);
  json.member("last", group.last);
  json.member("client_count", group.clients.size());
  json.member("more_clients", group.more_clients);
  json.begin_array("examples");
  for (const Example& example : group.examples) {
    json.begin_object();
    json.member("time", example.time);
    if (!example.event_id.empty()) json.member("event_id", example.event_id);
    json.member("client", example.client);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

std::string report_text(const Collection& collection, const std::string& source,
                        unsigned row_count) {
  if (!collection.explains()) return nothing_text(collection, source);
  const std::vector<const Group*> groups = collection.groups();
  const bool one = groups.size() == 1 && groups.front()->count == 1;
  std::string text;
  if (!one) {
    text += fmt::format("{}: {}\n\n",
                        exporting::terminal_text(serve::subject_text(collection.subject()), 300),
                        tally_text(collection));
    bool warnings = false;
    for (std::size_t i = 0; i < groups.size() && i < row_count; ++i) {
      if (groups[i]->warning && !std::exchange(warnings, true)) text += "Succeeded, but\n";
      text += group_text(*groups[i]);
    }
    if (groups.size() > row_count) {
      text += fmt::format("  {} more kinds; --top N shows more\n", groups.size() - row_count);
    }
    if (collection.ungrouped_count() != 0) {
      text += fmt::format("  and {} of yet more kinds, which were only counted\n",
                          grouped(collection.ungrouped_count()));
    }
    text += "\nOne of the first kind, the newest of the surest:\n";
  }
  return text + explanation(groups.front()->example);
}

std::string report_json(const Collection& collection, unsigned row_count,
                        const json::value* answer) {
  const std::vector<const Group*> groups = collection.groups();
  fmt::memory_buffer out;
  exporting::JsonWriter json(out);
  json.begin_object();
  json.member("subject", serve::subject_text(collection.subject()));
  json.member("failed", collection.failed_count());
  json.member("succeeded", collection.succeeded_count());
  json.member("succeeded_with_warnings", collection.warned_count());
  json.member("could_not_be_judged", collection.unjudged_count());
  json.begin_array("groups");
  for (std::size_t i = 0; i < groups.size() && i < row_count; ++i) write_group(json, *groups[i]);
  json.end_array();
  json.member("more_groups", groups.size() > row_count ? groups.size() - row_count : 0);
  if (!groups.empty()) json.raw_member("event", boost::json::serialize(groups.front()->example));
  if (answer != nullptr) {
    json.raw_member("profiles", boost::json::serialize(list(*answer, "profiles")));
  }
  json.end_object();
  out.push_back('\n');
  return fmt::to_string(out);
}

std::string profiles_text(const json::value& answer) {
  std::string all;
  for (const json::value& profile : list(answer, "profiles")) {
    const auto line = [&all](const std::string& words) {
      all += report::wrapped("- " + words, 2) + '\n';
    };
    const auto choices = [&](std::string_view title, std::string_view field) {
      const std::vector<std::string> items = texts(profile, field);
      std::string words;
      for (const std::string& item : items) words += (words.empty() ? "" : ", ") + item;
      if (!words.empty()) line(fmt::format("{}: {}", title, words));
    };
    const std::string name = text(profile, "server_name");
    all += fmt::format("What is known of {}{}\n", text(profile, "server"),
                       name.empty() ? "" : fmt::format(" ({})", name));
    line(fmt::format(
        "about {} lately, {} failed",
        counted(static_cast<std::uint64_t>(std::max<std::int64_t>(0, number(profile, "successes"))),
                "handshake succeeded", "handshakes succeeded"),
        text(profile, "failures")));
    const std::string last = raw_text(profile, "last_success");
    if (!last.empty()) line(fmt::format("the latest success began at {} UTC", short_time(last)));
    choices("versions that succeed", "versions");
    choices("cipher suites that succeed", "cipher_suites");
    choices("groups that succeed", "named_groups");
    choices("application protocols", "application_protocols");
    if (const std::string subject = text(profile, "certificate.subject"); !subject.empty()) {
      line(fmt::format("certificate: {}, issued by {}", subject,
                       text(profile, "certificate.issuer")));
    }
  }
  return all;
}

}  // namespace shakedown::explain

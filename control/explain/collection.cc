// SPDX-License-Identifier: Apache-2.0
#include "explain/collection.h"

#include <algorithm>
#include <utility>

#include "explain/event_fields.h"
#include "export/text.h"

namespace shakedown::explain {

namespace {

namespace json = boost::json;

/// What every event about the subject has in it as it is written; empty: a name, which may be in
/// any case.
std::string needle_of(const serve::Subject& subject) {
  if (subject.kind != serve::Subject::Kind::address) return {};
  return '"' + exporting::address_text(subject.address, subject.family) + '"';
}

int sureness_of(const std::string& confidence) {
  return confidence == "certain"    ? 3
         : confidence == "likely"   ? 2
         : confidence == "possible" ? 1
                                    : 0;
}

/// Empty for any other word, so that a group has no more of them than there are.
std::string known_confidence(const json::value& event, std::string_view path) {
  std::string confidence = raw_text(event, path);
  return sureness_of(confidence) == 0 ? std::string() : confidence;
}

void note_client(Group& group, const json::value& event) {
  const std::string client = text(event, "source.ip");
  const auto known = group.clients.find(client);
  if (known != group.clients.end()) {
    ++known->second;
  } else if (group.clients.size() < kClientCountMax) {
    group.clients.emplace(client, 1);
  } else {
    group.more_clients = true;
  }
}

void note_example(Group& group, const json::value& event, const std::string& time) {
  Example example{
      .time = time, .event_id = text(event, "event.id"), .client = endpoint_of(event, "source")};
  const auto place = std::ranges::find_if(
      group.examples, [&time](const Example& other) { return other.time <= time; });
  group.examples.insert(place, std::move(example));
  if (group.examples.size() > kExampleCountMax) group.examples.pop_back();
}

}  // namespace

Collection::Collection(serve::Subject subject)
    : subject_(std::move(subject)), needle_(needle_of(subject_)) {}

void Collection::add_line(std::string_view line) {
  if (line.empty()) return;
  if (!needle_.empty() && line.find(needle_) == std::string_view::npos) {
    // Most lines of a large file; only what begins like one of ours is counted as one.
    ++(line.starts_with("{\"@timestamp\"") ? events_ : unreadable_);
    return;
  }
  json::error_code error;
  const json::value event = json::parse({line.data(), line.size()}, error);
  if (error) {
    ++unreadable_;
    return;
  }
  add(event);
}

void Collection::add(const json::value& event) {
  if (!is_handshake_event(event)) {
    // Other events may stand in the same file.
    ++(find(event, "event.dataset") == nullptr ? unreadable_ : events_);
    return;
  }
  ++events_;
  if (!concerns(event, subject_)) return;
  const std::string outcome = raw_text(event, "event.outcome");
  const bool has_cause = find(event, "shakedown.cause") != nullptr;
  if (outcome == "failure" || has_cause) {
    ++failed_;
    add_to_group(event, raw_text(event, "shakedown.cause.id"), false,
                 known_confidence(event, "shakedown.cause.confidence"));
    return;
  }
  ++(outcome == "success" ? succeeded_ : unjudged_);
  const json::array& warnings = list(event, "shakedown.warnings");
  if (!warnings.empty()) ++warned_;
  for (const json::value& warning : warnings) {
    add_to_group(event, raw_text(warning, "id"), true,
                 known_confidence(warning, "cause.confidence"));
  }
}

void Collection::add_to_group(const json::value& event, std::string cause, bool warning,
                              std::string confidence) {
  cause = exporting::terminal_text(cause, 80);
  Key key(warning, endpoint_of(event, "destination"), text(event, "tls.client.server_name"), cause);
  auto place = groups_.find(key);
  if (place == groups_.end()) {
    if (groups_.size() == kGroupCountMax) {
      ++ungrouped_;
      return;
    }
    Group fresh;
    fresh.server = std::get<1>(key);
    fresh.name = std::get<2>(key);
    fresh.cause = std::move(cause);
    fresh.warning = warning;
    place = groups_.emplace(std::move(key), std::move(fresh)).first;
  }
  Group& group = place->second;
  const std::string time = text(event, "@timestamp");
  if (group.count++ == 0 || time < group.first) group.first = time;
  note_client(group, event);
  note_example(group, event, time);
  group.last = std::max(group.last, time);
  const int sureness = sureness_of(confidence);
  if (!confidence.empty()) ++group.confidences[confidence];
  if (std::tie(sureness, time) < std::tie(group.example_sureness, group.example_time)) return;
  group.example_sureness = sureness;
  group.example_time = time;
  group.example = event;
}

std::vector<const Group*> Collection::groups() const {
  std::vector<const Group*> all;
  for (const auto& [key, group] : groups_) all.push_back(&group);
  std::ranges::stable_sort(all, [](const Group* one, const Group* other) {
    return std::tuple(one->warning, other->count, other->last) <
           std::tuple(other->warning, one->count, one->last);
  });
  return all;
}

}  // namespace shakedown::explain

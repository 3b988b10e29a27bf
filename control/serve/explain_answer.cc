// SPDX-License-Identifier: Apache-2.0
#include "serve/explain_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <tuple>

#include "export/json_writer.h"
#include "export/text.h"
#include "export/tls_names.h"

namespace shakedown::serve {

namespace {

using exporting::JsonWriter;

void write_time(JsonWriter& json, std::string_view name, UnixNanos time) {
  if (time.known()) json.member(name, exporting::time_text(time));
}

void write_weight(JsonWriter& json, std::string_view name, float weight) {
  json.member(name, std::llround(weight));
}

template <class NameOf>
void write_choices(JsonWriter& json, std::string_view name,
                   std::span<const diagnose::Weighed<std::uint16_t>> choices, NameOf name_of) {
  if (choices.empty()) return;
  json.begin_array(name);
  for (const auto& choice : choices) json.value(name_of(choice.value));
  json.end_array();
}

void write_chain(JsonWriter& json, const diagnose::ServerView& view) {
  if (view.chains.empty()) return;
  const diagnose::ShownChain& shown = view.chains.front();
  const enrich::Certificate& leaf = shown.chain->leaf();
  json.begin_object("certificate");
  json.member("subject", leaf.subject);
  json.member("issuer", leaf.issuer);
  if (!leaf.not_before.empty()) json.member("not_before", leaf.not_before);
  if (!leaf.not_after.empty()) json.member("not_after", leaf.not_after);
  json.member("of_another_name", view.chains_of_other_names);
  write_time(json, "last_seen", shown.last);
  write_weight(json, "accepted", shown.accepted);
  write_weight(json, "rejected", shown.rejected);
  json.end_object();
}

void write_load(JsonWriter& json, const diagnose::ServerView& view) {
  json.member("usual_attempts_per_second", static_cast<double>(view.usual_attempts_per_second), 3);
  json.member("usual_failure_share", static_cast<double>(view.usual_failure_share), 6);
  if (view.usual_latency_nanos > 0) {
    json.member("usual_latency_milliseconds",
                static_cast<double>(view.usual_latency_nanos) / static_cast<double>(kNanosPerMilli),
                3);
  }
}

/// Lines of events, the latest as far as they fit.
std::size_t first_that_fits(const std::vector<const RecentEvents::Entry*>& entries) {
  std::size_t bytes = 0;
  std::size_t first = entries.size();
  while (first > 0 && bytes + entries[first - 1]->line.size() <= kExplainBytesMax) {
    bytes += entries[--first]->line.size();
  }
  return first;
}

void write_profiles(JsonWriter& json, const std::vector<const RecentEvents::Entry*>& entries,
                    const ProfileWriter& profile_of) {
  json.begin_array("profiles");
  std::set<std::tuple<IpAddress, std::uint16_t, std::string_view>> written;
  for (auto entry = entries.rbegin(); entry != entries.rend() && profile_of; ++entry) {
    if (written.size() == kExplainProfileCountMax) break;
    const HandshakeRecord& record = (*entry)->record;
    if (!written.emplace(record.server_address, record.server_port, (*entry)->server_name).second) {
      continue;
    }
    const std::string profile = profile_of(record);
    if (!profile.empty()) json.raw_value(profile);
  }
  json.end_array();
}

}  // namespace

std::string profile_json(const enrich::Handshake& handshake, const diagnose::ServerView& view) {
  if (!view.known) return {};
  const HandshakeRecord& record = handshake.record;
  fmt::memory_buffer out;
  JsonWriter json(out);
  json.begin_object();
  json.member("server",
              exporting::endpoint_text(record.server_address, record.family, record.server_port));
  if (!handshake.server_name.empty()) json.member("server_name", handshake.server_name);
  write_time(json, "known_since", view.first_seen);
  write_weight(json, "successes", view.successes);
  write_weight(json, "failures", view.failures);
  write_weight(json, "name_successes", view.name_successes);
  write_weight(json, "name_failures", view.name_failures);
  write_time(json, "last_success", std::max(view.success_before, view.success_after));
  write_time(json, "last_success_of_name",
             std::max(view.name_success_before, view.name_success_after));
  write_weight(json, "successes_with_name", view.successes_with_name);
  write_weight(json, "successes_without_name", view.successes_without_name);
  json.member("networks_succeeded", view.networks_succeeded);
  json.member("networks_failed", view.networks_failed);
  write_choices(json, "versions", view.versions, exporting::version_label);
  write_choices(json, "cipher_suites", view.cipher_suites, exporting::cipher_suite_name);
  write_choices(json, "named_groups", view.named_groups, exporting::named_group_name);
  if (!view.application_protocols.empty()) {
    json.begin_array("application_protocols");
    for (const std::string& protocol : view.application_protocols) json.value(protocol);
    json.end_array();
  }
  if (view.hello_length_max != 0) json.member("hello_length_max", view.hello_length_max);
  write_chain(json, view);
  write_load(json, view);
  json.end_object();
  return fmt::to_string(out);
}

std::string explain_answer(const Subject& subject, const RecentEvents& events,
                           const ProfileWriter& profile_of) {
  const RecentEvents::Found found = events.latest(subject, kRecentAnswerCountMax);
  fmt::memory_buffer out;
  JsonWriter json(out);
  json.begin_object();
  json.member("ok", true);
  json.member("command", "explain");
  json.member("subject", subject_text(subject));
  json.begin_object("kept");
  json.member("events", events.count());
  write_time(json, "since", events.since());
  json.end_object();
  json.member("matched", found.count);
  json.begin_array("events");
  for (std::size_t i = first_that_fits(found.entries); i < found.entries.size(); ++i) {
    json.raw_value(found.entries[i]->line);
  }
  json.end_array();
  write_profiles(json, found.entries, profile_of);
  json.end_object();
  return fmt::to_string(out);
}

}  // namespace shakedown::serve

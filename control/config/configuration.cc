// SPDX-License-Identifier: Apache-2.0
#include "config/configuration.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "config/contradictions.h"
#include "config/document.h"
#include "config/live_sections.h"
#include "config/section.h"
#include "config/watchlist_section.h"

namespace shakedown::config {
namespace {

const Node* value_of(const Node& mapping, std::string_view key) {
  const auto entry = std::ranges::find(mapping.entries, key, &Node::Entry::key);
  return entry == mapping.entries.end() ? nullptr : entry->value;
}

/// Where the setting stands. It was read, and so it is there.
Position position_of(const Contradiction& contradiction, const Node& root) {
  const Node* node = value_of(root, contradiction.section);
  if (node != nullptr && contradiction.port) node = node->items.at(*contradiction.port);
  if (node == nullptr) return root.position;
  const Node* value = value_of(*node, contradiction.key);
  return value == nullptr ? node->position : value->position;
}

Configuration read_sections(const Node& root, const Source& source, const FileReader& read_file) {
  Configuration configuration;
  Section sections(root, source);
  const auto take = [&](const char* name, auto& target, auto read) {
    if (const Node* node = sections.take(name)) target = read(*node, source);
  };
  take("sensor", configuration.sensor, read_sensor);
  take("ports", configuration.ports, read_ports);
  take("workers", configuration.workers, read_workers);
  take("handshakes", configuration.handshakes, read_handshakes);
  take("overload", configuration.overload, read_overload);
  take("memory", configuration.memory, read_memory);
  take("output", configuration.output, read_output);
  take("control", configuration.control, read_control);
  take("diagnosis", configuration.diagnosis, read_diagnosis);
  if (const Node* node = sections.take("watchlists")) {
    configuration.watchlists = read_watchlists(*node, source, read_file);
  }
  sections.refuse_others();
  for (const Contradiction& contradiction : find_contradictions(configuration)) {
    source.refuse(position_of(contradiction, root), contradiction.sentence);
  }
  return configuration;
}

}  // namespace

Reading read_configuration(const std::string& path, const FileReader& read_file) {
  Reading reading;
  const Source source{path, reading.problems};
  const TextFile file = read_file(path, kConfigurationBytesMax);
  if (!file.error.empty()) {
    source.refuse({}, file.error);
    return reading;
  }
  const Document document = Document::parse(file.text, source);
  const Node* root = document.root();
  // A file with nothing but comments configures nothing.
  if (root == nullptr || root->kind == Node::Kind::nothing) return reading;
  if (!expect(Node::Kind::mapping, *root, source, "a configuration must be keys with values")) {
    return reading;
  }
  reading.configuration = read_sections(*root, source, read_file);
  return reading;
}

std::optional<enrich::Watchlists> compile_watchlists(Reading& reading) {
  if (!reading.problems.none()) return std::nullopt;
  const auto& lists = reading.configuration.watchlists;
  auto compiled = enrich::Watchlists::compile(lists);
  if (auto* watchlists = std::get_if<enrich::Watchlists>(&compiled)) return std::move(*watchlists);
  add_problem(reading.problems, lists, std::get<enrich::Watchlists::Refusal>(compiled));
  return std::nullopt;
}

}  // namespace shakedown::config

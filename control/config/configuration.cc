// SPDX-License-Identifier: Apache-2.0
#include "config/configuration.h"

#include <utility>
#include <variant>

#include "config/document.h"
#include "config/section.h"
#include "config/watchlist_section.h"

namespace shakedown::config {

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
  Section sections(*root, source);
  if (const Node* node = sections.take("watchlists")) {
    reading.configuration.watchlists = read_watchlists(*node, source, read_file);
  }
  sections.refuse_others();
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

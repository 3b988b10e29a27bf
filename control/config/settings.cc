// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <fmt/format.h>

#include <filesystem>

#include "config/values.h"

namespace shakedown::config {
namespace {

const Node& no_keys() {
  static const Node node = [] {
    Node mapping;
    mapping.kind = Node::Kind::mapping;
    return mapping;
  }();
  return node;
}

/// What there is to read of a section.
const Node& mapping_of(const Node& node, std::string_view name, const Source& source) {
  // Everything in it commented out.
  if (node.kind == Node::Kind::nothing) return no_keys();
  const std::string what = fmt::format("'{}' must be keys with values", name);
  return expect(Node::Kind::mapping, node, source, what) ? node : no_keys();
}

}  // namespace

Settings::Settings(const Node& node, std::string_view name, const Source& source)
    : source_(source), node_(mapping_of(node, name, source)), section_(node_, source) {}

bool Settings::take(std::string_view key, const Parse& parse) {
  const Node* node = section_.take(key);
  if (node == nullptr) return false;
  if (!expect(Node::Kind::text, *node, source_, fmt::format("'{}' must be one value", key))) {
    return true;
  }
  const std::string error = parse(node->text);
  if (!error.empty()) source_.refuse(node->position, fmt::format("'{}' {}", key, error));
  return true;
}

bool Settings::take_list(std::string_view key, char separator, const Parse& parse) {
  const Node* node = section_.take(key);
  if (node == nullptr) return false;
  if (node->kind != Node::Kind::list) return take(key, parse);
  std::string joined;
  for (const Node* item : node->items) {
    const std::string what = fmt::format("'{}' must be a list of single values", key);
    if (!expect(Node::Kind::text, *item, source_, what)) return true;
    if (item != node->items.front()) joined += separator;
    joined += item->text;
  }
  const std::string error = parse(joined);
  if (!error.empty()) source_.refuse(node->position, fmt::format("'{}' {}", key, error));
  return true;
}

void Settings::take_number(std::string_view key, unsigned low, unsigned high,
                           std::optional<unsigned>& target) {
  take(key, [&](const std::string& text) { return parse_number(text, low, high, target); });
}

void Settings::take_switch(std::string_view key, std::optional<bool>& target) {
  take(key, [&](const std::string& text) { return parse_switch(text, target); });
}

void Settings::take_word(std::string_view key, const std::vector<std::string>& words,
                         std::optional<std::string>& target) {
  take(key, [&](const std::string& text) { return parse_word(text, words, target); });
}

void Settings::take_seconds(std::string_view key, std::optional<std::string>& target) {
  take(key, [&](const std::string& text) { return parse_seconds(text, target); });
}

void Settings::take_path(std::string_view key, std::string_view word,
                         std::optional<std::string>& target) {
  take(key, [&](const std::string& text) {
    std::string error = path_error(text);
    if (error.empty()) target = text == word ? text : beside(source_.file, text);
    return error;
  });
}

void Settings::take_paths(std::string_view key, std::size_t count_max,
                          std::vector<std::string>& target) {
  const Node* node = section_.take(key);
  if (node == nullptr) return;
  const std::vector<const Node*> one = {node};
  const auto& items = node->kind == Node::Kind::list ? node->items : one;
  if (items.size() > count_max) {
    source_.refuse(node->position, fmt::format("'{}' has more than {} paths", key, count_max));
    return;
  }
  for (const Node* item : items) {
    const std::string what = fmt::format("'{}' must be one path or a list of them", key);
    if (!expect(Node::Kind::text, *item, source_, what)) continue;
    if (const std::string error = path_error(item->text); !error.empty()) {
      source_.refuse(item->position, fmt::format("'{}' {}", key, error));
    } else {
      target.push_back(beside(source_.file, item->text));
    }
  }
}

void Settings::take_duration(std::string_view key, const DurationRange& range,
                             std::optional<std::int64_t>& target) {
  take(key, [&](const std::string& text) { return parse_duration(text, range, target); });
}

void Settings::take_processors(std::string_view key, std::vector<unsigned>& target) {
  take_list(key, ',', [&](const std::string& text) { return parse_processors(text, ',', target); });
}

void Settings::refuse_others() const { section_.refuse_others(); }

bool Settings::all_known() const { return section_.all_known(); }

std::string beside(const std::string& configuration, const std::string& path) {
  return (std::filesystem::path(configuration).parent_path() / path).string();
}

}  // namespace shakedown::config

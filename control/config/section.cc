// SPDX-License-Identifier: Apache-2.0
#include "config/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "config/suggestion.h"

namespace shakedown::config {

namespace {

std::string with_commas(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

Section::Section(const Node& node, const Source& source) : node_(node), source_(source) {
  assert(node.kind == Node::Kind::mapping);
}

const Node* Section::take(std::string_view key) {
  known_.emplace_back(key);
  const auto entry = std::ranges::find(node_.entries, key, &Node::Entry::key);
  return entry == node_.entries.end() ? nullptr : entry->value;
}

void Section::refuse_others() const {
  for (const Node::Entry& entry : node_.entries) {
    if (is_known(entry)) continue;
    const auto near = closest(entry.key, known_);
    const std::string hint = near ? fmt::format("did you mean '{}'?", *near)
                                  : fmt::format("known here: {}", with_commas(known_));
    source_.refuse(entry.key_position,
                   fmt::format("unknown key {}; {}", in_quotes(entry.key), hint));
  }
}

bool Section::all_known() const {
  return std::ranges::all_of(node_.entries,
                             [this](const Node::Entry& entry) { return is_known(entry); });
}

bool Section::is_known(const Node::Entry& entry) const {
  return std::ranges::find(known_, entry.key) != known_.end();
}

bool expect(Node::Kind kind, const Node& node, const Source& source, std::string_view what) {
  if (node.kind == kind) return true;
  source.refuse(node.position, fmt::format("{}, not {}", what, kind_name(node.kind)));
  return false;
}

}  // namespace shakedown::config

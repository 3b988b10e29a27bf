// SPDX-License-Identifier: Apache-2.0
#include "config/watchlist_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "config/pattern_lines.h"
#include "config/section.h"
#include "enrich/watchlist_pattern.h"

namespace shakedown::config {

namespace {

namespace fs = std::filesystem;
using enrich::Watchlist;
using enrich::WatchlistPattern;

bool is_name_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

/// What no path has that a person wrote, and no terminal should be sent.
bool is_control(char byte) { return (byte >= 0 && byte < ' ') || byte == 0x7f; }

/// The name that was probably meant; empty when nothing is left of it.
std::string tidied(std::string_view name) {
  std::string tidy;
  for (char byte : name.substr(0, kWatchlistNameSizeMax)) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + ('a' - 'A'));
    if (is_name_byte(byte)) {
      tidy.push_back(byte);
    } else if (!tidy.empty() && tidy.back() != '-') {
      tidy.push_back('-');
    }
  }
  while (tidy.ends_with('-')) tidy.pop_back();
  return tidy;
}

void check_name(const Node::Entry& entry, const Source& source) {
  const std::string& name = entry.key;
  if (!name.empty() && name.size() <= kWatchlistNameSizeMax &&
      std::ranges::all_of(name, is_name_byte)) {
    return;
  }
  const std::string tidy = tidied(name);
  source.refuse(
      entry.key_position,
      fmt::format("the name {} must be 1 to {} of a-z, 0-9, '-' and '_'{}", in_quotes(name),
                  kWatchlistNameSizeMax, tidy.empty() ? "" : fmt::format("; perhaps '{}'?", tidy)));
}

class SectionReader {
 public:
  SectionReader(const Source& source, const FileReader& read_file)
      : source_(source), read_file_(read_file) {}

  std::vector<Watchlist> read(const Node& section) {
    std::vector<Watchlist> lists;
    // Everything in it commented out.
    if (section.kind == Node::Kind::nothing) return lists;
    if (!expect(Node::Kind::mapping, section, source_,
                "'watchlists' must be names with their patterns")) {
      return lists;
    }
    for (const Node::Entry& entry : section.entries) {
      if (lists.size() == enrich::kWatchlistCountMax) {
        source_.refuse(entry.key_position,
                       fmt::format("more than {} watchlists", enrich::kWatchlistCountMax));
        break;
      }
      check_name(entry, source_);
      lists.push_back(read_list(entry));
    }
    return lists;
  }

 private:
  Watchlist read_list(const Node::Entry& entry) {
    Watchlist list{.name = entry.key, .file = source_.file, .patterns = {}};
    const Node& node = *entry.value;
    if (node.kind == Node::Kind::mapping) {
      read_file_of(node, list);
    } else if (node.kind == Node::Kind::list) {
      read_items(node, list);
    } else if (node.kind == Node::Kind::nothing) {
      source_.refuse(entry.key_position,
                     fmt::format("the watchlist {} has no patterns", in_quotes(entry.key)));
    } else {
      source_.refuse(node.position,
                     fmt::format("the watchlist {} must be a list of patterns or '{{ file: NAME "
                                 "}}', not text",
                                 in_quotes(entry.key)));
    }
    return list;
  }

  void read_items(const Node& node, Watchlist& list) {
    if (node.items.empty()) {
      source_.refuse(node.position,
                     fmt::format("the watchlist {} has no patterns", in_quotes(list.name)));
    }
    for (const Node* item : node.items) {
      if (!expect(Node::Kind::text, *item, source_, "a pattern must be text")) continue;
      if (!add_pattern(source_, item->text, item->position, list)) return;
    }
  }

  void read_file_of(const Node& node, Watchlist& list) {
    Section keys(node, source_);
    const Node* file = keys.take("file");
    keys.refuse_others();
    if (file == nullptr) {
      if (node.entries.empty()) {
        source_.refuse(node.position,
                       fmt::format("the watchlist {} has no patterns", in_quotes(list.name)));
      }
      return;
    }
    if (!expect(Node::Kind::text, *file, source_, "'file' must be the name of a file")) return;
    if (file->text.empty() || std::ranges::any_of(file->text, is_control)) {
      source_.refuse(file->position, fmt::format("'file' must be the name of a file, not {}",
                                                 in_quotes(file->text)));
      return;
    }
    list.file = (fs::path(source_.file).parent_path() / file->text).string();
    read_lines(*file, list);
  }

  void read_lines(const Node& file, Watchlist& list) {
    const TextFile content = read_file_(list.file, kPatternFileBytesMax);
    if (!content.error.empty()) {
      source_.refuse(file.position,
                     fmt::format("the file {} {}", in_quotes(list.file), content.error));
      return;
    }
    const Source lines{list.file, source_.problems};
    bool any = false;
    for_each_pattern_line(content.text, [&](std::string_view text, Position position) {
      any = true;
      return add_pattern(lines, std::string(text), position, list);
    });
    if (!any) {
      source_.refuse(file.position,
                     fmt::format("the file {} holds no pattern", in_quotes(list.file)));
    }
  }

  /// False: there is no room for more.
  bool add_pattern(const Source& source, std::string text, Position position, Watchlist& list) {
    if (++pattern_count_ > enrich::kWatchlistPatternCountMax) {
      if (pattern_count_ == enrich::kWatchlistPatternCountMax + 1) {
        source.refuse(position, fmt::format("more than {} patterns in all watchlists together",
                                            enrich::kWatchlistPatternCountMax));
      }
      return false;
    }
    if (const std::string error = enrich::pattern_error(text); !error.empty()) {
      source.refuse(position, fmt::format("the pattern {} {}", in_quotes(text), error));
    }
    list.patterns.push_back({std::move(text), position.line, position.column});
    return true;
  }

  const Source& source_;
  const FileReader& read_file_;
  std::size_t pattern_count_ = 0;
};

}  // namespace

std::vector<Watchlist> read_watchlists(const Node& section, const Source& source,
                                       const FileReader& read_file) {
  return SectionReader(source, read_file).read(section);
}

void add_problem(Problems& problems, const std::vector<Watchlist>& lists,
                 const enrich::Watchlists::Refusal& refusal) {
  const Watchlist& list = lists.at(refusal.list);
  const WatchlistPattern& pattern = list.patterns.at(refusal.pattern);
  problems.add(list.file, {pattern.line, pattern.column},
               fmt::format("the pattern {} is too much for Hyperscan: {}", in_quotes(pattern.text),
                           refusal.reason));
}

}  // namespace shakedown::config

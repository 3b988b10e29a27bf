// SPDX-License-Identifier: Apache-2.0
//
// The tree is built from yaml-cpp's events, because its own nodes keep doubled keys and forget
// where an alias stood.
#include "config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <sstream>
#include <unordered_map>

namespace shakedown::config {

namespace {

Position position_of(const YAML::Mark& mark) {
  return {static_cast<unsigned>(mark.line + 1), static_cast<unsigned>(mark.column + 1)};
}

/// Ends every document. yaml-cpp takes the end of the file for the end of a quoted text, but
/// complains when this comes in one.
constexpr std::string_view kEndOfDocument = "\n...\n";

/// YAML forbids control characters; yaml-cpp reads them, one of them as the end of the file.
bool refuse_control_characters(const std::string& text, const Source& source) {
  Position position{1, 1};
  for (const char byte : text) {
    const bool control = static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
    if (control && byte != '\n' && byte != '\r' && byte != '\t') {
      source.refuse(position, fmt::format("a control character, 0x{:02x}: this must be UTF-8 text",
                                          static_cast<unsigned char>(byte)));
      return true;
    }
    position = byte == '\n' ? Position{position.line + 1, 1}
                            : Position{position.line, position.column + 1};
  }
  return false;
}

bool indented_with_tab(const std::string& text, unsigned line) {
  std::istringstream lines(text);
  std::string found;
  for (unsigned i = 0; i < line; ++i) std::getline(lines, found);
  const std::size_t end = std::min(found.find_first_not_of(" \t"), found.size());
  return found.substr(0, end).find('\t') != std::string::npos;
}

unsigned line_count(const std::string& text) {
  const auto newlines = static_cast<unsigned>(std::ranges::count(text, '\n'));
  return text.ends_with('\n') ? newlines : newlines + 1;
}

/// yaml-cpp's words say what its parser wanted; these say what the person did.
std::string_view advice(std::string_view said, const std::string& text, Position position) {
  namespace msg = YAML::ErrorMsg;
  if (said == msg::UNKNOWN_ANCHOR || said == msg::ALIAS_NOT_FOUND || said == msg::CHAR_IN_ALIAS) {
    return "'*' begins an alias: put the text in single quotes";
  }
  if (said.starts_with(msg::INVALID_ESCAPE)) {
    return "in double quotes '\\' begins an escape: use single quotes";
  }
  if (indented_with_tab(text, position.line)) return "tabs cannot indent: use spaces";
  if (said == msg::UNKNOWN_TOKEN) return "put the text in single quotes";
  if (said == msg::MAP_VALUE) return "put a text that holds ': ' in single quotes";
  if (said == msg::END_OF_MAP || said == msg::END_OF_SEQ || said == msg::END_OF_SEQ_FLOW ||
      said == msg::END_OF_MAP_FLOW) {
    return "is this line indented like its neighbours? a text that begins with '[' or '{' needs "
           "single quotes";
  }
  return {};
}

}  // namespace

class DocumentBuilder : public YAML::EventHandler {
 public:
  DocumentBuilder(Document& document, const Source& source)
      : document_(document), source_(source) {}

  /// Where the last thing stood that was complete.
  [[nodiscard]] Position last() const { return last_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    complete(make(Node::Kind::nothing, mark, anchor));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    last_ = position_of(mark);
    complete(anchors_.at(anchor));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    Node& node = make(Node::Kind::text, mark, anchor);
    node.text = value;
    complete(node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open_.push_back({make(Node::Kind::list, mark, anchor), {}, {}, {}});
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open_.push_back({make(Node::Kind::mapping, mark, anchor), {}, {}, {}});
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or mapping that is not complete yet.
  struct Open {
    Node& node;
    std::optional<Node::Entry> entry;  ///< has its key and waits for its value
    bool entry_is_void = false;        ///< its key was refused; the value goes nowhere
    std::unordered_map<std::string, Position> keys;
  };

  Node& make(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    Node& node = document_.nodes_.emplace_back();
    node.kind = kind;
    node.position = position_of(mark);
    last_ = node.position;
    if (anchor != YAML::NullAnchor) anchors_.emplace(anchor, node);
    return node;
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    // What yaml-cpp says of plain and of quoted texts.
    if (tag.empty() || tag == "?" || tag == "!") return;
    source_.refuse(position_of(mark),
                   fmt::format("tags like {} mean nothing here", in_quotes(tag)));
  }

  void close() {
    Node& node = open_.back().node;
    open_.pop_back();
    complete(node);
  }

  void complete(const Node& node) {
    if (open_.empty()) {
      document_.root_ = &node;
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::list) {
      parent.node.items.push_back(&node);
    } else if (!parent.entry) {
      begin_entry(parent, node);
    } else {
      parent.entry->value = &node;
      if (!parent.entry_is_void) parent.node.entries.push_back(std::move(*parent.entry));
      parent.entry.reset();
    }
  }

  void begin_entry(Open& parent, const Node& key) {
    parent.entry = Node::Entry{key.text, key.position, nullptr};
    parent.entry_is_void = true;
    if (key.kind != Node::Kind::text) {
      source_.refuse(key.position, fmt::format("a key must be text, not {}", kind_name(key.kind)));
      return;
    }
    const auto [first, is_new] = parent.keys.emplace(key.text, key.position);
    parent.entry_is_void = !is_new;
    if (is_new) return;
    source_.refuse(key.position, fmt::format("the key {} is there twice, first on line {}",
                                             in_quotes(key.text), first->second.line));
  }

  Document& document_;
  const Source& source_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, const Node&> anchors_;
  Position last_;
};

namespace {

/// Takes what follows the document for its beginning alone: in most cases it is a line that is
/// indented too little.
class SecondDocument : public YAML::EventHandler {
 public:
  Position begin;

  void OnDocumentStart(const YAML::Mark& mark) override { begin = position_of(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

void refuse_syntax(const YAML::ParserException& error, const std::string& text, Position last,
                   const Source& source) {
  Position position = position_of(error.mark);
  std::string said = printable(error.msg);
  std::string_view hint = advice(error.msg, text, position);
  if (said == YAML::ErrorMsg::DOC_IN_SCALAR || said == YAML::ErrorMsg::EOF_IN_SCALAR) {
    // The mark is the end of the file, and the beginning is what helps.
    position = last;
    said = "a quote that is opened here, or soon after, is never closed";
    hint = {};
  } else if (said == YAML::ErrorMsg::BAD_FILE) {
    said = "lists and mappings are nested too deep";
    hint = {};
  }
  // At the end of the file it is the beginning as well that helps.
  if (position.line > line_count(text)) position = last;
  source.refuse(position, hint.empty() ? fmt::format("not YAML: {}", said)
                                       : fmt::format("not YAML: {} ({})", said, hint));
}

}  // namespace

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::nothing:
      return "nothing";
    case Node::Kind::text:
      return "text";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::mapping:
      return "keys with values";
  }
  return "unknown";
}

Document Document::parse(const std::string& text, const Source& source) {
  Document document;
  if (refuse_control_characters(text, source)) return document;
  std::istringstream input(text + std::string(kEndOfDocument));
  DocumentBuilder builder(document, source);
  try {
    YAML::Parser parser(input);
    if (!parser.HandleNextDocument(builder)) document.root_ = &document.nodes_.emplace_back();
    // Asked once: what yaml-cpp makes nothing of, it gives as an empty document for ever.
    SecondDocument second;
    if (parser.HandleNextDocument(second) && second.begin.line <= line_count(text)) {
      source.refuse(second.begin,
                    "a second document begins here; is this line indented too little?");
    }
  } catch (const YAML::ParserException& error) {
    refuse_syntax(error, text, builder.last(), source);
    document.root_ = nullptr;
  }
  return document;
}

}  // namespace shakedown::config

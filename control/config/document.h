// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   YAML as a tree that remembers where everything stands. What YAML lets pass and people
//            do not mean is refused here: a key twice, a quote that is never closed, a second
//            document, tags.
// Units:     Lines and columns from 1.
// Ownership: The document owns its nodes; pointers to them are valid as long as it lives.
// Threading: One thread.
// Limits:    No more nodes than bytes, nested at most as deep as yaml-cpp goes (500). An alias is a
//            pointer to a node that is there already: nothing is copied, so nothing can explode.
//            Readers follow a fixed schema, so that a node that contains itself does not hold them.
// Failure:   Problems. After an error of syntax there is no root, because what is left of a file
//            would only give errors that follow from that one.
// RFC:       none (YAML 1.2)
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problem.h"

namespace shakedown::config {

struct Node {
  enum class Kind { nothing, text, list, mapping };
  struct Entry {
    std::string key;
    Position key_position;
    const Node* value = nullptr;
  };

  Kind kind = Kind::nothing;
  Position position;
  std::string text;                ///< of a text
  std::vector<const Node*> items;  ///< of a list
  std::vector<Entry> entries;      ///< of a mapping; no key is there twice
};

/// `text`, `a list`, ...: for sentences.
[[nodiscard]] std::string_view kind_name(Node::Kind kind);

class Document {
 public:
  [[nodiscard]] static Document parse(const std::string& text, const Source& source);

  /// Null after an error of syntax; a file without content is a node of kind `nothing`.
  [[nodiscard]] const Node* root() const { return root_; }

 private:
  friend class DocumentBuilder;
  std::deque<Node> nodes_;
  const Node* root_ = nullptr;
};

}  // namespace shakedown::config

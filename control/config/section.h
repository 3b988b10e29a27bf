// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Reading the tree by what is expected in it. Every reader of a section asks through
//            here, so that all of them refuse in the same words.
// Units:     none
// Ownership: Views of the document and of names given by the caller.
// Threading: One thread.
// Limits:    Goes no deeper than it is asked to.
// Failure:   Refusals go to the source; the answer is then null or empty, and reading goes on.
// RFC:       none
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/problem.h"

namespace shakedown::config {

/// A mapping with keys that are known. Take all of them, then call refuse_others().
class Section {
 public:
  /// `node` must be a mapping.
  Section(const Node& node, const Source& source);

  /// The value of a key, or null when the key is not there.
  [[nodiscard]] const Node* take(std::string_view key);
  /// Keys that nobody took are mistakes.
  void refuse_others() const;
  /// Whether somebody took every key.
  [[nodiscard]] bool all_known() const;

 private:
  [[nodiscard]] bool is_known(const Node::Entry& entry) const;

  const Node& node_;
  const Source& source_;
  std::vector<std::string> known_;
};

/// Whether `node` is of a kind; if not, it is refused with what `what` says should be there:
/// "'watchlists' must be names with their patterns".
[[nodiscard]] bool expect(Node::Kind kind, const Node& node, const Source& source,
                          std::string_view what);

}  // namespace shakedown::config

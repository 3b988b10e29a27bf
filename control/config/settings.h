// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Takes the keys of one section that has a value per key. Every section of that shape
//            reads through here, so that all of them refuse in the same words.
// Units:     none
// Ownership: Views of the document; results are the caller's.
// Threading: One thread.
// Limits:    Each key's own.
// Failure:   Refusals go to the source, one per key; the target keeps what it was then.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/live_settings.h"
#include "config/section.h"

namespace shakedown::config {

class Settings {
 public:
  /// Gives the rest of a sentence that begins with the key; empty when the text is good.
  using Parse = std::function<std::string(const std::string& text)>;

  /// `node` is the value of the section `name`. One without content has no keys.
  Settings(const Node& node, std::string_view name, const Source& source);

  /// One value. True when the key is there.
  bool take(std::string_view key, const Parse& parse);
  /// One value or a list of them; the parts of a list are given with `separator` between.
  bool take_list(std::string_view key, char separator, const Parse& parse);

  void take_number(std::string_view key, unsigned low, unsigned high,
                   std::optional<unsigned>& target);
  void take_switch(std::string_view key, std::optional<bool>& target);
  void take_word(std::string_view key, const std::vector<std::string>& words,
                 std::optional<std::string>& target);
  void take_seconds(std::string_view key, std::optional<std::string>& target);
  /// Relative to the folder of the configuration; `word` is no path but stands for itself.
  void take_path(std::string_view key, std::string_view word, std::optional<std::string>& target);
  /// One path or a list of them, at most `count_max`; relative to the folder of the configuration.
  void take_paths(std::string_view key, std::size_t count_max, std::vector<std::string>& target);
  void take_duration(std::string_view key, const DurationRange& range,
                     std::optional<std::int64_t>& target);
  void take_processors(std::string_view key, std::vector<unsigned>& target);

  void refuse_others() const;
  /// Whether refuse_others() would find nothing.
  [[nodiscard]] bool all_known() const;

 private:
  const Source& source_;
  const Node& node_;
  Section section_;
};

/// A path of the configuration, from where the program runs.
[[nodiscard]] std::string beside(const std::string& configuration, const std::string& path);

}  // namespace shakedown::config

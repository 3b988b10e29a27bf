// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A configuration from text, and from files that exist in the test alone.
// Units:     none
// Ownership: Values.
// Threading: One thread.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/configuration.h"

namespace shakedown::config {

/// Files by their path; all others do not exist.
using Files = std::map<std::string, std::string>;

inline Reading read_from(const Files& files, const std::string& path = "s.yaml") {
  return read_configuration(path, [&files](const std::string& name, std::size_t size_max) {
    const auto file = files.find(name);
    if (file == files.end()) return TextFile{{}, "cannot be read: No such file or directory"};
    if (file->second.size() > size_max) return TextFile{{}, "is larger than it may be"};
    return TextFile{file->second};
  });
}

inline std::vector<std::string> problems_of(const std::string& text) {
  return read_from({{"s.yaml", text}}).problems.lines();
}

/// Of a text that must be good; what is wrong with it becomes the sensor's name otherwise.
inline Configuration configuration_of(const std::string& text) {
  Reading reading = read_from({{"s.yaml", text}});
  if (reading.problems.none()) return std::move(reading.configuration);
  Configuration refused;
  refused.sensor.name = "refused: " + reading.problems.lines().front();
  return refused;
}

/// Of a configuration that must be good.
inline std::vector<enrich::Watchlist> watchlists_of(const std::string& text) {
  const Reading reading = read_from({{"s.yaml", text}});
  if (reading.problems.none()) return reading.configuration.watchlists;
  return {{.name = "refused: " + reading.problems.lines().front(), .file = {}, .patterns = {}}};
}

inline std::vector<std::string> texts_of(const enrich::Watchlist& list) {
  std::vector<std::string> texts;
  for (const enrich::WatchlistPattern& pattern : list.patterns) texts.push_back(pattern.text);
  return texts;
}

}  // namespace shakedown::config

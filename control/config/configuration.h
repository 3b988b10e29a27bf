// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The configuration file: read, checked as a whole, and handed on in the words of the
//            parts that it is for. Each section has a reader of its own.
// Units:     As each section says.
// Ownership: Values.
// Threading: One thread.
// Limits:    kConfigurationBytesMax and those of the sections.
// Failure:   All problems of the file and of the files it names, never only the first. With any of
//            them the configuration must not be used.
// RFC:       none
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/live_settings.h"
#include "config/port_settings.h"
#include "config/problem.h"
#include "config/text_file.h"
#include "enrich/watchlist.h"

namespace shakedown::config {

/// A thousand lines are a long configuration; lists of names can have files of their own.
inline constexpr std::size_t kConfigurationBytesMax = 1u << 20;

struct Configuration {
  SensorSettings sensor;
  std::vector<PortSettings> ports;
  WorkerSettings workers;
  HandshakeSettings handshakes;
  OverloadSettings overload;
  MemorySettings memory;
  OutputSettings output;
  ControlSettings control;
  DiagnosisSettings diagnosis;
  std::vector<enrich::Watchlist> watchlists;
};

struct Reading {
  Configuration configuration;
  Problems problems;
};

/// `path` is what problems name; what the file names itself is relative to its folder.
[[nodiscard]] Reading read_configuration(const std::string& path,
                                         const FileReader& read_file = read_text_file);

/// The watchlists, ready for use; nothing when there are problems, of which this may find more.
[[nodiscard]] std::optional<enrich::Watchlists> compile_watchlists(Reading& reading);

}  // namespace shakedown::config

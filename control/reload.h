// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Reading the configuration again while control goes on: in a thread of its own, because
//            compiling watchlists takes longer than a ring lasts. What follows from it is decided
//            here too; control puts it into effect.
// Units:     none
// Ownership: What was read is handed over by value.
// Threading: start() and poll() in control's thread.
// Limits:    One reading at a time.
// Failure:   With any problem nothing of the file is taken over.
// RFC:       none
#pragma once

#include <future>
#include <optional>
#include <string>
#include <vector>

#include "config/configuration.h"
#include "diagnosis_plan.h"
#include "enrich/trust_store.h"
#include "enrich/watchlist.h"
#include "options.h"

namespace shakedown {

/// What became of a reload, for the log and for who asked for it.
struct ReloadResult {
  std::vector<std::string> problems;    ///< of the configuration; with any, nothing was taken over
  std::vector<std::string> taken;       ///< settings that have changed and are in effect now
  std::vector<std::string> overridden;  ///< that have changed, but the command line says otherwise
  std::vector<std::string> needs_restart;  ///< that have changed, and take effect with a restart
  std::vector<std::string> reopened;       ///< files that are written to anew
  std::vector<std::string> failed;         ///< what could not be opened; one sentence each

  [[nodiscard]] bool good() const { return problems.empty() && failed.empty(); }
  /// In one sentence.
  [[nodiscard]] std::string sentence() const;
};

/// A configuration without problems, or its problems.
struct FreshConfiguration {
  config::Configuration configuration;
  std::optional<enrich::Watchlists> watchlists;  ///< none when there are problems
  DiagnosisPlan diagnosis;
  enrich::TrustStore trust;
  std::vector<std::string> problems;
};

class ConfigurationReader {
 public:
  /// `options` says what of the file the command line overrides.
  void start(const Options& options);
  [[nodiscard]] bool running() const { return reading_.valid(); }
  /// What was read, once; nothing while it is still being read.
  [[nodiscard]] std::optional<FreshConfiguration> poll();

 private:
  std::future<FreshConfiguration> reading_;
};

/// Takes over into `options` what has changed between the two configurations, as far as the command
/// line did not say it, and notes what was done. Watchlists and `diagnosis` are only compared.
void apply_changes(const config::Configuration& running, const config::Configuration& now,
                   Options& options, ReloadResult& result);

}  // namespace shakedown

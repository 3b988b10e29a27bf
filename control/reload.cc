// SPDX-License-Identifier: Apache-2.0
#include "reload.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "config/difference.h"
#include "log.h"

namespace shakedown {

namespace {

/// Files of trust that cannot be used are problems like any other.
void read_trust(const Options& options, FreshConfiguration& fresh) {
  fresh.diagnosis = diagnosis_plan(options, fresh.configuration.diagnosis);
  enrich::TrustStore::Loaded loaded;
  fresh.trust = enrich::TrustStore::load(fresh.diagnosis.trust, loaded);
  for (const std::string& sentence : loaded.warnings) log::warning(sentence);
  fresh.problems.insert(fresh.problems.end(), loaded.errors.begin(), loaded.errors.end());
  if (!fresh.problems.empty()) fresh.watchlists.reset();
}

FreshConfiguration read(const Options& options) {
  FreshConfiguration fresh;
  if (options.config_path.empty()) {
    // Without a file there is nothing to change but what it would have named.
    fresh.watchlists.emplace();
    read_trust(options, fresh);
    return fresh;
  }
  config::Reading reading = config::read_configuration(options.config_path);
  fresh.watchlists = config::compile_watchlists(reading);
  fresh.problems = reading.problems.lines();
  fresh.configuration = std::move(reading.configuration);
  if (fresh.problems.empty()) read_trust(options, fresh);
  return fresh;
}

bool same(const std::vector<enrich::Watchlist>& left, const std::vector<enrich::Watchlist>& right) {
  const auto same_pattern = [](const auto& a, const auto& b) { return a.text == b.text; };
  return std::ranges::equal(left, right, [&](const auto& a, const auto& b) {
    return a.name == b.name && std::ranges::equal(a.patterns, b.patterns, same_pattern);
  });
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

/// Changed settings one by one. What is in force and is not what the running configuration says was
/// said on the command line, which beats the file.
class Changes {
 public:
  explicit Changes(ReloadResult& result) : result_(result) {}

  template <class Value>
  void take(std::string_view name, const std::optional<Value>& running,
            const std::optional<Value>& now, Value& in_force) {
    if (running == now) return;
    const bool by_file = in_force == running.value_or(Value{});
    (by_file ? result_.taken : result_.overridden).emplace_back(name);
    if (by_file) in_force = now.value_or(Value{});
  }

 private:
  ReloadResult& result_;
};

/// The options stay what the command line said; the rest is looked up in the configuration.
void note_diagnosis(const config::DiagnosisSettings& running, const config::DiagnosisSettings& now,
                    const Options& options, ReloadResult& result) {
  const auto note = [&result](const char* name, bool changed, bool said_otherwise) {
    if (changed) (said_otherwise ? result.overridden : result.taken).emplace_back(name);
  };
  note("diagnosis.wait", running.wait_nanos != now.wait_nanos,
       options.diagnosis_wait_nanos.has_value());
  note("diagnosis.system_roots", running.system_roots != now.system_roots, options.no_system_roots);
  note("diagnosis.roots", running.roots != now.roots, !options.roots.empty());
  note("diagnosis.crls", running.crls != now.crls, !options.crls.empty());
  note("diagnosis.expires_soon", running.expires_soon_nanos != now.expires_soon_nanos, false);
}

}  // namespace

std::string ReloadResult::sentence() const {
  if (!problems.empty()) {
    return fmt::format(
        "the configuration has {} problem{} and was not taken over; all stays as it is",
        problems.size(), problems.size() == 1 ? "" : "s");
  }
  std::string text = "reloaded: " + (taken.empty() ? "nothing has changed" : joined(taken));
  if (!overridden.empty()) {
    text += "; the command line says otherwise: " + joined(overridden);
  }
  if (!needs_restart.empty()) {
    text += "; takes effect with a restart: " + joined(needs_restart);
  }
  return text;
}

void ConfigurationReader::start(const Options& options) {
  reading_ = std::async(std::launch::async, [options] { return read(options); });
}

std::optional<FreshConfiguration> ConfigurationReader::poll() {
  if (!running() || reading_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return std::nullopt;
  }
  return reading_.get();
}

void apply_changes(const config::Configuration& running, const config::Configuration& now,
                   Options& options, ReloadResult& result) {
  Changes changes(result);
  changes.take("sensor.name", running.sensor.name, now.sensor.name, options.sensor_name);
  changes.take("output.events", running.output.events, now.output.events, options.events_path);
  changes.take("output.all", running.output.all, now.output.all, options.all);
  changes.take("output.health", running.output.health, now.output.health, options.health_path);
  changes.take("control.log_level", running.control.log_level, now.control.log_level,
               options.log_level);
  note_diagnosis(running.diagnosis, now.diagnosis, options, result);
  if (!same(running.watchlists, now.watchlists)) result.taken.emplace_back("watchlists");
  result.needs_restart = config::needs_restart(running, now);
}

}  // namespace shakedown

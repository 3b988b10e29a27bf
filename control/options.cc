// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "config/live_settings.h"
#include "config/values.h"

namespace shakedown {

namespace {

void add_diagnosis(CLI::App& app, Options& options) {
  app.add_option("--roots", options.roots,
                 "trust anchors besides the system's, a file or a folder; once for each")
      ->allow_extra_args(false)
      ->type_name("PATH");
  app.add_flag("--no-system-roots", options.no_system_roots, "trust only what --roots names");
  app.add_option("--crls", options.crls, "revocation lists, a file or a folder; once for each")
      ->allow_extra_args(false)
      ->type_name("PATH");
  app.add_option("--profiles", options.profiles_path,
                 "remember in this file what works at each server")
      ->type_name("FILE");
  const auto parse_wait = [&options](const std::string& text) {
    // Was checked before it comes here.
    static_cast<void>(
        config::parse_duration(text, config::kDiagnosisWaitRange, options.diagnosis_wait_nanos));
  };
  const auto wait_error = [](const std::string& text) {
    std::optional<std::int64_t> ignored;
    return config::parse_duration(text, config::kDiagnosisWaitRange, ignored);
  };
  app.add_option_function<std::string>("--diagnosis-wait", parse_wait,
                                       "time for what a client does next to become evidence")
      ->check(CLI::Validator(wait_error, ""))
      ->type_name("TIME");
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv, int& exit_code) {
  Options options;
  CLI::App app{
      "Takes handshake records from shakedown-dataplane and says which handshakes failed."};
  app.name("shakedown-control");
  app.set_version_flag("--version", std::string("shakedown-control " SHAKEDOWN_VERSION));

  const std::map<std::string, When> whens{
      {"auto", When::automatic}, {"always", When::always}, {"never", When::never}};
  auto* source = app.add_option_group("source");
  source
      ->add_option("--handoff-fd", options.handoff_fd,
                   "inherited end of a socketpair that the segment comes through")
      ->check(CLI::Range(0, 1 << 20).description(""))
      ->type_name("FD");
  app.add_flag("--supervised", options.supervised,
               "with --handoff-fd: `shakedown run` hands over one segment after the other");
  app.add_option("--supervisor-status-fd", options.supervisor_status_fd,
                 "inherited memory that `shakedown run` writes its status to")
      ->check(CLI::Range(0, 1 << 20).description(""))
      ->type_name("FD");
  app.add_flag("--append", options.append,
               "go on in the files of --events and --health instead of emptying them");
  source
      ->add_option("--socket", options.socket_path,
                   "socket of a running data plane; attaches again when that is restarted")
      ->type_name("PATH");
  source->require_option(1);
  app.add_option("--config", options.config_path, "configuration (YAML)")->type_name("FILE");
  app.add_option("--events", options.events_path, "write events as NDJSON; - is standard output")
      ->type_name("FILE");
  app.add_option("--health", options.health_path,
                 "write the health of the capture as NDJSON, a line for each minute and link")
      ->type_name("FILE");
  app.add_flag("--all", options.all, "events for successes and what could not be judged as well");
  app.add_flag("--json", options.json, "the summary as one JSON object");
  app.add_flag("--quiet", options.quiet, "no summary, no progress");
  app.add_flag("--verbose", options.verbose, "also the memory budget");
  app.add_option("--progress", options.progress, "show progress on standard error")
      ->transform(CLI::CheckedTransformer(whens).description(""))
      ->type_name("auto|always|never");
  app.add_option("--color", options.color, "colours in the summary")
      ->transform(CLI::CheckedTransformer(whens).description(""))
      ->type_name("auto|always|never");
  app.add_option("--sensor", options.sensor_name, "name of this sensor in events")
      ->type_name("NAME");
  app.add_option("--serve-fd", options.serve_fd,
                 "inherited unix socket that listens for questions about this sensor")
      ->check(CLI::Range(0, 1 << 20).description(""))
      ->type_name("FD");
  app.add_option("--log-level", options.log_level, "what is told on standard error, from this on")
      ->check(CLI::IsMember({"error", "warning", "info", "debug"}).description(""))
      ->type_name("error|warning|info|debug");
  app.add_option("--top", options.rows, "rows of each table")
      ->check(CLI::Range(1, 1000).description(""))
      ->type_name("N")
      ->capture_default_str();
  add_diagnosis(app, options);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? kExitOk : kExitUsage;
    return std::nullopt;
  }
  return options;
}

}  // namespace shakedown

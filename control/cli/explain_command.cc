// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "cli/commands.h"
#include "cli/option_checks.h"
#include "config/problem.h"
#include "serve/subject.h"

namespace shakedown::cli {

namespace {

constexpr const char* kDescription =
    "Say in plain sentences why handshakes failed, and what to do.";

constexpr const char* kExamples =
    "SUBJECT is the id of an event (event.id, 16 hex digits), the address of a client or server, "
    "an\n"
    "address with its port (198.51.100.5:443, '[2001:db8::1]:443'), or a server name. What failed\n"
    "is grouped by server, name and cause; then one event is told in full: what was seen, what "
    "was\n"
    "concluded and why, what would prove it wrong, who can do what, and the commands to check.\n"
    "\n"
    "With FILE, captures are read for it; with --events, what an earlier run has written. With\n"
    "neither, the sensor that runs here is asked for its latest failures.\n"
    "\n"
    "Examples:\n"
    "  shakedown explain api.example.com edge.pcap\n"
    "  shakedown explain 192.0.2.7 --events failures.ndjson\n"
    "  shakedown explain 5f3a0b1c2d3e4f50 --events failures.ndjson\n"
    "  shakedown explain 198.51.100.5:443                  ask the sensor that runs here\n"
    "  shakedown explain --rules                           how each cause is told, and refuted\n"
    "\n"
    "Exit status: 0 something was explained; 1 nothing failed, or nothing is known of SUBJECT;\n"
    "2 bad arguments or input, or no sensor.";

bool is_file(const std::string& word) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(word, ignored);
}

std::string find_rules_mistake(const ExplainCommand& explain) {
  if (!explain.subject.empty() || explain.events_path || explain.socket) {
    return "--rules prints the table of rules, and takes nothing else than --json or --markdown";
  }
  if (explain.json && explain.markdown) return "--json and --markdown contradict each other";
  return {};
}

}  // namespace

CLI::App* declare_explain(CLI::App& app, ExplainCommand& explain) {
  CLI::App* command = app.add_subcommand("explain", kDescription);
  command->footer(kExamples);
  // What is left over is answered with a suggestion, which CLI11 has not.
  command->allow_extras();
  command->add_option("SUBJECT", explain.subject, "what is to be explained")->type_name("");
  command->add_option("FILE", explain.read.files, "captures to read for it")->type_name("");
  const auto add_path = [command](const char* name, std::optional<std::string>& target,
                                  const char* type, const char* description) {
    command
        ->add_option_function<std::string>(
            name, [&target](const std::string& path) { target = path; }, description)
        ->type_name(type);
  };
  add_path("--events", explain.events_path, "FILE",
           "events to look into (NDJSON); - is standard input");
  add_path("--socket", explain.socket, "PATH",
           "control socket of the sensor to ask, where it is not at\nits usual place");
  add_path("-c,--config", explain.read.config, "FILE", "configuration to read the captures with");
  declare_diagnosis(command, explain.read);
  command->add_option("--top", explain.row_count, "kinds of failures to list; default: 10")
      ->check(whole_number(1, kTopCountMax))
      ->type_name("N");
  command->add_flag("--json", explain.json, "the same for programs");
  command->add_flag("--rules", explain.rules, "print the table of rules, and do nothing else");
  command->add_flag("--markdown", explain.markdown, "that table as it stands in docs/diagnosis.md");
  return command;
}

std::string find_mistake(const ExplainCommand& explain) {
  if (explain.rules) return find_rules_mistake(explain);
  if (explain.markdown) return "--markdown goes with --rules";
  if (explain.subject.empty()) {
    return fmt::format("what is to be explained is missing: {}", serve::subject_forms());
  }
  const bool files = !explain.read.files.empty();
  if (!files && !explain.events_path && is_file(explain.subject)) {
    return fmt::format(
        "'{0}' is a file; say first what is to be explained: shakedown explain "
        "192.0.2.7 {0}",
        config::printable(explain.subject));
  }
  if (!serve::parse_subject(explain.subject)) {
    return fmt::format("{} is nothing that can be explained: give {}",
                       config::in_quotes(explain.subject), serve::subject_forms());
  }
  if (files && explain.events_path) return "--events and captures contradict each other";
  if (explain.socket && (files || explain.events_path)) {
    return "--socket asks a sensor, and neither --events nor captures go with it";
  }
  return {};
}

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/commands.h"
#include "cli/doctor_command.h"
#include "cli/explain_command.h"
#include "cli/remote_command.h"
#include "cli/settings.h"
#include "config/values.h"
#include "shakedown/limits.h"

namespace shakedown::cli {
namespace {

constexpr const char* kDescription =
    "Shakedown finds the TLS handshakes that failed, and says why.";

constexpr const char* kExamples =
    "Examples:\n"
    "  shakedown read edge.pcap                            what failed, on one screen\n"
    "  shakedown read edge.pcap --events failures.ndjson  and each failure as a line of JSON\n"
    "  shakedown run --port eth1                           the same from an interface, until "
    "Ctrl-C\n"
    "  shakedown explain 192.0.2.7 edge.pcap              why it failed for one client, and what "
    "to do\n"
    "  shakedown version\n"
    "\n"
    "'shakedown COMMAND --help' says more about one command.";

constexpr const char* kVersionDescription = "Print the version.";

const std::vector<std::string>& subcommand_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = {"read", "run", "doctor", "explain", "version", "help"};
    all.insert(all.end(), RemoteDeclaration::names().begin(), RemoteDeclaration::names().end());
    return all;
  }();
  return names;
}

Notice bad_use(std::string_view sentence, std::string_view subcommand) {
  const std::string command =
      subcommand.empty() ? "shakedown" : fmt::format("shakedown {}", subcommand);
  return {fmt::format("shakedown: {}\nTry '{} --help'.\n", sentence, command), kExitBadUse};
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// The first word is neither an option nor a subcommand.
Notice unknown_subcommand(const std::string& word) {
  std::error_code ignored;
  if (std::filesystem::exists(word, ignored)) {
    return bad_use(fmt::format("'{0}' is no command; to read a capture: shakedown read {0}", word),
                   "");
  }
  const std::string hint = config::hint(word, subcommand_names());
  return bad_use(fmt::format("there is no command '{}'{}", word, hint), "");
}

/// A bare word where only options may stand.
Notice unknown_word(const std::string& word, const CLI::App& command) {
  std::error_code ignored;
  const std::string hint = std::filesystem::exists(word, ignored)
                               ? fmt::format("; to read a capture: shakedown read {}", word)
                               : fmt::format("; to watch an interface: shakedown {} --port {}",
                                             command.get_name(), word);
  return bad_use(fmt::format("'{}' is no option{}", word, hint), command.get_name());
}

/// A word that the subcommand has no use for.
Notice unknown_option(const std::string& word, const CLI::App& command) {
  const std::string name = word.substr(0, word.find('='));
  if (!name.starts_with('-')) return unknown_word(name, command);
  const std::string hint = config::hint(name, option_names(command));
  return bad_use(fmt::format("unknown option '{}'{}", name, hint), command.get_name());
}

/// The first word that the subcommand left over; the mark before positional words is none.
std::optional<std::string> left_over(const CLI::App& command) {
  for (const std::string& word : command.remaining()) {
    if (word != "--") return word;
  }
  return std::nullopt;
}

/// What is wrong with options that both commands have; nothing when all is well.
std::optional<Notice> refused(const CLI::App& command, const CommonOptions& common) {
  if (const auto word = left_over(command)) return unknown_option(*word, command);
  if (common.check && !common.config) {
    return bad_use("--check needs a configuration: --config FILE", command.get_name());
  }
  if (common.quiet && common.verbose) {
    return bad_use("--quiet and --verbose contradict each other", command.get_name());
  }
  return std::nullopt;
}

Command checked(const CLI::App& command, ReadCommand read) {
  if (const auto notice = refused(command, read)) return *notice;
  if (read.check) return CheckCommand{*read.config};
  if (read.files.empty()) return bad_use("no capture was given", command.get_name());
  return read;
}

Command checked(const CLI::App& command, RunCommand run) {
  if (const auto notice = refused(command, run)) return *notice;
  if (run.check) return CheckCommand{*run.config};
  // A configuration may name some.
  if (run.ports.empty() && !run.config) {
    return bad_use("no port was given: --port eth1", command.get_name());
  }
  if (run.ports.size() > kPortCountMax) {
    return bad_use(fmt::format("at most {} ports can be watched together", kPortCountMax),
                   command.get_name());
  }
  if (const std::string conflict = find_conflict(run); !conflict.empty()) {
    return bad_use(conflict, command.get_name());
  }
  return run;
}

Command checked(const CLI::App& command, DoctorCommand doctor) {
  if (const auto word = left_over(command)) return unknown_option(*word, command);
  // What a configuration adds is checked when it is read.
  if (const std::string conflict = find_conflict(doctor.run); !conflict.empty()) {
    return bad_use(conflict, command.get_name());
  }
  return doctor;
}

Command checked(const CLI::App& command, ExplainCommand explain) {
  for (const std::string& word : command.remaining()) {
    if (word.starts_with('-') && word != "--") return unknown_option(word, command);
  }
  if (const std::string mistake = find_mistake(explain); !mistake.empty()) {
    return bad_use(mistake, command.get_name());
  }
  return explain;
}

Command checked(const CLI::App& command, const RemoteCommand& remote) {
  if (const auto word = left_over(command)) return unknown_option(*word, command);
  if (const std::string mistake = find_mistake(remote); !mistake.empty()) {
    return bad_use(mistake, command.get_name());
  }
  return remote;
}

}  // namespace

Command parse_arguments(const std::vector<std::string>& arguments) {
  CLI::App app{kDescription, "shakedown"};
  app.footer(kExamples);
  bool version = false;
  app.add_flag("--version", version, "print the version");
  ReadCommand read;
  RunCommand run;
  const CLI::App* read_command = declare_read(app, read);
  const CLI::App* run_command = declare_run(app, run);
  DoctorCommand doctor;
  const CLI::App* doctor_command = declare_doctor(app, doctor);
  ExplainCommand explain;
  const CLI::App* explain_command = declare_explain(app, explain);
  const RemoteDeclaration remote(app);
  CLI::App* version_command = app.add_subcommand("version", kVersionDescription);
  version_command->footer("");

  std::vector<std::string> words = arguments;
  if (words.empty()) return Notice{app.help(), kExitBadUse};
  if (words.front() == "help") {
    // `help read` is what people try before `read --help`.
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  const std::string first = words.front();
  const bool is_command = std::ranges::find(subcommand_names(), first) != subcommand_names().end();
  if (!first.starts_with('-') && !is_command) return unknown_subcommand(first);
  const std::string subcommand = is_command ? first : "";

  try {
    std::ranges::reverse(words);  // CLI11 takes words from the back
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    return Notice{app.help(), kExitOk};
  } catch (const CLI::ExtrasError&) {
    return bad_use(fmt::format("unknown argument '{}'", arguments.back()), subcommand);
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view said = error.what();
    return bad_use(fmt::format("{} needs a value", said.substr(0, said.find(':'))), subcommand);
  } catch (const CLI::ParseError& error) {
    return bad_use(error.what(), subcommand);
  }
  if (version || version_command->parsed()) return VersionCommand{};
  if (read_command->parsed()) return checked(*read_command, std::move(read));
  if (run_command->parsed()) return checked(*run_command, std::move(run));
  if (doctor_command->parsed()) return checked(*doctor_command, std::move(doctor));
  if (explain_command->parsed()) return checked(*explain_command, std::move(explain));
  if (const CLI::App* asking = remote.parsed()) return checked(*asking, remote.command());
  return Notice{app.help(), kExitBadUse};
}

}  // namespace shakedown::cli

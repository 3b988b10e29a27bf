// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "cli/suggestion.h"
#include "shakedown/limits.h"

namespace shakedown::cli {
namespace {

constexpr const char* kDescription =
    "Shakedown finds the TLS handshakes that failed, and says how they ended on the wire.";

constexpr const char* kExamples =
    "Examples:\n"
    "  shakedown read edge.pcap                            what failed, on one screen\n"
    "  shakedown read edge.pcap --events failures.ndjson  and each failure as a line of JSON\n"
    "  shakedown version\n"
    "\n"
    "'shakedown COMMAND --help' says more about one command.";

constexpr const char* kReadDescription = "Read captures and report the TLS handshakes in them.";

constexpr const char* kReadExamples =
    "Reads pcap and pcapng, several files in the order of their packets' times. Needs no "
    "privileges,\n"
    "no network card and no huge pages.\n"
    "\n"
    "Examples:\n"
    "  shakedown read edge.pcap\n"
    "  shakedown read monday.pcap tuesday.pcap --workers 4\n"
    "  shakedown read edge.pcap --events failures.ndjson   one line of JSON for each failure\n"
    "  shakedown read edge.pcap --all --events - --quiet | jq .shakedown.outcome.name\n"
    "  shakedown read edge.pcap --json                     the summary for programs\n"
    "\n"
    "Exit status: 0 read to the end; 1 a part of Shakedown broke, results are incomplete;\n"
    "2 bad arguments, input or output; 130 interrupted with Ctrl-C.";

constexpr const char* kVersionDescription = "Print the version.";

const std::vector<std::string>& subcommand_names() {
  static const std::vector<std::string> names = {"read", "version", "help"};
  return names;
}

Notice bad_use(std::string_view sentence, std::string_view subcommand) {
  const std::string command =
      subcommand.empty() ? "shakedown" : fmt::format("shakedown {}", subcommand);
  return {fmt::format("shakedown: {}\nTry '{} --help'.\n", sentence, command), kExitBadUse};
}

bool in_range(std::string_view text, unsigned low, unsigned high) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= low &&
         number <= high;
}

CLI::Validator whole_number(unsigned low, unsigned high) {
  return {[low, high](std::string& text) {
            return in_range(text, low, high)
                       ? std::string{}
                       : fmt::format("must be a whole number from {} to {}, not '{}'", low, high,
                                     text);
          },
          ""};
}

CLI::Validator seconds() {
  return {[](std::string& text) {
            double value = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            const bool good = error == std::errc{} && end == text.data() + text.size() &&
                              std::isfinite(value) && value >= 0.001 && value <= 86'400;
            return good ? std::string{}
                        : fmt::format("must be seconds from 0.001 to 86400, not '{}'", text);
          },
          ""};
}

CLI::Validator port_list() {
  return {[](std::string& text) {
            std::string_view rest = text;
            for (;;) {
              const std::size_t comma = rest.find(',');
              if (!in_range(rest.substr(0, comma), 1, 65'535)) {
                return fmt::format("must be ports from 1 to 65535 with commas between, not '{}'",
                                   text);
              }
              if (comma == std::string_view::npos) return std::string{};
              rest.remove_prefix(comma + 1);
            }
          },
          ""};
}

CLI::Validator when_value() {
  return {[](std::string& text) {
            const bool good = text == "auto" || text == "always" || text == "never";
            return good ? std::string{}
                        : fmt::format("must be auto, always or never, not '{}'", text);
          },
          ""};
}

/// An option whose text goes to one of the programs as it is.
void add_text(CLI::App* app, const std::string& name, const char* value_name,
              std::optional<std::string>& target, const CLI::Validator& check,
              const std::string& description) {
  app->add_option_function<std::string>(
         name, [&target](const std::string& text) { target = text; }, description)
      ->check(check)
      ->type_name(value_name);
}

CLI::App* add_read(CLI::App& app, ReadCommand& read) {
  CLI::App* command = app.add_subcommand("read", kReadDescription);
  command->footer(kReadExamples);
  command->allow_extras();
  command->add_option("FILE", read.files, "captures to read")->required()->type_name("");
  command
      ->add_option_function<std::string>(
          "--events", [&read](const std::string& path) { read.events = path; },
          "write each failed handshake as a line of JSON (NDJSON);\n- is standard output")
      ->type_name("FILE");
  command->add_flag("--all", read.all, "events for all handshakes, not only for failed ones");
  command
      ->add_option_function<unsigned>(
          "--workers", [&read](unsigned count) { read.worker_count = count; },
          "threads that follow connections; the events are the same\nfor any number")
      ->check(whole_number(1, kWorkerCountMax))
      ->type_name("N");
  command->add_flag("--json", read.json, "print the summary as JSON");
  command
      ->add_option_function<unsigned>(
          "--top", [&read](unsigned count) { read.top_count = count; },
          "rows in the lists of clients, servers and names")
      ->check(whole_number(1, kTopCountMax))
      ->type_name("N");
  add_text(command, "--silence-timeout", "SECONDS", read.silence_timeout, seconds(),
           "packet time without an answer that counts as silence");
  add_text(command, "--watch-port", "LIST", read.watch_ports, port_list(),
           "server ports whose refused and unanswered connections are\nreported: 443,8443");
  add_text(
      command, "--max-flows", "N", read.flow_count_max, whole_number(1, 1u << 24),
      "handshakes that each worker follows at the same time; their\nmemory is taken at the start");
  add_text(command, "--color", "WHEN", read.color, when_value(),
           "colours: auto (on terminals), always or never");
  add_text(command, "--progress", "WHEN", read.progress, when_value(),
           "progress line: auto (on terminals), always or never");
  command->add_flag("--quiet", read.quiet, "no summary, only warnings");
  command->add_flag("--verbose", read.verbose,
                    "also what the programs do, and their memory budget");
  return command;
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
  const auto near = closest(word, subcommand_names());
  const std::string hint = near ? fmt::format("; did you mean '{}'?", *near) : std::string{};
  return bad_use(fmt::format("there is no command '{}'{}", word, hint), "");
}

Notice unknown_option(const std::string& word, const CLI::App& command) {
  const std::string name = word.substr(0, word.find('='));
  const auto near = closest(name, option_names(command));
  const std::string hint = near ? fmt::format("; did you mean '{}'?", *near) : std::string{};
  return bad_use(fmt::format("unknown option '{}'{}", name, hint), command.get_name());
}

}  // namespace

Command parse_arguments(const std::vector<std::string>& arguments) {
  CLI::App app{kDescription, "shakedown"};
  app.footer(kExamples);
  bool version = false;
  app.add_flag("--version", version, "print the version");
  ReadCommand read;
  const CLI::App* read_command = add_read(app, read);
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
  } catch (const CLI::RequiredError&) {
    return bad_use("no capture was given", subcommand);
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view said = error.what();
    return bad_use(fmt::format("{} needs a value", said.substr(0, said.find(':'))), subcommand);
  } catch (const CLI::ParseError& error) {
    return bad_use(error.what(), subcommand);
  }
  if (version || version_command->parsed()) return VersionCommand{};
  if (!read_command->parsed()) return Notice{app.help(), kExitBadUse};
  for (const std::string& extra : read_command->remaining()) {
    // CLI11 hands the mark before positional words back as well.
    if (extra != "--") return unknown_option(extra, *read_command);
  }
  if (read.quiet && read.verbose) {
    return bad_use("--quiet and --verbose contradict each other", "read");
  }
  return read;
}

}  // namespace shakedown::cli

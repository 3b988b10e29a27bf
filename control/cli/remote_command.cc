// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_command.h"

#include <fmt/format.h>

#include "config/problem.h"
#include "log.h"
#include "serve/endpoint.h"

namespace shakedown::cli {

namespace {

constexpr const char* kAnyone =
    "Asks a running sensor over its control socket, which root and the members of its group may "
    "use.\n"
    "Exit status: 0 answered; 1 the sensor did not answer as it should; 2 no sensor, no rights, or "
    "a\n"
    "request that it refused.";

constexpr const char* kConnectionExamples =
    "Where a connection is that is being followed now: ports and addresses as on the wire, in any\n"
    "order.\n"
    "\n"
    "Examples:\n"
    "  shakedown connection 192.0.2.7:50123 198.51.100.5:443\n"
    "  shakedown connection '[2001:db8::7]:50123' '[2001:db8::5]:443' --json";

constexpr const char* kReloadExamples =
    "Reads the configuration anew, as SIGHUP does, and opens the files of events anew, as log "
    "rotation\n"
    "needs it. Watchlists, output, sensor.name and control.log_level are taken over; what else "
    "has\n"
    "changed is named, and takes effect with a restart. With a mistake in the file all stays as it "
    "is.";

}  // namespace

const std::vector<std::string>& RemoteDeclaration::names() {
  static const std::vector<std::string> names = {"status",     "counters", "ports",    "queues",
                                                 "connection", "reload",   "log-level"};
  return names;
}

RemoteDeclaration::RemoteDeclaration(CLI::App& app) {
  add(app, "status", "Say how the sensor that runs here is doing.", kAnyone);
  CLI::App* counters = add(app, "counters", "Show what the sensor has counted.", kAnyone);
  counters->add_flag("--all", command_.all, "also the counters that are zero");
  counters->add_flag("--workers", command_.workers, "each worker for itself");
  CLI::App* ports = add(app, "ports", "Show the ports of the sensor, and what they lost.", kAnyone);
  ports->add_flag("--all", command_.all, "also the reasons of the filter that are zero");
  add(app, "queues", "Show the queues of the ports, and how even their load is.", kAnyone);
  CLI::App* connection =
      add(app, "connection", "Look at one connection while it is followed.", kConnectionExamples);
  connection->add_option("CLIENT", command_.client, "its one end")->type_name("ADDRESS:PORT");
  connection->add_option("SERVER", command_.server, "its other end")->type_name("ADDRESS:PORT");
  add(app, "reload", "Have the configuration read anew.", kReloadExamples);
  CLI::App* level = add(app, "log-level", "Change what is told on standard error.", kAnyone);
  level->add_option("LEVEL", command_.level, "error, warning, info or debug")->type_name("");
}

CLI::App* RemoteDeclaration::add(CLI::App& app, const std::string& name,
                                 const std::string& description, const std::string& footer) {
  CLI::App* subcommand = app.add_subcommand(name, description);
  subcommand->footer(footer);
  // What is left over is answered with a suggestion, which CLI11 has not.
  subcommand->allow_extras();
  subcommand->group("A running sensor");
  subcommand
      ->add_option_function<std::string>(
          "--socket", [this](const std::string& path) { command_.socket = path; },
          "its control socket, where it is not at its usual place")
      ->type_name("PATH");
  subcommand->add_flag("--json", command_.json, "the answer as JSON");
  subcommands_.push_back(subcommand);
  return subcommand;
}

const CLI::App* RemoteDeclaration::parsed() const {
  for (const CLI::App* subcommand : subcommands_) {
    if (subcommand->parsed()) return subcommand;
  }
  return nullptr;
}

RemoteCommand RemoteDeclaration::command() const {
  RemoteCommand command = command_;
  if (const CLI::App* subcommand = parsed()) command.name = subcommand->get_name();
  return command;
}

std::string find_mistake(const RemoteCommand& command) {
  if (command.name == "connection") {
    if (command.server.empty()) {
      return "two ends of a connection were expected: 192.0.2.7:50123 198.51.100.5:443";
    }
    const auto client = serve::parse_endpoint(command.client);
    const auto server = serve::parse_endpoint(command.server);
    if (!client || !server) {
      return fmt::format("{} is no address with a port, like 192.0.2.7:50123 or [2001:db8::1]:443",
                         config::in_quotes(client ? command.server : command.client));
    }
    if (client->family != server->family) {
      return "one of the two addresses is IPv4 and the other IPv6";
    }
  }
  if (command.name == "log-level" && !log::level_of(command.level)) {
    return command.level.empty() ? "a log level was expected: error, warning, info or debug"
                                 : fmt::format(
                                       "{} is no log level; there are error, warning, info "
                                       "and debug",
                                       config::in_quotes(command.level));
  }
  return {};
}

}  // namespace shakedown::cli

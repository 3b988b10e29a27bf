// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "port/pcap_port.h"
#include "process.h"
#include "shakedown/limits.h"

namespace shakedown {
namespace {

/// A number of seconds, kept as nanoseconds.
CLI::Option* add_seconds(CLI::App& app, const std::string& name, std::int64_t& nanos,
                         const std::string& what) {
  constexpr double kSecondsMax = 86'400;
  const auto keep = [&nanos](const double& seconds) {
    nanos = static_cast<std::int64_t>(seconds * static_cast<double>(kNanosPerSecond));
  };
  return app.add_option_function<double>(name, keep, what + " (seconds of packet time)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, kSecondsMax));
}

void declare_input(CLI::App& app, Options& options, std::vector<std::string>& port_names) {
  app.add_option("--read", options.files,
                 "capture files, pcap or pcapng; several are read in order of time")
      ->type_name("FILE")
      ->take_all();
  app.add_option("--port", port_names,
                 "interfaces to read live, as af_packet:eth0 or af_xdp:eth0; several are one link")
      ->type_name("DRIVER:IFACE")
      ->take_all();
  app.add_flag("--busy-poll", options.busy_poll,
               "with --port: never sleep while there are no packets");
  app.add_option("--workers", options.worker_count, "threads that follow connections")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1u, kWorkerCountMax));
  auto* const handoff =
      app.add_option("--handoff-fd", options.handoff_descriptor,
                     "inherited unix socket over which control is given the shared segment")
          ->type_name("N");
  auto* const socket = app.add_option("--socket", options.socket_path,
                                      "unix socket at which control is given the shared segment")
                           ->type_name("PATH");
  auto* const without =
      app.add_flag("--without-control", options.without_control,
                   "read to the end with nobody to take the records: they are counted as refused");
  handoff->excludes(socket)->excludes(without);
  socket->excludes(without);
}

void declare_limits(CLI::App& app, Options& options) {
  add_seconds(app, "--silence-timeout", options.timeouts.silence_nanos,
              "no byte in the middle of a handshake is silence after this long");
  add_seconds(app, "--no-hello-timeout", options.timeouts.no_hello_nanos,
              "a connection to a watched port that says nothing is reported after this long");
  add_seconds(app, "--embryo-timeout", options.timeouts.embryo_nanos,
              "a SYN without an answer is reported or forgotten after this long");
  app.add_option("--watch-port", options.watched_ports,
                 "ports where a connection without a ClientHello is reported (443, 8443, ...)")
      ->type_name("PORT,...")
      ->delimiter(',')
      ->check(CLI::Range(1, 65535));
  app.add_option("--max-flows", options.connection_capacity,
                 "handshakes that each worker follows at once")
      ->type_name("N")
      ->check(CLI::Range(1u, 1u << 24));
}

void declare_output(CLI::App& app, Options& options) {
  app.add_flag("--print-budget", options.print_budget,
               "print the memory that would be taken, and end");
  app.add_flag("--verbose", options.verbose, "tell what is done, on standard error");
  app.add_flag("--quiet", options.quiet, "no warnings");
  app.add_option("--eal-log", options.eal_log_level, "show DPDK's log from this level on")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"critical", "error", "warning", "notice", "info", "debug"}));
}

/// Exactly one kind of input. Empty, or one sentence.
std::string take_input(const std::vector<std::string>& port_names, Options& options) {
  if (options.files.empty() == port_names.empty()) {
    return port_names.empty() ? "one of --read FILE and --port DRIVER:IFACE is needed"
                              : "--read and --port exclude each other: files are read to their "
                                "end, interfaces have none";
  }
  if (options.busy_poll && port_names.empty()) return "--busy-poll goes with --port";
  if (options.files.size() > port::kCaptureFileCountMax) {
    return "at most " + std::to_string(port::kCaptureFileCountMax) +
           " files can be read together; merge some first (mergecap)";
  }
  if (port_names.size() > port::kCaptureFileCountMax) {
    return "at most " + std::to_string(port::kCaptureFileCountMax) +
           " interfaces can be read together";
  }
  for (const std::string& text : port_names) {
    port::PortNameResult parsed = port::parse_port_name(text);
    if (parsed.status != port::PortNameStatus::ok) return parsed.sentence;
    options.ports.push_back(std::move(parsed.name));
  }
  return {};
}

}  // namespace

ParsedOptions parse_options(int argument_count, char** arguments) {
  CLI::App app("Reads packets, follows TLS handshakes and hands what became of them to control.",
               "shakedown-dataplane");
  app.set_version_flag("--version", "shakedown-dataplane " SHAKEDOWN_VERSION);
  app.get_formatter()->column_width(28);
  Options options;
  std::vector<std::string> port_names;
  declare_input(app, options, port_names);
  declare_limits(app, options);
  declare_output(app, options);

  ParsedOptions parsed;
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::Success& asked) {  // --help and --version
    parsed.exit_code = app.exit(asked);
    return parsed;
  } catch (const CLI::Error& mistake) {
    complain(mistake.what());
    parsed.exit_code = kExitBadInput;
    return parsed;
  }
  parsed.exit_code = kExitBadInput;
  if (const std::string mistake = take_input(port_names, options); !mistake.empty()) {
    complain(mistake);
  } else if (!options.handoff_descriptor && options.socket_path.empty() &&
             !options.without_control && !options.print_budget) {
    complain("one of --handoff-fd, --socket and --without-control is needed");
  } else {
    parsed.options = std::move(options);
  }
  return parsed;
}

}  // namespace shakedown

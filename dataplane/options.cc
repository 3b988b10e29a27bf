// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "port/pcap_port.h"
#include "port/processors.h"
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

/// What is checked beyond what CLI11 knows.
struct Words {
  std::vector<std::string> ports;
  std::string worker_processors;
};

/// One of a few words, each of which stands for a value.
template <class Value, class Kept>
void add_word(CLI::App& app, const std::string& name, const std::map<std::string, Value>& values,
              Kept& kept, const std::string& what) {
  std::string list;
  for (const auto& [word, value] : values) list.append(list.empty() ? "" : "|").append(word);
  const auto keep = [values, &kept](const std::string& word) { kept = values.at(word); };
  app.add_option_function<std::string>(name, keep, what)
      ->type_name(list)
      ->check(CLI::IsMember(values));
}

void declare_input(CLI::App& app, Options& options, Words& words) {
  app.add_option("--read", options.files,
                 "capture files, pcap or pcapng; several are read in order of time")
      ->type_name("FILE")
      ->take_all();
  app.add_option("--port", words.ports,
                 "ports to read live: af_packet:eth0, af_xdp:eth0, nic:eth0, pci:0000:3b:00.0 or "
                 "tap:name, then ,queues=N ,filter=on|off ,link=NAME ,mtu=N ,rss=outer|inner|off "
                 ",vlan_strip=on|off ,cpus=2-5; several are one link")
      ->type_name("DRIVER:NAME")
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

void declare_placement(CLI::App& app, Options& options, Words& words) {
  app.add_option("--worker-cpus", words.worker_processors,
                 "processors that the workers are bound to, in their order, as 2-5 or 2,3,8")
      ->type_name("LIST");
  app.add_option("--main-cpu", options.main_processor, "processor for all that is not a worker")
      ->type_name("N")
      ->check(CLI::Range(0u, port::kProcessorCountMax - 1));
  const std::map<std::string, std::optional<Distribution>> distributions = {
      {"auto", std::nullopt},
      {"queues", Distribution::queues},
      {"distributor", Distribution::distributor}};
  add_word(app, "--distribution", distributions, options.distribution,
           "how packets come to several workers: each reads queues of its own, or one thread hands "
           "out");
  const std::map<std::string, Choice> choices = {
      {"auto", Choice::automatic}, {"on", Choice::on}, {"off", Choice::off}};
  add_word(app, "--hugepages", choices, options.huge_pages,
           "packets in huge pages; auto: where a nic or pci port needs them");
  const std::map<std::string, bool> switches = {{"on", true}, {"off", false}};
  add_word(app, "--shed", switches, options.shed,
           "leave whole clients out when there is no time for all");
  app.add_flag("--keep-rights", options.keep_rights,
               "keep the rights that are not needed any more once the ports are open");
}

void declare_output(CLI::App& app, Options& options) {
  const std::map<std::string, LogLevel> levels = {{"error", LogLevel::error},
                                                  {"warning", LogLevel::warning},
                                                  {"info", LogLevel::info},
                                                  {"debug", LogLevel::debug}};
  add_word(app, "--log-level", levels, options.log_level, "what is told on standard error");
  app.add_flag("--print-budget", options.print_budget,
               "print the memory that would be taken, and end");
  app.add_flag("--verbose", options.verbose, "tell what is done, on standard error");
  app.add_flag("--quiet", options.quiet, "no warnings");
  app.add_option("--eal-log", options.eal_log_level, "show DPDK's log from this level on")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"critical", "error", "warning", "notice", "info", "debug"}));
}

/// Empty, or one sentence.
std::string take_ports(const std::vector<std::string>& names, Options& options) {
  if (names.size() > port::kCaptureFileCountMax) {
    return "at most " + std::to_string(port::kCaptureFileCountMax) +
           " interfaces can be read together";
  }
  for (const std::string& text : names) {
    port::PortSpecResult parsed = port::parse_port_spec(text);
    if (!parsed.spec) return parsed.sentence;
    if (options.huge_pages == Choice::off && port::is_card(parsed.spec->name.driver)) {
      return parsed.spec->name.text() + " needs huge pages, which --hugepages off forbids";
    }
    options.ports.push_back(std::move(*parsed.spec));
  }
  return {};
}

/// Exactly one kind of input. Empty, or one sentence.
std::string take_input(const Words& words, Options& options) {
  if (options.files.empty() == words.ports.empty()) {
    return words.ports.empty() ? "one of --read FILE and --port DRIVER:IFACE is needed"
                               : "--read and --port exclude each other: files are read to their "
                                 "end, interfaces have none";
  }
  if (options.busy_poll && words.ports.empty()) return "--busy-poll goes with --port";
  if (options.distribution == Distribution::queues && words.ports.empty()) {
    return "--distribution queues goes with --port: capture files have no queues";
  }
  if (options.files.size() > port::kCaptureFileCountMax) {
    return "at most " + std::to_string(port::kCaptureFileCountMax) +
           " files can be read together; merge some first (mergecap)";
  }
  return take_ports(words.ports, options);
}

/// Empty, or one sentence.
std::string take_placement(const Words& words, Options& options) {
  if (words.worker_processors.empty()) return {};
  auto list = port::parse_processors(words.worker_processors, ',');
  if (!list) {
    return "--worker-cpus is a list of processors without doubles, as 2-5 or 2,3,8 (not " +
           port::printable(words.worker_processors) + ")";
  }
  if (list->size() < options.worker_count) {
    return "--worker-cpus names " + std::to_string(list->size()) + " processors for " +
           std::to_string(options.worker_count) + " workers; it takes one for each";
  }
  options.worker_processors = std::move(*list);
  return {};
}

}  // namespace

ParsedOptions parse_options(int argument_count, char** arguments) {
  CLI::App app("Reads packets, follows TLS handshakes and hands what became of them to control.",
               "shakedown-dataplane");
  app.set_version_flag("--version", "shakedown-dataplane " SHAKEDOWN_VERSION);
  app.get_formatter()->column_width(28);
  Options options;
  Words words;
  declare_input(app, options, words);
  declare_placement(app, options, words);
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
  std::string mistake = take_input(words, options);
  if (mistake.empty()) mistake = take_placement(words, options);
  if (!mistake.empty()) {
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

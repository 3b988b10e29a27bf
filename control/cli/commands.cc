// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

#include <string>
#include <vector>

#include "cli/option_checks.h"
#include "config/live_settings.h"
#include "config/values.h"
#include "shakedown/limits.h"

namespace shakedown::cli {
namespace {

constexpr const char* kReadDescription = "Read captures and report the TLS handshakes in them.";

constexpr const char* kReadExamples =
    "Reads pcap and pcapng, several files in the order of their packets' times, which are the "
    "only\n"
    "clock. Needs no privileges, no network card and no huge pages.\n"
    "\n"
    "Examples:\n"
    "  shakedown read edge.pcap\n"
    "  shakedown read monday.pcap tuesday.pcap --workers 4\n"
    "  shakedown read edge.pcap --events failures.ndjson   one line of JSON for each failure\n"
    "  shakedown read edge.pcap --all --events - --quiet | jq .shakedown.outcome.name\n"
    "  shakedown read edge.pcap --json                     the summary for programs\n"
    "  shakedown read edge.pcap -c shakedown.yaml          with your watchlists\n"
    "  shakedown read --check -c shakedown.yaml            is the configuration good?\n"
    "\n"
    "Exit status: 0 read to the end; 1 a part of Shakedown broke, results are incomplete;\n"
    "2 bad arguments, input or output; 130 interrupted with Ctrl-C.";

constexpr const char* kRunDescription = "Watch interfaces and report the TLS handshakes on them.";

constexpr const char* kRunExamples =
    "Reads copies of packets, as a mirror port or a tap gives them, until Ctrl-C or SIGTERM, and\n"
    "then prints the summary. It never sends. Ports:\n"
    "  af_packet:eth1    any interface; needs CAP_NET_RAW and CAP_NET_ADMIN\n"
    "  af_xdp:eth1       faster, but takes what comes in away from the kernel: only for "
    "interfaces\n"
    "                    that do nothing else; needs CAP_SYS_ADMIN and locked memory as well\n"
    "  nic:eth1          a network card without the kernel, by the name of its interface\n"
    "  pci:0000:3b:00.0  the same by its address, bound to vfio-pci; both need huge pages\n"
    "  tap:mirror0       an interface that is made for others to mirror into\n"
    "After the name: ,queues=N ,filter=on|off ,link=NAME ,mtu=N ,rss=outer|inner|off\n"
    ",vlan_strip=on|off ,cpus=2-5 (docs/configuration.md). Root has all the rights. Interfaces\n"
    "should not join packets: ethtool -K IFACE gro off lro off\n"
    "\n"
    "Examples:\n"
    "  shakedown run --port eth1                           the same as af_packet:eth1\n"
    "  shakedown run --port af_xdp:eth1 --port af_xdp:eth2 --workers 4\n"
    "  shakedown run -c shakedown.yaml                     ports and all else from the file\n"
    "  shakedown run -c shakedown.yaml --workers 2         what is said here beats the file\n"
    "  shakedown run --port eth1 --events failures.ndjson  follow with tail -f failures.ndjson\n"
    "  shakedown run --port eth1 --all --events - | jq .shakedown.outcome.name\n"
    "\n"
    "Exit status: 0 ended by Ctrl-C or SIGTERM; 1 a part of Shakedown broke; 2 bad arguments,\n"
    "input or output; 130 or 143 told twice to end, so that nothing was waited for.";

/// An option whose text goes to one of the programs as it is.
void add_text(CLI::App* app, const std::string& name, const char* value_name,
              std::optional<std::string>& target, const CLI::Validator& check,
              const std::string& description) {
  app->add_option_function<std::string>(
         name, [&target](const std::string& text) { target = text; }, description)
      ->check(check)
      ->type_name(value_name);
}

/// The same, brought into the form that the program knows.
void add_word(CLI::App* app, const std::string& name, const char* value_name,
              std::optional<std::string>& target, const std::vector<std::string>& words,
              const std::string& description) {
  app->add_option_function<std::string>(
         name, [&target](const std::string& text) { target = text; }, description)
      ->transform(one_of(words))
      ->type_name(value_name);
}

/// A number that this program understands itself.
void add_number(CLI::App* app, const std::string& name, std::optional<unsigned>& target,
                unsigned minimum, unsigned maximum, const std::string& description) {
  app->add_option_function<unsigned>(
         name, [&target](unsigned number) { target = number; }, description)
      ->check(whole_number(minimum, maximum))
      ->type_name("N");
}

/// A file that one of the programs opens.
void add_path(CLI::App* app, const std::string& name, std::optional<std::string>& target,
              const std::string& description) {
  app->add_option_function<std::string>(
         name, [&target](const std::string& path) { target = path; }, description)
      ->type_name("FILE");
}

void declare_configuration(CLI::App* command, CommonOptions& common) {
  add_path(command, "-c,--config", common.config,
           "configuration (YAML): ports, outputs, watchlists, ...");
  command->add_flag("--check", common.check, "check the configuration, and do nothing else");
}

void declare_events(CLI::App* command, CommonOptions& common) {
  add_path(command, "--events", common.events,
           "write each failed handshake as a line of JSON (NDJSON);\n- is standard output");
  command->add_flag("--all", common.all, "events for all handshakes, not only for failed ones");
  add_path(command, "--health", common.health,
           "write how good the capture is as a line of JSON for each minute\nand link; - is "
           "standard output");
}

void declare_judgement(CLI::App* command, CommonOptions& common) {
  add_number(command, "--workers", common.worker_count, 1, kWorkerCountMax,
             "threads that follow connections; the verdicts are the same\nfor any number");
  add_text(command, "--silence-timeout", "SECONDS", common.silence_timeout, seconds(),
           "time without an answer in a handshake that counts as silence");
  add_text(command, "--syn-timeout", "SECONDS", common.syn_timeout, seconds(),
           "time without an answer to a SYN that counts as unanswered");
  add_text(command, "--watch-port", "LIST", common.watch_ports, port_list(),
           "server ports whose refused and unanswered connections are\nreported: 443,8443");
  add_text(
      command, "--max-flows", "N", common.flow_count_max, whole_number(1, 1u << 24),
      "handshakes that each worker follows at the same time; their\nmemory is taken at the start");
}

void declare_summary(CLI::App* command, CommonOptions& common) {
  command->add_flag("--json", common.json, "print the summary as JSON");
  add_number(command, "--top", common.top_count, 1, kTopCountMax,
             "rows in the lists of clients, servers and names");
  add_text(command, "--color", "WHEN", common.color, when_value(),
           "colours: auto (on terminals), always or never");
  add_text(command, "--progress", "WHEN", common.progress, when_value(),
           "progress line: auto (on terminals), always or never");
  command->add_flag("--quiet", common.quiet, "no summary, only warnings");
  command->add_flag("--verbose", common.verbose,
                    "also what the programs do, and their memory budget");
}

CLI::App* declare(CLI::App& app, const char* name, const char* description, const char* examples) {
  CLI::App* command = app.add_subcommand(name, description);
  command->footer(examples);
  // What is left over is answered with a suggestion, which CLI11 has not.
  command->allow_extras();
  return command;
}

void declare_common(CLI::App* command, CommonOptions& common) {
  declare_configuration(command, common);
  declare_events(command, common);
  declare_diagnosis(command, common);
  declare_judgement(command, common);
  declare_summary(command, common);
}

void declare_placement(CLI::App* command, RunCommand& run) {
  command->add_flag("--busy-poll", run.busy_poll,
                    "never sleep while there are no packets: each thread takes\na whole core");
  add_text(command, "--worker-cpus", "LIST", run.worker_cpus, processor_list(),
           "processors for the workers, one for each: 2-5,8");
  add_number(command, "--main-cpu", run.main_cpu, 0, config::kProcessorMax,
             "processor for what is not a worker");
  add_word(command, "--distribution", "HOW", run.distribution, config::distribution_names(),
           "how packets come to several workers: queues (each reads its\nown), distributor (one "
           "thread hands out) or auto");
  add_word(command, "--hugepages", "WHEN", run.hugepages, config::hugepages_names(),
           "packets in huge pages: on, off or auto (where a port\nneeds them)");
  add_word(command, "--shed", "on|off", run.shed, {"on", "off"},
           "leave out whole clients when there is no time for all,\nwhich is said; default: on");
}

void declare_service(CLI::App* command, RunCommand& run) {
  add_text(command, "--sensor", "NAME", run.sensor_name, sensor_name(),
           "name of this sensor in events; default: the host's");
  add_word(command, "--log-level", "LEVEL", run.log_level, config::log_level_names(),
           "what is told on standard error: error, warning, info or\ndebug");
  command
      ->add_option("--control-socket", run.control_socket,
                   "unix socket for 'shakedown status' and the like, or off")
      ->check(socket_or_off())
      ->type_name("PATH|off");
  command->add_option("--user", run.user, "user that the control process runs as")
      ->check(account())
      ->type_name("NAME");
  command
      ->add_flag("--keep-rights", run.keep_rights,
                 "keep the rights that the start needs, as debuggers want it")
      ->group("Debugging");
}

}  // namespace

void declare_diagnosis(CLI::App* command, CommonOptions& common) {
  const auto add_paths = [command](const char* name, std::vector<std::string>& paths,
                                   const char* description) {
    command->add_option(name, paths, description)->allow_extra_args(false)->type_name("PATH");
  };
  add_paths("--roots", common.roots,
            "certificates to trust besides the system's: a file (PEM) or\na folder; once for each");
  command->add_flag("--no-system-roots", common.no_system_roots, "trust only what --roots names");
  add_paths("--crls", common.crls, "revocation lists: a file or a folder; once for each");
  add_path(command, "--profiles", common.profiles,
           "remember what works at each server in this file, and start\nwith what it holds");
  add_text(command, "--diagnosis-wait", "TIME", common.diagnosis_wait,
           duration(config::kDiagnosisWaitRange),
           "time for what a client does next to become evidence,\n0 to 30s; default: 3s");
}

CLI::App* declare_read(CLI::App& app, ReadCommand& read) {
  CLI::App* command = declare(app, "read", kReadDescription, kReadExamples);
  command->add_option("FILE", read.files, "captures to read")->type_name("");
  declare_common(command, read);
  return command;
}

CLI::App* declare_run(CLI::App& app, RunCommand& run) {
  CLI::App* command = declare(app, "run", kRunDescription, kRunExamples);
  command
      ->add_option("--port", run.ports,
                   "port to watch, see below; give it once for each. Replaces\nthe ports of the "
                   "configuration")
      ->allow_extra_args(false)
      ->transform(live_port())
      ->type_name("[DRIVER:]NAME");
  declare_placement(command, run);
  declare_common(command, run);
  declare_service(command, run);
  return command;
}

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/settings.h"

#include <fmt/format.h>

#include <utility>

#include "cli/diagnosis_paths.h"
#include "cli/live_port.h"
#include "config/contradictions.h"
#include "config/values.h"

namespace shakedown::cli {
namespace {

using config::Configuration;

/// What the command line left open.
template <class Value>
void fill(std::optional<Value>& target, const std::optional<Value>& value) {
  if (!target) target = value;
}

void fill(std::string& target, const std::optional<std::string>& value) {
  if (target.empty() && value) target = *value;
}

void fill_handshakes(const config::HandshakeSettings& handshakes, CommonOptions& common) {
  fill(common.silence_timeout, handshakes.silence_timeout);
  fill(common.syn_timeout, handshakes.syn_timeout);
  if (!handshakes.watch_ports.empty()) {
    fill(common.watch_ports, std::optional{config::ports_text(handshakes.watch_ports)});
  }
  if (handshakes.followed_max) {
    fill(common.flow_count_max, std::optional{std::to_string(*handshakes.followed_max)});
  }
}

void fill_workers(const config::WorkerSettings& workers, RunCommand& run) {
  if (!run.worker_cpus) {
    fill(run.worker_count, config::worker_count(workers));
    if (!workers.cpus.empty()) run.worker_cpus = config::processors_text(workers.cpus, ',');
  }
  fill(run.main_cpu, workers.main_cpu);
  fill(run.distribution, workers.distribution);
  run.busy_poll = run.busy_poll || workers.busy_poll.value_or(false);
}

/// The command as a configuration of its own, of which the contradictions are known.
Configuration configuration_of(const RunCommand& run) {
  Configuration configuration;
  for (const std::string& port : run.ports) {
    configuration.ports.push_back(parse_live_port(port).settings);
  }
  configuration.workers.count = run.worker_count;
  if (run.worker_cpus) {
    // Was checked where it came from.
    static_cast<void>(config::parse_processors(*run.worker_cpus, ',', configuration.workers.cpus));
  }
  configuration.workers.main_cpu = run.main_cpu;
  configuration.workers.distribution = run.distribution;
  configuration.memory.hugepages = run.hugepages;
  if (!run.control_socket.empty()) configuration.control.socket = run.control_socket;
  if (!run.socket_group.empty()) configuration.control.socket_group = run.socket_group;
  return configuration;
}

std::string said_of_program(const std::string& sentence) {
  return fmt::format("shakedown: {}", sentence);
}

config::DiagnosisSettings used_by(const RunCommand&, config::DiagnosisSettings diagnosis) {
  return diagnosis;
}

/// What a sensor has learnt is not mixed with what stands in a capture, unless that is asked for.
config::DiagnosisSettings used_by(const ReadCommand&, config::DiagnosisSettings diagnosis) {
  diagnosis.profiles.reset();
  return diagnosis;
}

/// Nothing: the command may be changed by the configuration, if there is one.
template <class SomeCommand>
std::vector<std::string> read_and_merge(SomeCommand& command) {
  if (!command.config) return prepare_diagnosis({}, command);
  const config::Reading reading = config::read_configuration(*command.config);
  if (!reading.problems.none()) return reading.problems.lines();
  merge(reading.configuration, command);
  // Control reads this section itself.
  return prepare_diagnosis(used_by(command, reading.configuration.diagnosis), command);
}

}  // namespace

void merge(const Configuration& configuration, RunCommand& run) {
  if (run.ports.empty()) {
    for (const config::PortSettings& port : configuration.ports) run.ports.push_back(port.text());
  }
  fill_workers(configuration.workers, run);
  fill_handshakes(configuration.handshakes, run);
  if (configuration.overload.shed) {
    fill(run.shed, std::optional<std::string>{*configuration.overload.shed ? "on" : "off"});
  }
  fill(run.hugepages, configuration.memory.hugepages);
  fill(run.events, configuration.output.events);
  fill(run.health, configuration.output.health);
  run.all = run.all || configuration.output.all.value_or(false);
  fill(run.sensor_name, configuration.sensor.name);
  fill(run.log_level, configuration.control.log_level);
  fill(run.user, configuration.control.user);
  // A group that the file has for its socket is none of a socket that the command line turned off.
  const bool socket_off = run.control_socket == "off";
  fill(run.control_socket, configuration.control.socket);
  if (!socket_off) fill(run.socket_group, configuration.control.socket_group);
}

void merge(const Configuration& configuration, ReadCommand& read) {
  fill_handshakes(configuration.handshakes, read);
}

std::string find_conflict(const RunCommand& run) {
  const Configuration configuration = configuration_of(run);
  const auto found = config::find_contradictions(configuration);
  if (found.empty()) return {};
  const config::Contradiction& first = found.front();
  if (!first.port) return first.sentence;
  const config::PortSettings& port = configuration.ports.at(*first.port);
  return fmt::format("{}:{}: {}", config::name_of(port.driver), port.name, first.sentence);
}

std::vector<std::string> apply_configuration(RunCommand& run) {
  if (auto problems = read_and_merge(run); !problems.empty()) return problems;
  if (run.ports.empty()) {
    const std::string place = run.config ? fmt::format(" or 'ports' in {}", *run.config) : "";
    return {said_of_program(fmt::format("no port was given: --port eth1{}", place))};
  }
  if (const std::string conflict = find_conflict(run); !conflict.empty()) {
    return {said_of_program(conflict)};
  }
  return {};
}

std::vector<std::string> apply_configuration(ReadCommand& read) { return read_and_merge(read); }

}  // namespace shakedown::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_command.h"

#include "cli/config_check.h"
#include "cli/live_port.h"
#include "cli/option_checks.h"
#include "cli/settings.h"
#include "config/values.h"
#include "doctor/doctor.h"

namespace shakedown::cli {
namespace {

constexpr const char* kDescription = "Say whether `shakedown run` would work on this machine.";

constexpr const char* kExamples =
    "Looks at programs, processor, memory, ports, rights, clock and disk, and says in one line "
    "each\n"
    "what was found, with the command that repairs it. Reads, asks and tries; changes nothing. "
    "Run\n"
    "it as the user that is to run the sensor.\n"
    "\n"
    "Examples:\n"
    "  shakedown doctor                       the machine in general\n"
    "  shakedown doctor --port af_xdp:eth1    for this port\n"
    "  sudo shakedown doctor -c shakedown.yaml\n"
    "  shakedown doctor -c shakedown.yaml --json | jq '.checks[] | select(.grade != \"ok\")'\n"
    "\n"
    "Exit status: 0 `run` would work, perhaps with warnings; 1 it would not; 2 bad arguments or\n"
    "configuration.";

doctor::Driver driver_of(config::PortDriver driver) {
  switch (driver) {
    case config::PortDriver::af_packet:
      return doctor::Driver::af_packet;
    case config::PortDriver::af_xdp:
      return doctor::Driver::af_xdp;
    case config::PortDriver::nic:
      return doctor::Driver::nic;
    case config::PortDriver::pci:
      return doctor::Driver::pci;
    case config::PortDriver::tap:
      return doctor::Driver::tap;
  }
  return doctor::Driver::af_packet;
}

doctor::Port port_of(const std::string& text) {
  const config::PortSettings settings = parse_live_port(text).settings;
  return {driver_of(settings.driver), settings.name, settings.cpus};
}

}  // namespace

CLI::App* declare_doctor(CLI::App& app, DoctorCommand& doctor) {
  CLI::App* command = app.add_subcommand("doctor", kDescription);
  command->footer(kExamples);
  // What is left over is answered with a suggestion, which CLI11 has not.
  command->allow_extras();
  command->add_option("-c,--config", doctor.run.config, "the configuration of the run")
      ->type_name("FILE");
  command->add_option("--port", doctor.run.ports, "port of the run, as for `shakedown run`")
      ->allow_extra_args(false)
      ->transform(live_port())
      ->type_name("[DRIVER:]NAME");
  command->add_flag("--json", doctor.json, "print what was found as JSON");
  return command;
}

doctor::Input doctor_input(const RunCommand& run, const Programs& programs) {
  doctor::Input input;
  for (const std::string& port : run.ports) input.ports.push_back(port_of(port));
  input.worker_count = run.worker_count.value_or(1);
  if (run.worker_cpus) {
    // Was checked where it came from.
    static_cast<void>(config::parse_processors(*run.worker_cpus, ',', input.worker_cpus));
  }
  input.main_cpu = run.main_cpu;
  input.hugepages = run.hugepages.value_or("auto");
  for (const auto& file : {run.events, run.health}) {
    if (file) input.output_files.push_back(*file);
  }
  input.user = run.user;
  input.group = run.socket_group;
  input.dataplane_program = programs.dataplane;
  input.control_program = programs.control;
  input.programs_error = programs.error;
  return input;
}

DoctorEnd run_doctor(DoctorCommand command) {
  DoctorEnd end;
  if (command.run.config) {
    end.problems = check_configuration(*command.run.config).problems;
    if (end.problems.empty()) end.problems = apply_configuration(command.run);
    if (!end.problems.empty()) {
      end.exit_code = kExitBadUse;
      return end;
    }
  }
  const doctor::Input input = doctor_input(command.run, find_programs());
  const doctor::Findings findings = doctor::examine(doctor::this_machine(), input);
  end.report = command.json ? doctor::report_json(findings) : doctor::report_text(findings, input);
  end.exit_code = doctor::would_run(findings) ? kExitOk : kExitBroken;
  return end;
}

}  // namespace shakedown::cli

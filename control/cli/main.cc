// SPDX-License-Identifier: Apache-2.0
//
// The command that people type. It reads no packets itself: it starts the two programs that do, and
// says how they ended.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "cli/arguments.h"
#include "cli/config_check.h"
#include "cli/doctor_command.h"
#include "cli/explain.h"
#include "cli/live_command.h"
#include "cli/live_port.h"
#include "cli/programs.h"
#include "cli/remote.h"
#include "cli/settings.h"
#include "cli/supervisor.h"

namespace {

using namespace shakedown::cli;

void complain(const std::string& sentence) { fmt::print(stderr, "shakedown: {}\n", sentence); }

/// A full disk or a closed pipe shows only when the text leaves the buffer.
int print_to_stdout(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return kExitOk;
  complain("cannot write to standard output");
  return kExitBadUse;
}

int run(const Notice& notice) {
  if (notice.exit_code == kExitOk) return print_to_stdout(notice.text);
  std::fputs(notice.text.c_str(), stderr);
  return notice.exit_code;
}

int run(const VersionCommand&) { return print_to_stdout("shakedown " SHAKEDOWN_VERSION "\n"); }

/// Each names its file and line, and so begins like the messages of a compiler.
int refuse(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) fmt::print(stderr, "{}\n", problem);
  return kExitBadUse;
}

int run(const CheckCommand& command) {
  const ConfigCheck check = check_configuration(command.config);
  return check.problems.empty() ? print_to_stdout(check.summary + '\n') : refuse(check.problems);
}

int run(const DoctorCommand& command) {
  const DoctorEnd end = run_doctor(command);
  if (!end.problems.empty()) return refuse(end.problems);
  const int printed = print_to_stdout(end.report);
  return printed == kExitOk ? end.exit_code : printed;
}

int run(const ExplainCommand& command) {
  const ExplainResult result = explain(command);
  if (!result.problems.empty()) return refuse(result.problems);
  if (!result.error.empty()) complain(result.error);
  const int printed = result.output.empty() ? kExitOk : print_to_stdout(result.output);
  return printed == kExitOk ? result.exit_code : printed;
}

int run(const RemoteCommand& command) {
  const RemoteResult result = ask(command);
  if (!result.error.empty()) complain(result.error);
  const int printed = result.output.empty() ? kExitOk : print_to_stdout(result.output);
  return printed == kExitOk ? result.exit_code : printed;
}

Verdict carry_out(const Programs& programs, const ReadCommand& read) {
  return judge(
      supervise(dataplane_words(programs.dataplane, read), control_words(programs.control, read)),
      Input::capture);
}

Verdict carry_out(const Programs& programs, const RunCommand& live, const RunCommand& as_given) {
  return run_live(programs, live, as_given);
}

/// The command has been merged with its configuration; as it was given may stand behind it.
template <class... Commands>
int start(const Commands&... command) {
  const Programs programs = find_programs();
  if (!programs.error.empty()) {
    complain(programs.error);
    return kExitBroken;
  }
  const Verdict verdict = carry_out(programs, command...);
  if (!verdict.sentence.empty()) complain(verdict.sentence);
  return verdict.exit_code;
}

int run(ReadCommand read) {
  const std::vector<std::string> problems = apply_configuration(read);
  return problems.empty() ? start(read) : refuse(problems);
}

int run(RunCommand live) {
  const RunCommand as_given = live;
  const std::vector<std::string> problems = apply_configuration(live);
  if (!problems.empty()) return refuse(problems);
  const std::vector<std::string> interfaces = interface_names();
  // A kernel that names no interfaces leaves the complaint to the data plane.
  const std::string sentence =
      interfaces.empty() ? std::string{} : find_missing(live.ports, interfaces);
  if (!sentence.empty()) {
    complain(sentence);
    return kExitBadUse;
  }
  return start(live, as_given);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return std::visit([](const auto& command) { return run(command); }, parse_arguments(arguments));
}

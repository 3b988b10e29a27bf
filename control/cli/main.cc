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
#include "cli/programs.h"
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

int run(const ReadCommand& read) {
  const Programs programs = find_programs();
  if (!programs.error.empty()) {
    complain(programs.error);
    return kExitBroken;
  }
  const Verdict verdict = judge(
      supervise(dataplane_words(programs.dataplane, read), control_words(programs.control, read)));
  if (!verdict.sentence.empty()) complain(verdict.sentence);
  return verdict.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return std::visit([](const auto& command) { return run(command); }, parse_arguments(arguments));
}

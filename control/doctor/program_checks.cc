// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <boost/json.hpp>
#include <sstream>

#include "doctor/checks.h"

namespace shakedown::doctor {
namespace {

Findings judge_version(const Machine& machine, const std::string& program) {
  const ProgramAnswer answer = machine.probes.run({program, "--version"});
  if (answer.exit_code != 0) {
    return {{Grade::fail, "programs",
             fmt::format("{} does not start{}", program,
                         answer.output.empty() ? "" : ": " + answer.output),
             fmt::format("ldd {}, and install what is missing", program)}};
  }
  // The version is the last word: "shakedown-control 0.1.0".
  std::istringstream words(answer.output);
  std::string version;
  for (std::string word; words >> word;) version = word;
  if (version == SHAKEDOWN_VERSION) return {};
  return {{Grade::fail, "programs",
           fmt::format("{} has the version {}, this is " SHAKEDOWN_VERSION, program,
                       version.empty() ? "-" : version),
           "install all programs from one build"}};
}

std::string text_of(const boost::json::object& line, const char* key) {
  const boost::json::value* const value = line.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

/// What the self-test calls bad is bad for any port.
std::optional<Finding> parse_line(const std::string& text) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  if (error || !parsed.is_object()) return std::nullopt;
  const boost::json::object& line = parsed.get_object();
  const std::string grade = text_of(line, "grade");
  Finding finding{Grade::ok, text_of(line, "name"), text_of(line, "found"),
                  text_of(line, "repair")};
  if (finding.name.empty() || finding.found.empty()) return std::nullopt;
  if (grade == "warn") finding.grade = Grade::warn;
  if (grade == "fail") finding.grade = Grade::fail;
  return finding;
}

}  // namespace

Findings check_programs(const Machine& machine, const Input& input) {
  if (!input.programs_error.empty()) {
    return {
        {Grade::fail, "programs", input.programs_error, "meson install, or set SHAKEDOWN_LIBEXEC"}};
  }
  Findings findings = judge_version(machine, input.dataplane_program);
  append(findings, judge_version(machine, input.control_program));
  if (findings.empty()) {
    findings.push_back(
        {Grade::ok, "programs", "data plane and control are there, version " SHAKEDOWN_VERSION});
  }
  return findings;
}

Findings check_self_test(const Machine& machine, const Input& input) {
  if (input.dataplane_program.empty()) return {};
  const ProgramAnswer answer = machine.probes.run({input.dataplane_program, "--self-test"});
  Findings findings;
  std::istringstream lines(answer.output);
  for (std::string line; std::getline(lines, line);) {
    if (auto finding = parse_line(line)) findings.push_back(std::move(*finding));
  }
  if (answer.exit_code != 0 || findings.empty()) {
    bool explained = false;
    for (const Finding& finding : findings) explained |= finding.grade == Grade::fail;
    if (!explained) {
      findings.push_back({Grade::fail, "self-test", "the data plane did not finish its own test",
                          input.dataplane_program + " --self-test"});
    }
  }
  return findings;
}

}  // namespace shakedown::doctor

// SPDX-License-Identifier: Apache-2.0
#include "doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>

#include "doctor/checks.h"
#include "export/json_writer.h"

namespace shakedown::doctor {
namespace {

const char* word_of(Grade grade) {
  switch (grade) {
    case Grade::ok:
      return "ok";
    case Grade::skip:
      return "skip";
    case Grade::warn:
      return "warn";
    case Grade::fail:
      return "FAIL";
  }
  return "";
}

std::size_t count(const Findings& findings, Grade grade) {
  return static_cast<std::size_t>(std::ranges::count(findings, grade, &Finding::grade));
}

std::string counted(std::size_t number, const char* noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string answer(const Findings& findings, const Input& input) {
  const std::size_t failures = count(findings, Grade::fail);
  const std::string warnings = counted(count(findings, Grade::warn), "warning");
  if (failures != 0) {
    return fmt::format("shakedown run would not work: {}, {}\n", counted(failures, "failure"),
                       warnings);
  }
  if (input.ports.empty()) {
    return fmt::format(
        "nothing stands in the way so far, {}; name the ports to know: --port "
        "IFACE\n",
        warnings);
  }
  return fmt::format("shakedown run would work: {}\n", warnings);
}

}  // namespace

Findings examine(const Machine& machine, const Input& input) {
  Findings all;
  append(all, check_programs(machine, input));
  append(all, check_self_test(machine, input));
  append(all, check_instructions(machine));
  append(all, check_ring(machine));
  append(all, check_interfaces(machine, input));
  append(all, check_binding(machine, input));
  append(all, check_rights(machine, input));
  append(all, check_memlock(machine, input));
  append(all, check_bpf(machine, input));
  append(all, check_hugepages(machine, input));
  append(all, check_vfio(machine, input));
  append(all, check_cpus(machine, input));
  append(all, check_governor(machine, input));
  append(all, check_numa(machine, input));
  append(all, check_clock(machine));
  append(all, check_outputs(machine, input));
  append(all, check_accounts(machine, input));
  append(all, check_unit(machine));
  return all;
}

bool would_run(const Findings& findings) { return count(findings, Grade::fail) == 0; }

std::string report_text(const Findings& findings, const Input& input) {
  std::size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.name.size());
  fmt::memory_buffer text;
  for (const Finding& finding : findings) {
    fmt::format_to(fmt::appender(text), "{:<4}  {:<{}}  {}\n", word_of(finding.grade), finding.name,
                   width, finding.found);
    if (!finding.repair.empty()) {
      fmt::format_to(fmt::appender(text), "      {}\n", finding.repair);
    }
  }
  return fmt::to_string(text) + answer(findings, input);
}

std::string report_json(const Findings& findings) {
  fmt::memory_buffer text;
  exporting::JsonWriter json(text);
  json.begin_object();
  json.member("would_run", would_run(findings));
  json.begin_array("checks");
  for (const Finding& finding : findings) {
    json.begin_object();
    json.member("grade", finding.grade == Grade::fail ? "fail" : word_of(finding.grade));
    json.member("name", finding.name);
    json.member("found", finding.found);
    if (!finding.repair.empty()) json.member("repair", finding.repair);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return fmt::to_string(text) + "\n";
}

}  // namespace shakedown::doctor

// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

namespace shakedown::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

DoctorCommand doctor_of(const std::vector<std::string>& arguments) {
  const Command command = parse_arguments(arguments);
  const auto* const doctor = std::get_if<DoctorCommand>(&command);
  return doctor != nullptr ? *doctor : DoctorCommand{};
}

std::string refusal_of(const std::vector<std::string>& arguments) {
  const Command command = parse_arguments(arguments);
  const auto* const notice = std::get_if<Notice>(&command);
  return notice != nullptr && notice->exit_code == kExitBadUse ? notice->text : "";
}

TEST(DoctorArguments, NeedNothing) {
  EXPECT_TRUE(std::holds_alternative<DoctorCommand>(parse_arguments({"doctor"})));
}

TEST(DoctorArguments, NameThePortsOfARunInItsWords) {
  const DoctorCommand doctor =
      doctor_of({"doctor", "--port", "eth1", "--port", "tap:m0", "--json"});
  EXPECT_THAT(doctor.run.ports, ElementsAre("af_packet:eth1", "tap:m0"));
  EXPECT_TRUE(doctor.json);
}

TEST(DoctorArguments, AreRefusedWithAHint) {
  EXPECT_THAT(refusal_of({"doctor", "--prot", "eth1"}), HasSubstr("did you mean '--port'?"));
  EXPECT_THAT(refusal_of({"doctor", "--port", "af_dpx:eth1"}), HasSubstr("af_xdp"));
  EXPECT_NE(refusal_of({"doctor", "eth1"}), "");
  EXPECT_NE(refusal_of({"doctor", "--port", "eth1", "--port", "eth1"}), "");
}

TEST(DoctorInput, IsTheRunWithItsPrograms) {
  RunCommand run;
  run.ports = {"af_xdp:eth1,cpus=6-7", "pci:0000:3b:00.0"};
  run.worker_count = 2;
  run.worker_cpus = "2-3";
  run.main_cpu = 1;
  run.hugepages = "on";
  run.events = "failures.ndjson";
  run.user = "shakedown";
  const doctor::Input input = doctor_input(run, {"/x/d", "/x/c", ""});
  ASSERT_EQ(input.ports.size(), 2u);
  EXPECT_EQ(input.ports[0].driver, doctor::Driver::af_xdp);
  EXPECT_EQ(input.ports[0].name, "eth1");
  EXPECT_EQ(input.ports[1].name, "0000:3b:00.0");
  EXPECT_THAT(input.named_cpus(), ElementsAre(1u, 2u, 3u, 6u, 7u));
  EXPECT_EQ(input.worker_count, 2u);
  EXPECT_EQ(input.hugepages, "on");
  EXPECT_THAT(input.output_files, ElementsAre("failures.ndjson"));
  EXPECT_EQ(input.user, "shakedown");
  EXPECT_EQ(input.dataplane_program, "/x/d");
}

TEST(DoctorInput, LeavesToTheProgramsWhatNobodySaid) {
  const doctor::Input input = doctor_input({}, {"", "", "the program is missing"});
  EXPECT_EQ(input.hugepages, "auto");
  EXPECT_EQ(input.worker_count, 1u);
  EXPECT_TRUE(input.output_files.empty());
  EXPECT_EQ(input.programs_error, "the program is missing");
}

TEST(Doctor, LooksAtNothingWhenTheConfigurationIsBad) {
  DoctorCommand command;
  command.run.config = "/none/shakedown.yaml";
  const DoctorEnd end = run_doctor(command);
  EXPECT_EQ(end.exit_code, kExitBadUse);
  EXPECT_FALSE(end.problems.empty());
  EXPECT_EQ(end.report, "");
}

}  // namespace
}  // namespace shakedown::cli

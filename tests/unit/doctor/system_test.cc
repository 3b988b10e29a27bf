// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doctor/doctor.h"
#include "made_up_machine.h"

namespace shakedown::doctor {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Clock, ShouldBeKeptRight) {
  MadeUpMachine made;
  made.write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc");
  EXPECT_EQ(worst(check_clock(made.machine)), Grade::ok);
  made.machine.probes.clock = [] { return ClockState{true, false, 0}; };
  EXPECT_EQ(worst(check_clock(made.machine)), Grade::warn);
  made.machine.probes.clock = [] { return ClockState{true, true, 1'000'001}; };
  EXPECT_EQ(worst(check_clock(made.machine)), Grade::warn);
  made.machine.probes.clock = [] { return ClockState{true, true, 1'000'000}; };
  EXPECT_EQ(worst(check_clock(made.machine)), Grade::ok);
  made.machine.probes.clock = [] { return ClockState{}; };
  EXPECT_EQ(worst(check_clock(made.machine)), Grade::skip);
}

TEST(Clock, ShouldBeReadWithoutTheKernel) {
  MadeUpMachine made;
  made.write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet");
  EXPECT_THAT(words(check_clock(made.machine)), HasSubstr("hpet"));
  EXPECT_EQ(worst(check_clock(made.machine)), Grade::warn);
}

class Outputs : public testing::Test {
 protected:
  Findings check(const DiskState& disk) {
    made.machine.probes.disk = [disk](const std::string&, const std::string&) { return disk; };
    return check_outputs(made.machine, input);
  }
  MadeUpMachine made;
  Input input{.output_files = {"/var/log/shakedown/events.ndjson"}};
};

TEST_F(Outputs, AreNotNeeded) {
  EXPECT_EQ(worst(check_outputs(made.machine, Input{})), Grade::skip);
  EXPECT_EQ(worst(check_outputs(made.machine, Input{.output_files = {"-"}})), Grade::skip);
}

TEST_F(Outputs, NeedTheirFolder) {
  const Findings findings = check({});
  EXPECT_EQ(worst(findings), Grade::fail);
  EXPECT_THAT(words(findings), HasSubstr("mkdir -p /var/log/shakedown"));
}

TEST_F(Outputs, NeedToBeWritable) {
  EXPECT_EQ(worst(check({true, false, std::uint64_t{1} << 40})), Grade::fail);
}

TEST_F(Outputs, NeedToBeWritableByTheUserOfControl) {
  input.user = "shakedown";
  made.machine.probes.disk = [](const std::string&, const std::string& user) {
    return DiskState{true, user.empty(), std::uint64_t{1} << 40};
  };
  const Findings findings = check_outputs(made.machine, input);
  EXPECT_EQ(worst(findings), Grade::fail);
  EXPECT_THAT(words(findings), HasSubstr("chown shakedown /var/log/shakedown"));
}

TEST(ThisMachine, KnowsWhoMayWriteWhere) {
  const Machine machine = this_machine();
  const std::string folder = std::filesystem::temp_directory_path().string();
  EXPECT_TRUE(machine.probes.disk(folder + "/events.ndjson", "").writable);
  EXPECT_FALSE(machine.probes.disk(folder + "/none/events.ndjson", "").folder_exists);
  EXPECT_FALSE(machine.probes.disk("/proc/self/status", "nobody").writable);
}

TEST_F(Outputs, NeedRoom) {
  constexpr std::uint64_t kMiB = 1 << 20;
  EXPECT_EQ(worst(check({true, true, 16 * kMiB - 1})), Grade::fail);
  EXPECT_EQ(worst(check({true, true, 16 * kMiB})), Grade::warn);
  EXPECT_EQ(worst(check({true, true, 1024 * kMiB - 1})), Grade::warn);
  EXPECT_EQ(worst(check({true, true, 1024 * kMiB})), Grade::ok);
}

TEST(Accounts, MustExistWhenTheyAreNamed) {
  MadeUpMachine made;
  EXPECT_EQ(worst(check_accounts(made.machine, Input{})), Grade::skip);
  const Input input{.user = "shakedown", .group = "watchers"};
  EXPECT_EQ(worst(check_accounts(made.machine, input)), Grade::ok);
  made.machine.probes.has_group = [](const std::string&) { return false; };
  EXPECT_THAT(words(check_accounts(made.machine, input)), HasSubstr("groupadd --system watchers"));
  made.machine.probes.has_user = [](const std::string&) { return false; };
  EXPECT_THAT(words(check_accounts(made.machine, input)), HasSubstr("useradd --system"));
}

TEST(Unit, IsToldWhereSystemdRuns) {
  MadeUpMachine made;
  EXPECT_EQ(worst(check_unit(made.machine)), Grade::skip);
  made.make_folder("/run/systemd/system");
  EXPECT_EQ(worst(check_unit(made.machine)), Grade::skip);
  made.write("/usr/lib/systemd/system/shakedown.service", "[Unit]");
  EXPECT_THAT(words(check_unit(made.machine)), HasSubstr("does not start at boot"));
  made.write("/etc/systemd/system/multi-user.target.wants/shakedown.service", "[Unit]");
  EXPECT_THAT(words(check_unit(made.machine)), HasSubstr(", starts at boot"));
}

class ProgramsOfARun : public testing::Test {
 protected:
  MadeUpMachine made;
  Input input = run_on(Driver::af_packet, "eth1");
};

TEST_F(ProgramsOfARun, AreOfOneVersion) {
  EXPECT_EQ(worst(check_programs(made.machine, input)), Grade::ok);
  made.version.output = "shakedown-control 0.0.9\n";
  EXPECT_THAT(words(check_programs(made.machine, input)), HasSubstr("has the version 0.0.9"));
  EXPECT_EQ(worst(check_programs(made.machine, input)), Grade::fail);
}

TEST_F(ProgramsOfARun, MustStart) {
  made.version = {-1, "No such file"};
  EXPECT_EQ(worst(check_programs(made.machine, input)), Grade::fail);
  input.programs_error = "the program shakedown-control is missing";
  EXPECT_THAT(words(check_programs(made.machine, input)), HasSubstr("control is missing"));
}

TEST_F(ProgramsOfARun, SayThemselvesWhatTheyTested) {
  EXPECT_EQ(worst(check_self_test(made.machine, input)), Grade::ok);
  made.self_test = {1, R"({"grade":"fail","name":"rss","found":"they part","repair":"x"})"};
  const Findings findings = check_self_test(made.machine, input);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings.front().grade, Grade::fail);
  EXPECT_EQ(findings.front().repair, "x");
}

TEST_F(ProgramsOfARun, FailWhenTheySayNothingOrNonsense) {
  made.self_test = {0, ""};
  EXPECT_EQ(worst(check_self_test(made.machine, input)), Grade::fail);
  made.self_test = {0, "{\"grade\":\n[]\n{\"name\":1}\n"};
  EXPECT_EQ(worst(check_self_test(made.machine, input)), Grade::fail);
  made.self_test = {-1, R"({"grade":"ok","name":"rss","found":"both"})"};
  EXPECT_EQ(worst(check_self_test(made.machine, input)), Grade::fail);
}

TEST(Report, HasALineForEachFindingAndItsRepairBelow) {
  const Findings findings = {{Grade::ok, "ring", "works"},
                             {Grade::fail, "memlock", "too little", "ulimit -l unlimited"}};
  EXPECT_EQ(report_text(findings, run_on(Driver::af_xdp, "eth1")),
            "ok    ring     works\n"
            "FAIL  memlock  too little\n"
            "      ulimit -l unlimited\n"
            "shakedown run would not work: 1 failure, 0 warnings\n");
}

TEST(Report, SaysThatWarningsDoNotStopARun) {
  const Findings findings = {{Grade::warn, "clock", "x", "y"}};
  EXPECT_TRUE(would_run(findings));
  EXPECT_THAT(report_text(findings, run_on(Driver::af_packet, "eth1")),
              HasSubstr("would work: 1 warning\n"));
  EXPECT_THAT(report_text({}, Input{}), StartsWith("nothing stands in the way so far"));
}

TEST(Report, IsOneLineOfJson) {
  const Findings findings = {{Grade::fail, "eth1", "is \"down\"", "ip link"}};
  EXPECT_EQ(report_json(findings),
            R"({"would_run":false,"checks":[{"grade":"fail","name":"eth1","found":"is \"down\"",)"
            R"("repair":"ip link"}]})"
            "\n");
}

TEST(Examination, OfABareMachineFindsWhatThePortLacks) {
  MadeUpMachine made;
  made.interfaces["eth1"] = good_interface();
  EXPECT_TRUE(would_run(examine(made.machine, run_on(Driver::af_packet, "eth1"))));
  EXPECT_FALSE(would_run(examine(made.machine, run_on(Driver::pci, "0000:3b:00.0"))));
}

}  // namespace
}  // namespace shakedown::doctor

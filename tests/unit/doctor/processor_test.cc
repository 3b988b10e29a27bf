// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doctor/cpu_list.h"
#include "made_up_machine.h"

namespace shakedown::doctor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kModernFlags = "flags\t\t: fpu ssse3 sse4_1 sse4_2 popcnt cx16 avx2";

TEST(CpuList, ReadsRangesAndSingles) {
  EXPECT_THAT(parse_cpu_list("0-3,8"), ElementsAre(0u, 1u, 2u, 3u, 8u));
  EXPECT_THAT(parse_cpu_list("5,5,4"), ElementsAre(4u, 5u));
}

TEST(CpuList, LeavesOutWhatIsNone) {
  EXPECT_THAT(parse_cpu_list(""), IsEmpty());
  EXPECT_THAT(parse_cpu_list("(null)"), IsEmpty());
  EXPECT_THAT(parse_cpu_list("3-1"), IsEmpty());
  EXPECT_THAT(parse_cpu_list("0-4294967295,7"), ElementsAre(7u));
  EXPECT_THAT(parse_cpu_list("8191,8192"), ElementsAre(8191u));
}

TEST(CpuList, WritesWhatItReads) {
  for (const char* const text : {"0-3,8", "7", "0,1", "1,3,5"}) {
    EXPECT_EQ(cpu_list_text(parse_cpu_list(text)), text);
  }
  EXPECT_EQ(cpu_list_text({}), "none");
}

TEST(Instructions, AreThereOnAModernProcessor) {
  MadeUpMachine made;
  made.write("/proc/cpuinfo", std::string("processor : 0\n") + kModernFlags);
  const Findings findings = check_instructions(made.machine);
  EXPECT_EQ(worst(findings), Grade::ok);
  EXPECT_THAT(words(findings), HasSubstr("also AVX2"));
}

TEST(Instructions, ThatAreMissingStopTheRun) {
  MadeUpMachine made;
  made.write("/proc/cpuinfo", "flags : fpu ssse3 sse4_1 popcnt cx16");
  const Findings findings = check_instructions(made.machine);
  EXPECT_EQ(worst(findings), Grade::fail);
  EXPECT_THAT(words(findings), HasSubstr("lacks SSE4.2"));
}

TEST(Instructions, AreNotJudgedWhereTheyCannotBeSeen) {
  MadeUpMachine made;
  EXPECT_EQ(worst(check_instructions(made.machine)), Grade::skip);
}

class Cpus : public testing::Test {
 protected:
  Cpus() { made.write("/sys/devices/system/cpu/online", "0-7"); }
  MadeUpMachine made;
  Input input = run_on(Driver::af_packet, "eth1");
};

TEST_F(Cpus, AreNotNeededToBeNamed) {
  EXPECT_EQ(worst(check_cpus(made.machine, input)), Grade::skip);
}

TEST_F(Cpus, MustBeOnline) {
  input.worker_cpus = {6, 7, 8};
  const Findings findings = check_cpus(made.machine, input);
  EXPECT_EQ(worst(findings), Grade::fail);
  EXPECT_THAT(words(findings), HasSubstr("8 of those named are not online"));
}

TEST_F(Cpus, MustBeOnlineForPortsAndTheMainThreadToo) {
  input.main_cpu = 8;
  EXPECT_EQ(worst(check_cpus(made.machine, input)), Grade::fail);
  input.main_cpu = 7;
  EXPECT_NE(worst(check_cpus(made.machine, input)), Grade::fail);
  input.ports.front().cpus = {9};
  EXPECT_EQ(worst(check_cpus(made.machine, input)), Grade::fail);
}

TEST_F(Cpus, ShouldBeIsolatedAndTickless) {
  input.worker_cpus = {2, 3};
  EXPECT_THAT(words(check_cpus(made.machine, input)), HasSubstr("isolcpus=2,3 nohz_full=2,3"));
  made.write("/sys/devices/system/cpu/isolated", "2-5");
  EXPECT_EQ(worst(check_cpus(made.machine, input)), Grade::warn);
  made.write("/sys/devices/system/cpu/nohz_full", "2-5");
  EXPECT_EQ(worst(check_cpus(made.machine, input)), Grade::ok);
}

TEST_F(Cpus, ShouldNotShareACore) {
  input.worker_cpus = {2, 6};
  made.write("/sys/devices/system/cpu/isolated", "2-7");
  made.write("/sys/devices/system/cpu/nohz_full", "2-7");
  EXPECT_EQ(worst(check_cpus(made.machine, input)), Grade::ok);
  made.write("/sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "2,6");
  const Findings findings = check_cpus(made.machine, input);
  EXPECT_EQ(worst(findings), Grade::warn);
  EXPECT_THAT(words(findings), HasSubstr("2 and 6 are threads of one core"));
}

TEST_F(Cpus, ShouldBeEnoughForTheWorkersAndWhoFeedsThem) {
  input.worker_count = 7;
  EXPECT_NE(worst(check_cpus(made.machine, input)), Grade::warn);
  input.worker_count = 8;
  EXPECT_THAT(words(check_cpus(made.machine, input)), HasSubstr("--workers 7"));
}

TEST_F(Cpus, ShouldNotBeClockedDown) {
  EXPECT_EQ(worst(check_governor(made.machine, input)), Grade::skip);
  made.write("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance");
  EXPECT_EQ(worst(check_governor(made.machine, input)), Grade::ok);
  made.write("/sys/devices/system/cpu/cpu5/cpufreq/scaling_governor", "powersave");
  EXPECT_THAT(words(check_governor(made.machine, input)), HasSubstr("cpupower -c 5"));
  input.worker_cpus = {1};
  EXPECT_EQ(worst(check_governor(made.machine, input)), Grade::ok);
}

TEST(Numa, DoesNotMatterWithOneNode) {
  MadeUpMachine made;
  made.write("/sys/devices/system/node/online", "0");
  EXPECT_EQ(worst(check_numa(made.machine, run_on(Driver::pci, "0000:3b:00.0"))), Grade::ok);
}

TEST(Numa, WantsWorkersWhereThePortIs) {
  MadeUpMachine made;
  made.write("/sys/devices/system/node/online", "0-1");
  made.write("/sys/devices/system/node/node1/cpulist", "8-15");
  made.write("/sys/bus/pci/devices/0000:3b:00.0/numa_node", "1");
  Input input = run_on(Driver::pci, "0000:3b:00.0");
  EXPECT_THAT(words(check_numa(made.machine, input)), HasSubstr("workers may run on another"));
  input.worker_cpus = {8, 7};
  EXPECT_THAT(words(check_numa(made.machine, input)), HasSubstr("processors 7 are not"));
  input.worker_cpus = {8, 9};
  EXPECT_EQ(worst(check_numa(made.machine, input)), Grade::ok);
}

TEST(Numa, LetsPortsBeThatBelongToNoNode) {
  MadeUpMachine made;
  made.write("/sys/devices/system/node/online", "0-1");
  made.write("/sys/class/net/eth1/device/numa_node", "-1");
  EXPECT_EQ(worst(check_numa(made.machine, run_on(Driver::af_xdp, "eth1"))), Grade::ok);
}

}  // namespace
}  // namespace shakedown::doctor

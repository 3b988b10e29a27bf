// SPDX-License-Identifier: Apache-2.0
//
// The sensor's side of the XDP program: taking it over, writing flows, pins, and what is refused.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "filter_run.h"

namespace shakedown::port {
namespace {

const std::filesystem::path kPins = "/sys/fs/bpf/shakedown";

ShuntRequest flow_number(std::uint32_t number) {
  ShuntRequest request;
  request.family = IpFamily::ipv4;
  request.key.low_address.bytes = {10, 0, static_cast<std::uint8_t>(number >> 8),
                                   static_cast<std::uint8_t>(number)};
  request.key.high_address.bytes = {192, 0, 2, 1};
  request.key.low_port = static_cast<std::uint16_t>(1024 + number);
  request.key.high_port = 443;
  return request;
}

std::vector<ShuntRequest> flows(std::uint32_t count) {
  std::vector<ShuntRequest> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(flow_number(i));
  return out;
}

class XdpFilterTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = FilterRun::refusal(); !reason.empty()) GTEST_SKIP() << reason;
  }
  /// Of this network namespace.
  static std::filesystem::path pin_folder() {
    struct stat status {};
    EXPECT_EQ(stat("/proc/self/ns/net", &status), 0);
    return kPins / (std::to_string(status.st_ino) + "-lo");
  }
};

TEST_F(XdpFilterTest, WritesAnyNumberOfFlows) {
  FilterRun run;
  ASSERT_EQ(run.attach(), "");
  ASSERT_EQ(run.adopt(), "");
  for (const std::uint32_t count : {0u, 1u, 255u, 256u, 257u, 1000u}) {
    const std::vector<ShuntRequest> requests = flows(count);
    EXPECT_EQ(run.filter().shunt(requests), count);
    EXPECT_EQ(run.filter().shunt(requests), count) << "again";
    EXPECT_EQ(run.filter().forget(requests), count);
    EXPECT_EQ(run.filter().forget(requests), 0u);
  }
}

TEST_F(XdpFilterTest, NeverRunsOutOfRoom) {
  FilterRun run;
  ASSERT_EQ(run.attach(), "");
  XdpFilterOptions options = traced();
  options.flow_capacity = 1024;
  ASSERT_EQ(run.adopt(options), "");
  const std::vector<ShuntRequest> requests = flows(5000);
  EXPECT_EQ(run.filter().shunt(requests), requests.size());
  EXPECT_LE(run.filter().forget(requests), 1024u);
}

TEST_F(XdpFilterTest, DoesNothingBeforeItIsAdopted) {
  XdpFilter filter;
  EXPECT_FALSE(filter.is_active());
  EXPECT_EQ(filter.shunt(flows(3)), 0u);
  EXPECT_EQ(filter.counts(), XdpCounts{});
  EXPECT_EQ(filter.prepare(), "");
  EXPECT_TRUE(std::filesystem::exists(filter.program_path()));
  EXPECT_FALSE(filter.is_active());
  filter.close();
  filter.close();
}

TEST_F(XdpFilterTest, StaysOffWithoutItsProgram) {
  XdpFilter filter;
  ASSERT_EQ(filter.prepare(), "");
  const std::string error = filter.adopt(kLoopback, "lo", {});
  EXPECT_EQ(error.rfind("cannot open its program: ", 0), 0u) << error;
  EXPECT_FALSE(filter.is_active());
}

TEST_F(XdpFilterTest, PinsItsMapsForItselfAlone) {
  if (!std::filesystem::exists("/sys/fs/bpf")) GTEST_SKIP() << "no BPF file system";
  FilterRun run;
  ASSERT_EQ(run.attach(), "");
  ASSERT_EQ(run.adopt(), "");
  if (!run.filter().remark().empty()) GTEST_SKIP() << run.filter().remark();
  const std::filesystem::path folder = pin_folder();
  for (const std::filesystem::path& path : {kPins, folder}) {
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
  }
  for (const char* name : {"config", "counters", "flows"}) {
    EXPECT_EQ(std::filesystem::status(folder / name).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << name;
  }
  // What is pinned is what is in use.
  EXPECT_EQ(run.filter().shunt(flows(1)), 1u);
  const FileDescriptor pinned(bpf_obj_get((folder / "flows").c_str()));
  bpf::XdpFlowKey key{};
  EXPECT_EQ(bpf_map_get_next_key(pinned.get(), nullptr, &key), 0);
  EXPECT_EQ(key.low_port, 1024);
  run.filter().close();
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(XdpFilterTest, ReplacesPinsThatAKilledRunLeft) {
  FilterRun run;
  ASSERT_EQ(run.attach(), "");
  ASSERT_EQ(run.adopt(), "");
  if (!run.filter().remark().empty()) GTEST_SKIP() << run.filter().remark();
  // The second start finds the pins of the first, which has not taken them away.
  XdpFilter second;
  ASSERT_EQ(second.adopt(kLoopback, "lo", traced()), "");
  EXPECT_EQ(second.remark(), "");
  EXPECT_EQ(second.shunt(flows(2)), 2u);
  const FileDescriptor pinned(bpf_obj_get((pin_folder() / "flows").c_str()));
  bpf::XdpFlowKey key{};
  EXPECT_EQ(bpf_map_get_next_key(pinned.get(), nullptr, &key), 0);
}

TEST_F(XdpFilterTest, KeepsThePinsOfInterfacesApart) {
  FilterRun run;
  ASSERT_EQ(run.attach(), "");
  ASSERT_EQ(run.adopt(), "");
  if (!run.filter().remark().empty()) GTEST_SKIP() << run.filter().remark();
  XdpFilter other;
  ASSERT_EQ(other.adopt(kLoopback, "eth0.100", traced()), "");
  EXPECT_EQ(other.remark(), "") << "the kernel allows no dot in a pin's path";
  EXPECT_TRUE(std::filesystem::exists(pin_folder() / "flows"));
  std::string name = pin_folder().filename();
  name.replace(name.size() - 2, 2, "eth0:100");
  EXPECT_TRUE(std::filesystem::exists(kPins / name / "flows"));
  other.close();
  EXPECT_FALSE(std::filesystem::exists(kPins / name));
  EXPECT_TRUE(std::filesystem::exists(pin_folder() / "flows"));
}

/// Of the calling thread alone.
void drop_all_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  ASSERT_EQ(syscall(SYS_capset, &header, none.data()), 0);
}

/// Whether the kernel asks who calls bpf() for a map whose descriptor he has: it did before 5.19.
bool descriptors_are_enough() {
  utsname name{};
  unsigned major = 0;
  unsigned minor = 0;
  return uname(&name) == 0 && std::sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
         (major > 5 || (major == 5 && minor >= 19));
}

TEST_F(XdpFilterTest, NeedsNoRightsOnceItIsAdopted) {
  if (!descriptors_are_enough()) GTEST_SKIP() << "this kernel wants CAP_BPF for every call";
  FilterRun run;
  ASSERT_EQ(run.attach(), "");
  ASSERT_EQ(run.adopt(), "");
  ASSERT_TRUE(run.run(std::array<std::uint8_t, 60>{}).dropped);
  std::thread([&run] {
    drop_all_capabilities();
    const std::vector<ShuntRequest> requests = flows(300);
    EXPECT_EQ(run.filter().shunt(requests), 300u);
    EXPECT_EQ(run.filter().forget(requests), 300u);
    EXPECT_EQ(run.filter().counts()[static_cast<std::size_t>(PortCounter::dropped_not_ip)], 1u);
    run.filter().close();
  }).join();
  EXPECT_FALSE(std::filesystem::exists(pin_folder()));
}

TEST_F(XdpFilterTest, KnowsItsProgramByName) {
  EXPECT_TRUE(is_filter_program("shakedown_xdp"));
  EXPECT_FALSE(is_filter_program("xsk_def_prog"));
  EXPECT_FALSE(is_filter_program(""));
}

/// What the kernel accounts for a map, as it tells in /proc.
std::size_t memory_of(int map) {
  std::ifstream file("/proc/self/fdinfo/" + std::to_string(map));
  for (std::string name; file >> name;) {
    std::size_t value = 0;
    if (name == "memlock:" && file >> value) return value;
  }
  return 0;
}

TEST_F(XdpFilterTest, BudgetsWhatTheKernelTakes) {
  for (const std::uint32_t capacity : {1024u, 10'000u, kXdpFlowCapacity}) {
    const FileDescriptor map(bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "trial", sizeof(bpf::XdpFlowKey),
                                            sizeof(bpf::XdpFlow), capacity, nullptr));
    ASSERT_TRUE(map.is_open());
    XdpFilterOptions options;
    options.flow_capacity = capacity;
    EXPECT_GE(XdpFilter::budget_bytes(options), memory_of(map.get()));
    EXPECT_LE(XdpFilter::budget_bytes(options), memory_of(map.get()) * 3 / 2 + 256 * 1024);
  }
}

}  // namespace
}  // namespace shakedown::port

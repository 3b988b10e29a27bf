// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_up_machine.h"

namespace shakedown::doctor {
namespace {

using testing::HasSubstr;

constexpr const char* kAddress = "0000:3b:00.0";
const std::string kPages = "/sys/kernel/mm/hugepages/hugepages-2048kB";

TEST(HugePages, AreNotNeededByPortsOfTheKernel) {
  MadeUpMachine made;
  EXPECT_EQ(worst(check_hugepages(made.machine, run_on(Driver::af_xdp, "eth1"))), Grade::skip);
}

TEST(HugePages, AreNeededByNics) {
  MadeUpMachine made;
  const Input input = run_on(Driver::pci, kAddress);
  EXPECT_EQ(worst(check_hugepages(made.machine, input)), Grade::fail);
  made.write(kPages + "/nr_hugepages", "512");
  made.write(kPages + "/free_hugepages", "0");
  EXPECT_EQ(worst(check_hugepages(made.machine, input)), Grade::fail);
  made.write(kPages + "/free_hugepages", "511");
  EXPECT_EQ(worst(check_hugepages(made.machine, input)), Grade::warn);
  made.write(kPages + "/free_hugepages", "512");
  EXPECT_EQ(worst(check_hugepages(made.machine, input)), Grade::ok);
}

TEST(HugePages, OfAllSizesCountTogether) {
  MadeUpMachine made;
  made.write("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "1");
  made.write("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1");
  EXPECT_EQ(worst(check_hugepages(made.machine, run_on(Driver::nic, "eth1"))), Grade::ok);
}

TEST(HugePages, AreAsTheConfigurationSays) {
  MadeUpMachine made;
  Input input = run_on(Driver::af_packet, "eth1");
  input.hugepages = "on";
  EXPECT_EQ(worst(check_hugepages(made.machine, input)), Grade::fail);
  input = run_on(Driver::pci, kAddress);
  input.hugepages = "off";
  EXPECT_EQ(worst(check_hugepages(made.machine, input)), Grade::skip);
}

TEST(HugePages, ShouldBeOnEveryNode) {
  MadeUpMachine made;
  made.write(kPages + "/nr_hugepages", "1024");
  made.write(kPages + "/free_hugepages", "1024");
  made.write("/sys/devices/system/node/online", "0-1");
  const std::string node = "/sys/devices/system/node/node0/hugepages/hugepages-2048kB";
  made.write(node + "/nr_hugepages", "1024");
  made.write(node + "/free_hugepages", "1024");
  const Findings findings = check_hugepages(made.machine, run_on(Driver::pci, kAddress));
  EXPECT_EQ(worst(findings), Grade::warn);
  EXPECT_THAT(words(findings), HasSubstr("node 1 has none"));
}

TEST(MemLock, NeedsALimitThatPortsFitIn) {
  MadeUpMachine made;
  const Input input = run_on(Driver::af_xdp, "eth1");
  made.machine.probes.capabilities = [] { return std::uint64_t{0}; };
  made.machine.probes.locked_bytes_max = [] { return std::uint64_t{128} << 20; };
  EXPECT_EQ(worst(check_memlock(made.machine, input)), Grade::ok);
  made.machine.probes.locked_bytes_max = [] { return (std::uint64_t{128} << 20) - 1; };
  EXPECT_EQ(worst(check_memlock(made.machine, input)), Grade::fail);
  EXPECT_EQ(worst(check_memlock(made.machine, Input{})), Grade::warn);
  made.machine.probes.capabilities = [] { return ~std::uint64_t{0}; };
  EXPECT_EQ(worst(check_memlock(made.machine, input)), Grade::ok);
}

TEST(Ring, SaysWhatTheKernelRefused) {
  MadeUpMachine made;
  EXPECT_EQ(worst(check_ring(made.machine)), Grade::ok);
  made.machine.probes.attach_ring = [] { return std::string("it cannot be sealed"); };
  EXPECT_EQ(worst(check_ring(made.machine)), Grade::fail);
}

TEST(Ring, IsAttachedOnThisMachine) { EXPECT_EQ(this_machine().probes.attach_ring(), ""); }

TEST(Vfio, IsNotNeededWithoutADeviceOfItsOwn) {
  MadeUpMachine made;
  EXPECT_EQ(worst(check_vfio(made.machine, run_on(Driver::af_xdp, "eth1"))), Grade::skip);
}

TEST(Vfio, NeedsAnIommuOrToBeToldToDoWithout) {
  MadeUpMachine made;
  const Input input = run_on(Driver::pci, kAddress);
  made.make_folder("/sys/bus/pci/drivers/vfio-pci");
  EXPECT_EQ(worst(check_vfio(made.machine, input)), Grade::fail);
  made.write("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y");
  EXPECT_EQ(worst(check_vfio(made.machine, input)), Grade::warn);
  made.make_folder("/sys/kernel/iommu_groups/0");
  EXPECT_EQ(worst(check_vfio(made.machine, input)), Grade::ok);
}

TEST(Vfio, NeedsItsModule) {
  MadeUpMachine made;
  made.make_folder("/sys/kernel/iommu_groups/0");
  const Findings findings = check_vfio(made.machine, run_on(Driver::pci, kAddress));
  EXPECT_EQ(worst(findings), Grade::fail);
  EXPECT_THAT(words(findings), HasSubstr("modprobe vfio-pci"));
}

TEST(Binding, IsGoodWithVfio) {
  MadeUpMachine made;
  made.add_card("", kAddress, "vfio-pci");
  EXPECT_EQ(worst(check_binding(made.machine, run_on(Driver::pci, kAddress))), Grade::ok);
}

TEST(Binding, IsNoBetterThanItMustBeWithUio) {
  MadeUpMachine made;
  made.add_card("", kAddress, "uio_pci_generic");
  EXPECT_EQ(worst(check_binding(made.machine, run_on(Driver::pci, kAddress))), Grade::warn);
}

TEST(Binding, NamesTheCommandForACardOfTheKernel) {
  MadeUpMachine made;
  made.add_card("eth1", kAddress, "ixgbe");
  const Findings findings = check_binding(made.machine, run_on(Driver::pci, kAddress));
  EXPECT_EQ(worst(findings), Grade::fail);
  EXPECT_THAT(words(findings), HasSubstr("dpdk-devbind.py --bind=vfio-pci 0000:3b:00.0"));
}

TEST(Binding, RefusesADeviceThatIsNotThere) {
  MadeUpMachine made;
  EXPECT_EQ(worst(check_binding(made.machine, run_on(Driver::pci, kAddress))), Grade::fail);
  EXPECT_EQ(worst(check_binding(made.machine, run_on(Driver::nic, "eth1"))), Grade::fail);
}

TEST(Binding, LetsDriversShareThatCan) {
  MadeUpMachine made;
  made.interfaces["eth1"] = good_interface();
  made.add_card("eth1", kAddress, "mlx5_core");
  EXPECT_EQ(pci_address_of(made.machine.files, "eth1"), kAddress);
  EXPECT_EQ(worst(check_binding(made.machine, run_on(Driver::nic, "eth1"))), Grade::ok);
}

TEST(Binding, SaysWhatToDoWithANicWhoseDriverDoesNotShare) {
  MadeUpMachine made;
  made.interfaces["eth1"] = good_interface();
  made.add_card("eth1", kAddress, "ixgbe");
  const Findings findings = check_binding(made.machine, run_on(Driver::nic, "eth1"));
  EXPECT_EQ(worst(findings), Grade::fail);
  EXPECT_THAT(words(findings), HasSubstr("use af_xdp:eth1"));
}

TEST(Binding, RefusesANicThatIsNoDevice) {
  MadeUpMachine made;
  made.interfaces["veth0"] = good_interface();
  EXPECT_THAT(words(check_binding(made.machine, run_on(Driver::nic, "veth0"))),
              HasSubstr("use af_packet:veth0"));
}

}  // namespace
}  // namespace shakedown::doctor

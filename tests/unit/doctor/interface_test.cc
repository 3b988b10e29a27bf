// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

#include <cerrno>

#include "made_up_machine.h"

namespace shakedown::doctor {
namespace {

using testing::HasSubstr;

class Interfaces : public testing::Test {
 protected:
  Findings check(Driver driver = Driver::af_packet) {
    input = run_on(driver, "eth1");
    return check_interfaces(made.machine, input);
  }
  InterfaceFacts& facts() { return made.interfaces["eth1"]; }

  MadeUpMachine made;
  Input input;
};

TEST_F(Interfaces, AreNotJudgedWhenNoneIsNamed) {
  const Findings findings = check_interfaces(made.machine, Input{});
  EXPECT_EQ(worst(findings), Grade::skip);
  EXPECT_THAT(words(findings), HasSubstr("there are eth0, eth1"));
}

TEST_F(Interfaces, MustBeThere) {
  EXPECT_EQ(worst(check()), Grade::fail);
  facts() = good_interface();
  EXPECT_EQ(worst(check()), Grade::ok);
}

TEST_F(Interfaces, MustBeUp) {
  facts() = good_interface();
  facts().up = false;
  EXPECT_EQ(worst(check()), Grade::fail);
  EXPECT_THAT(words(check()), HasSubstr("ip link set eth1 up"));
}

TEST_F(Interfaces, MustCarryEthernet) {
  facts() = good_interface();
  facts().ethernet = false;
  EXPECT_EQ(worst(check()), Grade::fail);
}

TEST_F(Interfaces, ShouldHaveACarrier) {
  facts() = good_interface();
  facts().running = false;
  EXPECT_EQ(worst(check()), Grade::warn);
}

TEST_F(Interfaces, ShouldNotJoinPackets) {
  facts() = good_interface();
  facts().gro = true;
  EXPECT_THAT(words(check()), HasSubstr("ethtool -K eth1 gro off lro off"));
  facts().gro = false;
  facts().lro = true;
  EXPECT_EQ(worst(check()), Grade::warn);
}

TEST_F(Interfaces, ShouldHaveRingsAsLongAsTheyCanBe) {
  facts() = good_interface();
  facts().ring = 511;
  facts().ring_max = 512;
  EXPECT_THAT(words(check()), HasSubstr("ethtool -G eth1 rx 512"));
  facts().ring = 512;
  EXPECT_EQ(worst(check()), Grade::ok);
}

TEST_F(Interfaces, ShouldNotBeTooLongForXdp) {
  facts() = good_interface();
  facts().mtu = 3498;
  EXPECT_EQ(worst(check(Driver::af_xdp)), Grade::ok);
  facts().mtu = 3499;
  EXPECT_EQ(worst(check(Driver::af_xdp)), Grade::warn);
  EXPECT_EQ(worst(check(Driver::af_packet)), Grade::ok);
}

TEST_F(Interfaces, MustHaveNoXdpProgramOfTheirOwn) {
  facts() = good_interface();
  facts().xdp_program = "katran";
  EXPECT_THAT(words(check(Driver::af_xdp)), HasSubstr("ip link set eth1 xdp off"));
  EXPECT_EQ(worst(check(Driver::af_xdp)), Grade::fail);
  EXPECT_EQ(worst(check(Driver::af_packet)), Grade::ok);
  for (const char* const replaced : {"shakedown_xdp", "xsk_def_prog"}) {
    facts().xdp_program = replaced;
    EXPECT_EQ(worst(check(Driver::af_xdp)), Grade::ok);
  }
}

TEST_F(Interfaces, MustNotBeReadByAnotherSensor) {
  facts() = good_interface();
  facts().index = 7;
  made.write("/proc/net/unix", "0000: 2 0 0 2 1 12 @shakedown-af_xdp-71");
  EXPECT_EQ(worst(check(Driver::af_xdp)), Grade::ok);
  made.write("/proc/net/unix", "0000: 2 0 0 2 1 12 @shakedown-af_xdp-7");
  EXPECT_EQ(worst(check(Driver::af_xdp)), Grade::fail);
}

TEST_F(Interfaces, AreMadeByTapPorts) {
  EXPECT_EQ(worst(check(Driver::tap)), Grade::fail);
  made.write("/dev/net/tun", "");
  EXPECT_EQ(worst(check(Driver::tap)), Grade::ok);
  facts() = good_interface();
  EXPECT_EQ(worst(check(Driver::tap)), Grade::fail);
}

class Rights : public testing::Test {
 protected:
  void own(std::initializer_list<unsigned> capabilities) {
    std::uint64_t bits = 0;
    for (const unsigned capability : capabilities) bits |= std::uint64_t{1} << capability;
    made.machine.probes.capabilities = [bits] { return bits; };
  }
  MadeUpMachine made;
};

TEST_F(Rights, AreThoseOfTheDriver) {
  own({CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF});
  EXPECT_EQ(worst(check_rights(made.machine, run_on(Driver::af_packet, "eth1"))), Grade::ok);
  const Findings findings = check_rights(made.machine, run_on(Driver::af_xdp, "eth1"));
  EXPECT_EQ(worst(findings), Grade::fail);
  EXPECT_THAT(words(findings), HasSubstr("need CAP_SYS_ADMIN"));
}

TEST_F(Rights, OfTheAdministratorAreEnoughForXdp) {
  own({CAP_NET_RAW, CAP_NET_ADMIN, CAP_SYS_ADMIN});
  EXPECT_EQ(worst(check_rights(made.machine, run_on(Driver::af_xdp, "eth1"))), Grade::ok);
}

TEST_F(Rights, AreAllNamedThatAreMissing) {
  own({});
  EXPECT_THAT(words(check_rights(made.machine, run_on(Driver::af_packet, "eth1"))),
              HasSubstr("CAP_NET_RAW, CAP_NET_ADMIN"));
}

TEST_F(Rights, ToTouchHardwareAreNeededWithoutAnIommu) {
  own({});
  const Input input = run_on(Driver::pci, "0000:3b:00.0");
  EXPECT_THAT(words(check_rights(made.machine, input)), HasSubstr("CAP_SYS_RAWIO"));
  made.make_folder("/sys/kernel/iommu_groups/0");
  EXPECT_EQ(worst(check_rights(made.machine, input)), Grade::skip);
}

class Bpf : public testing::Test {
 protected:
  Bpf() {
    made.write("/sys/kernel/btf/vmlinux", "");
    made.write("/proc/mounts", "bpf /sys/fs/bpf bpf rw,nosuid 0 0");
  }
  MadeUpMachine made;
  Input input = run_on(Driver::af_xdp, "eth1");
};

TEST_F(Bpf, IsGoodOnAGoodMachine) { EXPECT_EQ(worst(check_bpf(made.machine, input)), Grade::ok); }

TEST_F(Bpf, IsNotNeededByOtherPorts) {
  made.machine.probes.load_xdp_program = [] { return EPERM; };
  EXPECT_EQ(worst(check_bpf(made.machine, run_on(Driver::af_packet, "eth1"))), Grade::skip);
}

TEST_F(Bpf, IsOnlyLookedAtWhenNoPortIsNamed) {
  made.machine.probes.load_xdp_program = [] { return EPERM; };
  EXPECT_EQ(worst(check_bpf(made.machine, Input{})), Grade::warn);
}

TEST_F(Bpf, NeedsTheRightToLoadAProgram) {
  made.machine.probes.load_xdp_program = [] { return EPERM; };
  EXPECT_EQ(worst(check_bpf(made.machine, input)), Grade::fail);
}

TEST_F(Bpf, NeedsSocketsForXdp) {
  made.machine.probes.make_xdp_socket = [] { return EAFNOSUPPORT; };
  EXPECT_THAT(words(check_bpf(made.machine, input)), HasSubstr("CONFIG_XDP_SOCKETS"));
}

TEST_F(Bpf, NeedsAKernelThatIsNewEnough) {
  made.machine.probes.kernel_release = [] { return std::string("5.3.99-generic"); };
  EXPECT_EQ(worst(check_bpf(made.machine, input)), Grade::fail);
  made.machine.probes.kernel_release = [] { return std::string("5.4.0"); };
  EXPECT_EQ(worst(check_bpf(made.machine, input)), Grade::ok);
}

TEST_F(Bpf, ShouldBeMounted) {
  made.write("/proc/mounts", "tmpfs /sys/fs/bpf tmpfs rw 0 0");
  EXPECT_EQ(worst(check_bpf(made.machine, input)), Grade::warn);
}

}  // namespace
}  // namespace shakedown::doctor

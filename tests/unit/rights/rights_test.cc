// SPDX-License-Identifier: Apache-2.0
//
// Each case gives up its rights in a process of its own and says with its exit status, or with the
// signal that ended it, what the kernel answered.
#include "rights.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <thread>
#include <vector>

#include "system_calls.h"

namespace shakedown {
namespace {

constexpr int kNotRestricted = 99;
constexpr int kDone = 0;

/// How a process ended: its exit status, or minus the signal that ended it.
int run_restricted(const RightsNeeded& needed, const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    // No file of memory for an end that is meant.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    _exit(restrict_rights(needed).empty() ? body() : kNotRestricted);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// Zero, or the reason of the kernel.
template <class Result>
int reason_of(Result result) {
  return result < 0 ? errno : kDone;
}

constexpr RightsNeeded kCaptures{};
constexpr RightsNeeded kAfPacket{.af_packet = true};
constexpr RightsNeeded kAfXdp{.af_xdp_filter = true};
constexpr RightsNeeded kNic{.nic = true};

class Filtered : public testing::Test {
 protected:
  void SetUp() override {
    if (!calls_can_be_filtered()) GTEST_SKIP() << "sanitizers run without a filter";
  }
};

class RefusedCall : public Filtered {};
class AllowedCall : public Filtered {};

TEST_F(RefusedCall, EndsTheProcessWhenItStartsAProgram) {
  const auto start = [] {
    std::array<char*, 1> none{nullptr};
    return execve("/bin/true", none.data(), none.data());
  };
  EXPECT_EQ(run_restricted(kCaptures, start), -SIGSYS);
  EXPECT_EQ(run_restricted(kAfPacket, start), -SIGSYS);
  EXPECT_EQ(run_restricted(kAfXdp, start), -SIGSYS);
}

TEST_F(RefusedCall, EndsTheProcessWhenItLooksIntoAnotherOne) {
  EXPECT_EQ(run_restricted(kCaptures, [] { return reason_of(ptrace(PTRACE_TRACEME, 0, 0, 0)); }),
            -SIGSYS);
}

TEST_F(RefusedCall, EndsTheProcessWhenItMakesAnother) {
  EXPECT_EQ(run_restricted(kAfPacket, [] { return fork() < 0 ? 1 : 2; }), -SIGSYS);
}

TEST_F(RefusedCall, EndsTheProcessWhenItMountsOrLoadsOrSignalsOthers) {
  EXPECT_EQ(run_restricted(kAfPacket, [] { return mount("a", "b", "c", 0, nullptr); }), -SIGSYS);
  EXPECT_EQ(run_restricted(kAfPacket, [] { return static_cast<int>(syscall(SYS_bpf, 5, 0, 0)); }),
            -SIGSYS);
  EXPECT_EQ(run_restricted(kAfPacket, [] { return kill(getppid(), 0); }), -SIGSYS);
}

TEST_F(RefusedCall, EndsTheProcessWhenMemoryIsMadeExecutable) {
  EXPECT_EQ(run_restricted(kCaptures,
                           [] {
                             return mmap(nullptr, 4096, PROT_READ | PROT_EXEC,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
                           }),
            -SIGSYS);
}

TEST_F(RefusedCall, LoadsNoProgramWhereMapsOfOneAreFilled) {
  EXPECT_EQ(run_restricted(kAfXdp, [] { return static_cast<int>(syscall(SYS_bpf, 5, 0, 0)); }),
            -SIGSYS);
}

TEST_F(RefusedCall, OpensNothing) {
  EXPECT_EQ(run_restricted(kCaptures, [] { return reason_of(open("/dev/null", O_RDONLY)); }),
            EACCES);
  EXPECT_EQ(run_restricted(kAfPacket, [] { return reason_of(open("/", O_DIRECTORY)); }), EACCES);
  EXPECT_EQ(run_restricted(kCaptures, [] { return reason_of(open("/dev/null", O_WRONLY)); }),
            EACCES);
  EXPECT_EQ(run_restricted(kCaptures, [] { return reason_of(open("/dev/null", O_RDWR)); }), EACCES);
}

TEST_F(RefusedCall, MakesNoFile) {
  const auto make = [] { return reason_of(open("/tmp/x", O_RDONLY | O_CREAT, 0600)); };
  EXPECT_EQ(run_restricted(kAfPacket, make), -SIGSYS);
  EXPECT_EQ(run_restricted(kNic, make), EPERM);
}

TEST_F(RefusedCall, OpensFoldersAloneForXdp) {
  EXPECT_EQ(run_restricted(kAfXdp, [] { return reason_of(open("/", O_DIRECTORY)); }), kDone);
  EXPECT_EQ(run_restricted(kAfXdp, [] { return reason_of(open("/dev/null", O_RDONLY)); }), EACCES);
  EXPECT_EQ(run_restricted(kAfXdp, [] { return reason_of(open("/dev/null", O_RDWR)); }), EACCES);
}

TEST_F(RefusedCall, OpensForReadingAloneForTheDriverOfANic) {
  EXPECT_EQ(run_restricted(kNic, [] { return reason_of(open("/dev/null", O_RDONLY)); }), kDone);
  EXPECT_EQ(run_restricted(kNic, [] { return reason_of(open("/dev/null", O_WRONLY)); }), EACCES);
}

TEST_F(RefusedCall, MakesNoSocketThatLeadsOutOfTheMachine) {
  EXPECT_EQ(run_restricted(kAfPacket, [] { return reason_of(socket(AF_INET, SOCK_DGRAM, 0)); }),
            EACCES);
  EXPECT_EQ(run_restricted(kAfPacket, [] { return reason_of(socket(AF_INET6, SOCK_STREAM, 0)); }),
            EACCES);
  EXPECT_EQ(run_restricted(kAfPacket, [] { return reason_of(socket(AF_PACKET, SOCK_RAW, 0)); }),
            -SIGSYS);
}

TEST_F(RefusedCall, MakesNoSocketAtAllWhenCapturesAreRead) {
  EXPECT_EQ(run_restricted(kCaptures, [] { return reason_of(socket(AF_UNIX, SOCK_DGRAM, 0)); }),
            -SIGSYS);
}

TEST_F(RefusedCall, IsAnErrorToTheDriverOfANic) {
  EXPECT_EQ(run_restricted(kNic, [] { return reason_of(ptrace(PTRACE_TRACEME, 0, 0, 0)); }), EPERM);
  std::array<char*, 1> none{nullptr};
  EXPECT_EQ(
      run_restricted(kNic, [&] { return reason_of(execve("/bin/true", &none[0], &none[0])); }),
      EPERM);
}

TEST_F(AllowedCall, ReadsFilesThatAreOpen) {
  const int held = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(run_restricted(kCaptures,
                           [held] {
                             char byte = 0;
                             return read(held, &byte, 1) == 1 ? kDone : 1;
                           }),
            kDone);
  close(held);
}

TEST_F(AllowedCall, TakesAndGivesBackMemory) {
  EXPECT_EQ(run_restricted(kCaptures,
                           [] {
                             const std::vector<char> large(std::size_t{1} << 24, 'x');
                             return large.back() == 'x' ? kDone : 1;
                           }),
            kDone);
}

TEST_F(AllowedCall, EndsByAbortInItsOwnWay) {
  EXPECT_EQ(run_restricted(kCaptures, []() -> int { std::abort(); }), -SIGABRT);
}

TEST_F(AllowedCall, AsksForNamesOfInterfaces) {
  EXPECT_EQ(run_restricted(kAfPacket,
                           [] {
                             std::array<char, IF_NAMESIZE> name{};
                             return if_indextoname(1, name.data()) != nullptr || errno == ENXIO
                                        ? kDone
                                        : 1;
                           }),
            kDone);
}

TEST_F(AllowedCall, WaitsAndWakesBetweenThreadsThatWereThereBefore) {
  EXPECT_EQ(run_restricted(kCaptures, [] { return kDone; }), kDone);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    std::atomic<int> turn{0};
    std::thread other([&turn] {
      turn.wait(0);
      turn.store(2);
      turn.notify_all();
    });
    if (!restrict_rights(kCaptures).empty()) _exit(kNotRestricted);
    turn.store(1);
    turn.notify_all();
    turn.wait(1);
    other.join();
    _exit(kDone);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(RefusedCall, IsRefusedInThreadsThatWereThereBefore) {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    std::atomic<bool> go{false};
    std::thread other([&go] {
      go.wait(false);
      std::array<char*, 1> none{nullptr};
      execve("/bin/true", none.data(), none.data());
    });
    if (!restrict_rights(kCaptures).empty()) _exit(kNotRestricted);
    go.store(true);
    go.notify_all();
    other.join();
    _exit(kDone);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

TEST(NewPrivileges, AreImpossibleAfterwards) {
  EXPECT_EQ(run_restricted(kNic, [] { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }), 1);
}

TEST(CapabilitiesKept, AreNoneWhereNothingIsChangedAnyMore) {
  EXPECT_EQ(capabilities_kept(kCaptures), 0u);
  EXPECT_EQ(capabilities_kept(kAfPacket), 0u);
  EXPECT_EQ(capabilities_kept(kNic), 0u);
}

TEST(CapabilitiesKept, AreThoseThatTheEndOfAPortTakes) {
  constexpr std::uint64_t kNetAdmin = std::uint64_t{1} << CAP_NET_ADMIN;
  EXPECT_EQ(capabilities_kept(kAfXdp), kNetAdmin | std::uint64_t{1} << CAP_BPF);
  EXPECT_EQ(capabilities_kept({.tap = true}), kNetAdmin);
  EXPECT_EQ(capabilities_kept({.bifurcated_nic = true}),
            kNetAdmin | std::uint64_t{1} << CAP_NET_RAW);
}

}  // namespace
}  // namespace shakedown

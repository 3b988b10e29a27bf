// SPDX-License-Identifier: Apache-2.0
#include "confinement.h"

#include <seccomp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

namespace shakedown {
namespace {

/// Starting programs, and looking into or stepping into others.
constexpr int kOthers[] = {SCMP_SYS(execve),
                           SCMP_SYS(execveat),
                           SCMP_SYS(ptrace),
                           SCMP_SYS(process_vm_readv),
                           SCMP_SYS(process_vm_writev),
                           SCMP_SYS(pidfd_getfd),
                           SCMP_SYS(kcmp),
                           SCMP_SYS(perf_event_open),
                           SCMP_SYS(userfaultfd)};

/// Changing the machine, the kernel, or the world that a process sees.
constexpr int kMachine[] = {SCMP_SYS(bpf),           SCMP_SYS(mount),
                            SCMP_SYS(umount2),       SCMP_SYS(move_mount),
                            SCMP_SYS(open_tree),     SCMP_SYS(fsopen),
                            SCMP_SYS(fsmount),       SCMP_SYS(pivot_root),
                            SCMP_SYS(chroot),        SCMP_SYS(unshare),
                            SCMP_SYS(setns),         SCMP_SYS(init_module),
                            SCMP_SYS(finit_module),  SCMP_SYS(delete_module),
                            SCMP_SYS(kexec_load),    SCMP_SYS(kexec_file_load),
                            SCMP_SYS(reboot),        SCMP_SYS(swapon),
                            SCMP_SYS(swapoff),       SCMP_SYS(settimeofday),
                            SCMP_SYS(clock_settime), SCMP_SYS(sethostname),
                            SCMP_SYS(setdomainname), SCMP_SYS(iopl),
                            SCMP_SYS(ioperm),        SCMP_SYS(add_key),
                            SCMP_SYS(keyctl),        SCMP_SYS(request_key),
                            SCMP_SYS(mknod),         SCMP_SYS(mknodat)};

int fill(scmp_filter_ctx context) {
  int error = seccomp_attr_set(context, SCMP_FLTATR_CTL_TSYNC, 1);
  const auto refuse = [&](int call) {
    if (error == 0)
      error = seccomp_rule_add_array(context, SCMP_ACT_KILL_PROCESS, call, 0, nullptr);
  };
  for (const int call : kOthers) refuse(call);
  for (const int call : kMachine) refuse(call);
  // Sockets that read or write packets as they are.
  for (const std::uint64_t family : {std::uint64_t{AF_PACKET}, std::uint64_t{AF_XDP}}) {
    if (error == 0) {
      error = seccomp_rule_add(context, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 1,
                               SCMP_A0(SCMP_CMP_EQ, family));
    }
  }
  // Where it is known: no slowing down for secrets that are not here (Linux before 5.16).
  static_cast<void>(seccomp_attr_set(context, SCMP_FLTATR_CTL_SSB, 1));
  return error == 0 ? seccomp_load(context) : error;
}

}  // namespace

std::string confine_control() {
  const std::unique_ptr<void, decltype(&seccomp_release)> context(seccomp_init(SCMP_ACT_ALLOW),
                                                                  seccomp_release);
  const int error = context ? fill(context.get()) : -ENOMEM;
  if (error == 0) return {};
  return std::string("system calls cannot be filtered: ") + std::strerror(-error);
}

}  // namespace shakedown
